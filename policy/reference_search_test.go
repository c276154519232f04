package policy_test

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

// refParam is a search parameter as R4 defines it (http://hl7.org/fhir/R4/searchparameter-registry.html): the ones that
// the comparison uses.
type refParam struct {
	kind    string // code, concept, coding, identifier, reference, date, string, uri
	paths   []string
	only    string   // where(resolve() is only)
	targets []string // where a bare id can only mean one type
	systems []string // of a code that stands without one
}

var refParams = map[string]map[string]refParam{
	"": {
		"_id":          {kind: "code", paths: []string{"id"}},
		"_lastUpdated": {kind: "date", paths: []string{"meta.lastUpdated"}},
		"_profile":     {kind: "uri", paths: []string{"meta.profile"}},
		"_security":    {kind: "coding", paths: []string{"meta.security"}},
		"_source":      {kind: "uri", paths: []string{"meta.source"}},
		"_tag":         {kind: "coding", paths: []string{"meta.tag"}},
	},
	"Appointment": {
		"actor":        {kind: "reference", paths: []string{"participant.actor"}},
		"date":         {kind: "date", paths: []string{"start"}},
		"identifier":   {kind: "identifier", paths: []string{"identifier"}},
		"part-status":  {kind: "code", paths: []string{"participant.status"}},
		"patient":      {kind: "reference", paths: []string{"participant.actor"}, only: "Patient", targets: []string{"Patient"}},
		"practitioner": {kind: "reference", paths: []string{"participant.actor"}, only: "Practitioner", targets: []string{"Practitioner"}},
		"service-type": {kind: "concept", paths: []string{"serviceType"}},
		"slot":         {kind: "reference", paths: []string{"slot"}, targets: []string{"Slot"}},
		"status":       {kind: "code", paths: []string{"status"}, systems: []string{"http://hl7.org/fhir/appointmentstatus"}},
	},
	"Task": {
		"authored-on": {kind: "date", paths: []string{"authoredOn"}},
		"code":        {kind: "concept", paths: []string{"code"}},
		"focus":       {kind: "reference", paths: []string{"focus"}},
		"identifier":  {kind: "identifier", paths: []string{"identifier"}},
		"owner":       {kind: "reference", paths: []string{"owner"}},
		"patient":     {kind: "reference", paths: []string{"for"}, only: "Patient", targets: []string{"Patient"}},
		"period":      {kind: "date", paths: []string{"executionPeriod"}},
		"priority":    {kind: "code", paths: []string{"priority"}, systems: []string{"http://hl7.org/fhir/request-priority"}},
		"status":      {kind: "code", paths: []string{"status"}, systems: []string{"http://hl7.org/fhir/task-status"}},
		"subject":     {kind: "reference", paths: []string{"for"}},
	},
	"DocumentReference": {
		"author":         {kind: "reference", paths: []string{"author"}},
		"category":       {kind: "concept", paths: []string{"category"}},
		"date":           {kind: "date", paths: []string{"date"}},
		"description":    {kind: "string", paths: []string{"description"}},
		"format":         {kind: "coding", paths: []string{"content.format"}},
		"identifier":     {kind: "identifier", paths: []string{"masterIdentifier", "identifier"}},
		"location":       {kind: "uri", paths: []string{"content.attachment.url"}},
		"patient":        {kind: "reference", paths: []string{"subject"}, only: "Patient", targets: []string{"Patient"}},
		"period":         {kind: "date", paths: []string{"context.period"}},
		"security-label": {kind: "concept", paths: []string{"securityLabel"}},
		"status":         {kind: "code", paths: []string{"status"}, systems: []string{"http://hl7.org/fhir/document-reference-status"}},
		"type":           {kind: "concept", paths: []string{"type"}},
	},
}

// criterion is one name[:modifier]=value,value.
type criterion struct {
	refParam
	name, modifier string
	values         []string
}

// criteriaOf reads criteria; ok is false where one is not understood.
func criteriaOf(typ string, query url.Values) (out []criterion, ok bool) {
	for key, values := range query {
		name, modifier, _ := strings.Cut(key, ":")
		if slices.Contains([]string{"_sort", "_elements", "_count", "_total"}, name) {
			continue
		}
		param, known := refParams[typ][name]
		if !known {
			param, known = refParams[""][name]
		}
		if !known {
			return nil, false
		}
		for _, v := range values {
			out = append(out, criterion{param, name, modifier, strings.Split(v, ",")})
		}
	}
	return out, true
}

// looksAt are the elements that decide whether c matches: of a reference, without a modifier, its "reference", of a concept
// its "coding".
func (c criterion) looksAt() (out []string) {
	for _, path := range c.paths {
		switch part := map[string]string{"reference": ".reference", "concept": ".coding"}[c.kind]; c.modifier {
		case "", "not":
			out = append(out, path+part)
		case "identifier":
			out = append(out, path+".identifier")
		default:
			if c.kind == "reference" && c.modifier != "missing" {
				path += ".reference" // the modifier is a type
			}
			out = append(out, path)
		}
	}
	return out
}

