package main

import (
	"testing"
	"time"

	"vestibule/internal/config"
)

func TestTheDocumentsAreAccepted(t *testing.T) {
	text := clinicDocuments("http://127.0.0.1:1", "http://127.0.0.1:2/fhir", time.Now())
	docs, err := config.Parse("clinic.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	if len(docs) != 44 {
		t.Errorf("%d documents, want 44", len(docs))
	}
}
