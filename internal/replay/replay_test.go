package replay_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"vestibule/audit"
	"vestibule/internal/replay"
	"vestibule/internal/replay/replaytest"
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
func day(w *replaytest.World) {
	w.OK("ann", "GET", "/Appointment/a0", "")
	w.OK("ann", "GET", "/Appointment/a1", "")
	w.OK("ann", "GET", "/Appointment/a2", "")
	w.OK("ben", "GET", replaytest.Search("status", "booked", "practitioner", "Practitioner/42"), "")
	w.OK("ben", "PUT", "/Appointment/a4", moved("a4", "42", "4", replaytest.Begin.AddDate(0, 0, 9)))
	w.OK("ann", "POST", "/Appointment", strings.Replace(moved("x", "42", "5", replaytest.Begin.AddDate(0, 0, 9)), `"id":"x",`, "", 1))
}

// moved is what a caller of the wide grant sends for another start.
func moved(id, practitioner, patient string, start time.Time) string {
	text := replaytest.Appointment(id, "1", practitioner, patient, "booked", start)
	text = strings.Replace(text, `"meta":{"versionId":"1"},`, "", 1)
	if id == "x" {
		text = strings.Replace(text, `"comment":"made up",`, "", 1)
	}
	return text
}

func TestACandidateThatChangesNothingSaysSo(t *testing.T) {
	w := replaytest.New(t, replaytest.Only(replaytest.Wide()))
	day(w)
	r := w.Replay(replaytest.Put(replaytest.Wide()))
	want(t, r, "")
	if r.Changes() || r.Accesses != 6 || r.People != 2 || r.Covered < 0.99 || r.Partial {
		t.Errorf("%+v", r)
	}
	if w.EMR.Reads != 3+1 { // what the day itself read
		t.Errorf("resources were read of the EMR for nothing: %d", w.EMR.Reads)
	}
}

func TestWithoutTheGrantEverythingIsDenied(t *testing.T) {
	w := replaytest.New(t, replaytest.Only(replaytest.Wide()))
	day(w)
	r := w.Replay(replay.Candidate{Drop: []string{"desk"}})
	want(t, r, "newly denied: 6/2/5 (6+0+0)")
	if g := r.Groups[0]; g.Code != policy.CodeNoGrant || g.Decision == "" || g.Time.IsZero() {
		t.Errorf("%+v", g)
	}
}

func TestAnotherGrantThatAllowsTheSameKeepsIt(t *testing.T) {
	other := replaytest.Wide()
	other.Name, other.To = "other", policy.To{User: "https://id.example|ann"}
	w := replaytest.New(t, policy.Rules{Grants: []policy.Grant{replaytest.Wide(), other}})
	day(w)
	want(t, w.Replay(replay.Candidate{Drop: []string{"desk"}}), "newly denied: 2/1/3 (2+0+0)")
}

func TestWhatARequestAloneDecidesIsCertain(t *testing.T) {
	w := replaytest.New(t, replaytest.Only(replaytest.Wide()))
	day(w)
	late := replaytest.Wide()
	late.Hours = "Mon-Fri 09:03-18:00" // ann's three reads came before
	want(t, w.Replay(replaytest.Put(late)), "newly denied: 3/1/3 (3+0+0)")
	other := replaytest.Wide()
	other.Purposes = []string{"TREAT"}
	want(t, w.Replay(replaytest.Put(other)), "newly denied: 6/2/5 (6+0+0)")
	hidden := replaytest.Wide()
	hidden.Permissions[0].Elements = []string{"start", "end", "participant", "comment", "description"} // and the search by status
	o := w.Options(replaytest.Put(hidden))
	o.Resources = replay.NewResources(nil, 0)
	r := w.Run(o)
	if got := r.Of(replay.Denied); got.Certain != 1 || r.Groups[0].Code != policy.CodeParameterHidden {
		t.Errorf("%+v", r.Groups)
	}
}

// What depends on a resource is judged on the EMR's, which may be another by now.
func TestWhatDependsOnAResourceIsJudgedOnTodays(t *testing.T) {
	narrow := replaytest.Wide()
	narrow.Permissions[0].Scope += "?practitioner=Practitioner/42"
	narrow.Permissions[1].Scope += "?practitioner=Practitioner/42"

	w := replaytest.New(t, replaytest.Only(replaytest.Wide()))
	day(w)
	want(t, w.Replay(replaytest.Put(narrow)), "newly denied: 1/1/1 (0+1+0)") // the read of a1, which is Practitioner/7's

	w.EMR.Put(t, replaytest.Appointment("a1", "2", "7", "1", "noshow", replaytest.Begin)) // changed since, and still Practitioner/7's
	want(t, w.Replay(replaytest.Put(narrow)), "newly denied: 1/1/1 (0+0+1)")

	w.EMR.Put(t, replaytest.Appointment("a1", "3", "42", "1", "booked", replaytest.Begin)) // now within the candidate
	want(t, w.Replay(replaytest.Put(narrow)), "")

	delete(w.EMR.Resources, "Appointment/a1")
	r := w.Replay(replaytest.Put(narrow))
	want(t, r, "not judged: 1 (the resource is not in the EMR any more)")
	if r.Resources.Gone != 1 || r.Unjudged[0].Decision == "" {
		t.Errorf("%+v", r)
	}
}

