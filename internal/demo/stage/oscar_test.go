package stage_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"vestibule/internal/demo"
)

func TestAClinicOfTheDemoMayRunOnAnOSCAR(t *testing.T) {
	folder := t.TempDir()
	s, down := up(t, folder, true)
	tour, base := s.Tours[demo.Wascana], s.Ready.FHIR[demo.Wascana]
	found := speak(t, s, demo.Assistant, "GET", base+"/Appointment?practitioner="+tour.Practitioner+"&status=booked&_sort=date&_count=5", "")
	if found.status != 200 || !strings.Contains(found.body, tour.Practitioner) || strings.Contains(found.body, `"comment"`) || strings.Contains(found.body, `"reasonCode"`) {
		t.Fatalf("%+v", found)
	}
	if got := speak(t, s, demo.Stranger, "GET", base+"/Appointment?practitioner="+tour.Practitioner, ""); !strings.Contains(got.body, "no-grant") {
		t.Errorf("%+v", got)
	}
	before := speak(t, s, demo.Assistant, "GET", base+"/Appointment/"+tour.Appointment, "")
	if before.status != 200 || before.etag == "" || !strings.Contains(before.body, tour.Start) {
		t.Fatalf("%+v", before)
	}
	if got := speak(t, s, demo.Assistant, "GET", base+"/Appointment/"+tour.Other, ""); got.status != 404 {
		t.Errorf("somebody else's: %+v", got)
	}
	start, err := time.Parse(time.RFC3339, tour.Start)
	if err != nil {
		t.Fatal(err)
	}
	at := func(d time.Duration) string { return start.Add(d).Format(time.RFC3339) }
	moved := strings.NewReplacer(`"start":"`+tour.Start, `"start":"`+at(12*time.Hour), `"end":"`+at(30*time.Minute), `"end":"`+at(12*time.Hour+30*time.Minute)).Replace(before.body)
	if got := speak(t, s, demo.Assistant, "PUT", base+"/Appointment/"+tour.Appointment, moved, "If-Match", before.etag); got.status != 200 || !strings.Contains(got.body, at(12*time.Hour)) {
		t.Fatalf("moving: %+v", got)
	}
	if got := speak(t, s, demo.Assistant, "GET", base+"/Task?owner="+demo.OSCARFrontDesk()+"&status=requested", ""); got.status != 200 || !strings.Contains(got.body, `"resourceType":"Task"`) {
		t.Errorf("%+v", got)
	}
	if got := speak(t, s, demo.Assistant, "GET", base+"/DocumentReference/"+tour.Referral, ""); got.status != 200 || !strings.Contains(got.body, "57133-1") || strings.Contains(got.body, `"data"`) {
		t.Errorf("%+v", got)
	}
	listed := speak(t, s, demo.Assistant, "GET", base+"/DocumentReference?type=http://loinc.org|57133-1&_count=100&date=ge"+time.Now().AddDate(0, 0, -90).Format(time.DateOnly), "")
	if listed.status != 200 || !strings.Contains(listed.body, `"id":"`+tour.Referral+`"`) || strings.Contains(listed.body, "11502-2") {
		t.Errorf("%+v", listed)
	}
	down()
	again, _ := up(t, folder, false) // the folder remembers that it has an OSCAR
	base = again.Ready.FHIR[demo.Wascana]
	if got := speak(t, again, demo.Assistant, "GET", base+"/Appointment/"+tour.Appointment, ""); got.status != 200 || !strings.Contains(got.body, at(12*time.Hour)) {
		t.Errorf("after a second start: %+v", got)
	}
}

