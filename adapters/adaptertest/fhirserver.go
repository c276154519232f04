package adaptertest

import (
	"encoding/base64"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"vestibule/fhir"
)

// FHIRServer is a World for an EMR that serves FHIR R4 at that base and lets anyone in: its rows are put in and scanned with
// plain requests that no adapter has touched. Open is left to the caller.
func FHIRServer(base string) *World { return FHIRServerAs(base, nil) }

// FHIRServerAs is FHIRServer for an EMR that lets in who brings the Authorization of that moment.
func FHIRServerAs(base string, authorization func(testing.TB) string) *World {
	s := server{base, authorization}
	w := &World{
		Base: base, Types: map[string]Holding{}, Practitioners: []string{"d1", "d2"},
		Patient: func(t testing.TB, family string) string {
			return s.post(t, "Patient", `{"resourceType":"Patient","name":[{"family":`+quote(family)+`}]}`)
		},
	}
	for _, typ := range fhir.Types() {
		w.Types[typ] = s.holding(typ)
	}
	return w
}

// server is a FHIR server as the suite itself asks it.
type server struct {
	base          string
	authorization func(testing.TB) string // nil where anybody is let in
}

func (s server) holding(typ string) Holding {
	return Holding{
		Seed:   func(t testing.TB, d Draft) string { return s.post(t, typ, FHIR(typ, d)) },
		Change: func(t testing.TB, id string, d Draft) { s.put(t, typ, id, FHIR(typ, d)) },
		IDs:    func(t testing.TB) []string { return s.ids(t, typ) },
		More:   func(t testing.TB, d Draft, n int) []string { return []string{s.post(t, typ, FHIRFull(typ, d, n+1))} },
		Attach: func(t testing.TB, d Draft, contentType string, content []byte) string {
			data := base64.StdEncoding.EncodeToString(content)
			return s.post(t, typ, withAttachment(t, FHIR(typ, d), `{"contentType":`+quote(contentType)+`,"data":"`+data+`"}`))
		},
		Make:     func(d Draft) string { return FHIR(typ, d) },
		Statuses: FHIRStatuses(typ), Text: Text{Path: "description"}, Time: FHIRTime(typ),
	}
}

// KeepBinaries has documents put in as Binary resources that DocumentReferences name, instead of inside of them.
func (w *World) KeepBinaries() {
	s, h := server{base: w.Base}, w.Types["DocumentReference"]
	h.Attach = func(t testing.TB, d Draft, contentType string, content []byte) string {
		id := s.post(t, "Binary", `{"resourceType":"Binary","contentType":`+quote(contentType)+`,"data":"`+base64.StdEncoding.EncodeToString(content)+`"}`)
		return s.post(t, "DocumentReference", withAttachment(t, FHIR("DocumentReference", d), `{"contentType":`+quote(contentType)+`,"url":"Binary/`+id+`"}`))
	}
	w.Types["DocumentReference"] = h
}

// RemoveByDelete has rows removed by DELETE, where the server does that.
func (w *World) RemoveByDelete() {
	s := server{base: w.Base}
	for typ, h := range w.Types {
		h.Remove = func(t testing.TB, id string) { s.ask(t, http.MethodDelete, s.base+"/"+typ+"/"+id, "", "") }
		w.Types[typ] = h
	}
}

// withAttachment is a DocumentReference with one attachment, that one.
func withAttachment(t testing.TB, doc, attachment string) string {
	t.Helper()
	r, err := fhir.ParseResource([]byte(doc), fhir.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	start, end := r.Value().Get("content").Span()
	return doc[:start] + `[{"attachment":` + attachment + `}]` + doc[end:]
}

func (s server) post(t testing.TB, typ, body string) string {
	t.Helper()
	r := s.ask(t, http.MethodPost, s.base+"/"+typ, body, "")
	return r.Get("id").Text()
}

func (s server) put(t testing.TB, typ, id, body string) {
	t.Helper()
	at := s.base + "/" + typ + "/" + id
	now := s.ask(t, http.MethodGet, at, "", "")
	s.ask(t, http.MethodPut, at, `{"id":"`+id+`",`+body[1:], `W/"`+now.Get("meta").Get("versionId").Text()+`"`)
}

func (s server) ids(t testing.TB, typ string) []string {
	t.Helper()
	var out []string
	for at := s.base + "/" + typ + "?_count=500"; at != ""; {
		page := s.ask(t, http.MethodGet, at, "", "")
		for r := range page.Path("entry.resource.id") {
			out = append(out, r.Text())
		}
		at = ""
		for l := range page.Path("link") {
			if l.Get("relation").Text() == "next" {
				at = l.Get("url").Text()
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// ask sends one request that has to succeed.
func (s server) ask(t testing.TB, method, at, body, ifMatch string) fhir.Value {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, at, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Close = true // no connection outlives the request
	req.Header.Set("Content-Type", "application/fhir+json")
	if s.authorization != nil {
		req.Header.Set("Authorization", s.authorization(t))
	}
	if ifMatch != "" {
		req.Header.Set("If-Match", ifMatch)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode/100 != 2 {
		t.Fatalf("%s %s: %s %v: %s", method, at, resp.Status, err, b)
	}
	v, err := fhir.Parse(b, fhir.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return v
}
