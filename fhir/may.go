package fhir

import (
	"bytes"
	"slices"
	"strings"
)

// What denies has to hold wherever it may: Match answers for those who are given something, and MayMatch for those from whom
// something is kept.

// MayMatch reports whether r may meet c: it is false only where r is of another type, or certainly does not match. What
// matches may match. Besides, by type of parameter:
//
//   - token: what has the same code without regard to case and surrounding space, and the same system or, on either side,
//     none; so "|code" says no more than "code". A coding or an identifier without its code may have any, and so may a
//     concept that is there without a coding, in words alone. A MIME type's parameters do not count.
//   - token with :text: also what is there without any words; with :of-type, each part as above.
//   - date: what overlaps a time that matches, such as 2026-05 for 2026-05-05; and what cannot be read, such as a Period that
//     ends before it starts.
//   - reference: what is there and cannot be read as a local reference (an address, a urn, a contained resource, an
//     identifier or words alone), unless it says by its type, its address or the contained resource that it is to another
//     type, and its address does not lead by way of the type asked for. With :identifier the identifier has to be there.
//   - string, uri: without regard to case and surrounding space; a string also to accents, a uri also to a version (|1.0)
//     and a slash at its end.
//   - composite: both parts may match in one element.
//   - :not: what does not certainly have the value, as in Match.
//   - :missing: true where nothing is certainly there, false where something may be; empty objects and texts, and for a
//     parameter of one type references that cannot be read, are neither.
//
// A value of a shape that R4 does not give the element may be any. An element that is absent or null does not match.
func (c Clause) MayMatch(r Resource) bool {
	m := r.Matching()
	return m.mayMeet(&c)
}

// May reports whether the resource may meet every one of clauses, see Clause.MayMatch.
func (m *Matching) May(clauses []Clause) bool {
	for i := range clauses {
		if !m.mayMeet(&clauses[i]) {
			return false
		}
	}
	return true
}

func (m *Matching) mayMeet(c *Clause) bool {
	if c.param == nil || c.modifier == "not" || m.typ != c.typ {
		return m.meets(c)
	}
	found := slices.ContainsFunc(c.param.Paths, func(path string) bool { return m.mayFind(c, path) })
	if p, ok := c.values[0].(presence); ok {
		return found != p.missing
	}
	return found
}

// mayFind is finds for what may match.
func (m *Matching) mayFind(c *Clause, path string) bool {
	takes := func(v Value) bool { return c.mayTake(v, m.root) }
	p := m.lookUp(path)
	if p == nil || p.count > len(p.nodes) {
		return anyAt(m.root, path, takes)
	}
	return slices.ContainsFunc(p.nodes[:p.count], func(at uint32) bool { return takes(Value{m.root.doc, at}) })
}

// mayTake reports whether one of the values may match what stands at v in the resource root.
func (c *Clause) mayTake(v, root Value) bool {
	if v.Kind() == Null {
		return false
	}
	return slices.ContainsFunc(c.values, func(o operand) bool {
		if c.modifier != "missing" && o.matches(v) {
			return true
		}
		return o.may(v, root)
	})
}

func (t tokenValue) may(v, _ Value) bool {
	switch t.shape {
	case shapeCode:
		return t.mayPair(nil, v.text())
	case shapeFolded:
		code, _, _ := bytes.Cut(v.text(), []byte(";"))
		return t.mayPair(nil, code)
	case shapeCoding:
		return t.mayPair(v.Get("system").text(), v.Get("code").text())
	case shapeIdentifier:
		return t.mayPair(v.Get("system").text(), v.Get("value").text())
	}
	coded := false
	for c := range v.Get("coding").Items() {
		if coded = true; t.mayPair(c.Get("system").text(), c.Get("code").text()) {
			return true
		}
	}
	return !coded
}

func (t tokenValue) mayPair(system, code []byte) bool {
	return mayBeWord(code, t.Code) && mayBeWord(system, t.System)
}

// mayBeWord compares two codes, or two systems, of which one may not be known.
func mayBeWord(is []byte, want string) bool {
	is, want = bytes.TrimSpace(is), strings.TrimSpace(want)
	return len(is) == 0 || want == "" || equalFold(is, want)
}

