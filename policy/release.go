package policy

import "vestibule/fhir"

// Released is one resource that may leave: cut to what the caller may see, with what the trail has to say about it. Only
// Decision.Release makes one that holds a resource; the zero Released holds none.
type Released struct {
	cut      fhir.Cut
	patients []fhir.Ref
	grants   []string
	opens    *opening // of a document that may be opened; nothing else of the resource may leave then
}

// IsZero reports whether nothing is released.
func (r Released) IsZero() bool { return r.cut.Resource().IsZero() }

// Cut is what may leave.
func (r Released) Cut() fhir.Cut { return r.cut }

// Ref names the resource with the EMR's version.
func (r Released) Ref() fhir.Ref { return r.cut.Resource().Ref() }

// Patients are the patients the resource is about, also where the cut hides them: for the trail.
func (r Released) Patients() []fhir.Ref { return r.patients }

// Grants cites the grants that allow it, as name@version, sorted. The slice is shared and must not be changed.
func (r Released) Grants() []string { return r.grants }

// Removed are the paths of the elements that the cut took away.
func (r Released) Removed() []string { return r.cut.Removed() }

// Documents is how many documents leave with it: the one that is opened, or those that the cut resource carries.
func (r Released) Documents() int {
	if r.opens != nil {
		return 1
	}
	return r.cut.Documents()
}

// AppendTo appends the cut resource's JSON to dst.
func (r Released) AppendTo(dst []byte) []byte { return r.cut.AppendTo(dst) }

// Release decides about one resource that the EMR returned. It is released if a permission that serves the request matches
// it (criteria, the token's scopes, window, labels), no guardrail and no directive denies it and, for a search, if it is what
// was searched for: an EMR may ignore a parameter or answer with more (hazard H33). It is cut to the union of what all
// matching permissions show.
//
// Where the request is to open a document, the permissions that match have to show documents, too (content-not-granted), and
// what is released is the document alone: see Released.Open.
//
// The answer to a write shows what the caller may read of it, which may be no more than type, id and meta. The reasons are
// for the trail: why it is released, or why it is held back; they are shared and must not be changed. What a caller hears of
// a resource held back is Refusal.
func (d Decision) Release(r fhir.Resource) (Released, []Reason) {
	if !d.Permitted() {
		return Released{}, d.Reasons()
	}
	p := d.p
	if !p.answers(r) {
		return Released{}, p.use.dropped(drop{code: CodeWrongAnswer, candidate: -1})
	}
	if letterOf(p.req.Interaction.Kind)&lettersWriting != 0 {
		return p.written(r)
	}
	found, miss := p.use.find(r)
	if !found.any {
		return Released{}, p.use.dropped(miss)
	}
	if p.req.Interaction.Kind == fhir.InteractionSearch && !p.req.Interaction.Query.Match(r) {
		return Released{}, p.use.dropped(drop{code: CodeQueryMismatch, candidate: -1})
	}
	v := p.use.view(found)
	if p.req.Interaction.Opens {
		return p.opening(r, v)
	}
	return Released{cut: r.Cut(v.elements), patients: patientsOf(r), grants: v.grants}, v.reasons
}

// answers reports whether r can be an answer to the request: of its type, with an id, and with its id where one was named.
func (p *plan) answers(r fhir.Resource) bool {
	in := p.req.Interaction
	if r.IsZero() || r.Type() != in.Type || r.ID() == "" {
		return false
	}
	return in.ID == "" || r.ID() == in.ID
}

// written is what of a resource that the caller wrote is shown: what they may read of it now.
func (p *plan) written(r fhir.Resource) (Released, []Reason) {
	out := Released{patients: patientsOf(r), grants: Decision{p}.Grants()}
	out.cut = r.Cut(p.seen(r))
	return out, Decision{p}.Reasons()
}

// seen is what a caller who writes r may read of it.
func (p *plan) seen(r fhir.Resource) fhir.Elements {
	found, _ := p.see.find(r)
	if !found.any {
		return fhir.Elements{}
	}
	return p.see.view(found).elements
}
