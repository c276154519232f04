package vestibule_test

import (
	"fmt"
	"slices"
	"strings"

	"vestibule/fhir"
	"vestibule/policy"
)

// What callers write: good, bad and odd.

// draw draws a write, or repeats the last.
func (s *written) draw() write {
	if s.last.method != "" && s.oneIn(8) {
		q := s.last
		q.about = []string{"repeated"}
		return q
	}
	q := write{method: "PUT", id: s.pick("t0", "t1", "t2", "t3", "t4", "t5", "t6", "unknown"), key: s.pick("", "", "", "k1", "k2")}
	for range 3 {
		if !s.updates(s.a.find(s.typ, q.id)) { // most are out of reach
			q.id = s.pick("t0", "t1", "t2", "t3", "t4", "t5", "t6", "made0")
		}
	}
	q.path = "/" + s.typ + "/" + q.id
	if s.oneIn(2) && s.gives("c") || s.oneIn(12) || !s.gives("u") && s.oneIn(2) {
		q.method, q.path, q.id = "POST", "/"+s.typ, ""
	}
	s.match(&q)
	q.body = s.draft(q)
	if s.oneIn(8) {
		q.body = s.odd(q.body)
		q.about = append(q.about, "odd")
	}
	return q
}

// match says which version is to be replaced: mostly the one that stands there, or would.
func (s *written) match(q *write) {
	q.version = "1"
	for _, e := range []*keen{s.a, s.b} {
		if r := e.find(s.typ, q.id); !r.IsZero() {
			q.version = r.VersionID()
		}
	}
	if q.method == "PUT" && s.oneIn(5) {
		q.version = s.pick("0", "", "7")
		q.about = append(q.about, "stale")
	}
}

// draft is a resource: what the caller is shown of one, or knows from elsewhere or guesses, with some members drawn again.
func (s *written) draft(q write) string {
	var out members
	out.put(s.start(q), func(name string) bool { return q.method == "PUT" || s.oneIn(8) || s.mayWrite(q.method, name) })
	out.put(s.resource(s.t, s.parts(), "x"), func(name string) bool {
		return s.mayWrite(q.method, name) && s.oneIn(2) || s.oneIn(30)
	})
	out = slices.DeleteFunc(out, func(m member) bool { return s.oneIn(20) })
	text := fmt.Sprintf(`{"resourceType":%q`, s.typ)
	if q.id != "" {
		text += fmt.Sprintf(`,"id":%q`, q.id)
	}
	for _, m := range out {
		text += fmt.Sprintf(",%q:%s", m.name, m.value)
	}
	return text + "}"
}

// members are a resource's, but for its type and id, in their order.
type members []member

type member struct{ name, value string }

// put adds those of r that are wanted, or replaces them.
func (m *members) put(r fhir.Resource, wanted func(name string) bool) {
	for name, v := range r.Value().Members() {
		if name == "resourceType" || name == "id" || !wanted(name) {
			continue
		}
		at := slices.IndexFunc(*m, func(is member) bool { return is.name == name })
		if at < 0 {
			*m = append(*m, member{name, string(v.Raw())})
			continue
		}
		(*m)[at].value = string(v.Raw())
	}
}

// start is what a caller begins with.
func (s *written) start(q write) fhir.Resource {
	a, b := s.a.find(s.typ, q.id), s.b.find(s.typ, q.id)
	if q.method == "POST" {
		a = s.resource(s.t, s.parts(), "x")
	}
	switch {
	case s.oneIn(8):
		return fhir.Resource{}
	case s.oneIn(8) && !b.IsZero():
		return b
	case s.oneIn(8) || q.method == "POST":
		return a
	}
	return s.asShown(a)
}

// mayWrite reports whether some grant lets the caller write an element; without which nearly all that is drawn is refused.
func (s *written) mayWrite(method, name string) bool {
	letter := map[string]string{"POST": "c", "PUT": "u"}[method]
	return slices.ContainsFunc(s.rules.Grants, func(g policy.Grant) bool {
		return gives(g, letter) && slices.Contains(g.Permissions[0].Write, name)
	})
}

// gives reports whether some grant gives a letter.
func (s *written) gives(letter string) bool {
	return slices.ContainsFunc(s.rules.Grants, func(g policy.Grant) bool { return gives(g, letter) })
}

func gives(g policy.Grant, letter string) bool {
	_, verbs, _ := strings.Cut(g.Permissions[0].Scope, ".")
	verbs, _, _ = strings.Cut(verbs, "?")
	return strings.Contains(verbs, letter)
}

// asShown is r as the caller reads it, or finds it.
func (s *written) asShown(r fhir.Resource) fhir.Resource {
	for _, path := range []string{"/" + s.typ + "/" + r.ID(), "/" + s.typ} {
		if r.IsZero() {
			break
		}
		if released, _ := s.set.Decide(s.policyRequest("GET", path)).Release(r); !released.IsZero() {
			shown, err := fhir.ParseResource(released.AppendTo(nil), fhir.Limits{})
			if err != nil {
				s.t.Fatal(err)
			}
			return shown
		}
	}
	return fhir.Resource{}
}

// odd is a body that something is wrong with, or unusual about.
func (s *written) odd(text string) string {
	head := text[:strings.Index(text, ",")+1]
	return map[string]string{
		"empty":     "",
		"malformed": text[:len(text)-1],
		"duplicate": strings.TrimSuffix(text, "}") + `,"st\u0061tus":"x","status":"y"}`,
		"type":      strings.Replace(text, s.typ, s.pick("Patient", "Task", "Appointment"), 1),
		"id":        strings.Replace(text, `"id":"t`, `"id":"u`, 1),
		"unknown":   strings.TrimSuffix(text, "}") + `,"favouriteColour":"blue"}`,
		"null":      strings.TrimSuffix(text, "}") + `,"note":null,"comment":null}`,
		"sibling":   strings.TrimSuffix(text, "}") + `,"_status":{"extension":[{"url":"urn:e","valueCode":"x"}]}}`,
		"status":    head + `"status":"favourite"}`,
		"few":       strings.TrimSuffix(head, ",") + "}",
		"contained": strings.TrimSuffix(text, "}") + `,"contained":[{"resourceType":"Patient","id":"p"}]}`,
		"text":      strings.TrimSuffix(text, "}") + `,"text":{"status":"generated","div":"<div>mine</div>"}}`,
	}[s.pick("empty", "malformed", "duplicate", "type", "id", "unknown", "null", "sibling", "status", "few", "contained", "text")]
}
