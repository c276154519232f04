package fhirr4

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"vestibule/adapters/internal/wire"
	"vestibule/fhir"
)

// FuzzNext: whatever an EMR writes into its next link, and whatever comes back as a cursor, the request it leads to goes to
// the EMR's own host, to a page of the searched type, in one request line.
func FuzzNext(f *testing.F) {
	for _, s := range []string{
		"https://emr.example.test/r4/Appointment?page=2", "https://emr.example.test/r4?_getpages=1", "Appointment?x=1", "../admin?x=1", "//evil.example.test/r4/Appointment?x",
		"https://emr.example.test/r4/Appointment/../../x?y", "https://emr.example.test/r4/%2e%2e/x?y", "12~Appointment?x", "Appointment?a\r\nb", "https://emr.example.test@evil.example.test/r4/Appointment?x",
	} {
		f.Add(s)
	}
	a, err := Open(Config{Base: "https://emr.example.test/r4"})
	if err != nil {
		f.Fatal(err)
	}
	check := func(t *testing.T, at position) {
		x := a.page("Appointment", plan{}, at)
		r := a.request(background, &x, nil, nil)
		path := strings.TrimSuffix(r.URL.EscapedPath(), "/")
		if r.Method != http.MethodGet || r.URL.Scheme != "https" || r.URL.Host != "emr.example.test" || strings.ContainsAny(r.URL.RequestURI(), " \r\n#") ||
			path != "/r4" && path != "/r4/Appointment" && path != "/r4/Appointment/_search" {
			t.Errorf("%+v leads to %s %s", at, r.Method, r.URL)
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		if at, err := a.next("Appointment", s); err == nil && at.follow {
			check(t, at)
			again, err := parsePosition("Appointment", at.String())
			if err != nil || again != at {
				t.Errorf("%+v became %+v, %v", at, again, err)
			}
		}
		if at, err := parsePosition("Appointment", s); err == nil && at.follow {
			check(t, at)
		}
	})
}

// FuzzAnswer: whatever an EMR answers, a read gives the resource asked for or an *fhir.Error, a search only resources of its
// type with an id, and a statement a table of known types.
func FuzzAnswer(f *testing.F) {
	f.Add(appointment("a1", "1"))
	f.Add(searchset("Appointment?page=2", appointment("a1", "1"), `{"resourceType":"Patient","id":"p"}`))
	f.Add(statement)
	f.Add(`{"resourceType":"Appointment","id":"a1","x":{"reference":"https:\/\/emr.example.test\/r4\/Patient\/1"}}`)
	a, err := Open(Config{Base: "https://emr.example.test/r4"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if r, err := a.resource(opRead, []byte(s), "Appointment", "a1"); err == nil && (r.Type() != "Appointment" || r.ID() != "a1") {
			t.Errorf("%s", r.Bytes())
		}
		all, _, err := a.bundle([]byte(s), "Appointment")
		if err == nil {
			for _, r := range all {
				if r.Type() != "Appointment" || !fhir.ValidID(r.ID()) {
					t.Errorf("%s", r.Bytes())
				}
			}
		}
		if v, err := fhir.Parse([]byte(s), fhir.Limits{}); err == nil {
			if c, err := ReadCapability(v, Quirks{}); err == nil {
				for _, typ := range c.Types() {
					if !fhir.IsType(typ) {
						t.Error(typ)
					}
				}
			}
		}
		_ = wire.RetryAfter(s, time.Unix(0, 0))
	})
}
