package probe

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// fake is a small FHIR server that is careful, but for its faults: each is one way in which servers leak. Everybody in it is
// made up.
type fake struct {
	faults map[string]bool
	url    string
	doc    map[string]map[string]any // by Type/id
	order  []string
	puts   int
}

// The caller's token, shaped like a signed JWT.
const fakeToken = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ0ZXN0In0.c2lnbmF0dXJlLW9mLXRoZS10ZXN0"

// What the caller does not see.
const (
	secretComment = "Secret comment of the test"
	secretName    = "Zacharias Testperson"
	secretCode    = "35489007"
)

// visible reports what the caller was granted.
func visible(ref string) bool {
	return slices.Contains([]string{"Appointment/a-101", "Appointment/a-102", "Appointment/a-103", "Task/t-201", "Task/t-202", "DocumentReference/d-301", "DocumentReference/d-302"}, ref)
}

func fakeKnown() Known {
	return Known{
		Types:     []string{"Patient"},
		Resources: []string{"Appointment/a-104", "Task/t-203", "DocumentReference/d-303", "Patient/p-13"},
		Elements:  map[string][]string{"Appointment": {"comment", "reasonCode", "slot"}, "Task": {"comment", "businessStatus", "lastModified"}, "DocumentReference": {"comment", "description", "content.attachment.data", "date"}},
		Values:    []string{secretComment, secretName},
		Searches:  []string{"Appointment?reason-code=" + secretCode, "Appointment?patient.family=Testperson"},
		Scratch:   "Appointment/a-103",
	}
}

func newFake(t *testing.T, faults ...string) *fake {
	f := &fake{faults: map[string]bool{}, doc: map[string]map[string]any{}}
	for _, x := range faults {
		f.faults[x] = true
	}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	f.url = server.URL + "/fhir"
	for i, id := range []string{"a-101", "a-102", "a-103", "a-104"} {
		f.add("Appointment", id, map[string]any{"start": fmt.Sprintf("2026-03-0%dT10:00:00Z", i+1), "reasonCode": []any{map[string]any{"text": "code " + secretCode}},
			"participant": []any{map[string]any{"actor": map[string]any{"reference": "Patient/p-11"}}}})
	}
	for _, id := range []string{"t-201", "t-202", "t-203"} {
		f.add("Task", id, map[string]any{"for": map[string]any{"reference": "Patient/p-12"}, "lastModified": "2026-03-01"})
	}
	for _, id := range []string{"d-301", "d-302", "d-303"} {
		address := "Binary/" + id
		if f.faults["attachment-foreign"] {
			address = "https://files.example/" + id + "?Signature=1"
		}
		f.add("DocumentReference", id, map[string]any{"description": "about somebody", "date": "2026-03-01", "subject": map[string]any{"reference": "Patient/p-12"},
			"content": []any{map[string]any{"attachment": map[string]any{"url": address}}}})
	}
	for _, id := range []string{"p-11", "p-12", "p-13"} {
		f.add("Patient", id, map[string]any{"name": []any{map[string]any{"text": secretName, "family": "Testperson"}}, "birthDate": "1961-02-03"})
	}
	return f
}

func (f *fake) add(typ, id string, more map[string]any) {
	r := map[string]any{"resourceType": typ, "id": id, "meta": map[string]any{"versionId": "1"}, "status": "booked"}
	if typ != "Patient" {
		r["comment"] = secretComment
	}
	for k, v := range more {
		r[k] = v
	}
	f.doc[typ+"/"+id] = r
	f.order = append(f.order, typ+"/"+id)
}

// cut is a resource without what is hidden.
func (f *fake) cut(ref string) map[string]any {
	out := map[string]any{}
	typ, _, _ := strings.Cut(ref, "/")
	for k, v := range f.doc[ref] {
		if hidden := slices.Contains(fakeKnown().Elements[typ], k); !hidden || f.faults["hidden-elements"] {
			out[k] = v
		}
	}
	if f.faults["contained"] {
		out["contained"] = []any{map[string]any{"resourceType": "Organization", "id": "o"}}
	}
	if f.faults["display"] {
		out["for"] = map[string]any{"reference": "Patient/p-11", "display": secretName}
	}
	if f.faults["refs-absolute"] {
		out["for"] = map[string]any{"reference": "https://emr.example/fhir/Patient/p-11"}
	}
	return out
}

func (f *fake) outcome(w http.ResponseWriter, status int, text string) {
	f.send(w, status, map[string]any{"resourceType": "OperationOutcome", "issue": []any{map[string]any{"severity": "error", "code": "invalid", "diagnostics": text}}})
}

