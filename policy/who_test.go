package policy

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vestibule/fhir"
)

func issuers() map[string][]string { return map[string][]string{"https://id.example": {"assistco"}} }

// held is the holdings, a line each.
func held(list []Holding) []string {
	var out []string
	for _, h := range list {
		when := "now"
		if !h.Now {
			when = h.From
		}
		person := h.Person
		if person == "" {
			person = "everybody"
		}
		out = append(out, fmt.Sprintf("%s at %s: %s %s; %s; only %s", person, h.Platform, h.Grant, h.Clause, when, strings.Join(h.Only, ", ")))
	}
	return out
}

func reading(t *testing.T, r fhir.Resource) Question {
	return Question{Interaction: interaction(t, "GET "+r.Type()+"/"+r.ID()), Resource: r, Now: wednesday(t), Platforms: issuers()}
}

func TestWhoCanNamesPeopleWithTheClauseAndWhatItAsks(t *testing.T) {
	night := grantOf("night", Permission{Scope: "user/Appointment.rs"})
	night.To, night.Hours = To{Team: "assistco/front-desk"}, "Mon-Sun 20:00-24:00"
	later := grantOf("later", Permission{Scope: "user/Appointment.r", Elements: []string{"status"}})
	later.To, later.From = To{Platform: "assistco"}, "2026-12-01"
	other := grantOf("other", Permission{Scope: "user/Appointment.rs?practitioner=Practitioner/43"})
	s := compiled(t, frontDesk(), night, later, other)
	want := []string{
		"https://id.example|amara at assistco: front-desk-amara@3 user/Appointment.rs?practitioner=Practitioner/42 window -1d..+90d; now; only Mon-Fri 07:30-18:00 by the clock of America/Toronto, from 203.0.113.0/24, for patient administration (PATADMIN), until the end of Sunday, 28 February 2027",
		"everybody at assistco: later@1 user/Appointment.r; from 1 December 2026; only until the end of Sunday, 28 February 2027",
		"https://id.example|amara at assistco: night@1 user/Appointment.rs; from Wednesday, 25 November 2026 20:00; only Mon-Sun 20:00-24:00 by the clock of America/Toronto, until the end of Sunday, 28 February 2027",
		"https://id.example|chloe at assistco: night@1 user/Appointment.rs; from Wednesday, 25 November 2026 20:00; only Mon-Sun 20:00-24:00 by the clock of America/Toronto, until the end of Sunday, 28 February 2027",
	}
	got := s.WhoCan(reading(t, inReach(t)))
	if diff := cmp.Diff(want, held(got)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"start", "comment", "participant"}, got[1].Removed); diff != "" {
		t.Error(diff)
	}
}

// TestWhoCanAsksTheEvaluator: whatever denies counts, for the one it is against.
func TestWhoCanAsksTheEvaluator(t *testing.T) {
	team := grantOf("team", Permission{Scope: "user/Appointment.rs"})
	team.To = To{Team: "assistco/front-desk"}
	who := func(change func(*Rules)) (out []string) {
		rules := Rules{Grants: []Grant{team}}
		change(&rules)
		s, err := Compile(maple(t), rules)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range s.WhoCan(reading(t, inReach(t))) {
			out = append(out, strings.TrimPrefix(h.Person, "https://id.example|"))
		}
		return out
	}
	for name, test := range map[string]struct {
		change func(*Rules)
		want   []string
	}{
		"nothing denies": {func(*Rules) {}, []string{"amara", "chloe"}},
		"a stop of one":  {func(r *Rules) { r.Stops = []Stop{{Name: "s", Person: "https://id.example|amara", Because: "x"}} }, []string{"chloe"}},
		"a lock against one": {func(r *Rules) {
			r.Directives = []Directive{{Clinic: "maple", Name: "d", Patient: "Patient/p1", To: []Whom{{User: "https://id.example|chloe"}}, Because: "x"}}
		}, []string{"amara"}},
		"a guardrail about networks": {func(r *Rules) {
			r.Guardrails = []Guardrail{{Name: "g", Networks: []string{"203.0.113.0/24"}, Because: "x"}}
		}, []string{"amara", "chloe"}},
		"a guardrail": {func(r *Rules) {
			r.Guardrails = []Guardrail{{Name: "g", Never: []string{"Appointment?status=booked"}, Because: "x"}}
		}, nil},
	} {
		if diff := cmp.Diff(test.want, who(test.change)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestWhoCanWrite(t *testing.T) {
	s := compiled(t, frontDesk())
	q := reading(t, inReach(t))
	q.Interaction = interaction(t, "PUT Appointment/1")
	if got := s.WhoCan(q); len(got) != 1 || got[0].Clause != "user/Appointment.u?practitioner=Practitioner/42 window 0d..+90d" {
		t.Errorf("%+v", got)
	}
	q.Interaction = interaction(t, "POST Appointment")
	if got := s.WhoCan(q); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	q = reading(t, appointment(t, "1", "43", "2026-11-26T09:00:00-05:00", ""))
	q.Interaction = interaction(t, "PUT Appointment/1")
	if got := s.WhoCan(q); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

// TestTheMatrixHasALineForEachPersonAndType: grants that are over are not in it; agents are no people.
func TestTheMatrixHasALineForEachPersonAndType(t *testing.T) {
	over := grantOf("over", Permission{Scope: "user/Task.rs"})
	over.Until = "2026-11-24"
	more := grantOf("more", Permission{Scope: "user/Appointment.r"})
	more.To = To{Team: "assistco/front-desk"}
	robot := grantOf("robot", Permission{Scope: "system/Task.c", Write: []string{"status"}})
	robot.To = To{Platform: "assistco", Automated: true}
	s := compiled(t, frontDesk(), over, more, robot)
	front, amara, chloe := []string{"front-desk-amara@3"}, Holder{Person: "https://id.example|amara", Platform: "assistco"}, Holder{Person: "https://id.example|chloe", Platform: "assistco"}
	want := []Row{
		{Holder: Holder{Platform: "assistco", Automated: true}, Type: "Task", Create: []string{"robot@1"}},
		{Holder: amara, Type: "Appointment", Read: []string{"front-desk-amara@3", "more@1"}, Search: front, Update: front},
		{Holder: amara, Type: "DocumentReference", Read: front, Search: front},
		{Holder: amara, Type: "Task", Read: front, Search: front, Update: front},
		{Holder: chloe, Type: "Appointment", Read: []string{"more@1"}},
	}
	if diff := cmp.Diff(want, s.Matrix(wednesday(t).Add(12*time.Hour), issuers())); diff != "" {
		t.Error(diff)
	}
}
