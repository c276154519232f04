package probe

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
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
	for _, i := range s.canaries(a) {
		out[fmt.Sprintf("canary %d of the known-file", i+1)] = true
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

// canaries are the values of the known-file that stand in an answer and that its request did not carry.
func (s *session) canaries(a *answer) []int {
	if a.looked || len(s.Known.Values) == 0 || a.err != nil {
		return a.canaries
	}
	a.looked = true
	sent := strings.Join(append(slices.Concat(a.ask.args, a.ask.filled, a.ask.headers), a.ask.path, a.ask.body, a.ask.link), "\n")
	var all bytes.Buffer
	for _, list := range a.header {
		all.WriteString(strings.Join(list, "\n") + "\n")
	}
	all.Write(a.body)
	all.WriteByte('\n')
	all.Write(unescapedJSON(a.body))
	for i, v := range s.Known.Values {
		if bytes.Contains(all.Bytes(), []byte(v)) && !strings.Contains(sent, v) {
			a.canaries = append(a.canaries, i)
		}
	}
	return a.canaries
}

// unescapedJSON undoes the escapes of JSON's strings well enough to look for texts in it; nil where there are none.
func unescapedJSON(b []byte) []byte {
	if bytes.IndexByte(b, '\\') < 0 {
		return nil
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' || i+1 == len(b) {
			out = append(out, b[i])
			continue
		}
		i++
		if n, err := strconv.ParseUint(string(b[i+1:min(i+5, len(b))]), 16, 16); b[i] == 'u' && err == nil {
			out = utf8.AppendRune(out, rune(n))
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
			known := s.spills(c)
			maps.DeleteFunc(out, func(k string, _ bool) bool { return known[k] })
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
	if len(s.canaries(a)) > 0 {
		keep(&w.canaries, a)
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
