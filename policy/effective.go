package policy

import (
	"time"

	"vestibule/fhir"
)

// Access is what a caller may do with resources of one type right now.
type Access struct {
	Type         string
	Interactions []fhir.InteractionKind // read, search-type, create, update: those that are permitted, in this order
	Opens        bool                   // of DocumentReference: whether some of the documents themselves can be opened
	Params       []string               // search parameters that some search of this caller can use, sorted
}

// Effective is what c may do at now, by type; types of which c may do nothing are left out. It asks the same evaluator that
// decides requests, so a CapabilityStatement made of it says what will happen.
func (s *Set) Effective(c Caller, now time.Time) []Access {
	var out []Access
	for _, typ := range fhir.Types() {
		a := Access{Type: typ}
		for _, kind := range []fhir.InteractionKind{
			fhir.InteractionRead, fhir.InteractionSearch, fhir.InteractionCreate, fhir.InteractionUpdate,
		} {
			d := s.Decide(s.sample(c, typ, kind, now))
			if !d.Permitted() {
				continue
			}
			a.Interactions = append(a.Interactions, kind)
			a.Opens = a.Opens || kind == fhir.InteractionRead && typ == typDocument && d.p.use.opensAny()
			if kind == fhir.InteractionSearch {
				a.Params = d.p.use.params(typ)
			}
		}
		if len(a.Interactions) > 0 {
			out = append(out, a)
		}
	}
	return out
}

// sample is the plainest request for an interaction. Its id is any id: no decision depends on it.
func (s *Set) sample(c Caller, typ string, kind fhir.InteractionKind, now time.Time) Request {
	req := Request{Caller: c, Now: now, Interaction: fhir.Interaction{Kind: kind, Type: typ}}
	if s != nil {
		req.Clinic = s.clinic.Name
	}
	switch kind {
	case fhir.InteractionRead, fhir.InteractionUpdate:
		req.Interaction.ID = "any"
	case fhir.InteractionSearch:
		req.Interaction.Query = fhir.NewQuery(typ)
	}
	return req
}

// params are the search parameters over what a serving candidate shows.
func (a *reach) params(typ string) []string {
	var out []string
	for _, param := range fhir.SearchParams(typ) {
		for i := range a.candidates {
			if c := &a.candidates[i]; c.serves && lookAt(param).shownBy(c.perm.shown) {
				out = append(out, param.Name)
				break
			}
		}
	}
	return out
}
