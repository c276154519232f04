package probe

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// spills are what an answer holds that should not be there, in words that hold no data.
type spills map[string]bool

// spills reads an answer against what is known and what was learned.
func (s *session) spills(a *answer) spills {
	out := spills{}
	if a.err != nil {
		return out
	}
	for _, r := range a.resources() {
		s.spilt(a, r, out)
	}
	for i := range s.Known.Values {
		if s.holds(a, s.Known.Values[i]) {
			out[fmt.Sprintf("canary %d of the known-file", i+1)] = true
		}
	}
	return out
}

func (s *session) spilt(a *answer, r found, out spills) {
	ref, where := refOf(r.Value), ""
	if r.contained {
		where = ", contained"
	}
	if !isFrame(r.typ) && s.denied(r.typ) {
		out["a "+r.typ+where] = true
	}
	if i := slices.Index(s.Known.Resources, ref); i >= 0 {
		out[fmt.Sprintf("resource %d of the known-file", i+1)] = true
	} else if s.unlisted(r.typ, ref) {
		out["a "+r.typ+" that a full listing does not hold"] = true
	}
	for _, path := range s.Known.Elements[r.typ] {
		if shows(r.Value, path) {
			out[r.typ+"."+path+where] = true
		}
	}
}

// holds reports whether a value stands in an answer that the request did not carry.
func (s *session) holds(a *answer, value string) bool {
	if strings.Contains(a.ask.path+a.ask.body, value) || slices.ContainsFunc(slices.Concat(a.ask.args, a.ask.filled, a.ask.headers), func(v string) bool {
		return strings.Contains(v, value)
	}) {
		return false
	}
	want := []byte(value)
	for _, list := range a.header {
		for _, v := range list {
			if strings.Contains(v, value) {
				return true
			}
		}
	}
	return bytes.Contains(a.body, want) || bytes.Contains(unescapedJSON(a.body), want)
}

// unescapedJSON undoes the escapes of JSON's strings well enough to look for texts in it.
func unescapedJSON(b []byte) []byte {
	if !bytes.Contains(b, []byte(`\`)) {
		return nil
	}
	var out []byte
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' || i+1 == len(b) {
			out = append(out, b[i])
			continue
		}
		i++
		var r rune
		if n, err := fmt.Sscanf(string(b[i:min(i+5, len(b))]), "u%04x", &r); n == 1 && err == nil {
			out = append(out, string(r)...)
			i += 4
			continue
		}
		out = append(out, b[i])
	}
	return out
}

// beyond lists what spills out of a and not out of its controls.
func (s *session) beyond(a *answer, controls ...*answer) []string {
	out := s.spills(a)
	for _, c := range controls {
		if c != nil {
			maps.DeleteFunc(out, func(k string, _ bool) bool { return s.spills(c)[k] })
		}
	}
	return slices.Sorted(maps.Keys(out))
}

// watched is what all answers of a run are looked through for.
type watched struct {
	canaries  []*answer
	foreign   []*answer // links, fullUrls, redirects
	documents []*answer // attachment.url
	refs      []*answer // absolute references
	doubled   []*answer // duplicate member names
	escapes   []*answer
	contained []*answer
	failing   []*answer // 5xx
	traces    []*answer // stack traces, SQL
	answers   int
}

func newWatched() watched { return watched{} }

const keepWatched = 3

func keep(list *[]*answer, a *answer) {
	if len(*list) < keepWatched {
		*list = append(*list, a)
	}
}

// look takes note of an answer.
func (w *watched) look(s *session, a *answer) {
	if a.err != nil {
		return
	}
	w.answers++
	for _, v := range s.Known.Values {
		if s.holds(a, v) {
			keep(&w.canaries, a)
			break
		}
	}
	if s.leadsAway(a) {
		keep(&w.foreign, a)
	}
	for _, r := range a.resources() {
		w.resource(s, a, r)
	}
	if a.broken != nil && strings.Contains(a.broken.Error(), "duplicate") || doubledNames(a.body) {
		keep(&w.doubled, a)
	}
	if escapedNames(a.body) {
		keep(&w.escapes, a)
	}
	if a.status >= 500 {
		keep(&w.failing, a)
	}
	if a.status >= 400 && revealing.Match(a.body) {
		keep(&w.traces, a)
	}
}

func (w *watched) resource(s *session, a *answer, r found) {
	if isFrame(r.typ) {
		return
	}
	if r.contained {
		keep(&w.contained, a)
	}
	for v := range r.Path("content.attachment.url") {
		if s.foreign(v.Text()) {
			keep(&w.documents, a)
		}
	}
	if s.absoluteRefs(r.Value) {
		keep(&w.refs, a)
	}
}