// equalFold is strings.EqualFold without a copy where it is all ASCII.
func equalFold(a []byte, b string) bool {
	for i := 0; i < len(a) && i < len(b); i++ {
		if (a[i] | b[i]) >= 0x80 {
			return strings.EqualFold(string(a[i:]), b[i:])
		}
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return len(a) == len(b)
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}

func (t typedIdentifier) may(v, root Value) bool {
	typ := tokenValue{Token: Token{System: t.system, Code: t.code}, shape: shapeConcept}
	return mayBeWord(v.Get("value").text(), t.value) && typ.may(v.Get("type"), root)
}

func (l labelValue) may(v, _ Value) bool {
	worded := false
	is := func(words Value) bool {
		switch words.Kind() {
		case Absent, Null:
			return false
		case String:
			worded = true
			return strings.HasPrefix(fold(strings.TrimSpace(words.Text())), strings.TrimSpace(l.folded))
		}
		return true
	}
	switch l.shape {
	case shapeCoding:
		return is(v.Get("display")) || !worded
	case shapeIdentifier:
		return is(v.Get("type").Get("text")) || !worded
	}
	if is(v.Get("text")) {
		return true
	}
	for c := range v.Get("coding").Items() {
		if is(c.Get("display")) {
			return true
		}
	}
	return !worded
}

func (d dateValue) may(v, _ Value) bool {
	is, ok := intervalOf(v, d.zone)
	if !ok {
		return true
	}
	if d.prefix == "ne" {
		return !d.span.contains(is)
	}
	return d.reach().overlaps(is)
}

func (r refValue) may(v, root Value) bool {
	if typ, id, ok := v.Get("reference").LocalRef(); ok { // only an address in the rule may be the same
		return r.ref.IsZero() && strings.HasSuffix(r.uri, "/"+string(typ)+"/"+string(id))
	}
	target := r.ref.Type
	if target == "" {
		target = typeInURL(r.uri)
	}
	return mayReferTo(v, target, root)
}

func (r refIdentifier) may(v, root Value) bool {
	id := v.Get("identifier")
	return id.Exists() && id.Kind() != Null && mayReferTo(v, r.target, root) && r.tokenValue.may(id, root)
}

// mayReferTo reports whether a Reference may be to a resource of the type; "" is any.
func mayReferTo(v Value, typ string, root Value) bool {
	if to, _, ok := v.Get("reference").LocalRef(); ok || typ == "" {
		return typ == "" || string(to) == typ
	}
	says, named := v.Get("reference").Text(), v.TypeReferred()
	told := typeInURL(withoutVersion(says))
	if id, ok := strings.CutPrefix(says, "#"); ok {
		told = typeContained(root, id, typ)
	}
	leads := func(part string) bool { return strings.EqualFold(part, typ) }
	switch {
	case named == typ || told == typ || slices.ContainsFunc(strings.Split(says, "/"), leads):
		return true
	case told != "":
		return false
	}
	return !validType(named) || named == "Resource" || named == "DomainResource"
}

// typeContained is the type of the resource of that id that root contains, typ where one of several has it; "" where there
// is none.
func typeContained(root Value, id, typ string) (told string) {
	for c := range root.Get("contained").Items() {
		if c.Get("id").Text() == id && told != typ {
			told = c.Get("resourceType").Text()
		}
	}
	return told
}

func (r relationValue) may(v, root Value) bool {
	target := v.Get("target")
	return (r.target.matches(target) || r.target.may(target, root)) && r.code.may(v.Get("code"), root)
}

func (t stringValue) may(v, _ Value) bool {
	if v.Kind() != String {
		return true
	}
	is, want := strings.TrimSpace(fold(v.Text())), strings.TrimSpace(t.folded)
	switch t.modifier {
	case "exact":
		return is == want
	case "contains":
		return strings.Contains(is, want)
	}
	return strings.HasPrefix(is, want)
}

func (u uriValue) may(v, _ Value) bool {
	if v.Kind() != String {
		return true
	}
	is, want := looseURI(v.Text()), looseURI(u.uri)
	switch u.modifier {
	case "below":
		return isUnder(is, want)
	case "above":
		return isUnder(want, is)
	}
	return is == want
}

func looseURI(s string) string {
	s, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(s)), "|")
	return strings.TrimSuffix(s, "/")
}

// may is what counts against :missing=true, what is certainly there, or for :missing=false, what may be.
func (p presence) may(v, root Value) bool {
	if !p.missing {
		return p.target == "" || mayReferTo(v, p.target, root)
	}
	return p.matches(v) && !(v.Kind() == Object && v.size() == 0 || v.Kind() == String && len(v.text()) == 0)
}
