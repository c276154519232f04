package fhir

import (
	"bytes"
	"slices"
	"strings"
)

// refValue is a value of a reference parameter: a local reference, or an absolute address, compared as it is written. A
// version on either side does not count (http://hl7.org/fhir/R4/search.html#reference).
type refValue struct {
	ref Ref    // zero for an address
	uri string // what the element has to say, without version
}

// parseRefValue reads "Type/id", an absolute URL or, where the type cannot be mistaken, "id". typ is the type that a
// :Type modifier names, or "".
func parseRefValue(s string, p *SearchParam, typ string) (refValue, bool) {
	text, ok := plain(s)
	if !ok {
		return refValue{}, false
	}
	allowed := p.Targets
	if typ != "" {
		allowed = []string{typ}
	}
	legal := func(t string) bool { return len(allowed) == 0 || slices.Contains(allowed, t) }
	if ref, ok := ParseRef(text); ok {
		ref.Version = ""
		return refValue{ref: ref, uri: ref.String()}, legal(ref.Type)
	}
	if ValidID(text) && len(allowed) == 1 {
		ref := Ref{Type: allowed[0], ID: text}
		return refValue{ref: ref, uri: ref.String()}, true
	}
	text = withoutVersion(text)
	switch t := typeInURL(text); {
	case strings.HasPrefix(text, "urn:"):
		return refValue{uri: text}, typ == "" && p.Target == ""
	case t != "":
		return refValue{uri: text}, legal(t)
	}
	return refValue{}, false
}

func (r refValue) text() string { return escaped(r.uri) }

func (r refValue) matches(v Value) bool {
	says := v.Get("reference").text()
	if len(says) <= len(r.uri) { // too short to name a version besides
		return len(says) > 0 && string(says) == r.uri
	}
	uri, version, versioned := bytes.Cut(says, []byte("/_history/"))
	return versioned && string(uri) == r.uri && validID(version)
}

// TypeReferred is the type that a Reference names in its "type", also where it is written as the whole address that the name
// stands for (http://hl7.org/fhir/R4/references-definitions.html#Reference.type); "" where it names none.
func (v Value) TypeReferred() string {
	return strings.TrimPrefix(v.Get("type").Text(), "http://hl7.org/fhir/StructureDefinition/")
}

// refType is the type that a Reference points to, as far as the Reference itself says; "" where it does not.
func refType(v Value) string {
	says := v.Get("reference").Text()
	if says == "" {
		return v.TypeReferred()
	}
	if ref, ok := ParseRef(says); ok {
		return ref.Type
	}
	return typeInURL(withoutVersion(says))
}

func withoutVersion(s string) string {
	s, _, _ = strings.Cut(s, "/_history/")
	return s
}

// typeInURL is the resource type in "https://host/base/Type/id"; "" where s is no such URL.
func typeInURL(s string) string {
	rest, ok := strings.CutPrefix(s, "https://")
	if !ok {
		if rest, ok = strings.CutPrefix(s, "http://"); !ok {
			return ""
		}
	}
	parts := strings.Split(rest, "/")
	if len(parts) < 3 || !ValidID(parts[len(parts)-1]) || !validType(parts[len(parts)-2]) {
		return ""
	}
	return parts[len(parts)-2]
}

// refIdentifier is the value of :identifier: what the Reference's own identifier says.
type refIdentifier struct {
	tokenValue
	target string
}

func (r refIdentifier) matches(v Value) bool {
	return (r.target == "" || refType(v) == r.target) && r.tokenValue.matches(v.Get("identifier"))
}

// relationValue is the value of the composite DocumentReference relationship, "reference$code": both within one relatesTo.
type relationValue struct {
	target refValue
	code   tokenValue
}

func parseRelation(s, typ string) (out relationValue, ok bool) {
	parts := splitValue(s, '$')
	if len(parts) != 2 {
		return out, false
	}
	var refOK, codeOK bool
	out.target, refOK = parseRefValue(parts[0], findParam(typ, "relatesto"), "")
	out.code, codeOK = parseToken(parts[1], findParam(typ, "relation"))
	return out, refOK && codeOK
}

func (r relationValue) text() string { return r.target.text() + "$" + r.code.text() }

func (r relationValue) matches(v Value) bool {
	return r.target.matches(v.Get("target")) && r.code.matches(v.Get("code"))
}
