package fhir

import (
	"slices"
	"strings"
)

// ParamType is the type of a search parameter, which fixes the syntax of its values and how they match
// (http://hl7.org/fhir/R4/search.html#ptypes). The zero value is no type.
type ParamType uint8

// The types that the supported resource types use.
const (
	ParamToken     ParamType = iota + 1 // a code, a coding or an identifier: "code", "system|code", "|code", "system|"
	ParamReference                      // "Type/id", "id" where one type is possible, or an absolute URL
	ParamDate                           // a prefix and a date of any precision
	ParamString                         // text; case and accents do not count
	ParamURI                            // an address, exactly
	ParamComposite                      // two values joined by "$"
)

// String is the type's name as R4 and a CapabilityStatement spell it.
func (t ParamType) String() string {
	switch t {
	case ParamToken:
		return "token"
	case ParamReference:
		return "reference"
	case ParamDate:
		return "date"
	case ParamString:
		return "string"
	case ParamURI:
		return "uri"
	case ParamComposite:
		return "composite"
	}
	return "none"
}

// shape is the data type of the elements that a token parameter looks at.
type shape uint8

const (
	shapeNone       shape = iota
	shapeCode             // code, id: a bare string
	shapeFolded           // a bare string whose case does not count: MIME types and languages (RFC 2045 §5.1, RFC 5646 §2.1.1)
	shapeCoding           // Coding
	shapeConcept          // CodeableConcept
	shapeIdentifier       // Identifier
)

// SearchParam is one search parameter of one resource type, as R4 defines it. Its slices belong to the table and must not
// be changed. The zero value is no parameter.
type SearchParam struct {
	Name    string
	Type    ParamType
	Paths   []string // the elements it looks at, dotted, without the type: "participant.actor"
	Target  string   // only references to this type count (R4 writes where(resolve() is Patient)); "" counts all
	Targets []string // legal types of a reference; empty where any type is legal

	shape   shape
	systems []string // code systems that bare codes belong to, for "system|code"
}

// HasSystem reports whether a bare code of p can be of the system; without a system it always can.
func (p SearchParam) HasSystem(system string) bool {
	return system == "" || slices.Contains(p.systems, system)
}

// Types are the resource types that the gateway supports, sorted.
func Types() []string { return []string{"Appointment", "DocumentReference", "Task"} }

// IsType reports whether typ is one of Types.
func IsType(typ string) bool { return slices.Contains(Types(), typ) }

// LookUpParam is the search parameter of that name; ok is false when the type does not have it or is not supported.
func LookUpParam(typ, name string) (p SearchParam, ok bool) {
	found := findParam(typ, name)
	if found == nil {
		return SearchParam{}, false
	}
	return *found, true
}

// SearchParams are the search parameters of a supported type, those of every resource included, sorted by name.
func SearchParams(typ string) []SearchParam {
	if !IsType(typ) {
		return nil
	}
	out := slices.Concat(resourceParams, paramTable[typ])
	slices.SortFunc(out, func(a, b SearchParam) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// findParam points into the table: clauses keep the pointer.
func findParam(typ, name string) *SearchParam {
	own, supported := paramTable[typ]
	if !supported {
		return nil
	}
	for _, list := range [][]SearchParam{own, resourceParams} {
		for i := range list {
			if list[i].Name == name {
				return &list[i]
			}
		}
	}
	return nil
}

// sortable reports whether resources can be put in order by p: by dates and by bare codes and text, where every system
// agrees on the order.
func (p *SearchParam) sortable() bool {
	switch p.Type {
	case ParamDate, ParamString:
		return true
	case ParamToken:
		return p.shape == shapeCode
	}
	return false
}

// Reads is Clause.Reads for a parameter without a modifier, and for an order by it.
func (p SearchParam) Reads() []string {
	switch {
	case p.Type == ParamReference:
		return below(p.Paths, "reference")
	case p.shape == shapeConcept:
		return below(p.Paths, "coding")
	}
	return p.Paths
}

// below is name below each of paths.
func below(paths []string, name string) []string {
	out := make([]string, len(paths))
	for i, path := range paths {
		out[i] = path + "." + name
	}
	return out
}
