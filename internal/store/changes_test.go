package store

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestChangesAreWhenDocumentsWereTakenUp: of the clinic and of everybody, not of others, and not what merely went on record.
func TestChangesAreWhenDocumentsWereTakenUp(t *testing.T) {
	s, _ := newStore(t)
	takeUp := func(at time.Time) {
		t.Helper()
		events, err := s.Unrecorded(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			if err := s.Recorded(t.Context(), e.ID, "receipt"); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.TookUp(t.Context(), at); err != nil {
			t.Fatal(err)
		}
	}
	at := func(minutes int) time.Time { return wholeMillis(noon.Add(time.Duration(minutes) * time.Minute)) }
	apply(t, s, grant("amara", "a"), grant("ben", "b"))
	takeUp(at(1))
	apply(t, s, Document{Kind: "Grant", Clinic: "birch", Name: "x", Body: []byte("x")})
	takeUp(at(2))
	if err := s.Report(t.Context(), Event{At: noon, By: "ann", Action: "audit-search", Clinic: "maple"}); err != nil {
		t.Fatal(err)
	}
	takeUp(at(3))
	apply(t, s, Document{Kind: "Guardrail", Name: "everywhere", Body: []byte("g")})
	takeUp(at(4))
	apply(t, s, grant("amara", "not taken up yet"))
	got, err := s.Changes(t.Context(), "maple")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]time.Time{at(1), at(4)}, got); diff != "" {
		t.Error(diff)
	}
}
