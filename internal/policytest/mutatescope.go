package policytest

import (
	"slices"
	"strings"

	"vestibule/fhir"
	"vestibule/policy"
)

// scope is a granted scope taken apart as text: head ("user/Appointment."), letters, criteria.
type scope struct {
	head, letters string
	criteria      []string
}

func scopeOf(text string) scope {
	front, criteria, narrowed := strings.Cut(text, "?")
	dot := strings.LastIndexByte(front, '.')
	s := scope{head: front[:dot+1], letters: front[dot+1:]}
	switch s.letters { // SMART v1, as policy reads it
	case "read":
		s.letters = "rs"
	case "write":
		s.letters = "cu"
	case "*":
		s.letters = "crus"
	}
	if narrowed {
		s.criteria = strings.Split(criteria, "&")
	}
	return s
}

func (s scope) String() string {
	out := s.head + s.letters
	if len(s.criteria) > 0 {
		out += "?" + strings.Join(s.criteria, "&")
	}
	return out
}

func (s scope) typ() string {
	_, typ, _ := strings.Cut(strings.TrimSuffix(s.head, "."), "/")
	return typ
}

func (s scope) writes() bool { return strings.ContainsAny(s.letters, "cu") }
func (s scope) reads() bool  { return strings.ContainsAny(s.letters, "rs") }

// withoutLetter makes p one without the interaction, and without what only the interaction gives a meaning.
func (s scope) withoutLetter(letter string, p *policy.Permission) {
	s.letters = strings.ReplaceAll(s.letters, letter, "")
	p.Scope = s.String()
	if !s.writes() {
		p.Write, p.Transitions = nil, nil
	}
	if !s.reads() {
		p.Content = false
	}
	kept := slices.DeleteFunc(slices.Clone(p.Transitions), func(t string) bool {
		creates := strings.HasPrefix(strings.TrimSpace(t), "->")
		return letter == "c" && creates || letter == "u" && !creates
	})
	if len(kept) > 0 {
		p.Transitions = kept
	}
}

// scopeVariant is a scope with one criterion changed.
type scopeVariant struct{ text, scope string }

// criteriaVariants are s without each criterion, and without each alternative of one ("status=booked,pending").
func (s scope) criteriaVariants() []scopeVariant {
	var out []scopeVariant
	for i, criterion := range s.criteria {
		less := s
		less.criteria = without(s.criteria, i)
		out = append(out, scopeVariant{"criterion " + criterion, less.String()})
		key, value, _ := strings.Cut(criterion, "=")
		alternatives := alternativesOf(value)
		for j, a := range several(alternatives) {
			less.criteria = slices.Clone(s.criteria)
			less.criteria[i] = key + "=" + strings.Join(without(alternatives, j), ",")
			out = append(out, scopeVariant{"criterion " + key + "=" + a, less.String()})
		}
	}
	return out
}

// alternativesOf splits a value at its commas; one behind a backslash is part of an alternative
// (http://hl7.org/fhir/R4/search.html#escaping).
func alternativesOf(value string) []string {
	out, from := []string(nil), 0
	for i := 0; i < len(value); i++ {
		switch value[i] {
		case '\\':
			i++
		case ',':
			out, from = append(out, value[from:i]), i+1
		}
	}
	return append(out, value[from:])
}

// isElement reports whether the type has an element of that name that can be granted.
func isElement(typ, name string) bool {
	_, err := fhir.NewElements(typ, name)
	return err == nil
}