func TestWithoutTheEMRNothingIsGuessed(t *testing.T) {
	narrow := replaytest.Wide()
	narrow.Permissions[0].Scope += "?practitioner=Practitioner/42"
	w := replaytest.New(t, replaytest.Only(replaytest.Wide()))
	day(w)
	offline := w.Options(replaytest.Put(narrow))
	offline.Resources = replay.NewResources(nil, 0)
	want(t, w.Run(offline), "not judged: 6 (the EMR was not asked)")
	capped := w.Options(replaytest.Put(narrow))
	capped.Resources = replay.NewResources(w.EMR, 1)
	if r := w.Run(capped); r.Resources.Read != 1 || !strings.Contains(tallies(r), "there are more resources than are read") {
		t.Errorf("%s", tallies(r))
	}
	w.EMR.Gone = true
	r := w.Replay(replaytest.Put(narrow))
	want(t, r, "not judged: 6 (the EMR did not answer)")
}

func TestHiddenElementsAreFoundWhereTheyWere(t *testing.T) {
	w := replaytest.New(t, replaytest.Only(replaytest.Wide()))
	day(w)
	bare := replaytest.Wide()
	bare.Permissions[0].Elements = []string{"status", "start", "end", "participant"} // no comment, no description: nothing has one
	r := w.Replay(replaytest.Put(bare))
	// Three reads, a search of three, one of them moved by the update that follows, and the update's answer; what was created
	// has no comment.
	want(t, r, "answered with less: 5/2/4 (0+5+0)")
	for _, g := range r.Groups {
		if g.Clause != "comment" {
			t.Errorf("hidden: %q", g.Clause)
		}
	}
	w2 := replaytest.New(t, replaytest.Only(bare))
	w2.OK("ann", "GET", "/Appointment/a0", "")
	want(t, w2.Replay(replaytest.Put(replaytest.Wide())), "answered with more: 1/1/1 (0+1+0)")
}

func TestWritesAreJudgedByWhatTheyChanged(t *testing.T) {
	w := replaytest.New(t, replaytest.Only(replaytest.Wide()))
	day(w)
	less := replaytest.Wide()
	less.Permissions[1].Write = []string{"status", "end", "participant"} // both writes set the start
	r := w.Replay(replaytest.Put(less))
	want(t, r, "newly denied: 2/2/2 (2+0+0)")
	if r.Groups[0].Code != policy.CodeElementNotWritable {
		t.Errorf("%+v", r.Groups)
	}
	moves := replaytest.Wide()
	moves.Permissions[1].Transitions = []string{"->proposed", "booked->cancelled"} // booked was created; the update left the status
	want(t, w.Replay(replaytest.Put(moves)), "newly denied: 1/1/1 (0+1+0)")
}

func TestRefusedAccessesThatWouldBeAllowed(t *testing.T) {
	narrow := replaytest.Grant(1, policy.Permission{Scope: "user/Appointment.r?practitioner=Practitioner/42", Elements: []string{"status", "participant"}})
	w := replaytest.New(t, replaytest.Only(narrow))
	w.As("ann", "GET", "/Appointment/a1", "")                                                        // out of reach
	w.As("ann", "GET", "/Appointment/nobody", "")                                                    // there is none
	w.As("ben", "GET", replaytest.Search("status", "booked"), "")                                    // no search
	w.As("ben", "POST", "/Appointment", moved("x", "42", "5", replaytest.Begin))                     // no create
	w.As("ann", "GET", "/Task/t1", "")                                                               // no such type, and there is none
	w.As("ben", "PUT", "/Appointment/a4", moved("a4", "42", "4", replaytest.Begin.AddDate(0, 0, 9))) // no update
	r := w.Replay(replaytest.Put(replaytest.Wide()))
	want(t, r, "newly allowed: 2/2/1 (1+0+1); not judged: 2 (what was sent is not on record)")
}

