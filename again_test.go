package vestibule_test

import (
	"slices"
	"strings"
	"testing"

	"vestibule"
	"vestibule/audit"
	"vestibule/policy"
)

// changes are what a clinic does while an access is under way, and the code with which the access is refused then.
var changes = map[string]struct {
	do   func(t *testing.T, w *world)
	code string
}{
	"revoked": {func(t *testing.T, w *world) { w.under(t, policy.Rules{}) }, "no-grant"},
	"stopped": {func(t *testing.T, w *world) {
		w.under(t, policy.Rules{Grants: []policy.Grant{frontDesk(1, bookings...)},
			Stops: []policy.Stop{{Name: "everything", Everything: true, Because: "A laptop was stolen", Version: 1}}})
	}, "clinic-stopped"},
	"paused": {func(t *testing.T, w *world) {
		w.under(t, policy.Rules{Grants: []policy.Grant{frontDesk(1, bookings...)},
			Stops: []policy.Stop{{Clinic: "maple", Name: "pause", Grant: "front-desk", Because: "A laptop was stolen", Version: 1}}})
	}, "grant-paused"},
	"not served any more": {func(_ *testing.T, w *world) { w.SetClinics() }, "request-incomplete"},
}

// moments are when it happens: during a call to the EMR, or while a record is put into the ledger.
var moments = []struct {
	name, method, path, body, version string
	call                              string // the EMR's
	record                            int    // or the number of the record, from 1
	code                              string // instead of the change's
	written                           int    // writes that reach the EMR
	phases                            string
}{
	{name: "read, at the EMR", method: "GET", path: "/Appointment/mine", call: "read", phases: "denial"},
	{name: "read of what is not there, at the EMR", method: "GET", path: "/Appointment/none", call: "read", phases: "denial"},
	{name: "read, at its record", method: "GET", path: "/Appointment/mine", record: 1, phases: "outcome denial"},
	{name: "search, at the EMR", method: "GET", path: "/Appointment", call: "search", phases: "denial"},
	{name: "search, at its record", method: "GET", path: "/Appointment", record: 1, phases: "outcome denial"},
	{name: "update, at the EMR's read", method: "PUT", path: "/Appointment/mine", body: moved, version: "1", call: "read", phases: "denial"},
	{name: "update, at its intent", method: "PUT", path: "/Appointment/mine", body: moved, version: "1", record: 1, phases: "intent outcome"},
	{name: "create, at its intent", method: "POST", path: "/Appointment", body: proposal, record: 1, phases: "intent outcome"},
	{name: "update, at the EMR's write", method: "PUT", path: "/Appointment/mine", body: moved, version: "1", call: "write", code: "written-then-stopped", written: 1, phases: "intent outcome"},
	{name: "create, at the EMR's write", method: "POST", path: "/Appointment", body: proposal, call: "write", code: "written-then-stopped", written: 1, phases: "intent outcome"},
	{name: "create, at its outcome", method: "POST", path: "/Appointment", body: proposal, record: 2, code: "written-then-stopped", written: 1, phases: "intent outcome denial"},
}

// meanwhile arranges for do to happen at a moment, once.
func meanwhile(w *world, e *emr, call string, record int, do func()) {
	done, records := false, 0
	once := func() {
		if !done {
			done = true
			do()
		}
	}
	e.onCall = func(c string) error {
		if c == call {
			once()
		}
		return nil
	}
	w.onRecord = func() {
		if records++; records == record {
			once()
		}
	}
}

// Hazard H37: what is stopped while an access is under way stops that access: nothing leaves, nothing is written that was
// not written yet, and the record says why.
func TestH37WhatIsStoppedStopsWhatIsUnderWay(t *testing.T) {
	for _, m := range moments {
		for change, c := range changes {
			t.Run(m.name+"/"+change, func(t *testing.T) {
				e := stocked(t)
				w := newWorld(t, e, bookings...)
				meanwhile(w, e, m.call, m.record, func() { c.do(t, w) })
				a := w.ask(t, m.method, m.path, m.body, ifMatch(m.version))
				want := m.code
				if want == "" {
					want = c.code
				}
				if code(a) != want || !a.Receipt().Valid() {
					t.Fatalf("answered %v, want %s", a.Err(), want)
				}
				if text := body(a); strings.Contains(text, "Patient/") || strings.Contains(text, "2026-11-24") {
					t.Errorf("what was stopped left: %s", text)
				}
				if e.wrote() != m.written {
					t.Errorf("%d writes reached the EMR, want %d", e.wrote(), m.written)
				}
				records := w.records(t)
				var phases []string
				for _, r := range records {
					phases = append(phases, string(r.Phase))
				}
				last := records[len(records)-1]
				if strings.Join(phases, " ") != m.phases || last.ID != a.Decision() || len(last.Released) > 0 {
					t.Errorf("records %v, the last one %+v", phases, last)
				}
				for _, reason := range []string{want, c.code, vestibule.CodeRulesChanged} {
					if !slices.Contains(last.Reasons, reason) {
						t.Errorf("the record gives %v, not %s", last.Reasons, reason)
					}
				}
				var patients []string
				if last.Intent != nil {
					patients = records[len(records)-2].Patients
				}
				if !slices.Equal(last.Patients, patients) {
					t.Errorf("what settles an intent names its patients, %q, and no other refusal does: %+v", patients, last)
				}
				if open, err := w.ledger.Unresolved(t.Context()); err != nil || len(open) > 0 {
					t.Errorf("left open: %v, %v", open, err)
				}
			})
		}
	}
}

