package fhir

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

// memberNames are few, so that random paths meet random members; some are spelt with escapes.
var memberNames = []string{"status", "_status", "start", "participant", "actor", "display", "reference", "text", "_text", "contained", "content",
	"attachment", "url", "data", "note", "extension", `st\u0061rt`, `\u0074ext`, "security", "x"}

var elementPaths = []string{"status", "start", "participant", "participant.actor", "participant.actor.display", "participant.status", "content",
	"content.attachment", "content.attachment.url", "text", "note", "note.text", "extension", "contained", "x.x", "meta", "id"}

func anyElements() *rapid.Generator[Elements] {
	return rapid.Custom(func(t *rapid.T) Elements {
		e := Elements{}
		if rapid.Bool().Draw(t, "whole") {
			e = AllElements(rapid.SampledFrom([]string{"Appointment", "DocumentReference"}).Draw(t, "all"))
		}
		for _, p := range rapid.SliceOfN(rapid.SampledFrom(elementPaths), 0, 5).Draw(t, "paths") {
			e = e.Union(pathElements(p))
		}
		if rapid.Bool().Draw(t, "narrowed") {
			o := pathElements(rapid.SampledFrom(elementPaths).Draw(t, "by")).Union(pathElements("status"))
			e = e.Intersect(o)
		}
		return e
	})
}

// drawJSON writes a random value with random white space.
func drawJSON(t *rapid.T, depth int) string {
	kinds := []string{"string", "escaped", "number", "word", "object", "array"}
	if depth == 0 {
		kinds = kinds[:4]
	}
	switch rapid.SampledFrom(kinds).Draw(t, "kind") {
	case "string":
		return fmt.Sprintf("%q", rapid.SampledFrom([]string{"", "booked", "Patient/1", "é à", "a,b"}).Draw(t, "string"))
	case "escaped":
		return rapid.SampledFrom([]string{`"\u00e9"`, `"\"},{\""`, `"\\"`}).Draw(t, "escaped")
	case "number":
		return rapid.SampledFrom([]string{"0", "-1", "1.50", "1e3"}).Draw(t, "number")
	case "object":
		return drawObject(t, depth-1, "")
	case "array":
		var items []string
		for range rapid.IntRange(0, 3).Draw(t, "items") {
			items = append(items, drawSpace(t)+drawJSON(t, depth-1)+drawSpace(t))
		}
		return "[" + strings.Join(items, ",") + drawSpace(t) + "]"
	}
	return rapid.SampledFrom([]string{"true", "false", "null"}).Draw(t, "word")
}

func drawSpace(t *rapid.T) string {
	return rapid.SampledFrom([]string{"", "", "", " ", "\n\t"}).Draw(t, "space")
}

// drawObject writes an object of random members and, among them, those given.
func drawObject(t *rapid.T, depth int, given ...string) string {
	names := rapid.SliceOfNDistinct(rapid.SampledFrom(memberNames), 0, 6, func(n string) string {
		return string(unescape([]byte(n)))
	}).Draw(t, "names")
	var members []string
	for _, m := range given {
		if m != "" {
			members = append(members, m)
		}
	}
	for _, n := range names {
		m := `"` + n + `"` + drawSpace(t) + ":" + drawSpace(t) + drawJSON(t, depth)
		at := rapid.IntRange(0, len(members)).Draw(t, "at")
		members = append(members[:at], append([]string{m}, members[at:]...)...)
	}
	return "{" + drawSpace(t) + strings.Join(members, drawSpace(t)+","+drawSpace(t)) + drawSpace(t) + "}"
}

func anyResource() *rapid.Generator[Resource] {
	return rapid.Custom(func(t *rapid.T) Resource {
		meta := ""
		switch rapid.IntRange(0, 5).Draw(t, "meta") {
		case 0:
			meta = `"meta":` + drawJSON(t, 2)
		case 1:
			meta = `"meta":` + drawObject(t, 1, `"versionId":"1"`, `"source":"urn:emr"`)
		case 2:
			meta = `"meta" : { "security" : [ {"code":"R"} ] , "vendor":1}`
		case 3:
			meta = `"meta":{"source":"urn:emr"}`
		case 4:
			meta = `"meta":{"profile":["http://x"],"security":[]}`
		}
		doc := drawSpace(t) + drawObject(t, 3, `"resourceType":"Appointment"`, `"id" :"7"`, meta) + drawSpace(t)
		r, err := ParseResource([]byte(doc), Limits{})
		if err != nil {
			t.Fatalf("%s: %v", doc, err)
		}
		return r
	})
}

// leaf is a scalar of a resource: the names that lead to it and its exact text.
type leaf struct{ path, raw string }

func leaves(v Value, path string, out *[]leaf) {
	switch v.Kind() {
	case Object:
		for name, m := range v.Members() {
			leaves(m, path+"/"+name, out)
		}
	case Array:
		for item := range v.Items() {
			leaves(item, path, out)
		}
	default:
		*out = append(*out, leaf{path, string(v.Raw())})
	}
}

// shows decides by itself, name by name, whether a leaf may be seen.
func shows(e Elements, path string) bool {
	for _, name := range strings.Split(path[1:], "/") {
		if rest, ok := strings.CutPrefix(name, "_"); ok && rest != "" {
			return e.child([]byte(rest)).everything()
		}
		e = e.child([]byte(name))
	}
	return e.whole
}
