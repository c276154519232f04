package policy

import (
	"slices"
	"strings"
	"testing"

	"vestibule/fhir"
)

// narrow is a grant that there is nothing to say about.
func narrow() Grant {
	g := frontDesk()
	g.Until = "2027-02-23" // 90 days
	g.Permissions = []Permission{
		{Scope: "user/Appointment.rus?practitioner=Practitioner/42", Window: "0d..+90d", Elements: []string{"schedule"}, Write: []string{"status", "start"}, Transitions: []string{"booked->cancelled"}},
		{Scope: "user/DocumentReference.rs?category=referral", Elements: []string{"filing"}},
		{Scope: "user/Task.c?owner=Organization/a", Write: []string{"status", "owner"}, Transitions: []string{"->requested"}},
	}
	return g
}

func TestABroadGrantIsAppliedWithAdvice(t *testing.T) {
	if advice := Advise(narrow(), contextOf(t)); len(advice) > 0 {
		t.Errorf("%v", advice)
	}
	first := func(change func(*Permission)) func(*Grant) { return func(g *Grant) { change(&g.Permissions[0]) } }
	platform := To{Platform: "assistco"}
	for _, c := range []struct {
		change     func(*Grant)
		path, want string
	}{
		{func(g *Grant) { g.Until = "2027-02-24" }, "until", "longer than 90 days; an earlier end, such as 2027-02-23"},
		{func(g *Grant) { g.From, g.Until = "2027-01-01", "2027-04-02" }, "until", "such as 2027-04-01"},
		{func(g *Grant) { g.To, g.Hours = platform, "" }, "to.platform", "leaves open hours: at any time."},
		{func(g *Grant) { g.To, g.Networks, g.Purposes = platform, nil, nil }, "to.platform", "networks: from anywhere; purposes: for any purpose"},
		{func(g *Grant) { g.To, g.Limits = platform, Limits{} }, "limits", "whole platform and has no limits"},
		{func(g *Grant) { g.To.Automated, g.Limits = true, Limits{} }, "limits", "program and has no limits"},
		{first(func(p *Permission) { p.Scope = "user/Appointment.rus" }), "permissions[0].scope", "every Appointment of the clinic; add criteria, such as ?practitioner="},
		{first(func(p *Permission) { p.Window = "" }), "permissions[0]", "no window"},
		{first(func(p *Permission) { p.Elements = nil }), "permissions[0]", "elements: [schedule]"},
		{first(func(p *Permission) { p.Transitions = nil }), "permissions[0].write", "transitions: [proposed->pending]"},
		{func(g *Grant) { g.Permissions[2].Transitions = nil }, "permissions[2].write", "transitions: [->draft]"},
		{first(func(p *Permission) {
			p.Scope, p.Elements = "user/Appointment.u?practitioner=Practitioner/42", nil
		}), "permissions[0].transitions", "nothing in this grant shows it"},
		{func(g *Grant) { g.Permissions[1].Scope = "user/DocumentReference.read?category=referral" }, "permissions[1].scope", "SMART v1 and gives all of rs; write those that are needed, such as user/DocumentReference.rs"},
		{func(g *Grant) {
			g.Permissions[2].Scope = "user/Task.write?owner=Organization/a"
			g.Permissions[2].Window = "0d..+1d"
		}, "permissions[2].scope", "gives all of cu; write those that are needed, such as user/Task.u"},
	} {
		g := narrow()
		c.change(&g)
		if mistakes := Check(g, contextOf(t)); len(mistakes) > 0 {
			t.Errorf("%s: not a good grant: %v", c.path, mistakes)
		}
		advice := Advise(g, contextOf(t))
		if len(advice) != 1 || advice[0].Path != c.path || !strings.Contains(advice[0].Text, c.want) || advice[0].Code != "broad-grant" {
			t.Errorf("want %s: %s; got %v", c.path, c.want, advice)
		}
	}
}

func TestThereIsNoAdviceAboutWhatIsRefused(t *testing.T) {
	g := narrow()
	g.Permissions[0].Scope, g.Until = "user/Appointment.rs?colour=red", "2027-11-01"
	if advice := Advise(g, contextOf(t)); advice != nil {
		t.Errorf("%v", advice)
	}
	if advice := Advise(narrow(), Context{}); advice != nil {
		t.Errorf("%v", advice)
	}
}

func TestSMARTv1MeansInAGrantWhatItMeansInV2ButForDeleting(t *testing.T) {
	for verbs, want := range map[string]string{"read": "rs", "write": "cu", "*": "crus"} {
		p := Permission{Scope: "user/Task." + verbs + "?owner=Organization/a", Write: []string{"status", "owner", "intent", "description", "for", "priority"}}
		if want == "rs" {
			p.Write = nil
		}
		s := compiled(t, grantOf("v1", p))
		p.Scope = "user/Task." + want + "?owner=Organization/a"
		same := compiled(t, grantOf("v1", p))
		for _, line := range []string{"GET Task", "GET Task/7", "POST Task", "PUT Task/7"} {
			if got, want := s.Decide(ask(t, line)).Permitted(), same.Decide(ask(t, line)).Permitted(); got != want {
				t.Errorf("%s %s: %v, want %v", verbs, line, got, want)
			}
		}
		req := ask(t, "GET Task/7")
		req.Interaction.Kind = fhir.InteractionDelete
		if s.Decide(req).Permitted() {
			t.Errorf("%s lets delete", verbs)
		}
		text := s.all[0].src.Sentence(nil)
		if strings.Contains(text, "delete") || text != same.all[0].src.Sentence(nil) {
			t.Errorf("%s", text)
		}
		if l := s.all[0].permissions[0].scope.letters; l.String() != want {
			t.Errorf("%s gives %s", verbs, l)
		}
		if advice := Advise(s.all[0].src, contextOf(t)); !slices.ContainsFunc(advice, func(e *fhir.Error) bool { return strings.Contains(e.Text, "SMART v1") }) {
			t.Errorf("%s is not reported: %v", verbs, advice)
		}
	}
}
