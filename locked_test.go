package vestibule_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule"
	"vestibule/audit"
	"vestibule/fhir"
	"vestibule/policy"
)

// ruled serves the clinic with rules that deny beside the assistant's one grant.
func (w *world) ruled(t *testing.T, rules policy.Rules) {
	t.Helper()
	rules.Grants = []policy.Grant{{Clinic: "maple", Name: "front-desk", To: policy.To{User: assistant}, Because: "Covers the front desk",
		Until: "2027-01-31", Permissions: bookings, Version: 1, Approved: now.AddDate(0, 0, -1)}}
	set, err := policy.Compile(policy.Clinic{Name: "maple", Zone: time.UTC}, rules)
	if err != nil {
		t.Fatal(err)
	}
	w.SetClinics(&vestibule.Clinic{Name: "maple", Title: "Maple", Zone: time.UTC, Policy: set, EMR: w.emr})
}

// lockbox locks everything of Patient/locked.
var lockbox = policy.Directive{Clinic: "maple", Name: "lock-1", Patient: "Patient/locked", Because: "The patient asked", Version: 3}

// neverLate keeps from everybody what is called noshow.
var neverLate = policy.Guardrail{Name: "rail", Never: []string{"Appointment?status=noshow"}, Because: "A test", Version: 1}

// heard is an answer as its caller gets it, but for what is another one each time: ids and the sealed places of pages.
func heard(a vestibule.Answer) string {
	text := strings.ReplaceAll(body(a), a.Decision(), "DECISION")
	text = regexp.MustCompile(`_cursor=[\w%.-]+`).ReplaceAllString(text, "_cursor=PLACE")
	text = regexp.MustCompile(`made-[\w-]+`).ReplaceAllString(text, "MADE")
	return fmt.Sprint(code(a), " ", a.Version(), " ", regexp.MustCompile(`made-[\w-]+`).ReplaceAllString(a.Location().String(), "MADE"), " ", text)
}

// Hazard H9: to whom it locks out, a locked resource is one that does not exist, to the byte; and so is one that a guardrail
// keeps from everybody and one whose patient cannot be read.
func TestH9ALockedResourceIsAnAbsentOne(t *testing.T) {
	for name, hidden := range map[string]string{
		"locked":  appointment("hidden", "42", "locked", now.Add(time.Hour)),
		"guarded": strings.Replace(appointment("hidden", "42", "1", now.Add(time.Hour)), `"booked"`, `"noshow"`, 1),
		"unclear": strings.Replace(appointment("hidden", "42", "1", now.Add(time.Hour)), `Patient/1`, `https://other.example/Patient/1`, 1),
		"shared with another": strings.Replace(appointment("hidden", "42", "1", now.Add(time.Hour)), `"participant":[`,
			`"participant":[{"actor":{"reference":"Patient/locked"},"status":"accepted"},`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			build := func(present bool) *world {
				e := newEMR(t, 3)
				for i := range 9 {
					if i == 4 && present {
						e.put(t, hidden)
					}
					e.put(t, appointment(fmt.Sprintf("a%d", i), "42", "1", now.Add(time.Duration(i)*time.Hour)))
				}
				w := newWorld(t, e, bookings...)
				w.ruled(t, policy.Rules{Directives: []policy.Directive{lockbox}, Guardrails: []policy.Guardrail{neverLate}})
				return w
			}
			with, without := build(true), build(false)
			edit := strings.Replace(appointment("hidden", "42", "1", now), `,"comment":"`+marker+`"`, "", 1)
			for _, q := range []struct{ method, path, body, version string }{
				{"GET", "/Appointment/hidden", "", ""},
				{"GET", "/Appointment", "", ""},
				{"GET", "/Appointment?_count=4", "", ""},
				{"GET", "/Appointment?_count=9", "", ""},
				{"GET", "/Appointment?_id=hidden", "", ""},
				{"GET", "/Appointment?patient=Patient/locked", "", ""},
				{"GET", "/Appointment?patient=Patient/1&_sort=date", "", ""},
				{"PUT", "/Appointment/hidden", edit, "1"},
				{"PUT", "/Appointment/hidden", edit, "0"},
				{"PUT", "/Appointment/hidden", edit, ""},
				{"PUT", "/Appointment/hidden", "{", "1"},
			} {
				a, b := with.ask(t, q.method, q.path, q.body, ifMatch(q.version)), without.ask(t, q.method, q.path, q.body, ifMatch(q.version))
				if heard(a) != heard(b) {
					t.Errorf("%s %s is told apart:\n%s\n%s", q.method, q.path, heard(a), heard(b))
				}
				if !a.Receipt().Valid() || with.last(t).Phase != without.last(t).Phase || with.last(t).Status != without.last(t).Status {
					t.Errorf("%s %s: on record as %+v and %+v", q.method, q.path, with.last(t), without.last(t))
				}
				if strings.Contains(body(a), "hidden") && !strings.Contains(q.path, "hidden") {
					t.Errorf("%s %s names it: %s", q.method, q.path, body(a))
				}
			}
			if with.emr.wrote() > 0 || len(with.records(t)) != len(without.records(t)) {
				t.Errorf("%d writes, %d records, want 0 and %d", with.emr.wrote(), len(with.records(t)), len(without.records(t)))
			}
			if r, calls := with.ask(t, "GET", "/Appointment/hidden", ""), with.emr.calls; code(r) == "" || calls[len(calls)-1] != "read" {
				t.Errorf("the EMR was not asked for it: %v", calls)
			}
		})
	}
}

