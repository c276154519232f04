package fhirr4

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vestibule/adapters"
	"vestibule/fhir"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// marker stands for a patient's data in whatever a broken EMR sends; it must not come back in an error.
const marker = "MARKER-9999999999"

// statement declares all that the tests use.
const statement = `{"resourceType":"CapabilityStatement","fhirVersion":"4.0.1","rest":[{"mode":"server","resource":[
{"type":"Appointment","versioning":"versioned-update","conditionalCreate":true,
 "interaction":[{"code":"read"},{"code":"search-type"},{"code":"create"},{"code":"update"},{"code":"delete"}],
 "searchParam":[{"name":"_id"},{"name":"status"},{"name":"date"},{"name":"patient"},{"name":"practitioner"},{"name":"identifier"},{"name":"-vendor"}]},
{"type":"Task","versioning":"no-version","interaction":[{"code":"read"},{"code":"search-type"},{"code":"create"},{"code":"update"}],
 "searchParam":[{"name":"patient"},{"name":"status"}]},
{"type":"DocumentReference","versioning":"versioned","interaction":[{"code":"create"},{"code":"read"}]},
{"type":"Patient","interaction":[{"code":"read"}]}]}]}`

// stub is an EMR made of one handler, which sees everything but the CapabilityStatement.
type stub struct {
	*httptest.Server
	mu   sync.Mutex
	seen []*http.Request
	sent []string // bodies
}

func (s *stub) requests() ([]*http.Request, []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*http.Request(nil), s.seen...), append([]string(nil), s.sent...)
}

func newStub(t testing.TB, h http.HandlerFunc) *stub {
	t.Helper()
	s := &stub{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/fhir/metadata" {
			answerFHIR(w, 200, statement)
			return
		}
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.seen, s.sent = append(s.seen, r), append(s.sent, string(body))
		s.mu.Unlock()
		r.Body = io.NopCloser(bytes.NewReader(body))
		h(w, r)
	}))
	s.Config.ErrorLog = nil
	t.Cleanup(s.Close)
	return s
}

func (s *stub) base() string { return s.URL + "/fhir" }

func answerFHIR(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/fhir+json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

func open(t testing.TB, conf Config) *Adapter {
	t.Helper()
	if conf.Timeout == 0 {
		conf.Timeout = 5 * time.Second
	}
	a, err := Open(conf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

func appointment(id, version string) string {
	return fmt.Sprintf(`{"resourceType":"Appointment","id":%q,"meta":{"versionId":%q},"status":"booked","start":"2026-12-04T09:00:00-05:00","x":1.50}`, id, version)
}

func searchset(next string, resources ...string) string {
	var b strings.Builder
	b.WriteString(`{"resourceType":"Bundle","type":"searchset"`)
	if next != "" {
		fmt.Fprintf(&b, `,"link":[{"relation":"next","url":%q}]`, next)
	}
	b.WriteString(`,"entry":[`)
	for i, r := range resources {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`{"search":{"mode":"match"},"resource":` + r + `}`)
	}
	return b.String() + `]}`
}

func query(t testing.TB, typ, params string) fhir.Query {
	t.Helper()
	values, err := url.ParseQuery(params)
	if err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation("America/Toronto")
	if err != nil {
		t.Fatal(err)
	}
	q, err := fhir.ParseQuery(typ, values, zone)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func resource(t testing.TB, s string) fhir.Resource {
	t.Helper()
	r, err := fhir.ParseResource([]byte(s), fhir.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// booking is a create, change an update; both are made up.
func booking(t testing.TB) fhir.Change {
	return fhir.Change{
		Kind: fhir.InteractionCreate, Operation: "op-1",
		Resource: resource(t, `{"resourceType":"Appointment","status":"proposed","participant":[{"actor":{"reference":"Patient/p1"},"status":"accepted"}]}`),
	}
}

func change(t testing.TB) fhir.Change {
	return fhir.Change{
		Kind: fhir.InteractionUpdate, Operation: "op-2", Base: fhir.Ref{Type: "Appointment", ID: "a1", Version: "1"},
		Resource: resource(t, `{"resourceType":"Appointment","id":"a1","status":"cancelled"}`),
	}
}

func ids(p adapters.Page) string {
	var out []string
	for _, r := range p.Resources {
		out = append(out, r.ID())
	}
	return strings.Join(out, " ")
}

// wantError checks an error's kind and code, and that nothing an EMR sent is in it.
func wantError(t testing.TB, err error, kind fhir.Kind, code string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want %s", code)
		return
	}
	e := fhir.AsError(err)
	if e.Kind != kind || e.Reason() != code {
		t.Errorf("%s %s, want %s %s (%v)", e.Kind, e.Reason(), kind, code, err)
	}
	if _, isPlain := err.(*fhir.Error); !isPlain {
		t.Errorf("%T instead of *fhir.Error", err)
	}
	if all := fmt.Sprintf("%v %+v %s", err, e, fhir.Outcome(err, "")); strings.Contains(all, marker) {
		t.Errorf("the EMR's text is in the error: %s", all)
	}
}

var background = context.Background()
