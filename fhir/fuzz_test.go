package fhir

import (
	"bytes"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// FuzzResource holds the scanner against jsontext, which refuses what it should: both accept a document or both refuse it,
// and they agree on every name, kind, text and offset in it.
func FuzzResource(f *testing.F) {
	for _, d := range documents {
		for _, doc := range append(d.accept, d.refuse...) {
			f.Add([]byte(doc))
		}
	}
	f.Add([]byte(appointmentJSON(1)))
	f.Add([]byte(taskJSON(2)))
	f.Add([]byte(documentJSON(3)))
	f.Fuzz(func(t *testing.T, doc []byte) {
		v, err := Parse(doc, Limits{Depth: 512})
		if err != nil && KindOf(err) == KindTooLarge {
			return
		}
		oracle := readAll(doc)
		if (err == nil) != (oracle == nil) {
			t.Fatalf("%q: we say %v, jsontext says %v", doc, err, oracle)
		}
		if err != nil {
			return
		}
		agree(t, v, jsontext.NewDecoder(bytes.NewReader(doc)))
		if !equal(v, v) {
			t.Fatalf("%q is not equal to itself", doc)
		}
		r, err := ParseResource(doc, Limits{Depth: 512})
		if err != nil {
			return
		}
		for _, e := range []Elements{{}, AllElements(r.Type()), {whole: true}} {
			out := r.Cut(e).AppendTo(nil)
			if _, err := ParseResource(out, Limits{Depth: 512}); err != nil {
				t.Fatalf("%q was cut to %q: %v", doc, out, err)
			}
		}
	})
}

func readAll(doc []byte) error {
	d := jsontext.NewDecoder(bytes.NewReader(doc))
	if _, err := d.ReadValue(); err != nil {
		return err
	}
	if _, err := d.ReadToken(); err != io.EOF {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// agree walks v beside the tokens of d.
func agree(t *testing.T, v Value, d *jsontext.Decoder) {
	t.Helper()
	token, err := d.ReadToken()
	if err != nil {
		t.Fatal(err)
	}
	switch token.Kind() {
	case '{':
		members := 0
		for ; d.PeekKind() != '}'; members++ {
			name, err := d.ReadToken()
			if err != nil {
				t.Fatal(err)
			}
			member := v.Get(name.String())
			if !member.Exists() {
				t.Fatalf("%q has no member %q", v.Raw(), name.String())
			}
			agree(t, member, d)
		}
		if v.Kind() == Object && v.size() != members {
			t.Fatalf("%q has %d members, jsontext sees %d", v.Raw(), v.size(), members)
		}
		closed(t, v, Object, d)
	case '[':
		for item := range v.Items() {
			agree(t, item, d)
		}
		closed(t, v, Array, d)
	case '"':
		if v.Kind() != String || v.Text() != token.String() {
			t.Fatalf("%q reads %q, jsontext reads %q", v.Raw(), v.Text(), token.String())
		}
	case '0':
		if v.Kind() != Number || string(v.Raw()) != token.String() {
			t.Fatalf("%q is not %s", v.Raw(), token)
		}
	default:
		if kind := map[jsontext.Kind]JSONKind{'n': Null, 't': True, 'f': False}[token.Kind()]; v.Kind() != kind {
			t.Fatalf("%q is of kind %d, want %d", v.Raw(), v.Kind(), kind)
		}
	}
	if end := int64(v.node().end); d.InputOffset() != end {
		t.Fatalf("%q ends at %d, jsontext says %d", v.Raw(), end, d.InputOffset())
	}
}

func closed(t *testing.T, v Value, kind JSONKind, d *jsontext.Decoder) {
	t.Helper()
	if v.Kind() != kind {
		t.Fatalf("%q is of kind %d, want %d", v.Raw(), v.Kind(), kind)
	}
	if _, err := d.ReadToken(); err != nil {
		t.Fatalf("%q: %v", v.Raw(), err)
	}
}

// FuzzInteraction: whatever comes in, nothing but a supported type and a valid id comes out, and never without an error
// unless it is one of the interactions that are carried out.
func FuzzInteraction(f *testing.F) {
	for _, seed := range [][4]string{
		{"GET", "/Appointment/1", "", ""}, {"GET", "/Appointment", "date=ge2026-11-01&status=booked,arrived&_sort=-date&_count=5", ""},
		{"POST", "/Task/_search", "_total=none", "owner=Organization%2Ffront-desk"}, {"PUT", "/Task/1", "_format=json", ""},
		{"GET", "/Appointment/../Task/1", "", ""}, {"GET", "/Appointment/%2e%2e", "", ""}, {"DELETE", "/Task/1", "", ""}, {"GET", "/metadata", "", ""},
		{"GET", "/DocumentReference", "relationship=DocumentReference/1$replaces&location:below=https://x/", ""}, {"GET", "//Task", "", ""},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3])
	}
	zone := time.FixedZone("here", -5*3600)
	f.Fuzz(func(t *testing.T, method, path, query, form string) {
		in, err := ParseInteraction(method, path, query, form, zone)
		if in.ID != "" && (!ValidID(in.ID) || !strings.Contains(path, "/"+in.ID)) || in.Type != "" && !validType(in.Type) {
			t.Fatalf("%q gives type %q, id %q", path, in.Type, in.ID)
		}
		if err != nil {
			if !in.Query.IsZero() {
				t.Fatalf("%q?%q is refused with a query", path, query)
			}
			return
		}
		if in.Kind != InteractionCapabilities && !IsType(in.Type) || in.Kind == "" {
			t.Fatalf("%s %q is accepted as %+v", method, path, in)
		}
		wantsID := in.Kind == InteractionRead || in.Kind == InteractionUpdate
		if wantsID != (in.ID != "") || (in.Kind == InteractionSearch) == in.Query.IsZero() {
			t.Fatalf("%s %q is accepted as %+v", method, path, in)
		}
		want := "/" + in.Type
		switch {
		case wantsID:
			want += "/" + in.ID
		case in.Kind == InteractionCapabilities:
			want = "/metadata"
		case in.Kind == InteractionSearch && method == "POST":
			want += "/_search"
		}
		if path != want {
			t.Fatalf("%q is read as %q", path, want)
		}
	})
}

// FuzzQuery: a search that is understood encodes to text that is understood as the same search, and no error repeats a value.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{
		"status=booked", "status:not=cancelled,noshow", "date=ge2026-11-01&date=lt2026-12-01T00:00", "patient=1&actor:Practitioner=2", "identifier=https://x|7,|8,y|",
		"service-type:text=suivi", `status=a\,b\|c`, "_lastUpdated=ap2026-11", "actor=https://x/Practitioner/1/_history/2", "_sort=-date,_id&_count=20&_total=none&_elements=status,start",
		"identifier:of-type=https://x|MR|7", "patient:identifier=7", "slot:missing=true", "_profile:below=http://x/a", "_cursor=abc", "date=2026-11-01T01:30",
	} {
		f.Add("Appointment", seed)
	}
	f.Add("DocumentReference", "relationship=DocumentReference/1$http://hl7.org/fhir/document-relationship-type|replaces&description:contains=cœur&contenttype=application/PDF")
	f.Add("Task", "period=sa2026-11-01&group-identifier=7&focus=Patient/1&code=|fulfill")
	toronto, err := time.LoadLocation("America/Toronto")
	if err != nil {
		f.Fatal(err)
	}
	samples := []Resource{resource(f, appointmentJSON(1)), resource(f, taskJSON(2)), resource(f, documentJSON(3))}
	f.Fuzz(func(t *testing.T, typ, raw string) {
		values, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		q, err := ParseQuery(typ, values, toronto)
		if err != nil {
			if !q.IsZero() {
				t.Fatalf("%q: an error and a query", raw)
			}
			return
		}
		encoded := q.Encode()
		back, err := url.ParseQuery(encoded)
		if err != nil {
			t.Fatalf("%q encodes to %q: %v", raw, encoded, err)
		}
		again, err := ParseQuery(typ, back, toronto)
		if err != nil || again.Encode() != encoded {
			t.Fatalf("%q encodes to %q, that to %q, %v", raw, encoded, again.Encode(), err)
		}
		for _, r := range samples {
			if m := r.Matching(); q.Match(r) && !m.May(q.Clauses()) {
				t.Fatalf("%q matches %s and may not match it", q.Encode(), r.Bytes())
			}
			if q.Match(r) != again.Match(r) {
				t.Fatalf("%q and %q differ over %s", raw, encoded, r.Ref())
			}
		}
	})
}
