package adaptertest

import (
	"encoding/json"
	"strings"
	"time"

	"vestibule/fhir"
)

// text is the first text at a path; "" where there is none.
func text(r fhir.Resource, path string) string {
	for v := range r.Value().Path(path) {
		return v.Text()
	}
	return ""
}

// instant is the first instant at a path; zero where there is none that can be read.
func instant(r fhir.Resource, path string) time.Time {
	at, err := time.Parse(time.RFC3339Nano, text(r, path))
	if err != nil {
		return time.Time{}
	}
	return at
}

// walk reports whether found is true of any member at or below v.
func walk(v fhir.Value, found func(name string, v fhir.Value) bool) bool {
	if v.Kind() == fhir.Array {
		for item := range v.Items() {
			if walk(item, found) {
				return true
			}
		}
		return false
	}
	for name, m := range v.Members() {
		if found(name, m) || walk(m, found) {
			return true
		}
	}
	return false
}

// withText is r with another text at a path that it has. All other bytes stay.
func withText(t T, r fhir.Resource, path, text string) fhir.Resource {
	t.Helper()
	for v := range r.Value().Path(path) {
		return splice(t, r, v, quote(text))
	}
	t.Fatalf("there is no %s", path)
	return r
}

// splice is r with the value v replaced.
func splice(t T, r fhir.Resource, v fhir.Value, with string) fhir.Resource {
	t.Helper()
	base, _ := r.Value().Span()
	start, end := v.Span()
	b := string(r.Bytes())
	return parse(t, b[:start-base]+with+b[end-base:])
}

// withMember is r with a top-level member set, in place of one of that name.
func withMember(t T, r fhir.Resource, name, value string) fhir.Resource {
	t.Helper()
	if v := r.Value().Get(name); v.Exists() {
		return splice(t, r, v, value)
	}
	b := string(r.Bytes())
	return parse(t, b[:len(b)-1]+","+quote(name)+":"+value+"}")
}

// withoutMember is r without a top-level member.
func withoutMember(t T, r fhir.Resource, name string) fhir.Resource {
	t.Helper()
	var kept []string
	for n, v := range r.Value().Members() {
		if n != name {
			kept = append(kept, quote(n)+":"+string(v.Raw()))
		}
	}
	return parse(t, "{"+strings.Join(kept, ",")+"}")
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil { // a string always encodes
		return `""`
	}
	return string(b)
}

// same reports whether two values say the same: members in any order, texts as they read, numbers as they are written.
func same(a, b fhir.Value) bool {
	if a.Kind() != b.Kind() {
		return false
	}
	switch a.Kind() {
	case fhir.String:
		return a.Text() == b.Text()
	case fhir.Array, fhir.Object:
		return contains(a, b) && contains(b, a)
	}
	return string(a.Raw()) == string(b.Raw())
}

// contains reports whether every member or item of a is the same in b.
func contains(a, b fhir.Value) bool {
	if a.Kind() == fhir.Object {
		for name, m := range a.Members() {
			if !same(m, b.Get(name)) {
				return false
			}
		}
		return true
	}
	var others []fhir.Value
	for v := range b.Items() {
		others = append(others, v)
	}
	i := 0
	for v := range a.Items() {
		if i >= len(others) || !same(v, others[i]) {
			return false
		}
		i++
	}
	return true
}
