package replay_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"vestibule/audit"
	"vestibule/internal/replay"
	"vestibule/policy"
)

// tallies is the effects of a report on one line: accesses/people/patients (certain+today+changed).
func tallies(r replay.Report) string {
	var out []string
	for _, t := range r.Effects {
		if t.Accesses > 0 {
			out = append(out, fmt.Sprintf("%s: %d/%d/%d (%d+%d+%d)", t.Effect, t.Accesses, t.People, t.Patients, t.Certain, t.Today, t.Changed))
		}
	}
	for _, m := range r.Unjudged {
		out = append(out, fmt.Sprintf("not judged: %d (%s)", m.Accesses, m.Why))
	}
	return strings.Join(out, "; ")
}

func want(t *testing.T, r replay.Report, effects string) {
	t.Helper()
	if got := tallies(r); got != effects {
		t.Errorf("got  %s\nwant %s\n%+v", got, effects, r.Groups)
	}
}

// day is what happens on an ordinary day under the wide grant: 3 reads by ann, a search and an update by ben, a create by ann.
func day(w *world) {
	w.ok("ann", "GET", "/Appointment/a0", "")
	w.ok("ann", "GET", "/Appointment/a1", "")
	w.ok("ann", "GET", "/Appointment/a2", "")
	w.ok("ben", "GET", search("status", "booked", "practitioner", "Practitioner/42"), "")
	w.ok("ben", "PUT", "/Appointment/a4", moved("a4", "42", "4", begin.AddDate(0, 0, 9)))
	w.ok("ann", "POST", "/Appointment", strings.Replace(moved("x", "42", "5", begin.AddDate(0, 0, 9)), `"id":"x",`, "", 1))
}

// moved is what a caller of the wide grant sends for another start.
func moved(id, practitioner, patient string, start time.Time) string {
	text := appointment(id, "1", practitioner, patient, "booked", start)
	text = strings.Replace(text, `"meta":{"versionId":"1"},`, "", 1)
	if id == "x" {
		text = strings.Replace(text, `"comment":"made up",`, "", 1)
	}
	return text
}

func TestACandidateThatChangesNothingSaysSo(t *testing.T) {
	w := newWorld(t, only(wide()))
	day(w)
	r := w.replay(put(wide()))
	want(t, r, "")
	if r.Changes() || r.Accesses != 6 || r.People != 2 || r.Covered < 0.99 || r.Partial {
		t.Errorf("%+v", r)
	}
	if w.emr.reads != 3+1 { // what the day itself read
		t.Errorf("resources were read of the EMR for nothing: %d", w.emr.reads)
	}
}

func TestWithoutTheGrantEverythingIsDenied(t *testing.T) {
	w := newWorld(t, only(wide()))
	day(w)
	r := w.replay(replay.Candidate{Drop: []string{"desk"}})
	want(t, r, "newly denied: 6/2/5 (6+0+0)")
	if g := r.Groups[0]; g.Code != policy.CodeNoGrant || g.Decision == "" || g.Time.IsZero() {
		t.Errorf("%+v", g)
	}
}

func TestAnotherGrantThatAllowsTheSameKeepsIt(t *testing.T) {
	other := wide()
	other.Name, other.To = "other", policy.To{User: "https://id.example|ann"}
	w := newWorld(t, policy.Rules{Grants: []policy.Grant{wide(), other}})
	day(w)
	want(t, w.replay(replay.Candidate{Drop: []string{"desk"}}), "newly denied: 2/1/3 (2+0+0)")
}

func TestWhatARequestAloneDecidesIsCertain(t *testing.T) {
	w := newWorld(t, only(wide()))
	day(w)
	late := wide()
	late.Hours = "Mon-Fri 09:03-18:00" // ann's three reads came before
	want(t, w.replay(put(late)), "newly denied: 3/1/3 (3+0+0)")
	other := wide()
	other.Purposes = []string{"TREAT"}
	want(t, w.replay(put(other)), "newly denied: 6/2/5 (6+0+0)")
	hidden := wide()
	hidden.Permissions[0].Elements = []string{"start", "end", "participant", "comment", "description"} // and the search by status
	o := w.options(put(hidden))
	o.Resources = replay.NewResources(nil, 0)
	r := w.run(o)
	if got := r.Of(replay.Denied); got.Certain != 1 || r.Groups[0].Code != policy.CodeParameterHidden {
		t.Errorf("%+v", r.Groups)
	}
}

