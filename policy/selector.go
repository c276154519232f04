package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"vestibule/fhir"
)

// selector picks resources by type, by id or by criteria, as rules that deny write it: "Appointment", "Task/9",
// "DocumentReference?category=psychiatry". The zero selector picks nothing.
type selector struct {
	typ      string
	id       string        // empty: any
	criteria []fhir.Clause // all of which have to match
}

func parseSelector(text string, zone *time.Location) (selector, error) {
	head, criteria, narrowed := strings.Cut(text, "?")
	typ, id, single := strings.Cut(head, "/")
	switch {
	case !fhir.IsType(typ):
		return selector{}, fmt.Errorf(`%q does not begin with a type; write it like "Appointment", "Task/9" or "DocumentReference?category=psychiatry", with one of %s`,
			text, strings.Join(fhir.Types(), ", "))
	case single && (narrowed || !fhir.ValidID(id)):
		return selector{}, fmt.Errorf(`%q is not one resource; write it like "Task/9", without criteria`, text)
	case narrowed && criteria == "":
		return selector{}, fmt.Errorf("%q has a ? and no criteria behind it", text)
	}
	clauses, err := parseCriteria(typ, criteria, zone)
	if wrong := noStatuses(typ, clauses); len(wrong) > 0 {
		err = wrong[0]
	}
	return selector{typ: typ, id: id, criteria: clauses}, err
}

// matches reports whether s picks r or, where r does not say enough, may pick it: a rule that denies has to hold for what an
// EMR writes oddly, too. A resource that is about to be created has no id and is none that a rule names.
func (s *selector) matches(r fhir.Resource) bool {
	if len(s.criteria) > 0 { // which look at the type themselves
		m := r.Matching()
		return m.May(s.criteria)
	}
	return r.Type() == s.typ && (s.id == "" || r.ID() == s.id)
}

// selectors reads the list at path. One that is there but empty reads like "none" and would mean "all".
func (m *mistakes) selectors(path string, texts []string, zone *time.Location) []selector {
	if texts != nil && len(texts) == 0 {
		m.add(path, "This list is empty; name something or leave it out.")
	}
	var out []selector
	for i, text := range texts {
		at := fmt.Sprintf("%s[%d]", path, i)
		s, err := parseSelector(text, zone)
		switch {
		case err != nil:
			m.wrong(at, err)
		case slices.Index(texts, text) < i:
			m.add(at, "%s stands twice.", text)
		default:
			out = append(out, s)
		}
	}
	return out
}
