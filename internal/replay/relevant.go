package replay

import (
	"reflect"

	"vestibule/fhir"
	"vestibule/policy"
)

// touch is how far the candidate can matter to an access.
type touch int

const (
	untouched touch = iota // not at all
	counted                // who may come in is the same; only limits may differ
	touched                // what is let through may differ
)

// touches says how far the difference between the two sides can matter to a. Grants that give the caller nothing at that
// moment add nothing to what the others give, so that most accesses need not be decided at all.
func (m *moment) touches(a *Access) touch {
	kinds := []fhir.InteractionKind{a.Request.Interaction.Kind}
	if a.writes() { // what may be read settles what a writer sees
		kinds = append(kinds, fhir.InteractionRead, fhir.InteractionSearch)
	}
	out := untouched
	for _, kind := range kinds {
		was, will := m.was.givers(a, kind), m.will.givers(a, kind)
		switch {
		case len(was) == 0 && len(will) == 0:
		case !samePermissions(was, will, a.Request.Interaction.Type):
			return touched
		default:
			out = counted
		}
	}
	return out
}

// givers are the grants that give kind to the caller at that moment, whatever the search looks at.
func (s solo) givers(a *Access, kind fhir.InteractionKind) []policy.Grant {
	if len(s.rules.Grants) == 0 {
		return nil
	}
	req := a.Request
	req.Interaction = fhir.Interaction{Kind: kind, Type: req.Interaction.Type, ID: "any"}
	if kind == fhir.InteractionSearch {
		req.Interaction.Query = fhir.NewQuery(req.Interaction.Type)
	}
	var out []policy.Grant
	cites := s.set.Decide(req).Grants()
	for _, g := range s.rules.Grants {
		for _, cite := range cites {
			if cite == g.Cite() {
				out = append(out, g)
			}
		}
	}
	return out
}

// samePermissions reports whether both lists of grants say the same about a type.
func samePermissions(a, b []policy.Grant, typ string) bool {
	return reflect.DeepEqual(permissionsFor(a, typ), permissionsFor(b, typ))
}

func permissionsFor(grants []policy.Grant, typ string) (out []policy.Permission) {
	for _, g := range grants {
		for _, p := range g.Permissions {
			if typeOf(p) == typ {
				out = append(out, p)
			}
		}
	}
	return out
}
