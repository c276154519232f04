package policy_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// The reference evaluator: package policy's comment, carried out as plainly as possible by somebody who has not read the
// package's code. It works on decoded JSON and knows nothing of plans, indexes or spans. TestAgainstTheReference compares
// the two. This file holds documents and what is cut out of them.

// node is a decoded document: map[string]node, []node, or a scalar as the bytes it was written with, so that two documents
// are equal only if their scalars are spelt alike (hazard H36).
type node = any

func decode(b []byte) node {
	switch b[0] {
	case '{':
		var raw map[string]json.RawMessage
		must(json.Unmarshal(b, &raw))
		out := map[string]node{}
		for name, v := range raw {
			out[name] = decode(v)
		}
		return out
	case '[':
		var raw []json.RawMessage
		must(json.Unmarshal(b, &raw))
		out := []node{}
		for _, v := range raw {
			out = append(out, decode(v))
		}
		return out
	}
	return string(b)
}

// encode is the way back, members sorted.
func encode(n node) string {
	switch n := n.(type) {
	case map[string]node:
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(n)) {
			key, err := json.Marshal(name)
			must(err)
			parts = append(parts, string(key)+":"+encode(n[name]))
		}
		return "{" + strings.Join(parts, ",") + "}"
	case []node:
		var parts []string
		for _, v := range n {
			parts = append(parts, encode(v))
		}
		return "[" + strings.Join(parts, ",") + "]"
	case string:
		return n
	}
	return ""
}

// text is the value of a string, "" for anything else.
func text(n node) string {
	raw, _ := n.(string)
	if !strings.HasPrefix(raw, `"`) {
		return ""
	}
	var s string
	must(json.Unmarshal([]byte(raw), &s))
	return s
}

// saysTheSame compares without regard to how strings are spelt.
func saysTheSame(a, b node) bool {
	plain := func(n node) string {
		var v any
		if n == nil {
			return ""
		}
		must(json.Unmarshal([]byte(encode(n)), &v))
		out, err := json.Marshal(v)
		must(err)
		return string(out)
	}
	return plain(a) == plain(b)
}

// at are the values at a dotted path, arrays flattened.
func at(n node, path string) []node {
	if list, ok := n.([]node); ok {
		var out []node
		for _, v := range list {
			out = append(out, at(v, path)...)
		}
		return out
	}
	if path == "" {
		if n == nil {
			return nil
		}
		return []node{n}
	}
	m, _ := n.(map[string]node)
	name, rest, _ := strings.Cut(path, ".")
	if m[name] == nil {
		return nil
	}
	return at(m[name], rest)
}

// first is the text of the first value at path.
func first(n node, path string) string {
	for _, v := range at(n, path) {
		return text(v)
	}
	return ""
}

// within reports whether path is outer or below it.
func within(path, outer string) bool { return path == outer || strings.HasPrefix(path, outer+".") }

// view is what somebody is shown: a list of paths (nil: all that can be shown), with or without the documents themselves.
type view struct {
	paths   []string
	content bool
}

// views is what several permissions show together.
type views []view

// technical is shown to everybody who is shown the resource.
var technical = []string{"resourceType", "id", "meta.versionId", "meta.lastUpdated", "meta.profile", "meta.security", "meta.tag"}

// unshown is shown to nobody, except that content.attachment.data goes with content.
var unshown = []string{"contained", "meta", "content.attachment.url", "content.attachment.data", "input.valueAttachment.url",
	"input.valueAttachment.data", "output.valueAttachment.url", "output.valueAttachment.data", "input.valueUrl", "input.valueBase64Binary"}

func anyOf(list []string, ok func(string) bool) bool { return slices.ContainsFunc(list, ok) }

func isTechnical(path string) bool {
	return anyOf(technical, func(t string) bool { return within(path, t) })
}

// data is the one path that content opens.
const data = "content.attachment.data"

// whole reports whether everything at path is shown: nothing above, at or below it is withheld.
func (v view) whole(path string) bool {
	if isTechnical(path) || v.content && within(path, data) {
		return true
	}
	for _, u := range unshown {
		if (within(u, path) || within(path, u)) && !(v.content && u == data) {
			return false
		}
	}
	return v.paths == nil || anyOf(v.paths, func(p string) bool { return within(path, p) })
}