// A write that would end in a locked appointment is refused in the words of any write that would end out of reach.
func TestH9AWriteIntoALockIsHeardAsAnyOutOfReach(t *testing.T) {
	free := strings.Replace(appointment("mine", "42", "1", now.Add(time.Hour)), `,"comment":"`+marker+`"`, "", 1)
	build := func() *world {
		w := newWorld(t, newEMR(t, 3, free), bookings...)
		w.ruled(t, policy.Rules{Directives: []policy.Directive{lockbox}})
		return w
	}
	locked, foreign := strings.Replace(free, "Patient/1", "Patient/locked", 1), strings.Replace(free, "Practitioner/42", "Practitioner/43", 1)
	for _, method := range []string{"POST", "PUT"} {
		path := map[string]string{"POST": "/Appointment", "PUT": "/Appointment/mine"}[method]
		a, w := build(), build()
		got, want := a.ask(t, method, path, locked, ifMatch("1")), w.ask(t, method, path, foreign, ifMatch("1"))
		if heard(got) != heard(want) || code(got) != string(policy.CodeWriteOutOfReach) {
			t.Errorf("%s: heard\n%s\nwant\n%s", method, heard(got), heard(want))
		}
		if a.emr.wrote() > 0 {
			t.Errorf("%s: written", method)
		}
		if r := a.last(t); !slices.Contains(r.Reasons, string(policy.CodeLocked)) || slices.Contains(w.last(t).Reasons, string(policy.CodeLocked)) {
			t.Errorf("%s: the trail's reasons are %v", method, r.Reasons)
		}
	}
}

// What a caller may not know the clinic reads in its trail: the attempt, and that a directive locked it.
func TestTheTrailSaysThatADirectiveLocked(t *testing.T) {
	w := newWorld(t, newEMR(t, 3, appointment("hidden", "42", "locked", now)), bookings...)
	w.ruled(t, policy.Rules{Directives: []policy.Directive{lockbox}})
	w.ask(t, "GET", "/Appointment/hidden", "")
	r := w.last(t)
	if r.Phase != audit.PhaseDenial || r.Withheld != 1 || r.Resource != "Appointment/hidden" || !slices.Contains(r.Reasons, string(policy.CodeLocked)) {
		t.Errorf("recorded %+v", r)
	}
	w.ask(t, "GET", "/Appointment", "")
	if r = w.last(t); r.Withheld != 1 || len(r.Released) > 0 {
		t.Errorf("recorded %+v", r)
	}
}

// A stop and a guardrail's networks refuse before the EMR is asked.
func TestWhatStopsTheCallerAsksNoEMR(t *testing.T) {
	for want, rules := range map[policy.Code]policy.Rules{
		policy.CodePersonStopped:    {Stops: []policy.Stop{{Name: "halt", Person: assistant, Because: "A lost laptop"}}},
		policy.CodeOutsideGuardrail: {Guardrails: []policy.Guardrail{{Name: "rail", Networks: []string{"198.51.100.0/24"}, Because: "A test"}}},
	} {
		w := newWorld(t, newEMR(t, 3, appointment("mine", "42", "1", now)), bookings...)
		w.ruled(t, rules)
		a := w.ask(t, "GET", "/Appointment/mine", "")
		if code(a) != string(want) || a.Err().Kind != fhir.KindForbidden || len(w.emr.calls) > 0 || !a.Receipt().Valid() {
			t.Errorf("%v after %v, want %s", a.Err(), w.emr.calls, want)
		}
	}
}