// The tour's lines for a clinic on an OSCAR work as printed, also at a second start, and its tables hold what they did.
func TestTheTourOfAnOSCARWorksAsPrinted(t *testing.T) {
	folder := t.TempDir()
	for range 2 {
		s, down := up(t, folder, true)
		tour := s.Tours[demo.Wascana]
		steps, err := s.Walk(demo.Wascana, "vestibule")
		if err != nil {
			t.Fatal(err)
		}
		want := []printed{
			{has: []string{`"type":"searchset"`, tour.Practitioner, `"SUBSETTED"`}, hasNot: []string{"comment", "reasonCode", "OperationOutcome"}},
			{has: []string{`"id":"` + tour.Appointment + `"`, tour.Patient}, hasNot: []string{"OperationOutcome", tour.Start}},
			{has: []string{`"status":"booked"`, tour.Patient}, hasNot: []string{"OperationOutcome"}},
			{has: []string{`"status":"cancelled"`, tour.Patient}, hasNot: []string{"OperationOutcome"}},
			{has: []string{demo.OSCARAssistants(), "I am on it", `"status":"requested"`}, hasNot: []string{"OperationOutcome"}},
			{has: []string{demo.OSCARAssistants(), "I am on it", `"status":"completed"`}, hasNot: []string{"OperationOutcome"}},
			{has: []string{`"resourceType":"DocumentReference"`, tour.Patient, "application/pdf"}, hasNot: []string{"OperationOutcome"}},
			{has: []string{"%PDF-1.4"}, hasNot: []string{"OperationOutcome"}},
		}
		played(t, demo.Wascana, steps, want)
		down()
	}
}

// What a platform sends to book, read, move and cancel is the same whatever the clinic runs on.
func TestTheSameRequestsWorkOnBothEMRs(t *testing.T) {
	s, _ := up(t, t.TempDir(), true)
	for _, clinic := range demo.Clinics() {
		tour, base := s.Tours[clinic], s.Ready.FHIR[clinic]
		patient := tour.Patient
		if patient == "" {
			patient = regexp.MustCompile(`Patient/[^"]+`).FindString(speak(t, s, demo.Assistant, "GET", base+"/Appointment/"+tour.Appointment, "").body)
		}
		start, err := time.Parse(time.RFC3339, tour.Start)
		if err != nil {
			t.Fatal(err)
		}
		at := func(d time.Duration) string { return start.Add(d).Format(time.RFC3339) }
		booked := speak(t, s, demo.Assistant, "POST", base+"/Appointment", `{"resourceType":"Appointment","status":"booked","start":"`+at(12*time.Hour)+`","end":"`+at(12*time.Hour+30*time.Minute)+
			`","participant":[{"actor":{"reference":"`+patient+`"},"status":"accepted"},{"actor":{"reference":"`+tour.Practitioner+`"},"status":"accepted"}]}`)
		id := regexp.MustCompile(`"id":"([^"]+)"`).FindStringSubmatch(booked.body)
		if booked.status != 201 || id == nil {
			t.Fatalf("%s: booking: %+v", clinic, booked)
		}
		path := "/Appointment/" + id[1]
		if got := speak(t, s, demo.Assistant, "GET", base+"/Appointment?practitioner="+tour.Practitioner+"&date="+at(0)[:10]+"&_count=100", ""); got.status != 200 || !strings.Contains(got.body, `"id":"`+id[1]+`"`) {
			t.Errorf("%s: listing: %+v", clinic, got)
		}
		for _, change := range [][]string{{at(12 * time.Hour), at(13 * time.Hour), at(12*time.Hour + 30*time.Minute), at(13*time.Hour + 30*time.Minute)}, {`"booked"`, `"cancelled"`}} {
			before := speak(t, s, demo.Assistant, "GET", base+path, "")
			if before.status != 200 || !strings.Contains(before.body, change[0]) {
				t.Fatalf("%s: %+v", clinic, before)
			}
			body := strings.NewReplacer(change...).Replace(before.body)
			after := speak(t, s, demo.Assistant, "PUT", base+path, body, "If-Match", before.etag)
			if after.status != 200 || !strings.Contains(after.body, change[1]) || strings.Contains(after.body, change[0]) {
				t.Fatalf("%s: to %s: %+v", clinic, change[1], after)
			}
			if stale := speak(t, s, demo.Assistant, "PUT", base+path, body, "If-Match", before.etag); stale.status != 412 {
				t.Errorf("%s: once more with the old version: %+v", clinic, stale)
			}
		}
	}
}

func TestATourOfAnOSCARNamesWhatIsThere(t *testing.T) {
	now := time.Date(2026, 11, 24, 15, 0, 0, 0, time.UTC)
	for day := range 30 {
		w := demo.WalkOSCAR(demo.Wascana, now.Add(time.Duration(day)*25*time.Hour))
		if b, err := json.Marshal(w); err != nil || w.Appointment == "0" || w.Other == "0" || w.Referral == "" || w.Task == "0" || w.Start == "" || w.Restricted != "" {
			t.Errorf("day %d: %s %v", day, b, err)
		}
	}
}