// Hazard H37: of a search that is stopped between two of the EMR's pages no other page is asked for.
func TestH37AStoppedSearchAsksTheEMRNothingMore(t *testing.T) {
	for change, c := range changes {
		e := stocked(t)
		e.pageSize = 1
		w := newWorld(t, e, bookings...)
		meanwhile(w, e, "search", 0, func() { c.do(t, w) })
		if a := w.ask(t, "GET", "/Appointment", ""); code(a) != c.code || len(e.calls) != 1 {
			t.Errorf("%s: %v after %v", change, a.Err(), e.calls)
		}
	}
}

// A grant that is narrowed while an access is under way shows what the new version shows, and is what the record cites.
func TestANarrowedGrantShowsLessOfWhatIsUnderWay(t *testing.T) {
	narrow := []policy.Permission{
		{Scope: "user/Appointment.rs?practitioner=Practitioner/42", Elements: []string{"status", "participant.actor.reference"}},
		{Scope: "user/Appointment.cu?practitioner=Practitioner/42", Write: []string{"status", "start", "end", "participant"}},
	}
	for _, m := range moments {
		if m.call == "" || m.path == "/Appointment/none" || m.name == "update, at the EMR's read" {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			e := stocked(t)
			w := newWorld(t, e, bookings...)
			meanwhile(w, e, m.call, 0, func() { w.grant(t, 2, narrow...) })
			a := w.ask(t, m.method, m.path, m.body, ifMatch(m.version))
			if text := body(a); a.Err() != nil || !strings.Contains(text, `"status":"booked"`) || strings.Contains(text, `"start"`) {
				t.Errorf("%v %s", a.Err(), text)
			}
			r := w.last(t)
			if !slices.Equal(r.Grants, []string{"front-desk@2"}) || r.Outcome != audit.OutcomeSuccess || !slices.Contains(r.Reasons, vestibule.CodeRulesChanged) {
				t.Errorf("recorded %v %v %v", r.Grants, r.Outcome, r.Reasons)
			}
		})
	}
}

// A write that other rules would have merged differently is not sent as it was meant; nothing is lost by sending it again.
func TestAWriteThatWouldBeAnotherIsNotSent(t *testing.T) {
	e := stocked(t)
	w := newWorld(t, e, bookings...)
	hidden := []policy.Permission{
		{Scope: "user/Appointment.rs?practitioner=Practitioner/42", Elements: []string{"status", "start", "participant"}},
		{Scope: "user/Appointment.cu?practitioner=Practitioner/42", Write: []string{"status", "start", "participant"}},
	}
	withoutEnd := strings.Replace(moved, `"end":"2026-11-24T10:15:00Z",`, "", 1) // takes end away, as long as end is seen
	meanwhile(w, e, "", 1, func() { w.grant(t, 2, hidden...) })
	a := w.ask(t, "PUT", "/Appointment/mine", withoutEnd, ifMatch("1"))
	if code(a) != vestibule.CodeRulesChanged || e.wrote() != 0 || a.Err().Kind.Status() != 503 {
		t.Errorf("answered %v with %d writes", a.Err(), e.wrote())
	}
}

// Who is not concerned by a change is not disturbed by it: the answer is the same, byte for byte, and written once.
func TestAChangeThatDoesNotConcernAnAccessDoesNotDisturbIt(t *testing.T) {
	for _, m := range moments {
		if m.path == "/Appointment/none" {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			ask := func(e *emr, change bool) (vestibule.Answer, *world) {
				w := newWorld(t, e, bookings...)
				if change {
					meanwhile(w, e, m.call, m.record, func() {
						other := frontDesk(1, bookings...)
						other.Name, other.To.User = "other", "https://id.example|noor"
						w.under(t, policy.Rules{Grants: []policy.Grant{frontDesk(1, bookings...), other}})
					})
				}
				return w.ask(t, m.method, m.path, m.body, ifMatch(m.version), func(r *vestibule.Request) { r.Key = "call-17" }), w
			}
			calm, w := ask(stocked(t), false)
			e := stocked(t)
			got, disturbed := ask(e, true)
			if got.Err() != nil || calm.Err() != nil {
				t.Fatal(got.Err(), calm.Err())
			}
			if a, b := strings.ReplaceAll(body(calm), calm.Decision(), ""), strings.ReplaceAll(body(got), got.Decision(), ""); a != b {
				t.Errorf("the answers differ:\n%s\n%s", a, b)
			}
			if len(disturbed.records(t)) != len(w.records(t)) || e.wrote() > 1 {
				t.Errorf("%d records and %d writes", len(disturbed.records(t)), e.wrote())
			}
		})
	}
}

// A clinic that changes its rules faster than a search takes does not keep it going for ever.
func TestASearchUnderEverChangingRulesEnds(t *testing.T) {
	e := stocked(t)
	w := newWorld(t, e, bookings...)
	version := 1
	e.onCall = func(string) error {
		version++
		w.grant(t, version, bookings...)
		return nil
	}
	a := w.ask(t, "GET", "/Appointment", "")
	if code(a) != vestibule.CodeRulesChanged || len(e.calls) != 3 {
		t.Errorf("%v after %d calls", a.Err(), len(e.calls))
	}
}
