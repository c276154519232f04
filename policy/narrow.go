package policy

import (
	"slices"

	"vestibule/fhir"
)

// Narrow is the search that goes to the EMR for q, a search of the request's type: q's own criteria and whatever every
// permission that serves the request asks for. Each resource that Release lets out matches it. It asks for whole resources,
// because Release has to see what it checks, and for no total, because the EMR's would count what the caller may not see
// (hazard H4). It is the zero Query, which matches nothing, for anything but a permitted search.
func (d Decision) Narrow(q fhir.Query) fhir.Query {
	if !d.Permitted() || d.p.req.Interaction.Kind != fhir.InteractionSearch || q.Type() != d.p.req.Interaction.Type {
		return fhir.Query{}
	}
	return q.With(d.p.use.hull(d.p)...).Whole()
}

// hull is criteria that every resource within the reach of a serving candidate meets.
func (a *reach) hull(p *plan) []fhir.Clause {
	var permissions, scopes [][]fhir.Clause
	var windows []window
	for i := range a.candidates {
		c := &a.candidates[i]
		if !c.serves {
			continue
		}
		permissions = append(permissions, c.perm.scope.criteria)
		if c.perm.windowed {
			windows = append(windows, c.perm.window)
		}
		for _, s := range c.scopes {
			scopes = append(scopes, s.criteria)
		}
	}
	out := append(common(permissions), common(scopes)...) // where a scope of the token is free, there are none with criteria
	if len(windows) < len(permissions) {
		return out
	}
	whole := windows[0]
	for _, w := range windows {
		whole = whole.hull(w)
	}
	return append(out, whole.overlapping(p.req.Interaction.Type, dayOf(p.req.Now, p.set.clinic.Zone))...)
}

// common is what alternatives, each a list of criteria that all have to match, have in common: for every criterion of the
// first whose parameter and modifier all others have too, the union of their values. What cannot be said by one criterion
// is left to Release.
func common(alternatives [][]fhir.Clause) []fhir.Clause {
	if len(alternatives) == 0 {
		return nil
	}
	var out []fhir.Clause
	for _, c := range alternatives[0] {
		if union, ok := unite(c, alternatives[1:]); ok {
			out = append(out, union)
		}
	}
	return out
}

func unite(c fhir.Clause, others [][]fhir.Clause) (fhir.Clause, bool) {
	for _, criteria := range others {
		at := slices.IndexFunc(criteria, func(o fhir.Clause) bool { return o.Key() == c.Key() })
		if at < 0 {
			return fhir.Clause{}, false
		}
		if c.Equal(criteria[at]) {
			continue
		}
		var ok bool
		if c, ok = c.Or(criteria[at]); !ok {
			return fhir.Clause{}, false
		}
	}
	return c, true
}