func (vs views) whole(path string) bool {
	return slices.ContainsFunc(vs, func(v view) bool { return v.whole(path) }) || isTechnical(path)
}

// touches reports whether anything at path or below it may be shown.
func (v view) touches(path string) bool {
	if v.whole(path) || v.content && within(data, path) {
		return true
	}
	for _, u := range unshown {
		if within(path, u) {
			return false
		}
	}
	return v.paths == nil || anyOf(v.paths, func(p string) bool { return within(p, path) || within(path, p) })
}

func (vs views) touches(path string) bool {
	return slices.ContainsFunc(vs, func(v view) bool { return v.touches(path) })
}

// cutter rebuilds a document of what is shown; lost says whether anything is missing, or may be, but the narrative and what no reader
// misses, the EMR's own part of meta.
type cutter struct {
	shows   func(path string) bool // of a scalar
	touches func(path string) bool // of an object or array that is empty already
	lost    bool
}

// cut is what the views show of doc, less what is not among the top-level elements asked for (nil: all are).
func cut(doc node, vs views, asked []string) (out map[string]node, lost bool) {
	wanted := func(path string) bool {
		top, _, _ := strings.Cut(path, ".")
		return asked == nil || slices.Contains(asked, top)
	}
	c := &cutter{
		shows:   func(path string) bool { return isTechnical(path) || vs.whole(path) && wanted(path) },
		touches: func(path string) bool { return isTechnical(path) || vs.touches(path) && wanted(path) },
	}
	out = map[string]node{}
	for name, v := range doc.(map[string]node) {
		if name != "text" {
			c.member(out, name, v, name)
		}
	}
	listed := asked != nil || !slices.ContainsFunc(vs, func(v view) bool { return v.paths == nil })
	lost = c.lost || listed // where a list says what is shown, the mark does not tell whether there is anything else
	if narrative, there := doc.(map[string]node)["text"]; there && !lost && asked == nil {
		c.member(out, "text", narrative, "text") // it repeats the whole resource, so it goes with the first thing that goes
	}
	return out, lost
}

// member puts what is shown of a member into out. A primitive's sibling _name goes with name.
func (c *cutter) member(out map[string]node, name string, v node, path string) {
	if sibling, ok := strings.CutPrefix(name, "_"); ok {
		if c.shows(strings.TrimSuffix(path, name) + sibling) {
			out[name] = v
		} else {
			c.lost = c.lost || !within(path, "meta")
		}
		return
	}
	if kept := c.value(v, path); kept != nil {
		out[name] = kept
	}
}

// value is what is shown of v; nil for nothing. What is emptied goes; what was empty before stays.
func (c *cutter) value(v node, path string) node {
	switch v := v.(type) {
	case map[string]node:
		out := map[string]node{}
		for name, m := range v {
			c.member(out, name, m, path+"."+name)
		}
		if len(out) > 0 {
			return out
		}
		return c.empty(v, len(v), path)
	case []node:
		out := []node{}
		for _, item := range v {
			if kept := c.value(item, path); kept != nil {
				out = append(out, kept)
			}
		}
		if len(out) > 0 {
			return out
		}
		return c.empty(v, len(v), path)
	}
	if c.shows(path) {
		return v
	}
	c.lost = c.lost || !within(path, "meta")
	return nil
}

func (c *cutter) empty(v node, had int, path string) node {
	if had == 0 && c.touches(path) {
		return v
	}
	c.lost = c.lost || had == 0 && !within(path, "meta")
	return nil
}

// unmarked is doc without the mark that something is missing, and says whether it was there.
func unmarked(doc map[string]node) (out map[string]node, marked bool) {
	out = maps.Clone(doc)
	meta, ok := out["meta"].(map[string]node)
	if !ok {
		return out, false
	}
	meta = maps.Clone(meta)
	if labels, ok := meta["security"].([]node); ok {
		kept := slices.DeleteFunc(slices.Clone(labels), func(l node) bool {
			return strings.HasSuffix(first(l, "system"), "v3-ObservationValue") && slices.Contains([]string{"SUBSETTED", "REDACTED"}, first(l, "code"))
		})
		marked = len(kept) < len(labels)
		if meta["security"] = kept; len(kept) == 0 {
			delete(meta, "security")
		}
	}
	if out["meta"] = meta; len(meta) == 0 {
		delete(out, "meta")
	}
	return out, marked
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