// The rules of the moment decide: an access that the version before allowed is not denied by a candidate as narrow as today's.
func TestRulesThatChangedInTheMiddleOfThePeriod(t *testing.T) {
	w := replaytest.New(t, replaytest.Only(replaytest.Wide()))
	w.OK("ann", "GET", "/Appointment/a1", "")
	w.Clock = replaytest.Begin.AddDate(0, 0, 3)
	narrow := replaytest.Grant(2, policy.Permission{Scope: "user/Appointment.rs?practitioner=Practitioner/42", Elements: []string{"status", "participant"}})
	w.Under(replaytest.Only(narrow))
	w.Clock = w.Clock.Add(time.Minute)
	if a := w.As("ann", "GET", "/Appointment/a1", ""); a.Err() == nil {
		t.Fatal("it was read")
	}
	w.OK("ann", "GET", "/Appointment/a0", "")
	r := w.Replay(replaytest.Put(narrow))
	want(t, r, "newly denied: 1/1/1 (0+1+0)")
	if r.Versions != 1 {
		t.Errorf("rules changed %d times", r.Versions)
	}
	want(t, w.Replay(replaytest.Put(replaytest.Wide())), "newly allowed: 1/1/1 (0+0+1); answered with more: 1/1/1 (0+1+0)")
	o := w.Options(replaytest.Put(replaytest.Wide()))
	o.Before = replaytest.Put(narrow) // both sides with today's grant all along: what was allowed before it says nothing about it
	want(t, w.Run(o), "newly allowed: 1/1/1 (0+0+1); answered with more: 1/1/1 (0+1+0); not judged: 1 (as the resource is today, it would not have been released then either)")
}

// A change is noted a moment after it holds; what is on record says which rules decided.
func TestAnAccessInTheMomentOfAChange(t *testing.T) {
	w := replaytest.New(t, replaytest.Only(replaytest.Wide()))
	w.Clock = replaytest.Begin.Add(time.Hour)
	v2 := replaytest.Wide()
	v2.Version = 2
	v2.Permissions = v2.Permissions[:1]
	w.Under(replaytest.Only(v2))
	w.Changes[1] = w.Clock.Add(300 * time.Millisecond) // noted late
	w.OK("ann", "GET", "/Appointment/a0", "")
	w.As("ann", "POST", "/Appointment", moved("x", "42", "5", replaytest.Begin))
	want(t, w.Replay(replaytest.Put(v2)), "")
}

func TestLimitsAreCountedAgain(t *testing.T) {
	w := replaytest.New(t, replaytest.Only(replaytest.Wide()))
	for i := range 6 {
		w.OK("ann", "GET", fmt.Sprintf("/Appointment/a%d", i), "")
	}
	w.OK("ben", "GET", "/Appointment/a0", "")
	w.Clock = w.Clock.AddDate(0, 0, 1)
	w.OK("ann", "GET", "/Appointment/a5", "")
	few := replaytest.Wide()
	few.Limits.PatientsPerDay = 4
	r := w.Replay(replaytest.Put(few))
	want(t, r, "newly denied: 2/1/2 (2+0+0)")
	if r.Groups[0].Code != policy.CodeTooManyPatients {
		t.Errorf("%+v", r.Groups)
	}
	slow := replaytest.Wide()
	slow.Limits.RequestsPerMinute = 1
	want(t, w.Replay(replaytest.Put(slow)), "") // one a minute it was

	pages := replaytest.Wide()
	pages.Limits.PagesPerSearch = 1
	if r := w.Replay(replaytest.Put(pages)); !r.PagesOpen || r.Changes() {
		t.Errorf("%+v", r)
	}

	w = replaytest.New(t, replaytest.Only(slow))
	w.OK("ann", "GET", "/Appointment/a0", "")
	w.Clock = w.Clock.Add(-30 * time.Second)
	if a := w.As("ann", "GET", "/Appointment/a1", ""); a.Err() == nil {
		t.Fatal("no limit")
	}
	want(t, w.Replay(replaytest.Put(replaytest.Wide())), "newly allowed: 1/1/0 (1+0+0)")
	want(t, w.Replay(replaytest.Put(slow)), "")
}

func TestItSaysHowMuchTheLedgerCoversAndWhatWasLeftOut(t *testing.T) {
	w := replaytest.New(t, replaytest.Only(replaytest.Wide()))
	day(w)
	o := w.Options(replay.Candidate{Drop: []string{"desk"}})
	o.Until = w.Clock
	o.From = replaytest.Begin.Add(-3 * w.Clock.Sub(replaytest.Begin))
	if r := w.Run(o); r.Covered < 0.24 || r.Covered > 0.26 || r.Began == nil {
		t.Errorf("covered %v", r.Covered)
	}
	ctx, cancel := context.WithCancel(t.Context())
	o.Trail = stopping{w.Ledger, cancel, 3}
	r, err := replay.Run(ctx, o)
	if err != nil || !r.Partial || r.Accesses != 3 || r.Of(replay.Denied).Accesses != 3 {
		t.Errorf("%+v, %v", r, err)
	}
	narrow := replaytest.Wide()
	narrow.Permissions[0].Scope += "?practitioner=Practitioner/42"
	o = w.Options(replaytest.Put(narrow))
	ctx, cancel = context.WithCancel(t.Context())
	o.Trail = stopping{w.Ledger, cancel, 3}
	if r, err = replay.Run(ctx, o); err != nil || !r.Partial {
		t.Errorf("%+v, %v", r, err)
	}
	want(t, r, "not judged: 3 (the replay was stopped)")
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
