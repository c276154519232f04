package main

import (
	"strings"
	"testing"
	"time"

	"vestibule/fhir"
)

func replace(s, old, with string) string { return strings.Replace(s, old, with, 1) }

func TestTheMadeUpEMRAnswersValidResourcesOfTheIntendedSize(t *testing.T) {
	w, err := newWorld("http://emr.example.test"+basePath, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for i := range known {
		b := w.appointment(nil, i)
		r, err := fhir.ParseResource(b, fhir.Limits{})
		if err != nil || r.ID() != appointmentID(i) {
			t.Fatalf("appointment %d: %q, %v", i, r.ID(), err)
		}
		if len(b) < 1500 || len(b) > 3000 {
			t.Errorf("appointment %d has %d bytes", i, len(b))
		}
		if _, err := fhir.AppointmentOf(r); err != nil {
			t.Errorf("appointment %d: %v", i, err)
		}
	}
	for _, n := range pageSizes() {
		bundle, err := fhir.ParseBundle(w.page(n), fhir.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if entries, err := bundle.Entries(); err != nil || len(entries) != n {
			t.Errorf("page of %d: %d entries, %v", n, len(entries), err)
		}
	}
	if size := len(w.page(1000)); size < 2_300_000 || size > 2_500_000 {
		t.Errorf("1,000 entries have %d bytes, want about 2.4 MB", size)
	}
	if _, err := fhir.ParseResource(w.capability(), fhir.Limits{}); err != nil {
		t.Error(err)
	}
}

func TestAFifthOfEveryPageIsOutOfReach(t *testing.T) {
	for _, n := range pageSizes() {
		out := 0
		for i := range n {
			if !inReach(i) {
				out++
			}
		}
		if out*5 != n {
			t.Errorf("%d of %d are out of reach", out, n)
		}
	}
}
