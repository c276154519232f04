package signals

import (
	"testing"

	"vestibule/audit"
	"vestibule/policy"
)

func TestWhatAGrantWasUsedForIsCountedByTypeAndInteraction(t *testing.T) {
	u := make(Usage)
	add := func(phase audit.Phase, typ, interaction string, days int, grants ...string) {
		r := read(monday(t).AddDate(0, 0, days), "", "Patient/1")
		r.Phase, r.Type, r.Interaction, r.Grants = phase, typ, interaction, grants
		u.Add(audit.Entry{Record: r})
	}
	add(audit.PhaseOutcome, "Task", "search-type", 2, "desk@1")
	add(audit.PhaseOutcome, "Task", "search-type", 1, "desk@2", "night@1")
	add(audit.PhaseOutcome, "Task", "update", 0, "desk@2")
	add(audit.PhaseDenial, "Task", "create", 3, "desk@2")
	add(audit.PhaseIntent, "Task", "update", 3, "desk@2")
	if g := u["desk"]; g.Accesses != 3 || !g.Last.Equal(monday(t).AddDate(0, 0, 2)) || len(g.People) != 1 {
		t.Errorf("%+v", g)
	}
	for _, c := range []struct {
		grant, typ, letters string
		want                int
	}{{"desk", "Task", "rs", 2}, {"desk", "Task", "su", 3}, {"desk", "Task", "c", 0}, {"desk", "Appointment", "s", 0}, {"night", "Task", "s", 1}, {"none", "Task", "s", 0}} {
		if got := u[c.grant].Permission(policy.Part{Type: c.typ, Letters: c.letters}); got.Accesses != c.want || c.want == 0 != got.Last.IsZero() {
			t.Errorf("%+v: %+v", c, got)
		}
	}
}

func part(typ, letters string) policy.Part { return policy.Part{Type: typ, Letters: letters} }
