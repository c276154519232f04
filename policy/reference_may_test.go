package policy_test

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// What rules that deny hold for, as package policy's comment has it: everything of which it is not certain that it does not
// match.

var typeName = regexp.MustCompile(`^[A-Z][A-Za-z]*$`)

// mayMatch reports whether doc may meet c.
func (c criterion) mayMatch(doc node, zone *time.Location) bool {
	var have, certain []node
	for _, path := range c.paths {
		have = append(have, at(doc, path)...)
	}
	have = slices.DeleteFunc(have, func(n node) bool { return n == "null" })
	switch c.modifier {
	case "not":
		return c.matches(doc, zone)
	case "missing":
		for _, n := range have {
			if encode(n) != "{}" && encode(n) != `""` && (c.only == "" || refersTo(n) == c.only) {
				certain = append(certain, n)
			}
		}
		perhaps := slices.ContainsFunc(have, func(n node) bool { return c.only == "" || mayReferTo(n, doc, c.only) })
		return c.values[0] == "true" && len(certain) == 0 || c.values[0] == "false" && perhaps
	}
	return c.matches(doc, zone) || slices.ContainsFunc(c.values, func(value string) bool {
		return slices.ContainsFunc(have, func(n node) bool { return c.mayMatchOne(n, doc, value, zone) })
	})
}

func (c criterion) mayMatchOne(n, doc node, value string, zone *time.Location) bool {
	if c.modifier == "text" {
		words := wordsOf(n, c.kind)
		return len(words) == 0 || slices.ContainsFunc(words, func(s string) bool { return begins(strings.TrimSpace(s), value) })
	}
	switch c.kind {
	case "code":
		return mayBeCode("", text(n), value)
	case "coding":
		return mayBeCode(first(n, "system"), first(n, "code"), value)
	case "concept":
		codings := at(n, "coding")
		return len(codings) == 0 || slices.ContainsFunc(codings, func(n node) bool { return mayBeCode(first(n, "system"), first(n, "code"), value) })
	case "identifier":
		return mayBeCode(first(n, "system"), first(n, "value"), value)
	case "reference":
		return c.mayRefer(n, doc, value)
	case "date":
		have, ok := spanOfElement(n, zone)
		return !ok || mayBeDate(have, value, zone)
	case "string":
		if c.modifier == "exact" {
			return strings.TrimSpace(plain(text(n))) == plain(value)
		}
		return c.textMatches(strings.TrimSpace(text(n)), value)
	}
	return strings.EqualFold(strings.TrimSpace(text(n)), value)
}

// mayBeCode: the same code, and the same system; what is not known may be the same.
func mayBeCode(system, code, value string) bool {
	wantSystem, wantCode, bySystem := strings.Cut(value, "|")
	if !bySystem {
		wantSystem, wantCode = "", value
	}
	same := func(a, b string) bool {
		a = strings.TrimSpace(a)
		return a == "" || b == "" || strings.EqualFold(a, b)
	}
	return same(system, wantSystem) && same(code, wantCode)
}

// mayBeDate: some time within the element's span is one that the value asks for.
func mayBeDate(have span, value string, zone *time.Location) bool {
	prefix, date := prefixOf(value)
	want, ok := spanOf(date, zone)
	if !ok {
		return false
	}
	endsAfter, beginsBefore := have.to.After, have.from.Before
	switch prefix {
	case "ne":
		return endsAfter(want.to) || beginsBefore(want.from)
	case "gt", "sa":
		return endsAfter(want.to)
	case "lt", "eb":
		return beginsBefore(want.from)
	case "ge":
		return endsAfter(want.from)
	case "le":
		return beginsBefore(want.to)
	case "ap":
		length := want.to.Sub(want.from)
		want = span{want.from.Add(-length), want.to.Add(length)}
	}
	return endsAfter(want.from) && beginsBefore(want.to)
}

func (c criterion) mayRefer(n, doc node, value string) bool {
	if c.modifier == "identifier" {
		return slices.ContainsFunc(at(n, "identifier"), func(i node) bool { return mayBeCode(first(i, "system"), first(i, "value"), value) }) &&
			(c.only == "" || mayReferTo(n, doc, c.only))
	}
	kind, id, absolute, ok := local(value)
	switch {
	case ok:
	case c.modifier != "":
		kind = c.modifier
	case len(c.targets) == 1:
		kind = c.targets[0]
	}
	if haveKind, haveID, haveAbsolute, local := local(first(n, "reference")); local && !haveAbsolute {
		return absolute && haveKind == kind && haveID == id
	}
	return mayReferTo(n, doc, kind)
}

// mayReferTo reports whether what n refers to may be of the type: unless its literal, what is contained under it, or its type
// says another.
func mayReferTo(n, doc node, typ string) bool {
	literal := first(n, "reference")
	kind, _, absolute, ok := local(literal)
	if ok && !absolute {
		return kind == typ
	}
	said := []string{strings.TrimPrefix(first(n, "type"), "http://hl7.org/fhir/StructureDefinition/"), kind}
	for _, c := range at(doc, "contained") {
		if literal == "#"+first(c, "id") {
			said = append(said, first(c, "resourceType"))
		}
	}
	said = slices.DeleteFunc(said, func(s string) bool { return !typeName.MatchString(s) || s == "Resource" || s == "DomainResource" })
	return len(said) == 0 || slices.Contains(said, typ) || strings.Contains(strings.ToLower("/"+literal+"/"), strings.ToLower("/"+typ+"/"))
}