func (f *fake) send(w http.ResponseWriter, status int, v any) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	body := b.Bytes()
	if f.faults["duplicates"] {
		body = bytes.Replace(body, []byte(`{"`), []byte(`{"zqx":1,"zqx":2,"`), 1)
	}
	if f.faults["escapes"] {
		body = bytes.Replace(body, []byte(`"id":`), []byte(`"\u0069d":`), 1)
	}
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/fhir+json")
	}
	if w.Header().Get("Cache-Control") == "" {
		w.Header().Set("Cache-Control", "no-store")
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// ServeHTTP is the careful server; faults come first.
func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	for name := range f.faults {
		if do := faults()[name]; do != nil && do(f, request{r, string(body)}, w) {
			return
		}
	}
	rest, ok := strings.CutPrefix(r.URL.EscapedPath(), "/fhir/")
	parts := strings.Split(rest, "/")
	switch {
	case rest == "metadata" && r.Method == http.MethodGet:
		f.send(w, 200, map[string]any{"resourceType": "CapabilityStatement", "status": "active"})
	case r.Header.Get("Authorization") != "Bearer "+fakeToken:
		f.outcome(w, 401, "Log in.")
	case !ok || len(parts) > 2 || !slices.Contains(mainTypes(), parts[0]):
		f.outcome(w, 404, "Nothing is served there.")
	case len(parts) == 1 && r.Method == http.MethodGet:
		f.search(w, parts[0], r.URL.RawQuery)
	case len(parts) == 2 && parts[1] == "_search" && r.Method == http.MethodPost:
		f.search(w, parts[0], strings.Trim(r.URL.RawQuery+"&"+string(body), "&"))
	case len(parts) == 2 && r.Method == http.MethodGet && r.URL.RawQuery == "":
		f.read(w, rest)
	case len(parts) == 2 && r.Method == http.MethodPut:
		f.put(w, r, rest, string(body))
	default:
		f.outcome(w, 400, "That cannot be done here.")
	}
}

func (f *fake) read(w http.ResponseWriter, ref string) {
	if !visible(ref) {
		f.outcome(w, 404, "It is not there, or out of your reach.")
		return
	}
	w.Header().Set("ETag", fmt.Sprintf(`W/"%d"`, f.puts+1))
	f.send(w, 200, f.cut(ref))
}

// search knows the status, ids, patients, elements of one page after the other, and refuses everything else.
func (f *fake) search(w http.ResponseWriter, typ, query string) {
	values, err := url.ParseQuery(query)
	if err != nil {
		f.outcome(w, 400, "The query cannot be read.")
		return
	}
	count, offset, elements := 50, 0, ""
	keep := func(string) bool { return true }
	for key, list := range values {
		for _, v := range list {
			switch key {
			case "_count":
				count, err = strconv.Atoi(v)
				if err != nil || count < 1 || count > 1000 {
					f.outcome(w, 400, "_count is a number from 1 to 1000.")
					return
				}
			case "_cursor":
				if n := slices.Index(cursors(), v); n < 0 || !strings.HasPrefix(v, typ[:1]) {
					f.outcome(w, 400, "That page link does not work.")
					return
				} else {
					offset = n % 10
				}
			case "_format", "_total":
			case "_elements":
				elements = v
			case "_id":
				keep = both(keep, func(ref string) bool { return slices.Contains(strings.Split(v, ","), ref[len(typ)+1:]) })
			case "patient":
				keep = both(keep, func(ref string) bool { return strings.Contains(fmt.Sprint(f.doc[ref]), "reference:"+v+"]") })
			default:
				f.outcome(w, 400, "A parameter is not supported.")
				return
			}
		}
	}
	f.page(w, typ, count, offset, elements, keep)
}

func both(a, b func(string) bool) func(string) bool {
	return func(s string) bool { return a(s) && b(s) }
}

// cursors are the page links there are: ten for each type.
func cursors() []string {
	var out []string
	for _, typ := range mainTypes() {
		for i := range 10 {
			out = append(out, typ[:1]+strconv.Itoa(i)+strings.Repeat("qwertzuiop", 3)[i:])
		}
	}
	return out
}

