package probe

import (
	"bytes"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"vestibule/fhir"
)

// answer is what came back for an ask.
type answer struct {
	ask    ask
	err    error // no answer, or half of one
	status int
	header http.Header
	body   []byte
	took   time.Duration
	doc    fhir.Value // zero where the body is no strict JSON
	broken error      // why

	inside   []found // resources, once they were looked for
	canaries []int   // indexes of the known-file's values in it
	looked   bool    // canaries were looked for
}

func (a *answer) parse() {
	if !bytes.HasPrefix(bytes.TrimLeft(a.body, " \t\r\n"), []byte("{")) {
		return
	}
	a.doc, a.broken = fhir.Parse(a.body, fhir.Limits{})
}

// good reports an answer with 2xx.
func (a *answer) good() bool { return a.err == nil && a.status >= 200 && a.status < 300 }

// refused reports an answer that says no: 3xx to 4xx.
func (a *answer) refused() bool { return a.err == nil && a.status >= 300 && a.status < 500 }

func (a *answer) isSearchset() bool {
	return a.good() && a.doc.Get("resourceType").Text() == "Bundle" && a.doc.Get("type").Text() != "batch-response"
}

// entry is one resource of a Bundle.
type entry struct {
	resource fhir.Value
	url      string
	mode     string
}

func (a *answer) entries() []entry {
	var out []entry
	for e := range a.doc.Path("entry") {
		out = append(out, entry{e.Get("resource"), e.Get("fullUrl").Text(), e.Get("search").Get("mode").Text()})
	}
	return out
}

// matches are the entries that are results of the search: not what was included, not what the server has to say.
func (a *answer) matches() []entry {
	return slices.DeleteFunc(a.entries(), func(e entry) bool {
		return e.mode != "match" && e.mode != "" || e.resource.Get("resourceType").Text() == "OperationOutcome"
	})
}

func (a *answer) total() (int, bool) {
	n, err := strconv.Atoi(string(bytes.TrimSpace(rawOf(a.doc.Get("total")))))
	return n, err == nil
}

func rawOf(v fhir.Value) []byte {
	if !v.Exists() {
		return nil
	}
	return v.Raw()
}

// link is the address of a page by its relation; empty where there is none.
func (a *answer) link(relation string) string {
	for l := range a.doc.Path("link") {
		if l.Get("relation").Text() == relation {
			return l.Get("url").Text()
		}
	}
	return ""
}

// refs are "Type/id" of the entries that match, in order.
func (a *answer) refs() []string {
	var out []string
	for _, e := range a.matches() {
		out = append(out, refOf(e.resource))
	}
	return out
}

func refOf(r fhir.Value) string { return r.Get("resourceType").Text() + "/" + r.Get("id").Text() }

// resources are all resources in the answer with where they stand: the answer itself, entries, parameters, contained ones.
func (a *answer) resources() []found {
	if a.inside == nil {
		collect(a.doc, "", &a.inside)
	}
	return a.inside
}

// found is a resource within an answer.
type found struct {
	fhir.Value
	typ       string
	contained bool
}

func collect(v fhir.Value, under string, out *[]found) {
	if v.Kind() == fhir.Object {
		if typ := v.Get("resourceType").Text(); isTypeName(typ) {
			*out = append(*out, found{v, typ, under == "contained"})
		}
	}
	for name, member := range v.Members() {
		for item := range member.Items() {
			if item.Kind() == fhir.Object {
				collect(item, name, out)
			}
		}
	}
}

// isFrame reports a type that holds no patient's data by itself.
func isFrame(typ string) bool {
	return slices.Contains([]string{"Bundle", "OperationOutcome", "Parameters", "CapabilityStatement"}, typ)
}

// shows reports whether the resource has a value at a path.
func shows(r fhir.Value, path string) bool {
	for range r.Path(path) {
		return true
	}
	first, rest, nested := strings.Cut(path, ".")
	return !nested && rest == "" && r.Get("_"+first).Exists()
}

// changing are the parts of texts that differ from one answer to the next by their nature: ids of requests, times.
var changing = regexp.MustCompile(`[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|\d{4}-\d\d-\d\dT[0-9:.]+(Z|[+-]\d\d:\d\d)?|\b[0-9a-zA-Z]{20,}\b|\d{10,}`)

// plain is the body without what differs by its nature and without the values that the request held.
func (a *answer) plain() string {
	s := string(a.body)
	for _, v := range append(slices.Clone(a.ask.args), a.ask.filled...) {
		s = without(s, v)
		if i := strings.LastIndexByte(v, '/'); i >= 0 {
			s = without(s, v[i+1:])
		}
	}
	return changing.ReplaceAllString(s, "·")
}

// without is s without v where v stands as a word of its own: a short one is a part of many others.
func without(s, v string) string {
	if v == "" || !strings.Contains(s, v) {
		return s
	}
	return regexp.MustCompile(`(^|\W)`+regexp.QuoteMeta(v)+`(\W|$)`).ReplaceAllString(s, "$1·$2")
}

// telling are the headers that say something of a resource; names of the others count, their values do not.
var telling = []string{"Etag", "Last-Modified", "Content-Location", "Location", "Cache-Control", "Content-Type", "Allow", "Www-Authenticate"}

// headline is what the headers say: the names of all, the values of those that tell.
func (a *answer) headline() string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(a.header)) {
		if slices.Contains([]string{"Date", "Content-Length", "Connection", "Keep-Alive", "Set-Cookie"}, name) {
			continue
		}
		line := name
		if slices.Contains(telling, name) {
			line += ": " + changing.ReplaceAllString(a.header.Get(name), "·")
			for _, v := range a.ask.args {
				line = strings.ReplaceAll(line, v, "·")
			}
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

// differ says in what two answers to requests of the same shape differ; empty where they do not. With sets it is the set of
// matches and the total that count, not their order.
func differ(a, b *answer) string {
	switch {
	case a.status != b.status:
		return "the status"
	case a.isSearchset() && b.isSearchset():
		return differentSets(a, b)
	case a.good() != b.good():
		return "the status"
	case a.plain() != b.plain():
		return "the text"
	}
	return ""
}

func differentSets(a, b *answer) string {
	x, y := slices.Sorted(slices.Values(a.refs())), slices.Sorted(slices.Values(b.refs()))
	n, isN := a.total()
	m, isM := b.total()
	switch {
	case len(x) != len(y):
		return "the number of matches"
	case !slices.Equal(x, y):
		return "the matches"
	case n != m || isN != isM:
		return "the total"
	case len(a.entries()) != len(b.entries()):
		return "the number of entries"
	case (a.link("next") != "") != (b.link("next") != ""):
		return "the next link"
	}
	return ""
}