// matches reports whether doc meets c: one of its values with one of the document's; with :not, none.
func (c criterion) matches(doc node, zone *time.Location) bool {
	var have []node
	for _, path := range c.paths {
		have = append(have, at(doc, path)...)
	}
	if c.modifier == "missing" && c.only != "" && c.values[0] == "true" { // what may be there is not certainly missing
		return !slices.ContainsFunc(have, func(n node) bool { return n != "null" && mayReferTo(n, nil, c.only) })
	}
	if c.only != "" {
		have = slices.DeleteFunc(have, func(n node) bool { return c.modifier != "identifier" && refersTo(n) != c.only })
	}
	hit := slices.ContainsFunc(c.values, func(value string) bool {
		if c.modifier == "missing" {
			return (len(have) == 0) == (value == "true")
		}
		return slices.ContainsFunc(have, func(n node) bool { return c.matchesOne(n, value, zone) })
	})
	return hit != (c.modifier == "not")
}

func (c criterion) matchesOne(n node, value string, zone *time.Location) bool {
	if c.modifier == "text" {
		return slices.ContainsFunc(wordsOf(n, c.kind), func(s string) bool { return begins(s, value) })
	}
	switch c.kind {
	case "code":
		system, code, bySystem := strings.Cut(value, "|")
		if !bySystem {
			return text(n) == value
		}
		return slices.Contains(c.systems, system) && (code == "" || code == text(n))
	case "coding":
		return tokenMatches(first(n, "system"), first(n, "code"), value)
	case "concept":
		return slices.ContainsFunc(at(n, "coding"), func(n node) bool { return tokenMatches(first(n, "system"), first(n, "code"), value) })
	case "identifier":
		return tokenMatches(first(n, "system"), first(n, "value"), value)
	case "reference":
		return c.refMatches(n, value)
	case "date":
		have, ok := spanOfElement(n, zone)
		return ok && dateMatches(have, value, zone)
	case "string":
		return c.textMatches(text(n), value)
	}
	return text(n) == value // uri
}

// tokenMatches is R4's table for "code", "system|code", "|code" and "system|".
func tokenMatches(system, code, value string) bool {
	wantSystem, wantCode, bySystem := strings.Cut(value, "|")
	if !bySystem {
		return code == value && code != ""
	}
	return system == wantSystem && (wantCode == "" && system != "" || code == wantCode && code != "")
}

// wordsOf is the text that goes with a code.
func wordsOf(n node, kind string) (out []string) {
	paths := map[string][]string{"concept": {"text", "coding.display"}, "coding": {"display"}, "identifier": {"type.text"}}
	for _, path := range paths[kind] {
		for _, v := range at(n, path) {
			out = append(out, text(v))
		}
	}
	return out
}

// local splits "Patient/1/_history/2" and the end of an absolute URL; ok is false for anything else.
func local(reference string) (typ, id string, absolute, ok bool) {
	reference, _, _ = strings.Cut(reference, "/_history/")
	parts := strings.Split(reference, "/")
	if len(parts) < 2 {
		return "", "", false, false
	}
	return parts[len(parts)-2], parts[len(parts)-1], len(parts) > 2, true
}

// refersTo is the type that a reference says it refers to.
func refersTo(n node) string {
	if literal := first(n, "reference"); literal != "" {
		typ, _, _, _ := local(literal)
		return typ
	}
	return first(n, "type")
}

func (c criterion) refMatches(n node, value string) bool {
	if c.modifier == "identifier" {
		return slices.ContainsFunc(at(n, "identifier"), func(i node) bool { return tokenMatches(first(i, "system"), first(i, "value"), value) }) &&
			(c.only == "" || refersTo(n) == c.only)
	}
	literal := first(n, "reference")
	if strings.Contains(value, "://") {
		return literal == value
	}
	if !strings.Contains(value, "/") {
		switch { // a bare id: of the type in the modifier, or the only one possible
		case c.modifier != "":
			value = c.modifier + "/" + value
		case len(c.targets) == 1:
			value = c.targets[0] + "/" + value
		}
	}
	typ, id, absolute, ok := local(literal)
	return ok && !absolute && typ+"/"+id == value
}

func (c criterion) textMatches(have, value string) bool {
	switch c.modifier {
	case "exact":
		return have == value
	case "contains":
		return strings.Contains(plain(have), plain(value))
	}
	return begins(have, value)
}

func begins(have, value string) bool { return strings.HasPrefix(plain(have), plain(value)) }

// plain is text without case and, of the letters in the pools, accents.
func plain(s string) string {
	return strings.NewReplacer("é", "e", "è", "e", "ç", "c").Replace(strings.ToLower(s))
}
