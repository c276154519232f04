package policy

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// usual is how the circumstances of the design guide's grant read; the tests leave them out where they do not change.
const usual = ", Mon-Fri 07:30-18:00, from 203.0.113.0/24, for patient administration (PATADMIN) only, until the end of 28 February 2027"

// difference is that between two sets of rules, in sentences without the usual circumstances.
func difference(t *testing.T, a, b Rules) []string {
	t.Helper()
	d := changeOf(t, a, b)
	return strings.Split(strings.ReplaceAll(strings.Join(d.Lines(), "\n"), usual, ""), "\n")
}

func changeOf(t *testing.T, a, b Rules) Difference {
	t.Helper()
	before, errA := Compile(maple(t), a)
	after, errB := Compile(maple(t), b)
	if errA != nil || errB != nil {
		t.Fatal(errA, errB)
	}
	d, err := Diff(t.Context(), before, after, wednesday(t))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestADifferenceReadsAsSentences: each about what changed, and about nothing else.
func TestADifferenceReadsAsSentences(t *testing.T) {
	changed := func(f func(*Grant)) Rules {
		g := frontDesk()
		g.Version, g.Permissions = 4, slices.Clone(g.Permissions)
		f(&g)
		return Rules{Grants: []Grant{g}}
	}
	only := func(f func(*Grant)) (Rules, Rules) { // of the first permission, so that one sentence says it
		a, b := frontDesk(), frontDesk()
		a.Permissions, b.Permissions, b.Version = a.Permissions[:1], slices.Clone(b.Permissions[:1]), 4
		f(&b)
		return Rules{Grants: []Grant{a}}, Rules{Grants: []Grant{b}}
	}
	front := Rules{Grants: []Grant{frontDesk()}}
	tests := map[string]struct {
		change func() (Rules, Rules)
		want   []string
	}{
		"nothing": {func() (Rules, Rules) { return front, changed(func(*Grant) {}) }, []string{"Nothing changes: whoever could do something can do exactly that."}},
		"hours": {func() (Rules, Rules) {
			return only(func(g *Grant) { g.Hours = "Mon-Fri 07:00-18:00, Sat 09:00-12:00" })
		}, []string{"Can now:",
			"- amara (https://id.example) can now read and search Appointments with practitioner Practitioner/42, dated from yesterday to 90 days ahead, seeing everything, Mon-Fri 07:00-07:30, Sat 09:00-12:00, from 203.0.113.0/24, for patient administration (PATADMIN) only, until the end of 28 February 2027. [front-desk-amara@4]"}},
		"longer": {func() (Rules, Rules) { return only(func(g *Grant) { g.Until = "2027-03-31" }) }, []string{"Can now:",
			"- amara (https://id.example) can now read and search Appointments with practitioner Practitioner/42, dated from yesterday to 90 days ahead, seeing everything, Mon-Fri 07:30-18:00, from 203.0.113.0/24, for patient administration (PATADMIN) only, from 1 March 2027 on, until the end of 31 March 2027. [front-desk-amara@4]"}},
		"purposes": {func() (Rules, Rules) { return only(func(g *Grant) { g.Purposes = nil }) }, []string{"Can now:",
			"- amara (https://id.example) can now read and search Appointments with practitioner Practitioner/42, dated from yesterday to 90 days ahead, seeing everything, Mon-Fri 07:30-18:00, from 203.0.113.0/24, for no stated purpose, or for one beside patient administration (PATADMIN), until the end of 28 February 2027. [front-desk-amara@4]"}},
		"networks": {func() (Rules, Rules) { return only(func(g *Grant) { g.Networks = []string{"203.0.113.128/25"} }) }, []string{"Can no longer:",
			"- amara (https://id.example) can no longer read and search Appointments with practitioner Practitioner/42, dated from yesterday to 90 days ahead, seeing everything, Mon-Fri 07:30-18:00, from 203.0.113.0/24 but not from 203.0.113.128/25, for patient administration (PATADMIN) only, until the end of 28 February 2027. [front-desk-amara@3]"}},
		"window": {func() (Rules, Rules) { return only(func(g *Grant) { g.Permissions[0].Window = "-1w..+60d" }) }, []string{"Can now:",
			"- amara (https://id.example) can now read and search Appointments with practitioner Practitioner/42, dated from 7 days ago to 2 days ago, seeing everything. [front-desk-amara@4]", "Can no longer:",
			"- amara (https://id.example) can no longer read and search Appointments with practitioner Practitioner/42, dated from 61 days ahead to 90 days ahead, seeing everything. [front-desk-amara@3]"}},
		"another practitioner, who may be in the same appointment": {func() (Rules, Rules) {
			return only(func(g *Grant) { g.Permissions[0].Scope = "user/Appointment.rs?practitioner=Practitioner/43" })
		}, []string{"Can now:",
			"- amara (https://id.example) can now read and search Appointments with practitioner Practitioner/43 that do not also have practitioner Practitioner/42, dated from yesterday to 90 days ahead, seeing everything. [front-desk-amara@4]", "Can no longer:",
			"- amara (https://id.example) can no longer read and search Appointments with practitioner Practitioner/42 that do not also have practitioner Practitioner/43, dated from yesterday to 90 days ahead, seeing everything. [front-desk-amara@3]"}},
		"elements": {func() (Rules, Rules) {
			return only(func(g *Grant) { g.Permissions[0].Elements = []string{"status", "start", "participant"} })
		}, []string{"Can no longer:",
			"- amara (https://id.example) can no longer see everything but participant, start, status when they read and search Appointments with practitioner Practitioner/42, dated from yesterday to 90 days ahead. [front-desk-amara@3]"}},
		"writing": {func() (Rules, Rules) {
			return front, changed(func(g *Grant) {
				g.Permissions[1].Scope = "user/Appointment.cu?practitioner=Practitioner/42"
				g.Permissions[1].Write = []string{"status", "comment", "start"}
			})
		}, []string{"Can now:",
			"- amara (https://id.example) can now create Appointments with practitioner Practitioner/42, dated from today to 90 days ahead, setting comment, start, status. [front-desk-amara@4]", "Can no longer:",
			"- amara (https://id.example) can no longer update Appointments with practitioner Practitioner/42, dated from today to 90 days ahead, setting end. [front-desk-amara@3]"}},
		"documents": {func() (Rules, Rules) { return front, changed(func(g *Grant) { g.Permissions[3].Content = false }) }, []string{"Can no longer:",
			"- amara (https://id.example) can no longer see the documents themselves when they read and search DocumentReferences with category referral. [front-desk-amara@3]"}},
		"one person to a platform": {func() (Rules, Rules) { return only(func(g *Grant) { g.To = To{Platform: "assistco"} }) }, []string{"Can now:",
			"- everybody at assistco, but not amara (https://id.example), can now read and search Appointments with practitioner Practitioner/42, dated from yesterday to 90 days ahead, seeing everything. [front-desk-amara@4]", "Can no longer:",
			"- amara (https://id.example), unless at assistco, can no longer read and search Appointments with practitioner Practitioner/42, dated from yesterday to 90 days ahead, seeing everything. [front-desk-amara@3]"}},
		"a code of which an element has one": {func() (Rules, Rules) {
			return Rules{Grants: []Grant{grantOf("x", Permission{Scope: "user/Task.r?status=ready"})}}, Rules{Grants: []Grant{grantOf("x", Permission{Scope: "user/Task.r?status=ready,requested"})}}
		}, []string{"Can now:", "- amara (https://id.example) can now read Tasks with status requested, seeing everything, until the end of 28 February 2027. [x@1]"}},
		"changes of status": {func() (Rules, Rules) {
			return front, changed(func(g *Grant) { g.Permissions[1].Transitions = []string{"booked->cancelled"} })
		}, []string{"Can no longer:",
			"- amara (https://id.example) can no longer update Appointments with practitioner Practitioner/42, dated from today to 90 days ahead, setting status but not booked->cancelled. [front-desk-amara@3]"}},
		"what may be created": {func() (Rules, Rules) {
			p := Permission{Scope: "user/Appointment.c", Write: []string{"status"}}
			q := p
			q.Transitions = []string{"->booked", "->proposed"}
			return Rules{Grants: []Grant{grantOf("x", q)}}, Rules{Grants: []Grant{grantOf("x", p)}}
		}, []string{"Can now:", "- amara (https://id.example) can now create Appointments that do not have status booked or proposed, setting status, until the end of 28 February 2027. [x@1]"}},
		"limits": {func() (Rules, Rules) {
			return only(func(g *Grant) { g.Limits = Limits{PatientsPerDay: 100} })
		}, []string{"Limits:", "- front-desk-amara: no more than " + Limits{PatientsPerDay: 100}.sentence() + ", before no more than " + frontDesk().Limits.sentence()}},
		"a lock": {func() (Rules, Rules) {
			a, b := only(func(g *Grant) { g.Version = 3 })
			b.Directives = []Directive{{Clinic: "maple", Name: "lock", Patient: "Patient/17", Because: "Asked for"}}
			return a, b
		}, []string{"Can no longer:",
			"- amara (https://id.example) can no longer read and search Appointments with patient Patient/17 and practitioner Practitioner/42, dated from yesterday to 90 days ahead, seeing everything. [front-desk-amara@3]",
			"- amara (https://id.example) can no longer read and search Appointments with practitioner Practitioner/42 whose patient is not clear, dated from yesterday to 90 days ahead, seeing everything. [front-desk-amara@3]"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			a, b := test.change()
			if diff := cmp.Diff(test.want, difference(t, a, b)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestRulesThatDenyBeforeAndAfterAreNamedOnce: they are part of no piece, and everything stands under them.
func TestRulesThatDenyBeforeAndAfterAreNamedOnce(t *testing.T) {
	rules := Rules{Grants: []Grant{frontDesk()}, Directives: []Directive{{Clinic: "maple", Name: "lock", Version: 2, Patient: "Patient/17", Because: "Asked for"}}}
	d := changeOf(t, Rules{Directives: rules.Directives}, rules)
	if len(d.CanNow) != 5 || len(d.CanNoLonger) != 0 {
		t.Errorf("%+v", d)
	}
	if diff := cmp.Diff([]string{"Directive lock@2"}, d.Except); diff != "" {
		t.Error(diff)
	}
}

// TestAPieceIsDataForPrograms: what the sentence says, member by member.
func TestAPieceIsDataForPrograms(t *testing.T) {
	d := changeOf(t, Rules{}, Rules{Grants: []Grant{grantOf("x", Permission{Scope: "user/Appointment.rs?status=booked", Window: "0d..+1d", Elements: []string{"status", "start"}})}})
	if len(d.CanNow) != 1 {
		t.Fatalf("%+v", d)
	}
	until := time.Date(2027, 3, 1, 0, 0, 0, 0, maple(t).Zone)
	want := Piece{Sentence: d.CanNow[0].Sentence, Rule: "x@1", Who: PieceWho{Persons: []string{"https://id.example|amara"}}, Interactions: []string{"read", "search-type"},
		Type: "Appointment", With: [][]string{{"status=booked"}}, Dated: []string{"0d..+1d"}, Existence: true, Elements: []string{"start", "status"}, Until: &until}
	if diff := cmp.Diff(want, d.CanNow[0]); diff != "" {
		t.Error(diff)
	}
	empty, err := json.Marshal(changeOf(t, Rules{}, Rules{}))
	if err != nil || string(empty) != `{"clinic":"maple","canNow":[],"canNoLonger":[]}` {
		t.Errorf("%s %v", empty, err)
	}
}

// TestClinicsWithDifferentClocksAreNotCompared: nine o'clock would not be nine o'clock.
func TestClinicsWithDifferentClocksAreNotCompared(t *testing.T) {
	a := compiled(t, frontDesk())
	west := maple(t)
	west.Zone = zoneOf(t, "America/Vancouver")
	b, err := Compile(west, Rules{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Diff(t.Context(), a, b, wednesday(t)); err == nil || !strings.Contains(err.Error(), "America/Vancouver") {
		t.Error(err)
	}
	if _, err := Diff(t.Context(), nil, b, wednesday(t)); err == nil {
		t.Error("compared nothing")
	}
}
