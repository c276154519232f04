package main

import (
	"bytes"
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vestibule/audit"
)

func madeUp(accesses int) *history {
	return newHistory(accesses, time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC))
}

// Who appends an access, and after which other, changes nothing about it.
func TestAnAccessOfAHistoryIsTheSameWhoeverMakesIt(t *testing.T) {
	h := madeUp(1000)
	one, other := h.source(), h.source()
	for i := range 1000 {
		other.access(999 - i)
		if diff := cmp.Diff(one.access(i), other.access(i)); diff != "" {
			t.Fatalf("access %d: %s", i, diff)
		}
	}
}

// The history is what a clinic's is: in order, by day, mostly of one clinic, some refused, some written.
func TestAHistoryIsThatOfClinics(t *testing.T) {
	const n = 20_000
	h := madeUp(n)
	s := h.source()
	seen, night, last := map[string]int{}, 0, time.Time{}
	patients := map[string]int{}
	for i := range n {
		for _, r := range s.access(i) {
			if r.Time.Before(last) {
				t.Fatalf("access %d is dated before the one in front", i)
			}
			last = r.Time
			seen[r.Clinic]++
			seen[string(r.Phase)]++
			if hour := r.Time.Hour(); hour < 6 || hour > 20 {
				night++
			}
			for _, p := range r.Patients {
				patients[p]++
			}
		}
	}
	within := func(what string, got, low, high int) {
		if got < low || got > high {
			t.Errorf("%s: %d, want %d to %d", what, got, low, high)
		}
	}
	within("of the big clinic", seen[bigClinic], n*95/100, n*105/100)
	within("refusals", seen[string(audit.PhaseDenial)], n*4/100, n*7/100)
	within("intents", seen[string(audit.PhaseIntent)], n*4/100, n*8/100)
	within("at night", night, 1, n*3/100)
	within("patients", len(patients), 10_000, historyPatients)
	within("the busiest patient", patients[h.patients[0]], 8, 60)
	if !last.Before(h.calendar.begin.AddDate(historyYears, 0, 1)) || last.Before(h.calendar.begin.AddDate(historyYears, 0, -4)) {
		t.Errorf("the last access is at %s", last)
	}
}

// A small history goes all the way: filled, every question asked and answered, verified, appended to.
func TestATrailIsFilledAskedAndVerified(t *testing.T) {
	var said bytes.Buffer
	dir := filepath.Join(t.TempDir(), "trail")
	o := trailOptions{accesses: 1500, askFor: 50 * time.Millisecond, askCold: 1, appendFor: 20 * time.Millisecond}
	r, err := measureTrail(context.Background(), dir, &said, o, time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	if r.loaded.records < o.accesses || int64(r.loaded.records) != r.size.records || r.verified.records != r.loaded.records || r.size.index <= 0 {
		t.Errorf("%+v", r)
	}
	for _, name := range []string{"the newest page", "the denials of seven days", "an access by its id", "count by hour, a month", "a patient's report, of the busiest 20"} {
		at := slices.IndexFunc(r.answers, func(a questioned) bool { return a.name == name })
		rare := name == "the denials of seven days" // one in four weeks of so small a history has one
		if at < 0 || r.answers[at].records == 0 && !rare {
			t.Errorf("%s: nothing was found", name)
		}
	}
	if again, err := measureTrail(context.Background(), dir, &said, o, time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)); err != nil || again.loaded.records != 0 {
		t.Errorf("a folder that is filled is filled again: %+v, %v", again.loaded, err)
	}
}
