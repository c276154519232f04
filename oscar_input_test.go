package vestibule_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"vestibule/adapters/oscar"
	"vestibule/adapters/oscar/oscartest"
	"vestibule/fhir"
	"vestibule/policy"
)

// badOSCAR is a gateway before an OSCAR whose answers can be spoiled on their way.
type badOSCAR struct {
	*world
	emr     *oscartest.Server
	token   string
	visit   string // the id of one
	instead http.HandlerFunc
}

func newBadOSCAR(t *testing.T) *badOSCAR {
	t.Helper()
	s, err := oscartest.New(oscartest.Config{Zone: time.UTC, Clients: []oscartest.Client{{Key: "vestibule", Secret: "client-secret", Name: "Vestibule"}}})
	if err != nil {
		t.Fatal(err)
	}
	s.AddProviders(oscartest.Provider{No: "42", LastName: "Okafor", FirstName: "Ngozi", User: "ngozi", Password: "made-up"})
	s.AddPatients(oscartest.Patient{No: 31, LastName: marker, FirstName: "Ines", HIN: "0000000000", ProviderNo: "42"})
	id := s.AddAppointments(oscartest.Appointment{ProviderNo: "42", Date: "2026-12-01", Start: "09:00", DemographicNo: 31, Notes: marker + " \u00e0 jeun", Reason: `<b onclick="x()">` + marker + `</b>`})[0]
	b := &badOSCAR{world: newWorld(t, newEMR(t, 1), bookings...), emr: s, visit: strconv.Itoa(id)}
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if b.instead != nil {
			b.instead(w, r)
			return
		}
		s.ServeHTTP(w, r)
	}))
	t.Cleanup(ts.Close)
	token := s.Issue("vestibule", "42")
	b.token = token.Key
	a, err := oscar.Open(oscar.Config{Base: ts.URL + "/oscar", Dialect: oscar.OpenO, Client: oscar.Credential{Key: "vestibule", Secret: "client-secret"},
		Token: oscar.Credential{Key: token.Key, Secret: token.Secret}, Zone: time.UTC, Timeout: time.Minute, Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	b.served = a
	b.grant(t, 2, policy.Permission{Scope: "user/Appointment.rs", Elements: []string{"status", "start", "end", "participant", "comment", "reasonCode"}},
		policy.Permission{Scope: "user/Appointment.cu", Write: []string{"status", "start", "end", "participant"}})
	return b
}

// page answers with 200, or another status, and text that has to stay where it is.
func page(status int, contentType, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(text))
	}
}

// Whatever an OSCAR answers badly, on a read, a search and a booking: the caller hears the right kind and nothing of the
// EMR's text, and it is on record with what the EMR did.
func TestH32WhatAnOSCARAnswersBadlyIsToldInItsKindAndRecorded(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*badOSCAR)
		code  string
	}{
		"credentials revoked in the middle": {spoil: func(b *badOSCAR) { b.emr.Revoke(b.token) }, code: "emr-login-refused"},
		"a clock ten minutes off":           {spoil: func(b *badOSCAR) { b.emr.Switch(func(s *oscartest.Switches) { s.ClockOffset = -10 * time.Minute }) }, code: "emr-login-refused"},
		"a provider without the privilege": {spoil: func(b *badOSCAR) {
			b.emr.AddProviders(oscartest.Provider{No: "42", Privileges: oscartest.Privileges{"_tickler": "r"}})
		}, code: "emr-login-refused"},
		"a proxy's log-in page with 200": {spoil: func(b *badOSCAR) { b.instead = page(200, "text/html", "<html>"+marker) }, code: "emr-answer-not-fhir"},
		"XML where JSON was asked": {spoil: func(b *badOSCAR) {
			b.instead = page(200, "application/xml", "<appointment><name>"+marker+"</name></appointment>")
		}, code: "emr-answer-not-fhir"},
		"a patient in an error":         {spoil: func(b *badOSCAR) { b.instead = page(500, "text/html", "<pre>java.lang.NullPointerException: "+marker) }, code: "emr-failed"},
		"half a body":                   {spoil: func(b *badOSCAR) { b.emr.Switch(func(s *oscartest.Switches) { s.HalfBodies = true }) }, code: "emr-answer-broken"},
		"nothing where a row should be": {spoil: func(b *badOSCAR) { b.instead = page(200, "application/json", "{}") }, code: "emr-answer-wrong"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBadOSCAR(t)
			if a := b.ask(t, "GET", "/Appointment/"+b.visit, ""); a.Err() != nil {
				t.Fatal(a.Err())
			}
			c.spoil(b)
			booking := `{"resourceType":"Appointment","status":"booked","start":"2026-12-01T10:00:00Z","end":"2026-12-01T10:15:00Z","participant":[{"actor":{"reference":"Patient/31"},"status":"accepted"},{"actor":{"reference":"Practitioner/42"},"status":"accepted"}]}`
			for _, request := range [][3]string{{"GET", "/Appointment/" + b.visit}, {"GET", "/Appointment?patient=Patient/31"}, {"GET", "/Appointment?practitioner=Practitioner/42&date=2026-12-01"}, {"POST", "/Appointment", booking}} {
				a := b.ask(t, request[0], request[1], request[2])
				r := b.last(t)
				if code(a) != c.code || r.Upstream != c.code || r.Status != 502 || r.Outcome == "0" {
					t.Errorf("%s %s: %v, on record as %q with %d; want %s", request[0], request[1], a.Err(), r.Upstream, r.Status, c.code)
				}
				if a.Err() != nil && a.Err().Kind != fhir.KindUpstream {
					t.Errorf("%s %s is the caller's fault: %s", request[0], request[1], a.Err().Kind)
				}
				if told := body(a) + fmt.Sprintf("%v %+v", a.Err(), a.Err()); strings.Contains(told, marker) || strings.Contains(told, "Exception") {
					t.Errorf("%s %s tells of the EMR's text: %s", request[0], request[1], told)
				}
			}
			if n := len(b.emr.Appointments()); n != 1 {
				t.Errorf("%d appointments", n)
			}
		})
	}
}

// Rows are as they are: Latin-1, markup, no name, year 0001, states that nobody knows, and 5,000 of them.
func TestOddRowsOfAnOSCARLeaveAsTheyAre(t *testing.T) {
	b := newBadOSCAR(t)
	b.emr.Switch(func(s *oscartest.Switches) { s.Latin1 = true })
	a := b.ask(t, "GET", "/Appointment/"+b.visit, "")
	if text := body(a); a.Err() != nil || !strings.Contains(text, marker+" \u00e0 jeun") || !strings.Contains(text, `\"x()\"`) {
		t.Errorf("%v %s", a.Err(), text)
	}
	b.emr.Switch(func(s *oscartest.Switches) { s.Latin1 = false })
	ids := b.emr.SeedOddities("42", "2026-12-02", 31)
	a = b.ask(t, "GET", "/Appointment?patient=Patient/31&date=ge2026-12-02", "")
	if r := b.last(t); a.Err() != nil || !strings.Contains(body(a), `"resourceType":"Bundle"`) || r.Upstream != "ok" && r.Upstream != "" {
		t.Errorf("%d odd rows: %v, on record as %q", len(ids), a.Err(), r.Upstream)
	}
	b.emr.SeedDay("42", "2026-12-03", 5000)
	a = b.ask(t, "GET", "/Appointment?practitioner=Practitioner/42&date=2026-12-03&_count=20", "")
	if n := strings.Count(body(a), `"fullUrl"`); a.Err() != nil || n != 20 {
		t.Errorf("a page of a sheet of 5,000: %d entries: %v", n, a.Err())
	}
}
