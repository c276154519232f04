package main

import (
	"testing"
	"time"

	"vestibule/audit"
)

// A record that counts refusals says in the table how many it stands for.
func TestWhatARecordTellsInATable(t *testing.T) {
	for want, r := range map[string]audit.Record{
		"read Task/1":                       {Interaction: "read", Type: "Task", Resource: "Task/1"},
		"search-type Task":                  {Interaction: "search-type", Type: "Task"},
		"search-type Task (12 more, alike)": {Interaction: "search-type", Type: "Task", Repeats: 12},
		"(9980 more, alike)":                {Repeats: 9980},
		"grant-apply desk":                  {Admin: audit.Admin{Action: "grant-apply", Subject: "desk"}},
	} {
		if got := what(r); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// Days ago are days of the clinic's calendar, in which one may have 23 hours, or 25.
func TestDaysAgoAreDaysOfTheClinic(t *testing.T) {
	toronto, err := time.LoadLocation("America/Toronto")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 23, 23, 30, 0, 0, toronto)
	for s, want := range map[string]string{"30d": "2026-10-24T23:30:00-04:00", "720h": "2026-10-25T00:30:00-04:00", "1d": "2026-11-22T23:30:00-05:00",
		"2026-11-01": "2026-11-01T00:00:00-04:00", "2026-11-02": "2026-11-02T00:00:00-05:00"} {
		if got, err := moment(s, now.UTC(), toronto); err != nil || got.In(toronto).Format(time.RFC3339) != want {
			t.Errorf("%s: %s, %v", s, got.In(toronto).Format(time.RFC3339), err)
		}
	}
}
