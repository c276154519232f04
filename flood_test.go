package vestibule_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"vestibule"
	"vestibule/audit"
	"vestibule/fhir"
	"vestibule/policy"
)

// forged is a request with a token that nobody issued, from an address.
func forged(address string) func(*vestibule.Request) {
	return func(r *vestibule.Request) {
		r.Caller, r.Claim, r.Address = policy.Caller{}, vestibule.Claim{Issuer: "https://id.example", Subject: "mallory-" + address}, address
		r.Refused = fhir.E("identity", fhir.KindUnauthenticated, "token-signature", "Sign in again.")
		r.Raw = "/Appointment/mine?access_token=hunter2&x=1"
	}
}

// Ten thousand forged requests, from one network or from many, are a handful of records that account for every one of them.
func TestAFloodOfForgedRequestsDoesNotFillTheDisk(t *testing.T) {
	for name, address := range map[string]func(i int) string{
		"one network":   func(i int) string { return fmt.Sprintf("198.51.100.%d", i%250) },
		"many networks": func(i int) string { return fmt.Sprintf("10.%d.%d.7", i/250, i%250) },
		"IPv6":          func(i int) string { return fmt.Sprintf("2001:db8:%x::1", i) },
		"no address":    func(int) string { return "" },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, stocked(t), bookings...)
			for i := range 10_000 {
				a := w.ask(t, "GET", "/Appointment/mine", "", forged(address(i)))
				if code(a) != "token-signature" || !a.Receipt().Valid() {
					t.Fatalf("request %d: %v, receipt %v", i, a.Err(), a.Receipt())
				}
				if i == 0 && len(w.records(t)) != 1 {
					t.Fatal("the first of its kind is not on record at once")
				}
			}
			if n := len(w.records(t)); n > 250 {
				t.Errorf("%d records while the flood lasts", n)
			}
			w.clock = w.clock.Add(time.Minute)
			if err := w.RecordCounted(t.Context(), false); err != nil {
				t.Fatal(err)
			}
			total := 0
			all := w.records(t)
			for _, r := range all {
				if r.Repeats > 0 {
					total += r.Repeats - 1
					if r.Agent.Subject != "" || r.Raw != "" || r.Until.IsZero() || r.Outcome != audit.OutcomeSerious {
						t.Errorf("a counted record says %+v", r)
					}
				}
				if strings.Contains(r.Raw, "hunter2") {
					t.Error("a token stands in the ledger")
				}
				total++
			}
			if total != 10_000 || len(all) > 300 {
				t.Errorf("%d records account for %d of 10,000 requests", len(all), total)
			}
		})
	}
}

// The same refusal again and again, by a caller who is known: counted from the sixtieth on, for that caller and that refusal
// only. What the EMR was asked for is never counted together, and what was released even less.
func TestWhatAKnownCallerIsRefusedIsCountedToo(t *testing.T) {
	w := newWorld(t, stocked(t), bookings...)
	for range 200 {
		w.ask(t, "GET", "/Task", "") // not granted
	}
	before := len(w.records(t))
	if before != 60 {
		t.Errorf("%d records of 200 refusals alike", before)
	}
	w.ask(t, "GET", "/DocumentReference", "")
	other := w.caller
	other.Subject = "birgit"
	w.ask(t, "GET", "/Task", "", func(r *vestibule.Request) { r.Caller = other })
	if n := len(w.records(t)); n != before+2 {
		t.Errorf("%d records of two other refusals", n-before)
	}
	before += 2
	for range 100 {
		w.ask(t, "GET", "/Appointment/mine", "")
		w.ask(t, "GET", "/Appointment/other", "") // out of reach: the EMR was asked
		w.ask(t, "GET", "/Appointment/none", "")
	}
	if n := len(w.records(t)); n != before+300 {
		t.Errorf("%d records of 300 requests that reached the EMR", n-before)
	}
	if err := w.RecordCounted(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	r := w.last(t)
	if r.Repeats != 140 || r.Agent.Subject != "amara" || r.Type != "Task" || r.Interaction != "search-type" || r.Reasons[0] == "" {
		t.Errorf("the counted record: %+v", r)
	}
	if w.RecordCounted(t.Context(), true); w.last(t).ID != r.ID {
		t.Error("a count was recorded twice")
	}
}

// With a ledger that cannot write, a refusal is answered as unavailable, and counts are kept until it can again.
func TestCountedRefusalsOutliveAFailingLedger(t *testing.T) {
	w := newWorld(t, stocked(t), bookings...)
	for range 30 {
		w.ask(t, "GET", "/Appointment/mine", "", forged("198.51.100.9"))
	}
	w.clock = w.clock.Add(time.Minute)
	w.exec(t, `CREATE TRIGGER full BEFORE INSERT ON batch BEGIN SELECT RAISE(ABORT, 'disk full'); END`)
	if a := w.ask(t, "GET", "/Appointment/mine", "", forged("198.51.100.9")); a.Err().Kind != fhir.KindUnavailable {
		t.Errorf("answered %v", a.Err())
	}
	w.exec(t, `DROP TRIGGER full`)
	if err := w.RecordCounted(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if r := w.last(t); r.Repeats != 20 {
		t.Errorf("the count after the failure: %+v", r)
	}
}

func (w *world) exec(t *testing.T, statement string) {
	t.Helper()
	if _, err := w.db.Exec(statement); err != nil {
		t.Fatal(err)
	}
}
