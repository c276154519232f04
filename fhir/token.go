package fhir

import (
	"bytes"
	"slices"
	"strings"
)

// Token is a value of a token parameter (http://hl7.org/fhir/R4/search.html#token).
type Token struct {
	System string // "" where none was named
	Code   string // "" for every code of System
	Plain  bool   // written without '|': the system does not matter
}

// tokenValue compares codes. Case counts: the codes of the supported types are case-sensitive by their code systems, and a
// criterion that decides what may be seen must not match more than it says. MIME types and languages are the exception.
type tokenValue struct {
	Token
	shape   shape
	systems []string // of bare codes
}

// parseToken reads "code", "system|code", "|code" and "system|".
func parseToken(s string, p *SearchParam) (tokenValue, bool) {
	out := tokenValue{shape: p.shape, systems: p.systems}
	parts := splitValue(s, '|')
	var ok bool
	switch len(parts) {
	case 1:
		out.Plain = true
		out.Code, ok = plain(parts[0])
		ok = ok && (p.Name != "_id" || ValidID(out.Code))
	case 2:
		system, sysOK := plain(parts[0])
		code, codeOK := plain(parts[1])
		out.System, out.Code = system, code
		ok = (sysOK || parts[0] == "") && (codeOK || parts[1] == "") && (sysOK || codeOK) && p.Name != "_id"
	}
	return out, ok
}

func (t tokenValue) text() string {
	if t.Plain {
		return escaped(t.Code)
	}
	return escaped(t.System) + "|" + escaped(t.Code)
}

func (t tokenValue) matches(v Value) bool {
	switch t.shape {
	case shapeCode, shapeFolded:
		return t.bare(v.text())
	case shapeCoding:
		return t.pair(v.Get("system"), v.Get("code"))
	case shapeConcept:
		for c := range v.Get("coding").Items() {
			if t.pair(c.Get("system"), c.Get("code")) {
				return true
			}
		}
	case shapeIdentifier:
		return t.pair(v.Get("system"), v.Get("value"))
	}
	return false
}

// bare compares a code without a system; it belongs to the systems of its binding.
func (t tokenValue) bare(code []byte) bool {
	if len(code) == 0 || t.System != "" && !slices.Contains(t.systems, t.System) {
		return false
	}
	if t.shape == shapeFolded && t.Code != "" {
		return bytes.EqualFold(code, []byte(t.Code))
	}
	return t.Code == "" || string(code) == t.Code
}

func (t tokenValue) pair(system, code Value) bool {
	if t.Code != "" && string(code.text()) != t.Code {
		return false
	}
	return t.Plain || string(system.text()) == t.System
}

// typedIdentifier is the value of :of-type, "system|code|value": an identifier of that type.
type typedIdentifier struct{ system, code, value string }

func parseTypedIdentifier(s string) (out typedIdentifier, ok bool) {
	parts := splitValue(s, '|')
	if len(parts) != 3 {
		return out, false
	}
	var fields [3]string
	for i, p := range parts {
		if fields[i], ok = plain(p); !ok {
			return out, false
		}
	}
	return typedIdentifier{fields[0], fields[1], fields[2]}, true
}

func (t typedIdentifier) text() string {
	return escaped(t.system) + "|" + escaped(t.code) + "|" + escaped(t.value)
}

func (t typedIdentifier) matches(v Value) bool {
	if string(v.Get("value").text()) != t.value {
		return false
	}
	typ := tokenValue{Token: Token{System: t.system, Code: t.code}, shape: shapeConcept}
	return typ.matches(v.Get("type"))
}

// labelValue is the value of :text: the beginning of what a coding or concept is called.
type labelValue struct {
	written string
	folded  string
	shape   shape
}

func (l labelValue) text() string { return escaped(l.written) }

func (l labelValue) matches(v Value) bool {
	switch l.shape {
	case shapeCoding:
		return l.begins(v.Get("display"))
	case shapeIdentifier:
		return l.begins(v.Get("type").Get("text"))
	}
	if l.begins(v.Get("text")) {
		return true
	}
	for c := range v.Get("coding").Items() {
		if l.begins(c.Get("display")) {
			return true
		}
	}
	return false
}

func (l labelValue) begins(v Value) bool {
	return v.Kind() == String && strings.HasPrefix(fold(v.Text()), l.folded)
}
