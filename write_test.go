package vestibule_test

import (
	"context"
	"strings"
	"testing"

	"vestibule"
	"vestibule/audit"
	"vestibule/fhir"
)

// Promise 3: the intent of a write is durable before the EMR is asked, and names what is going to happen.
func TestTheIntentComesFirst(t *testing.T) {
	e := stocked(t)
	w := newWorld(t, e, bookings...)
	var before []audit.Record
	e.onCall = func(call string) error {
		if call == "write" {
			before = w.records(t)
		}
		return nil
	}
	a := w.ask(t, "PUT", "/Appointment/mine", moved, ifMatch("1"))
	if a.Err() != nil {
		t.Fatal(a.Err())
	}
	if len(before) != 1 || before[0].Phase != audit.PhaseIntent || before[0].ID != a.Decision() {
		t.Fatalf("on record when the EMR was asked: %+v", before)
	}
	in := before[0]
	if in.Operation == "" || in.Resource != "Appointment/mine/_history/1" || in.After == "" || in.Before == "" || len(in.Patients) != 1 {
		t.Errorf("the intent does not say what: %+v", in)
	}
	if out := w.last(t); out.Intent == nil || *out.Intent != 0 || out.Outcome != audit.OutcomeSuccess {
		t.Errorf("the outcome does not settle the intent: %+v", out)
	}
}

// Hazard H12: what the caller was not shown survives the caller's update.
func TestH12WhatIsHiddenSurvives(t *testing.T) {
	e := stocked(t)
	w := newWorld(t, e, bookings...)
	a := w.ask(t, "PUT", "/Appointment/mine", moved, ifMatch("1"))
	if a.Err() != nil {
		t.Fatal(a.Err())
	}
	stands := string(e.resources["Appointment/mine"].Bytes())
	if !strings.Contains(stands, `"comment":"`+marker+`"`) || !strings.Contains(stands, "2026-11-24T10:00:00Z") {
		t.Errorf("the EMR holds %s", stands)
	}
	if strings.Contains(body(a), marker) {
		t.Errorf("the answer to the update shows what a read would not: %s", body(a))
	}
}

// An update says which version it replaces, and a version that has gone is never replaced.
func TestUpdatesNeedTheCurrentVersion(t *testing.T) {
	e := stocked(t)
	w := newWorld(t, e, bookings...)
	if a := w.ask(t, "PUT", "/Appointment/mine", moved); code(a) != "if-match-required" || a.Err().Kind.Status() != 428 {
		t.Errorf("without If-Match: %v", a.Err())
	}
	if a := w.ask(t, "PUT", "/Appointment/mine", moved, ifMatch("0")); code(a) != "version-stale" || a.Err().Kind.Status() != 412 {
		t.Errorf("with a stale one: %v", a.Err())
	}
	if e.wrote() != 0 {
		t.Error("a refused update reached the EMR")
	}
}

// Promise 6, hazards H21 and H30: a write that is retried under its Idempotency-Key happens once, and is answered alike.
func TestH30ARetriedWriteHappensOnce(t *testing.T) {
	e := stocked(t)
	w := newWorld(t, e, bookings...)
	key := func(r *vestibule.Request) { r.Key = "call-17" }
	first := w.ask(t, "POST", "/Appointment", proposal, key)
	second := w.ask(t, "POST", "/Appointment", proposal, key)
	if first.Err() != nil || second.Err() != nil {
		t.Fatal(first.Err(), second.Err())
	}
	if first.Location() != second.Location() || first.Location().IsZero() || len(e.resources) != 3 {
		t.Errorf("created %v and %v; the EMR holds %d", first.Location(), second.Location(), len(e.resources))
	}
	other := w.ask(t, "POST", "/Appointment", proposal, func(r *vestibule.Request) { r.Key = "call-17"; r.Caller.ClientID = "another" })
	if other.Location() == first.Location() {
		t.Error("another client's key found this client's write")
	}
	moves := []func(*vestibule.Request){ifMatch("1"), func(r *vestibule.Request) { r.Key = "move-3" }}
	for range 2 {
		if a := w.ask(t, "PUT", "/Appointment/mine", moved, moves...); a.Err() != nil || !strings.Contains(body(a), "T10:00:00Z") {
			t.Errorf("the update and its retry: %v", a.Err())
		}
	}
}

// Hazard H30: a key is its sender's. The same one of somebody else, elsewhere, or for another type names another write.
func TestH30AKeyIsItsSendersAlone(t *testing.T) {
	w := newWorld(t, stocked(t), bookings...)
	w.alike(t, "maple", "birch")
	made := map[string]string{} // by the operation's name
	for name, c := range map[string]struct {
		path, body string
		change     func(*vestibule.Request)
	}{
		"the sender":       {"/Appointment", proposal, func(*vestibule.Request) {}},
		"another person":   {"/Appointment", proposal, func(r *vestibule.Request) { r.Caller.Subject = "eve" }},
		"another issuer":   {"/Appointment", proposal, func(r *vestibule.Request) { r.Caller.Issuer = "https://id2.example" }},
		"another program":  {"/Appointment", proposal, func(r *vestibule.Request) { r.Caller.ClientID = "other" }},
		"another clinic":   {"/Appointment", proposal, func(r *vestibule.Request) { r.Clinic = "birch" }},
		"another type":     {"/Task", `{"resourceType":"Task","status":"requested","intent":"order"}`, func(*vestibule.Request) {}},
		"another key":      {"/Appointment", proposal, func(r *vestibule.Request) { r.Key = "call-18" }},
		"no key":           {"/Appointment", proposal, func(r *vestibule.Request) { r.Key = "" }},
		"no key once more": {"/Appointment", proposal, func(r *vestibule.Request) { r.Key = "" }},
	} {
		a := w.ask(t, "POST", c.path, c.body, func(r *vestibule.Request) { r.Key = "call-17"; c.change(r) })
		if a.Err() != nil {
			t.Fatalf("%s: %v", name, a.Err())
		}
		if other, taken := made[a.Location().ID]; taken {
			t.Errorf("%s found what %s made", name, other)
		}
		made[a.Location().ID] = name
	}
}

