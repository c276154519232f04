package policy

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// TestADifferenceTakesPersonsApart: where everybody is given what some have parts of, there is one piece for the others and one
// for each of those, however many they are.
func TestADifferenceTakesPersonsApart(t *testing.T) {
	const n = 60
	var before Rules
	for i := range n {
		g := grantOf(fmt.Sprintf("person-%d", i), Permission{Scope: fmt.Sprintf("user/Appointment.r?practitioner=Practitioner/%d", i)})
		g.To.User = fmt.Sprintf("https://id.example|person-%d", i)
		before.Grants = append(before.Grants, g)
	}
	everybody := grantOf("everybody", Permission{Scope: "user/Appointment.r"})
	everybody.To = To{Platform: "assistco"}
	d := changeOf(t, before, Rules{Grants: append(before.Grants[:n:n], everybody)})
	if len(d.CanNow) != n+1 || len(d.CanNoLonger) != 0 {
		t.Fatalf("%d pieces, and %d for what can no longer be done", len(d.CanNow), len(d.CanNoLonger))
	}
	for _, p := range d.CanNow {
		switch {
		case len(p.Who.NotPersons) == n && len(p.Without) == 0:
		case len(p.Who.Persons) == 1 && len(p.Without) == 1:
			_, number, _ := strings.Cut(p.Who.Persons[0], "person-")
			if p.Without[0] != "practitioner=Practitioner/"+number {
				t.Error(p.Sentence)
			}
		default:
			t.Error(p.Sentence)
		}
	}
}

// TestPersonsOfWhomTheSameIsLeftAreOnePiece: two grants for a person each do not tear apart what they leave to both.
func TestPersonsOfWhomTheSameIsLeftAreOnePiece(t *testing.T) {
	booked := Permission{Scope: "user/Appointment.r?status=booked"}
	amara, chloe, desk := grantOf("amara", booked), grantOf("chloe", booked), grantOf("desk", Permission{Scope: "user/Appointment.r"})
	chloe.To.User, desk.To = "https://id.example|chloe", To{Team: "assistco/front-desk"}
	d := changeOf(t, Rules{Grants: []Grant{amara, chloe}}, Rules{Grants: []Grant{amara, chloe, desk}})
	if len(d.CanNow) != 1 || len(d.CanNow[0].Who.Persons) != 2 || len(d.CanNow[0].Without) != 1 {
		t.Errorf("%+v", d.CanNow)
	}
}

// TestADifferenceEndsWithItsContext: what takes long can be stopped.
func TestADifferenceEndsWithItsContext(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if d, err := Diff(ctx, compiled(t), compiled(t, frontDesk()), wednesday(t)); !errors.Is(err, context.Canceled) || !d.Empty() {
		t.Errorf("%+v, %v", d, err)
	}
}
