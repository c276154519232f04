package policy

import (
	"slices"
	"strings"
	"testing"

	"vestibule/fhir"
)

func TestEffectiveSaysWhatDecideWillSay(t *testing.T) {
	s := compiled(t, frontDesk())
	got := s.Effective(amara(t), wednesday(t))
	const r, q, u = fhir.InteractionRead, fhir.InteractionSearch, fhir.InteractionUpdate
	want := map[string][]fhir.InteractionKind{"Appointment": {r, q, u}, "DocumentReference": {r, q}, "Task": {r, q, u}}
	for _, a := range got {
		if !slices.Equal(a.Interactions, want[a.Type]) {
			t.Errorf("%s: %v", a.Type, a.Interactions)
		}
		for _, p := range a.Params {
			if p == "priority" || p == "_source" || p == "location" && a.Type == "DocumentReference" {
				t.Errorf("%s can be searched by %s", a.Type, p)
			}
		}
		if !slices.Contains(a.Params, "status") {
			t.Errorf("%s cannot be searched by status", a.Type)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%+v", got)
	}
	narrow := amara(t)
	narrow.Scopes = []string{"user/Task.r"}
	if got := s.Effective(narrow, wednesday(t)); len(got) != 1 || !slices.Equal(got[0].Interactions, []fhir.InteractionKind{r}) || got[0].Params != nil {
		t.Errorf("%+v", got)
	}
	if got := s.Effective(Caller{}, wednesday(t)); got != nil {
		t.Errorf("%+v", got)
	}
}

func TestEffectiveListsOnlyParametersThatThisTokenCanUse(t *testing.T) {
	s := compiled(t,
		grantOf("a", Permission{Scope: "user/Task.s", Elements: []string{"status"}}),
		grantOf("b", Permission{Scope: "user/Task.s", Elements: []string{"priority"}}))
	c := amara(t)
	c.Scopes = []string{"user/Task.s?status=requested"}
	got := s.Effective(c, wednesday(t))
	if len(got) != 1 || !slices.Contains(got[0].Params, "status") || slices.Contains(got[0].Params, "priority") {
		t.Errorf("%+v", got)
	}
}

func TestExplainSaysTheOutcomeTheReasonsAndWhereEachGrantStands(t *testing.T) {
	evening := grantOf("evening", Permission{Scope: "user/Task.c", Write: []string{"status"}})
	evening.Hours = "Mon-Fri 18:00-22:00"
	s := compiled(t, frontDesk(), evening)
	for line, want := range map[string][]string{
		"GET Appointment/1": {"Permitted: Appointment.read", "- by front-desk-amara@3: user/Appointment.rs?practitioner=Practitioner/42 window -1d..+90d",
			"What comes back is checked and cut: a resource leaves only if one of these permissions matches it.", "Grant evening@1: outside-hours", "Grant front-desk-amara@3: in force"},
		"PUT Appointment/1": {"What is written is checked: one of these permissions has to match the resource, and to allow what changes."},
		"POST Task": {"Denied: Task.create", "- outside-hours: Grant evening holds Mon-Fri 18:00-22:00 (America/Toronto), and it is outside that now. [evening@1 hours Mon-Fri 18:00-22:00]",
			"  Come back within the hours, or ask the clinic to widen them.",
			"- interaction-not-granted: Task.create is not in front-desk-amara; ask for user/Task.c. [front-desk-amara@3]"},
	} {
		got := s.Explain(ask(t, line))
		for _, w := range want {
			if !slices.Contains(got, w) {
				t.Errorf("%s: %q is not in\n%s", line, w, strings.Join(got, "\n"))
			}
		}
	}
	if got := s.Explain(Request{}); !strings.HasPrefix(got[0], "Denied") || len(got) != 2 {
		t.Errorf("%q", got)
	}
}

func TestAGrantReadsAsSentences(t *testing.T) {
	want := `amara (as https://id.example names them) may, until the end of Sunday, 28 February 2027, Mon-Fri 07:30-18:00 by the clock of America/Toronto, from 203.0.113.0/24 only, for patient administration (PATADMIN) only:
- read and search Appointments with practitioner Practitioner/42, dated from yesterday to 90 days ahead; sees everything.
- update Appointments with practitioner Practitioner/42, dated from today to 90 days ahead; writes status, start, end, comment.
- read, update and search Tasks with owner Organization/front-desk; sees status, description, for, owner, restriction, note; writes description, for, note, owner, restriction, status.
- read and search DocumentReferences with category referral; sees everything and the documents themselves.
No more than 120 requests a minute and 80 different patients a day, for each person.
Because: Covers the front desk on weekday mornings
`
	if got := frontDesk().Sentence(maple(t).Zone); got != want {
		t.Errorf("%s", got)
	}
	g := grantOf("x", Permission{Scope: "user/DocumentReference.c?category=a,b&status=current", Window: "-2d..+1d", Write: []string{"status"}}, Permission{Scope: "?"},
		Permission{Scope: "user/DocumentReference.r", Elements: []string{"status"}}, Permission{Scope: "user/Task.r?colour=red"})
	g.From, g.Until = "2026-12-01", "someday"
	for to, who := range map[To]string{
		{User: "https://i|bot", Automated: true}: "The automated agent bot (as https://i names it) may, from Tuesday, 1 December 2026 until the end of someday:",
		{Team: "a/b"}:                            "Everybody in team a/b may,",
		{Team: "a/b", Automated: true}:           "Every automated agent of team a/b may,",
		{Platform: "a"}:                          "Everybody who works for platform a may,",
		{Platform: "a", Automated: true}:         "Every automated agent of platform a may,",
	} {
		g.To = to
		got := g.Sentence(nil)
		if !strings.HasPrefix(got, who) {
			t.Errorf("%s", got)
		}
		for _, line := range []string{
			"- create DocumentReferences with category a or b and status current, dated from 2 days ago to tomorrow; writes status.",
			"- read DocumentReferences; sees status, but not the documents themselves.", "- ?", "- user/Task.r?colour=red",
		} {
			if !strings.Contains(got, line+"\n") {
				t.Errorf("%q is not in %s", line, got)
			}
		}
	}
}