// What depends on a resource is judged on the EMR's, which may be another by now.
func TestWhatDependsOnAResourceIsJudgedOnTodays(t *testing.T) {
	narrow := wide()
	narrow.Permissions[0].Scope += "?practitioner=Practitioner/42"
	narrow.Permissions[1].Scope += "?practitioner=Practitioner/42"

	w := newWorld(t, only(wide()))
	day(w)
	want(t, w.replay(put(narrow)), "newly denied: 1/1/1 (0+1+0)") // the read of a1, which is Practitioner/7's

	w.emr.put(t, appointment("a1", "2", "7", "1", "noshow", begin)) // changed since, and still Practitioner/7's
	want(t, w.replay(put(narrow)), "newly denied: 1/1/1 (0+0+1)")

	w.emr.put(t, appointment("a1", "3", "42", "1", "booked", begin)) // now within the candidate
	want(t, w.replay(put(narrow)), "")

	delete(w.emr.resources, "Appointment/a1")
	r := w.replay(put(narrow))
	want(t, r, "not judged: 1 (the resource is not in the EMR any more)")
	if r.Resources.Gone != 1 || r.Unjudged[0].Decision == "" {
		t.Errorf("%+v", r)
	}
}

func TestWithoutTheEMRNothingIsGuessed(t *testing.T) {
	narrow := wide()
	narrow.Permissions[0].Scope += "?practitioner=Practitioner/42"
	w := newWorld(t, only(wide()))
	day(w)
	offline := w.options(put(narrow))
	offline.Resources = replay.NewResources(nil, 0)
	want(t, w.run(offline), "not judged: 6 (the EMR was not asked)")
	capped := w.options(put(narrow))
	capped.Resources = replay.NewResources(w.emr, 1)
	if r := w.run(capped); r.Resources.Read != 1 || !strings.Contains(tallies(r), "more resources than are read") {
		t.Errorf("%s", tallies(r))
	}
	w.emr.gone = true
	r := w.replay(put(narrow))
	want(t, r, "not judged: 6 (the EMR did not answer)")
}

func TestHiddenElementsAreFoundWhereTheyWere(t *testing.T) {
	w := newWorld(t, only(wide()))
	day(w)
	bare := wide()
	bare.Permissions[0].Elements = []string{"status", "start", "end", "participant"} // no comment, no description: nothing has one
	r := w.replay(put(bare))
	// Three reads, a search of three, one of them moved by the update that follows, and the update's answer; what was created
	// has no comment.
	want(t, r, "answered with less: 5/2/4 (0+5+0)")
	for _, g := range r.Groups {
		if g.Clause != "comment" {
			t.Errorf("hidden: %q", g.Clause)
		}
	}
	w2 := newWorld(t, only(bare))
	w2.ok("ann", "GET", "/Appointment/a0", "")
	want(t, w2.replay(put(wide())), "answered with more: 1/1/1 (0+1+0)")
}

func TestWritesAreJudgedByWhatTheyChanged(t *testing.T) {
	w := newWorld(t, only(wide()))
	day(w)
	less := wide()
	less.Permissions[1].Write = []string{"status", "end", "participant"} // both writes set the start
	r := w.replay(put(less))
	want(t, r, "newly denied: 2/2/2 (2+0+0)")
	if r.Groups[0].Code != policy.CodeElementNotWritable {
		t.Errorf("%+v", r.Groups)
	}
	moves := wide()
	moves.Permissions[1].Transitions = []string{"->proposed", "booked->cancelled"} // booked was created; the update left the status
	want(t, w.replay(put(moves)), "newly denied: 1/1/1 (0+1+0)")
}

func TestRefusedAccessesThatWouldBeAllowed(t *testing.T) {
	narrow := grant(1, policy.Permission{Scope: "user/Appointment.r?practitioner=Practitioner/42", Elements: []string{"status", "participant"}})
	w := newWorld(t, only(narrow))
	w.as("ann", "GET", "/Appointment/a1", "")                                             // out of reach
	w.as("ann", "GET", "/Appointment/nobody", "")                                         // there is none
	w.as("ben", "GET", search("status", "booked"), "")                                    // no search
	w.as("ben", "POST", "/Appointment", moved("x", "42", "5", begin))                     // no create
	w.as("ann", "GET", "/Task/t1", "")                                                    // no such type, and there is none
	w.as("ben", "PUT", "/Appointment/a4", moved("a4", "42", "4", begin.AddDate(0, 0, 9))) // no update
	r := w.replay(put(wide()))
	want(t, r, "newly allowed: 2/2/1 (1+0+1); not judged: 2 (what was sent is not on record)")
}