func (f *fake) page(w http.ResponseWriter, typ string, count, offset int, elements string, keep func(string) bool) {
	var all []string
	for _, ref := range f.order {
		if strings.HasPrefix(ref, typ+"/") && keep(ref) && (visible(ref) || f.faults["short"]) {
			all = append(all, ref)
		}
	}
	if f.faults["short"] {
		slices.SortStableFunc(all, func(a, b string) int { return map[bool]int{true: 1}[visible(a)] - map[bool]int{true: 1}[visible(b)] })
	}
	page := all[min(offset, len(all)):min(offset+count, len(all))]
	var entries []any
	for _, ref := range page {
		if !visible(ref) {
			continue
		}
		r := f.cut(ref)
		if elements != "" {
			r = map[string]any{"resourceType": typ, "id": r["id"], elements: r[elements], "meta": map[string]any{"tag": []any{map[string]any{"code": "SUBSETTED"}}}}
			if f.faults["cut-unmarked"] {
				delete(r, "meta")
			}
			if elements == "comment" && f.faults["elements-open"] {
				r["comment"] = secretComment
			}
			if r[elements] == nil {
				delete(r, elements)
			}
		}
		entries = append(entries, map[string]any{"fullUrl": f.url + "/" + ref, "resource": r, "search": map[string]any{"mode": "match"}})
	}
	set := map[string]any{"resourceType": "Bundle", "type": "searchset", "entry": entries}
	if offset == 0 && len(page) == len(all) {
		set["total"] = len(entries)
	}
	if f.faults["total"] {
		set["total"] = len(entries) + 1
	}
	if offset+count < len(all) {
		next := f.url + "/" + typ + "?_count=" + strconv.Itoa(count) + "&_cursor=" + cursors()[slices.Index(mainTypes(), typ)*10+offset+count]
		if f.faults["next-foreign"] {
			next = "https://emr.example/fhir?page=2"
		}
		set["link"] = []any{map[string]any{"relation": "next", "url": next}}
	}
	if f.faults["cache-public"] {
		w.Header().Set("Cache-Control", "public, max-age=60")
	}
	f.send(w, 200, set)
}

// all is a Bundle of everything of some types, as a server without a policy would give it.
func (f *fake) all(w http.ResponseWriter, types ...string) bool {
	var entries []any
	for _, ref := range f.order {
		if typ, _, _ := strings.Cut(ref, "/"); slices.Contains(types, typ) {
			entries = append(entries, map[string]any{"resource": f.doc[ref]})
		}
	}
	f.send(w, 200, map[string]any{"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries})
	return true
}

// open serves a path as a server without a policy would: any resource, any type.
func (f *fake) open(w http.ResponseWriter, rest string) bool {
	typ, id, one := strings.Cut(strings.Trim(rest, "/"), "/")
	if doc := f.doc[typ+"/"+id]; one && doc != nil {
		f.send(w, 200, doc)
		return true
	}
	if !one && slices.Contains(append(mainTypes(), "Patient"), typ) {
		return f.all(w, typ)
	}
	return false
}

// put takes an update of the scratch resource: on the current version, of status only.
func (f *fake) put(w http.ResponseWriter, r *http.Request, ref, body string) {
	var changed map[string]any
	lenient := func(fault string) bool { return f.faults["write:"+fault] }
	stale := r.Header.Get("If-Match") != fmt.Sprintf(`W/"%d"`, f.puts+1)
	_, hides := map[string]any{}, false
	if err := json.Unmarshal([]byte(body), &changed); err == nil {
		_, hides = changed["comment"]
	}
	escaped := strings.Contains(body, `\u0063omment`)
	switch {
	case changed == nil:
		f.outcome(w, 400, "It is no JSON.")
	case !visible(ref):
		f.outcome(w, 404, "It is not there, or out of your reach.")
	case stale && !lenient("stale"):
		f.outcome(w, 412, "Somebody else was faster.")
	case strings.Count(body, `"language"`) > 1 && !lenient("duplicates"), strings.Count(body, "urn:zqx") > 100 && !lenient("deep"),
		hides && escaped && !lenient("escapes"), hides && !escaped && !lenient("hidden"), len(changed) < 5 && !lenient("erases"):
		f.outcome(w, 422, "That may not be written.")
	default:
		f.puts++
		if lenient("erases") {
			f.doc[ref] = changed
		}
		f.read(w, ref)
	}
}

// cleaned undoes every spelling of a path that some server undoes.
func cleaned(raw string) string {
	for range 3 {
		if s, err := url.PathUnescape(raw); err == nil {
			raw = s
		}
	}
	raw = strings.NewReplacer("\xc0\xae", ".", "\xe0\x80\xae", ".", "\\", "/", "\ufeff", "", "\u0131", "i", "..;", "..").Replace(raw)
	var parts []string
	for _, p := range strings.Split(raw, "/") {
		p, _, _ = strings.Cut(p, ";")
		p, _, _ = strings.Cut(p, "?")
		p, _, _ = strings.Cut(p, "#")
		p, _, _ = strings.Cut(p, "\x00")
		parts = append(parts, strings.TrimSuffix(strings.TrimSpace(p), ".json"))
	}
	out := strings.Split(strings.Trim(path.Clean("/"+strings.Join(parts, "/")), "/"), "/")
	for i, p := range out {
		out[i] = strings.TrimSuffix(p, ".")
		if strings.EqualFold(p, "patient") {
			out[i] = "Patient"
			out = out[i:]
			break
		}
	}
	return strings.TrimPrefix(strings.Join(out, "/"), "fhir/")
}

// pause is what a fault of timing costs.
const pause = 3 * time.Millisecond
