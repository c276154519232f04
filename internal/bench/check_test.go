package main

import (
	"encoding/json"
	"testing"
	"time"

	"vestibule/fhir"
)

// shown is what a gateway that does everything right shows of an appointment.
const (
	received = `{"resourceType":"Appointment","id":"a","meta":{"versionId":"1","source":"x"},"status":"booked","comment":"hidden","minutesDuration":15.0,` +
		`"participant":[{"actor":{"reference":"Patient/1"},"required":"required","status":"accepted"}]}`
	shown = `{"resourceType":"Appointment","id":"a","meta":{"security":[{"code":"SUBSETTED"}],"versionId":"1"},"status":"booked","minutesDuration":15.0,` +
		`"participant":[{"actor":{"reference":"Patient/1"},"status":"accepted"}]}`
)

func TestACutIsCheckedByteForByte(t *testing.T) {
	tests := []struct {
		name, got string
		ok        bool
	}{
		{"right", shown, true},
		{"not cut", received, false},
		{"lost a granted element", `{"resourceType":"Appointment","id":"a","meta":{"security":[{"code":"SUBSETTED"}]},"status":"booked","participant":[{"actor":{"reference":"Patient/1"},"status":"accepted"}]}`, false},
		{"changed a number's text", replace(shown, "15.0", "15"), false},
		{"changed a value", replace(shown, "booked", "arrived"), false},
		{"lost part of an element", replace(shown, `,"status":"accepted"`, ``), false},
		{"showed part of an element", replace(shown, `"status":"accepted"`, `"status":"accepted","required":"required"`), false},
		{"invented an element", replace(shown, `"id":"a"`, `"id":"a","priority":5`), false},
		{"not marked", replace(shown, "SUBSETTED", "N"), false},
		{"showed the source", replace(shown, `"versionId":"1"`, `"source":"x"`), false},
		{"not JSON", shown[:40], false},
	}
	for _, test := range tests {
		if err := checkCut([]byte(received), []byte(test.got)); (err == nil) != test.ok {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestAPageIsCheckedEntryByEntry(t *testing.T) {
	emr := make([]json.RawMessage, 10)
	for i := range emr {
		emr[i] = json.RawMessage(received)
	}
	eight := make([]json.RawMessage, 8)
	for i := range eight {
		eight[i] = json.RawMessage(shown)
	}
	if err := checkEntries(emr, eight); err != nil {
		t.Error(err)
	}
	if err := checkEntries(emr, eight[:7]); err == nil {
		t.Error("a lost entry was not noticed")
	}
	if err := checkEntries(emr, append(eight, json.RawMessage(shown))); err == nil {
		t.Error("an entry too many was not noticed")
	}
}

func TestTheInProcessFiguresAreOfRightAnswers(t *testing.T) {
	w, err := newWorld("http://emr.example.test"+basePath, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	page := w.page(100)
	for _, his := range []int{1, 10} {
		set, request, err := w.question(his, 100)
		if err != nil {
			t.Fatal(err)
		}
		out, err := releasePage(page, set.Decide(request), fhir.Limits{}, nil)
		if err == nil {
			err = checkPage(page, out)
		}
		if err != nil {
			t.Errorf("%d of the grants are the caller's: %v", his, err)
		}
	}
}
