package oscar_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"vestibule/adapters/oscar"
	"vestibule/adapters/oscar/oscartest"
	"vestibule/fhir"
)

func toronto(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("America/Toronto")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// set is a clinic, an adapter for it, and a patient.
type set struct {
	clinic
	a       *oscar.Adapter
	patient string
	zone    *time.Location
}

func newSet(t testing.TB, dialect oscar.Dialect, soap bool, change ...func(*oscar.Config)) set {
	t.Helper()
	zone := toronto(t)
	c := newClinic(t, dialect, zone)
	c.AddPatients(oscartest.Patient{No: 31, LastName: "BÉLIVEAU", FirstName: "INÈS", HIN: "0000000000", ProviderNo: doctor})
	conf := c.config("", soap, zone)
	for _, f := range change {
		f(&conf)
	}
	return set{c, open(t, conf), "31", zone}
}

func (s set) ask(t testing.TB, typ, criteria string) ([]fhir.Resource, error) {
	t.Helper()
	values, err := url.ParseQuery(criteria)
	if err != nil {
		t.Fatal(err)
	}
	q, err := fhir.ParseQuery(typ, values, s.zone)
	if err != nil {
		t.Fatal(err)
	}
	var all []fhir.Resource
	for cursor := ""; ; {
		page, err := s.a.Search(t.Context(), q, cursor)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Resources...)
		if cursor = page.Next; cursor == "" {
			return all, nil
		}
	}
}

func (s set) booking(t testing.TB, start, end, more string) fhir.Change {
	t.Helper()
	r, err := fhir.ParseResource([]byte(`{"resourceType":"Appointment","status":"booked","start":"`+start+`","end":"`+end+`"`+more+
		`,"participant":[{"actor":{"reference":"Patient/`+s.patient+`"},"status":"accepted"},{"actor":{"reference":"Practitioner/`+doctor+`"},"status":"accepted"}]}`), fhir.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return fhir.Change{Kind: fhir.InteractionCreate, Operation: "op" + strings.Map(func(r rune) rune {
		if r == ':' || r == '-' || r == '+' {
			return -1
		}
		return r
	}, start+end), Resource: r}
}

// changed is an update of r with one text in its bytes replaced.
func changed(t testing.TB, r fhir.Resource, old, with string) fhir.Change {
	t.Helper()
	text := strings.Replace(string(r.Bytes()), old, with, 1)
	if text == string(r.Bytes()) {
		t.Fatalf("no %s in %s", old, r.Bytes())
	}
	out, err := fhir.ParseResource([]byte(text), fhir.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return fhir.Change{Kind: fhir.InteractionUpdate, Operation: "op-change", Base: r.Ref(), Resource: out}
}

func wantCode(t testing.TB, what string, err error, kind fhir.Kind, code string) *fhir.Error {
	t.Helper()
	e, ok := errors.AsType[*fhir.Error](err)
	if !ok || e.Kind != kind || e.Code != code {
		t.Errorf("%s: %v, want %s %s", what, err, kind, code)
		return &fhir.Error{}
	}
	return e
}

// tampered is a transport that answers some requests itself; nil passes them on.
type tampered func(*http.Request) *http.Response

func (f tampered) RoundTrip(r *http.Request) (*http.Response, error) {
	resp := f(r)
	if resp == nil {
		return http.DefaultTransport.RoundTrip(r)
	}
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
	}
	resp.Request = r
	return resp, nil
}

func answer(status int, contentType, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}
}

// read is a read of one row.
func (s set) read(t testing.TB, typ string, id int) (fhir.Resource, error) {
	t.Helper()
	return s.a.Read(t.Context(), fhir.Ref{Type: typ, ID: strconv.Itoa(id)})
}

// asked counts the requests whose path ends so, since the last Forget.
func (s set) asked(suffix string) (n int) {
	for _, q := range s.Requests() {
		if strings.HasSuffix(q.Path, suffix) || q.Operation == suffix {
			n++
		}
	}
	return n
}
