package stage_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"vestibule/internal/demo"
	"vestibule/internal/demo/stage"
)

// onOSCAR puts a demo up whose second clinic runs on an OSCAR; a second start does not ask for that again.
func onOSCAR(t *testing.T, folder string, ask bool) (s *stage.Stage, down func()) {
	t.Helper()
	s, err := stage.Open(t.Context(), stage.Options{Listen: "127.0.0.1:0", Metrics: "127.0.0.1:0", Data: folder, Version: "test", OSCAR: ask,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx) }()
	closed := false
	down = func() {
		if closed {
			return
		}
		closed = true
		cancel()
		if err := <-served; err != nil {
			t.Errorf("serving: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	}
	t.Cleanup(down)
	return s, down
}

// said is an answer of the gateway.
type said struct {
	status int
	body   string
	etag   string
}

// speak asks the gateway at the clinic on OSCAR as somebody of the world.
func speak(t *testing.T, s *stage.Stage, who, method, path, body string, header ...string) said {
	t.Helper()
	return speakTo(t, s, demo.Wascana, who, method, path, body, header...)
}

// speakTo is speak at any clinic.
func speakTo(t *testing.T, s *stage.Stage, clinic, who, method, path, body string, header ...string) said {
	t.Helper()
	token, err := os.ReadFile(s.TokenFile(who))
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, s.Ready.FHIR[clinic]+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+string(token))
	r.Header.Set("Content-Type", "application/fhir+json")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return said{resp.StatusCode, string(b), resp.Header.Get("ETag")}
}

func TestAClinicOfTheDemoMayRunOnAnOSCAR(t *testing.T) {
	folder := t.TempDir()
	s, down := onOSCAR(t, folder, true)
	tour := s.Tours[demo.Wascana]
	found := speak(t, s, demo.Assistant, "GET", "/Appointment?practitioner="+tour.Practitioner+"&status=booked&_sort=date&_count=5", "")
	if found.status != 200 || !strings.Contains(found.body, tour.Practitioner) || strings.Contains(found.body, `"comment"`) || strings.Contains(found.body, `"reasonCode"`) {
		t.Fatalf("%+v", found)
	}
	if got := speak(t, s, demo.Stranger, "GET", "/Appointment?practitioner="+tour.Practitioner, ""); !strings.Contains(got.body, "no-grant") {
		t.Errorf("%+v", got)
	}
	before := speak(t, s, demo.Assistant, "GET", "/Appointment/"+tour.Appointment, "")
	if before.status != 200 || before.etag == "" || !strings.Contains(before.body, tour.Start) {
		t.Fatalf("%+v", before)
	}
	if got := speak(t, s, demo.Assistant, "GET", "/Appointment/"+tour.Other, ""); got.status != 404 {
		t.Errorf("somebody else's: %+v", got)
	}
	start, err := time.Parse(time.RFC3339, tour.Start)
	if err != nil {
		t.Fatal(err)
	}
	at := func(d time.Duration) string { return start.Add(d).Format(time.RFC3339) }
	moved := strings.NewReplacer(`"start":"`+tour.Start, `"start":"`+at(12*time.Hour), `"end":"`+at(30*time.Minute), `"end":"`+at(12*time.Hour+30*time.Minute)).Replace(before.body)
	if got := speak(t, s, demo.Assistant, "PUT", "/Appointment/"+tour.Appointment, moved, "If-Match", before.etag); got.status != 200 || !strings.Contains(got.body, at(12*time.Hour)) {
		t.Fatalf("moving: %+v", got)
	}
	if got := speak(t, s, demo.Assistant, "GET", "/Task?owner="+demo.OSCARFrontDesk()+"&status=requested", ""); got.status != 200 || !strings.Contains(got.body, `"resourceType":"Task"`) {
		t.Errorf("%+v", got)
	}
	if got := speak(t, s, demo.Assistant, "GET", "/DocumentReference/"+tour.Referral, ""); got.status != 200 || !strings.Contains(got.body, "57133-1") || strings.Contains(got.body, `"data"`) {
		t.Errorf("%+v", got)
	}
	listed := speak(t, s, demo.Assistant, "GET", "/DocumentReference?type=http://loinc.org|57133-1&_count=100&date=ge"+time.Now().AddDate(0, 0, -90).Format(time.DateOnly), "")
	if listed.status != 200 || !strings.Contains(listed.body, `"id":"`+tour.Referral+`"`) || strings.Contains(listed.body, "11502-2") {
		t.Errorf("%+v", listed)
	}
	down()
	again, _ := onOSCAR(t, folder, false) // the folder remembers that it has an OSCAR
	if got := speak(t, again, demo.Assistant, "GET", "/Appointment/"+tour.Appointment, ""); got.status != 200 || !strings.Contains(got.body, at(12*time.Hour)) {
		t.Errorf("after a second start: %+v", got)
	}
}

// The tour's lines for a clinic on an OSCAR work as printed, also at a second start, and its tables hold what they did.
func TestTheTourOfAnOSCARWorksAsPrinted(t *testing.T) {
	folder := t.TempDir()
	for range 2 {
		s, down := onOSCAR(t, folder, true)
		tour := s.Tours[demo.Wascana]
		steps, err := s.Walk(demo.Wascana, "vestibule")
		if err != nil {
			t.Fatal(err)
		}
		want := []struct{ has, hasNot []string }{
			{has: []string{`"type":"searchset"`, tour.Practitioner, `"SUBSETTED"`}, hasNot: []string{"comment", "reasonCode", "OperationOutcome"}},
			{has: []string{`"id":"` + tour.Appointment + `"`, tour.Patient}, hasNot: []string{"OperationOutcome", tour.Start}},
			{has: []string{`"status":"booked"`, tour.Patient}, hasNot: []string{"OperationOutcome"}},
			{has: []string{`"status":"cancelled"`, tour.Patient}, hasNot: []string{"OperationOutcome"}},
			{has: []string{demo.OSCARAssistants(), "I am on it", `"status":"requested"`}, hasNot: []string{"OperationOutcome"}},
			{has: []string{demo.OSCARAssistants(), "I am on it", `"status":"completed"`}, hasNot: []string{"OperationOutcome"}},
			{has: []string{`"resourceType":"DocumentReference"`, tour.Patient, "application/pdf"}, hasNot: []string{"OperationOutcome"}},
			{has: []string{"%PDF-1.4"}, hasNot: []string{"OperationOutcome"}},
		}
		if len(steps) != len(want) {
			t.Fatal(len(steps))
		}
		for i, step := range steps {
			out, err := exec.CommandContext(t.Context(), "sh", "-c", step.Run).CombinedOutput()
			if err != nil {
				t.Fatalf("step %d: %v\n%s\n%s", i+1, err, step.Run, out)
			}
			for _, text := range want[i].has {
				if !strings.Contains(string(out), text) {
					t.Errorf("step %d lacks %q:\n%s\n%s", i+1, text, step.Run, out)
				}
			}
			for _, text := range want[i].hasNot {
				if strings.Contains(string(out), text) {
					t.Errorf("step %d holds %q:\n%s\n%s", i+1, text, step.Run, out)
				}
			}
		}
		down()
	}
}

// What a platform sends to book, read, move and cancel is the same whatever the clinic runs on.
func TestTheSameRequestsWorkOnBothEMRs(t *testing.T) {
	s, _ := onOSCAR(t, t.TempDir(), true)
	for _, clinic := range demo.Clinics() {
		tour := s.Tours[clinic]
		patient := tour.Patient
		if patient == "" {
			patient = regexp.MustCompile(`Patient/[^"]+`).FindString(speakTo(t, s, clinic, demo.Assistant, "GET", "/Appointment/"+tour.Appointment, "").body)
		}
		start, err := time.Parse(time.RFC3339, tour.Start)
		if err != nil {
			t.Fatal(err)
		}
		at := func(d time.Duration) string { return start.Add(d).Format(time.RFC3339) }
		booked := speakTo(t, s, clinic, demo.Assistant, "POST", "/Appointment", `{"resourceType":"Appointment","status":"booked","start":"`+at(12*time.Hour)+`","end":"`+at(12*time.Hour+30*time.Minute)+
			`","participant":[{"actor":{"reference":"`+patient+`"},"status":"accepted"},{"actor":{"reference":"`+tour.Practitioner+`"},"status":"accepted"}]}`)
		id := regexp.MustCompile(`"id":"([^"]+)"`).FindStringSubmatch(booked.body)
		if booked.status != 201 || id == nil {
			t.Fatalf("%s: booking: %+v", clinic, booked)
		}
		path := "/Appointment/" + id[1]
		if got := speakTo(t, s, clinic, demo.Assistant, "GET", "/Appointment?practitioner="+tour.Practitioner+"&date="+at(0)[:10]+"&_count=100", ""); got.status != 200 || !strings.Contains(got.body, `"id":"`+id[1]+`"`) {
			t.Errorf("%s: listing: %+v", clinic, got)
		}
		for _, change := range [][]string{{at(12 * time.Hour), at(13 * time.Hour), at(12*time.Hour + 30*time.Minute), at(13*time.Hour + 30*time.Minute)}, {`"booked"`, `"cancelled"`}} {
			before := speakTo(t, s, clinic, demo.Assistant, "GET", path, "")
			if before.status != 200 || !strings.Contains(before.body, change[0]) {
				t.Fatalf("%s: %+v", clinic, before)
			}
			body := strings.NewReplacer(change...).Replace(before.body)
			after := speakTo(t, s, clinic, demo.Assistant, "PUT", path, body, "If-Match", before.etag)
			if after.status != 200 || !strings.Contains(after.body, change[1]) || strings.Contains(after.body, change[0]) {
				t.Fatalf("%s: to %s: %+v", clinic, change[1], after)
			}
			if stale := speakTo(t, s, clinic, demo.Assistant, "PUT", path, body, "If-Match", before.etag); stale.status != 412 {
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
