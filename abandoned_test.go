package vestibule_test

import (
	"strings"
	"testing"

	"vestibule"
	"vestibule/audit"
	"vestibule/fhir"
)

// Hazard H21: the EMR has carried out a write and its outcome cannot be recorded. The caller hears that, and how not to make it
// twice; the intent is told apart from those of accesses under way, and settled without a restart.
func TestH21AWriteWhoseOutcomeIsLostIsSettledWithoutARestart(t *testing.T) {
	e := stocked(t)
	w := newWorld(t, e, bookings...)
	strike := faults()["disk full"]
	e.onCall = func(call string) error {
		if call != "write" {
			return nil
		}
		open, err := audit.NewReader(w.db).Unresolved(t.Context())
		if err != nil || len(open) != 1 {
			t.Errorf("while the EMR writes: %d open intents, %v", len(open), err)
		}
		left, err := w.Abandoned(t.Context())
		if err != nil || len(left) > 0 {
			t.Errorf("while the EMR writes: %d abandoned, %v; the access is under way", len(left), err)
		}
		strike(t, w)
		return nil
	}
	key := func(r *vestibule.Request) { r.Key = "a-key" }
	a := w.ask(t, "POST", "/Appointment", proposal, key)
	if code(a) != "written-not-recorded" || a.Err().RetryAfter == 0 || strings.Contains(body(a), marker) || a.Receipt().Valid() {
		t.Fatalf("the caller hears %v: %s", a.Err(), body(a))
	}
	if left, err := w.Abandoned(t.Context()); err != nil || len(left) != 1 {
		t.Fatalf("afterwards: %d abandoned, %v; want the write", len(left), err)
	}
	e.onCall = nil
	if _, err := w.db.Exec(`DROP TRIGGER full`); err != nil {
		t.Fatal(err)
	}
	left, err := w.Abandoned(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Settle(t.Context(), left); err != nil {
		t.Fatal(err)
	}
	if r := w.last(t); r.Phase != audit.PhaseUnresolved || strings.Join(r.Reasons, " ") != vestibule.SettledDone {
		t.Errorf("on record: %s %v", r.Phase, r.Reasons)
	}
	if left, err := w.Abandoned(t.Context()); err != nil || len(left) > 0 {
		t.Errorf("settled, and still %d abandoned, %v", len(left), err)
	}
	if a := w.ask(t, "POST", "/Appointment", proposal, key); a.Err() != nil {
		t.Errorf("sent again with the same key: %v", a.Err())
	}
}

// What the EMR finds need not be what was looked for, and the first page need not be all: a create is settled by its own
// operation, wherever it stands among what is found.
func TestH31ACreateIsSettledByItsOwnOperation(t *testing.T) {
	for name, c := range map[string]struct {
		reached bool // the EMR
		want    string
	}{"one that is there, on the last page": {true, vestibule.SettledDone}, "one that is not, among others": {false, vestibule.SettledNotDone}} {
		e := stocked(t)
		e.pageSize = 1
		w := newWorld(t, e, bookings...)
		strike := faults()["disk full"]
		e.onCall = func(call string) error {
			if call != "write" {
				return nil
			}
			strike(t, w)
			if c.reached {
				return nil
			}
			return fhir.E("emr", fhir.KindUnavailable, "emr-unreachable", "")
		}
		w.ask(t, "POST", "/Appointment", proposal)
		e.onCall = nil
		if _, err := w.db.Exec(`DROP TRIGGER full`); err != nil {
			t.Fatal(err)
		}
		left, err := w.Abandoned(t.Context())
		if err != nil || len(left) != 1 {
			t.Fatalf("%s: %d abandoned, %v", name, len(left), err)
		}
		if err := w.Settle(t.Context(), left); err != nil {
			t.Fatal(err)
		}
		if r := w.last(t); r.Phase != audit.PhaseUnresolved || strings.Join(r.Reasons, " ") != c.want {
			t.Errorf("%s: on record as %s %v, want %s", name, r.Phase, r.Reasons, c.want)
		}
	}
}
