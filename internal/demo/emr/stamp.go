package emr

import (
	"bytes"
	"cmp"
	"slices"

	"vestibule/fhir"
)

// splice replaces src[start:end] by with.
type splice struct {
	start, end int
	with       string
}

// stamp sets id, meta.versionId and meta.lastUpdated in a resource's bytes and leaves every other byte alone, but for line
// breaks between tokens, which become spaces: a resource is one line of the file. The three values need no escaping.
func stamp(r fhir.Resource, id, version, updated string) (fhir.Resource, error) {
	root := r.Value()
	base, _ := root.Span()
	front := ""
	var edits []splice
	if v := root.Get("id"); v.Exists() {
		edits = append(edits, replace(v, base, id))
	} else {
		front += `"id":"` + id + `",`
	}
	switch meta := root.Get("meta"); meta.Kind() {
	case fhir.Absent:
		front += `"meta":{"versionId":"` + version + `","lastUpdated":"` + updated + `"},`
	case fhir.Object:
		edits = append(edits, stampMeta(meta, base, version, updated)...)
	default:
		return fhir.Resource{}, problem(fhir.KindInvalid, "invalid-meta", "meta is an object.")
	}
	if front != "" {
		edits = append(edits, splice{1, 1, front})
	}
	slices.SortStableFunc(edits, func(a, b splice) int { return cmp.Compare(a.start, b.start) })
	var out []byte
	pos, src := 0, r.Bytes()
	for _, e := range edits {
		out = append(append(out, src[pos:e.start]...), e.with...)
		pos = e.end
	}
	out = append(out, src[pos:]...)
	oneLine(out)
	return fhir.ParseResource(out, fhir.Limits{})
}

func replace(v fhir.Value, base int, text string) splice {
	start, end := v.Span()
	return splice{start - base, end - base, `"` + text + `"`}
}

func stampMeta(meta fhir.Value, base int, version, updated string) []splice {
	var edits []splice
	front := ""
	for _, m := range [...]struct{ name, text string }{{"versionId", version}, {"lastUpdated", updated}} {
		if v := meta.Get(m.name); v.Exists() {
			edits = append(edits, replace(v, base, m.text))
			continue
		}
		if front != "" {
			front += ","
		}
		front += `"` + m.name + `":"` + m.text + `"`
	}
	if front == "" {
		return edits
	}
	for range meta.Members() {
		front += ","
		break
	}
	start, _ := meta.Span()
	return append(edits, splice{start - base + 1, start - base + 1, front})
}

// oneLine replaces line breaks, which in JSON stand between tokens only, by spaces.
func oneLine(b []byte) {
	for i := bytes.IndexAny(b, "\r\n"); i >= 0; i = bytes.IndexAny(b, "\r\n") {
		b[i] = ' '
		b = b[i+1:]
	}
}