// The rules of the moment decide: an access that the version before allowed is not denied by a candidate as narrow as today's.
func TestRulesThatChangedInTheMiddleOfThePeriod(t *testing.T) {
	w := newWorld(t, only(wide()))
	w.ok("ann", "GET", "/Appointment/a1", "")
	w.clock = begin.AddDate(0, 0, 3)
	narrow := grant(2, policy.Permission{Scope: "user/Appointment.rs?practitioner=Practitioner/42", Elements: []string{"status", "participant"}})
	w.under(only(narrow))
	w.clock = w.clock.Add(time.Minute)
	if a := w.as("ann", "GET", "/Appointment/a1", ""); a.Err() == nil {
		t.Fatal("it was read")
	}
	w.ok("ann", "GET", "/Appointment/a0", "")
	r := w.replay(put(narrow))
	want(t, r, "newly denied: 1/1/1 (0+1+0)")
	if r.Versions != 1 {
		t.Errorf("rules changed %d times", r.Versions)
	}
	want(t, w.replay(put(wide())), "newly allowed: 1/1/1 (0+0+1); answered with more: 1/1/1 (0+1+0)")
	o := w.options(put(wide()))
	o.Before = put(narrow) // both sides with today's grant all along: what was allowed before it says nothing about it
	want(t, w.run(o), "newly allowed: 1/1/1 (0+0+1); answered with more: 1/1/1 (0+1+0); not judged: 1 (as the resource is today, it would not have been released then either)")
}

// A change is noted a moment after it holds; what is on record says which rules decided.
func TestAnAccessInTheMomentOfAChange(t *testing.T) {
	w := newWorld(t, only(wide()))
	w.clock = begin.Add(time.Hour)
	v2 := wide()
	v2.Version = 2
	v2.Permissions = v2.Permissions[:1]
	w.under(only(v2))
	w.changes[1] = w.clock.Add(300 * time.Millisecond) // noted late
	w.ok("ann", "GET", "/Appointment/a0", "")
	w.as("ann", "POST", "/Appointment", moved("x", "42", "5", begin))
	want(t, w.replay(put(v2)), "")
}

func TestLimitsAreCountedAgain(t *testing.T) {
	w := newWorld(t, only(wide()))
	for i := range 6 {
		w.ok("ann", "GET", fmt.Sprintf("/Appointment/a%d", i), "")
	}
	w.ok("ben", "GET", "/Appointment/a0", "")
	w.clock = w.clock.AddDate(0, 0, 1)
	w.ok("ann", "GET", "/Appointment/a5", "")
	few := wide()
	few.Limits.PatientsPerDay = 4
	r := w.replay(put(few))
	want(t, r, "newly denied: 2/1/2 (2+0+0)")
	if r.Groups[0].Code != policy.CodeTooManyPatients {
		t.Errorf("%+v", r.Groups)
	}
	slow := wide()
	slow.Limits.RequestsPerMinute = 1
	want(t, w.replay(put(slow)), "") // one a minute it was

	w = newWorld(t, only(slow))
	w.ok("ann", "GET", "/Appointment/a0", "")
	w.clock = w.clock.Add(-30 * time.Second)
	if a := w.as("ann", "GET", "/Appointment/a1", ""); a.Err() == nil {
		t.Fatal("no limit")
	}
	want(t, w.replay(put(wide())), "newly allowed: 1/1/0 (1+0+0)")
	want(t, w.replay(put(slow)), "")
}

func TestItSaysHowMuchTheLedgerCoversAndWhatWasLeftOut(t *testing.T) {
	w := newWorld(t, only(wide()))
	day(w)
	o := w.options(replay.Candidate{Drop: []string{"desk"}})
	o.Until = w.clock
	o.From = begin.Add(-3 * w.clock.Sub(begin))
	if r := w.run(o); r.Covered < 0.24 || r.Covered > 0.26 || r.Began == nil {
		t.Errorf("covered %v", r.Covered)
	}
	ctx, cancel := context.WithCancel(t.Context())
	o.Trail = stopping{w.ledger, cancel, 3}
	r, err := replay.Run(ctx, o)
	if err != nil || !r.Partial || r.Accesses != 3 {
		t.Errorf("%+v, %v", r, err)
	}
}

// stopping is a trail during whose walk somebody presses Ctrl-C.
type stopping struct {
	replay.Trail
	cancel context.CancelFunc
	after  int
}

func (s stopping) Walk(ctx context.Context, clinic string, from, until time.Time, each func(audit.Entry) error) error {
	n := 0
	return s.Trail.Walk(ctx, clinic, from, until, func(e audit.Entry) error {
		if n++; n > s.after {
			s.cancel()
			return ctx.Err()
		}
		return each(e)
	})
}
