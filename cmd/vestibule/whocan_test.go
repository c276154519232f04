package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"vestibule/internal/store"
)

const whoCanDocuments = `kind: Clinic
name: maple
title: Maple Family Practice
zone: America/Toronto
---
kind: Connection
clinic: maple
adapter: fhirr4
base: %s/fhir
login: {mode: none}
---
kind: Grant
clinic: maple
name: front-desk
to: {user: "https://id.assistco.example|amara"}
because: Covers the front desk
until: %s
permissions:
  - scope: user/Appointment.rs?practitioner=Practitioner/42
    elements: [status, participant]
`

// TestALookIntoTheEMRIsWrittenDownBeforeTheEMRIsAsked: who asks who can reach a resource reads it.
func TestALookIntoTheEMRIsWrittenDownBeforeTheEMRIsAsked(t *testing.T) {
	dir := t.TempDir()
	asked := 0
	emr := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/fhir+json")
		if strings.HasSuffix(r.URL.Path, "/metadata") {
			fmt.Fprint(w, `{"resourceType":"CapabilityStatement","fhirVersion":"4.0.1","rest":[{"mode":"server","resource":[{"type":"Appointment","interaction":[{"code":"read"}]}]}]}`)
			return
		}
		asked++
		if found := reportedIn(t, dir); found != "ann grants-who-can maple Appointment/7" {
			t.Errorf("the EMR was asked, and written down is %q", found)
		}
		fmt.Fprint(w, `{"resourceType":"Appointment","id":"7","status":"booked","comment":"x","participant":[{"actor":{"reference":"Practitioner/42"},"status":"accepted"}]}`)
	}))
	defer emr.Close()
	vestibule := func(in string, args ...string) string {
		t.Helper()
		var out, wrong strings.Builder
		if code := run(t.Context(), args, &terminal{In: strings.NewReader(in), Out: &out, Err: &wrong, Now: time.Now}); code != 0 {
			t.Fatalf("%v: exit code %d: %s", args, code, wrong.String())
		}
		return out.String()
	}
	vestibule(fmt.Sprintf(whoCanDocuments, emr.URL, time.Now().AddDate(0, 1, 0).Format(time.DateOnly)), "apply", "-f", "-", "--data", dir, "--by", "lee")
	if err := writeTrail(t.Context(), dir, "idle"); err != nil {
		t.Fatal(err)
	}
	got := vestibule("", "grants", "who-can", "read", "Appointment/7", "--data", dir, "--by", "ann")
	for _, want := range []string{
		"Can read Appointment/7 now:\n", "- amara (https://id.assistco.example), by front-desk@1: user/Appointment.rs?practitioner=Practitioner/42\n", "    does not see comment\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing from\n%s", want, got)
		}
	}
	if asked != 1 {
		t.Errorf("the EMR was asked %d times", asked)
	}
}

// reportedIn is what is written down and not on record yet.
func reportedIn(t *testing.T, dir string) string {
	db, err := store.OpenFolder(dir)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer db.Close()
	s, err := store.New(db)
	if err != nil {
		t.Error(err)
		return ""
	}
	events, err := s.Unrecorded(t.Context())
	if err != nil || len(events) != 1 {
		t.Errorf("%d events, %v", len(events), err)
		return ""
	}
	return strings.Join([]string{events[0].By, events[0].Action, events[0].Clinic, events[0].Subject}, " ")
}