// What cannot be read is refused with what is wrong with it, before anything is asked of the EMR.
func TestBadBodiesAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ body, code string }{
		"malformed":      {`{"resourceType":"Appointment",`, "malformed-json"},
		"duplicates":     {`{"resourceType":"Appointment","id":"mine","status":"booked","st\u0061tus":"booked"}`, "duplicate-member"},
		"not a resource": {`[]`, "not-a-resource"},
		"another type":   {`{"resourceType":"Task","id":"mine"}`, "wrong-type"},
		"another id":     {strings.Replace(moved, "mine", "other", 1), "wrong-id"},
		"deep":           {`{"resourceType":"Appointment","id":"mine","x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, "too-deep"},
		"hidden element": {strings.Replace(moved, `"status"`, `"comment":"x","status"`, 1), "element-not-writable"},
		"out of reach":   {strings.Replace(moved, "Practitioner/42", "Practitioner/43", 1), "write-out-of-reach"},
	} {
		t.Run(name, func(t *testing.T) {
			e := stocked(t)
			w := newWorld(t, e, bookings...)
			a := w.ask(t, "PUT", "/Appointment/mine", c.body, ifMatch("1"))
			if code(a) != c.code || a.Err().Kind.Status() >= 500 || !a.Receipt().Valid() || e.wrote() != 0 {
				t.Errorf("answered %v, want %s; %d writes", a.Err(), c.code, e.wrote())
			}
		})
	}
}

// mistaken is an EMR that answers a write with another resource than the one written.
type mistaken struct{ *emr }

func (m mistaken) Write(ctx context.Context, c fhir.Change) (fhir.Resource, error) {
	if _, err := m.emr.Write(ctx, c); err != nil {
		return fhir.Resource{}, err
	}
	return m.emr.Read(ctx, fhir.Ref{Type: "Appointment", ID: "other"})
}

// What an EMR makes of a write is held to it as any answer: of another resource nothing leaves, and the trail says what happened.
func TestAWriteIsNotAnsweredWithAnotherResource(t *testing.T) {
	w := newWorld(t, stocked(t), bookings...)
	w.served = mistaken{w.emr}
	w.grant(t, 1, bookings...)
	a := w.ask(t, "PUT", "/Appointment/mine", moved, ifMatch("1"))
	if r := w.last(t); code(a) != "written-out-of-reach" || strings.Contains(body(a), "other") || !a.Receipt().Valid() || r.Withheld != 1 || len(r.Released) > 0 || r.Outcome == audit.OutcomeSuccess || len(r.Patients) != 1 {
		t.Errorf("answered %v %s, on record as %+v", a.Err(), body(a), r)
	}
}

// After a start, an intent without an outcome gets an unresolved record that says what the EMR holds (design, section 6).
func TestSettleClosesWhatTheLastRunLeftOpen(t *testing.T) {
	for name, c := range map[string]struct {
		method, path, body string
		lost               bool // the EMR carried it out
		want               string
	}{
		"an update that did not happen": {"PUT", "/Appointment/mine", moved, false, vestibule.SettledNotDone},
		"an update that did":            {"PUT", "/Appointment/mine", moved, true, vestibule.SettledUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			e := stocked(t)
			w := newWorld(t, e, bookings...)
			e.onCall = func(call string) error {
				if call != "write" {
					return nil
				}
				faults()["disk full"](t, w) // as a crash: no outcome is ever written
				if c.lost {
					return nil
				}
				return fhir.E("emr", fhir.KindUnavailable, "emr-unreachable", "")
			}
			w.ask(t, c.method, c.path, c.body, ifMatch("1"))
			if _, err := w.db.Exec(`DROP TRIGGER full`); err != nil {
				t.Fatal(err)
			}
			e.onCall = nil
			orphans, err := w.ledger.Unresolved(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			err = w.Settle(t.Context(), orphans)
			if r := w.last(t); err != nil || len(orphans) != 1 || r.Phase != audit.PhaseUnresolved || r.Reasons[0] != c.want || r.Intent == nil {
				t.Fatalf("settled %d (%v): %+v", len(orphans), err, r)
			}
			if orphans, err := w.ledger.Unresolved(t.Context()); len(orphans) != 0 || err != nil {
				t.Errorf("%d are still open (%v)", len(orphans), err)
			}
		})
	}
}
