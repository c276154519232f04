package policy

import (
	"slices"
	"time"

	"vestibule/fhir"
)

// Request is what a decision is about. The zero Request is denied.
type Request struct {
	Caller      Caller
	Clinic      string
	Interaction fhir.Interaction
	Now         time.Time // the only clock there is
}

// Decision is the answer to a Request, and the only way to narrow a search, to release a resource and to accept a write.
// It holds for the moment of the Request: the next request, and the next page, is decided afresh. The zero Decision denies.
// It is safe for any number of goroutines.
type Decision struct {
	p *plan
}

// plan is how a request is served: which permissions apply, and with which of the token's scopes.
type plan struct {
	set    *Set
	req    Request
	denial []Reason // not empty if denied
	use    reach    // permissions for the interaction itself
	see    reach    // for a write: permissions for reading, which settle what the caller knows and is shown
}

// Decide decides. It does no I/O, knows no clock but req.Now, and every request has an answer. The order of checks is in
// the package comment.
func (s *Set) Decide(req Request) Decision {
	p := &plan{set: s, req: req}
	p.denial = p.decide()
	return Decision{p}
}

func (p *plan) decide() []Reason {
	if code := p.incomplete(); code != "" {
		return []Reason{because(code)}
	}
	if stopped, ok := p.set.stops.against(p.req.Caller); ok {
		return []Reason{stopped}
	}
	if outside, ok := p.set.denials.outside(p.req.Caller.Address.Unmap().WithZone("")); ok {
		return []Reason{outside}
	}
	letter := letterOf(p.req.Interaction.Kind)
	granted := p.granted(letter)
	if len(granted) == 0 {
		return p.nearestMisses(letter)
	}
	scopes := p.scopes(letter)
	if scopes.none() {
		return p.scopeMissing(letter)
	}
	p.use = p.reach(granted, scopes)
	if !p.use.serves() {
		return p.parameterHidden(granted, scopes)
	}
	if p.req.Interaction.Opens && !p.use.opensAny() {
		return []Reason{p.contentNotGranted(p.use.reasons(func(c *candidate) bool { return c.serves }))}
	}
	if letter&lettersWriting != 0 {
		p.see = p.forReading()
	}
	return nil
}

// incomplete checks what does not depend on any grant.
func (p *plan) incomplete() Code {
	in := p.req.Interaction
	switch {
	case !p.req.Caller.ValidAt(p.req.Now):
		return CodeNobody
	case p.set == nil || p.set.clinic.Zone == nil || p.req.Clinic == "" || p.req.Now.IsZero():
		return CodeIncomplete
	case p.req.Clinic != p.set.clinic.Name:
		return CodeWrongClinic
	case letterOf(in.Kind) == 0 || !fhir.IsType(in.Type):
		return CodeIncomplete
	case in.Opens && (in.Kind != fhir.InteractionRead || in.Type != typDocument || in.Attachment < 0):
		return CodeIncomplete
	case in.Kind == fhir.InteractionSearch && in.Query.Type() != in.Type:
		return CodeIncomplete
	case (in.Kind == fhir.InteractionRead || in.Kind == fhir.InteractionUpdate) && !fhir.ValidID(in.ID):
		return CodeIncomplete
	}
	return ""
}

// granted are the permissions of the caller's grants that hold now and give letter on the type.
func (p *plan) granted(letter letters) []*permission {
	in, typ := p.circumstances(), p.req.Interaction.Type
	out := make([]*permission, 0, p.set.mostNaming(p.req.Caller))
	for g := range p.set.naming(p.req.Caller) {
		if g.unmet(&in) != "" {
			continue
		}
		for i := range g.permissions {
			if s := &g.permissions[i].scope; s.letters&letter != 0 && s.typ == typ {
				out = append(out, &g.permissions[i])
			}
		}
	}
	return out
}

func (p *plan) scopes(letter letters) tokenScopes {
	return scopesFor(p.req.Caller, p.req.Interaction.Type, letter, p.set.clinic.Zone)
}

// forReading is what the caller may read of the type: by read or, where a read would be denied, by search.
func (p *plan) forReading() reach {
	for _, letter := range []letters{letterRead, letterSearch} {
		if granted, scopes := p.granted(letter), p.scopes(letter); len(granted) > 0 && !scopes.none() {
			if see := p.reach(granted, scopes); see.serves() {
				return see
			}
		}
	}
	return reach{}
}

// Permitted reports whether the request may go on. What comes back from the EMR is decided by Release.
func (d Decision) Permitted() bool { return d.p != nil && len(d.p.denial) == 0 }

// Reasons are the reasons of a denial, nearest miss first, or the permissions that apply. There is always one.
func (d Decision) Reasons() []Reason {
	switch {
	case d.p == nil:
		return []Reason{because(CodeIncomplete)}
	case len(d.p.denial) > 0:
		return slices.Clone(d.p.denial)
	}
	return d.p.use.reasons(func(c *candidate) bool { return c.serves })
}

// Grants cites the grants whose permissions apply, as name@version, sorted; none for a denial.
func (d Decision) Grants() []string {
	if !d.Permitted() {
		return nil
	}
	return citesOf(d.Reasons())
}

// Limit is the limits of one grant that a decision rests on.
type Limit struct {
	Grant string // name@version
	Limits
}

// Limits are the limits of the grants whose permissions apply and of those that show something of what is released, sorted by
// grant; grants without limits are left out. Whoever counts has to hold each of them.
func (d Decision) Limits(released ...Released) []Limit {
	if !d.Permitted() {
		return nil
	}
	var out []Limit
	for i := range d.p.use.candidates {
		c := &d.p.use.candidates[i]
		g := c.perm.grant
		shows := func(r Released) bool { return slices.Contains(r.grants, g.cite) }
		if g.src.Limits != (Limits{}) && (c.serves || slices.ContainsFunc(released, shows)) {
			out = append(out, Limit{g.cite, g.src.Limits})
		}
	}
	slices.SortFunc(out, func(a, b Limit) int { return cmpStrings(a.Grant, b.Grant) })
	return slices.Compact(out)
}

// Err is a denial as the caller hears it; nil for what is permitted.
func (d Decision) Err() *fhir.Error {
	if d.Permitted() {
		return nil
	}
	return d.Refusal(d.Reasons())
}
