package main

import (
	"testing"

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
