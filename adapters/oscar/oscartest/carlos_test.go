package oscartest

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestCARLOSScopesHoldATokenToItsDomains(t *testing.T) {
	w := newWorld(t, CARLOS)
	for path, text := range map[string]string{"": "invalid_scope", "?scope=everything": "invalid_scope", "?scope=schedule.read%20tickler.delete": "invalid_scope"} {
		if got := w.initiate(path); !got.is(400, text) {
			t.Errorf("%q: %v", path, got)
		}
	}
	request := tokenOf(t, w.initiate("?scope=schedule.read%20tickler.write").body)
	w.token = tokenOf(t, w.exchange(request, w.Consent(request.Key, "900101")).body)
	for _, c := range []struct {
		method, path, body string
		status             int
		text               string
	}{
		{"GET", "/schedule/statuses", "", 200, ""},
		{"POST", "/schedule/add", booking, 403, "insufficient_scope"},
		{"POST", "/schedule/31/appointmentHistory", "", 403, "insufficient_scope"}, // it reads, but POST needs write
		{"GET", "/tickler/mine?limit=1", "", 200, ""},                              // write implies read
		{"POST", "/tickler/add", ticklerBody, 200, ""},
		{"GET", "/demographics/31", "", 403, "insufficient_scope"},
		{"GET", "/inbox/mine", "", 403, "restricted_endpoint"},
		{"GET", "/oauth/info", "", 200, ""},
	} {
		got := w.ask(c.method, c.path, c.body)
		if got.status != c.status || c.text != "" && got.body != c.text {
			t.Errorf("%s %s: %v", c.method, c.path, got)
		}
	}
}

func TestCARLOSRefusesANonceTheSecondTime(t *testing.T) {
	for dialect, second := range map[Dialect]int{CARLOS: 401, OpenO: 200} {
		w := newWorld(t, dialect)
		r := w.request("GET", "/ws/services/schedule/statuses", "")
		w.credentials(r, w.client, w.token)
		if got := w.do(r); got.status != 200 {
			t.Errorf("%s: %v", dialect, got)
		}
		if got := w.do(r); got.status != second {
			t.Errorf("%s again: %v", dialect, got)
		}
		w.now = w.now.Add(11 * time.Minute)
		w.ask("GET", "/schedule/statuses", "")
		if len(w.oauth.nonces) > 1 {
			t.Errorf("%s keeps %d nonces", dialect, len(w.oauth.nonces))
		}
	}
}

func TestCARLOSLimitsAnonymousBursts(t *testing.T) {
	w := newWorld(t, CARLOS, func(c *Config) { c.Burst = 3 })
	ask := func() reply { return w.do(w.request("GET", "/ws/services/schedule/statuses", "")) }
	for range 3 {
		if got := ask(); !got.is(401, "authentication_required") {
			t.Fatal(got)
		}
	}
	if got := ask(); got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") == "" {
		t.Error(got)
	}
	if got := w.ask("GET", "/schedule/statuses", ""); got.status != 200 {
		t.Errorf("signed calls suffer: %v", got)
	}
	w.now = w.now.Add(time.Minute)
	if got := ask(); got.status != 401 {
		t.Errorf("a minute later: %v", got)
	}
}

func TestOnlyCARLOSUpdatesAppointmentsByREST(t *testing.T) {
	const change = `{"id":1,"appointmentDate":1796187600000,"startTime":"10:30:00","endTime":"10:44:00","demographicNo":32,"name":"X","notes":"moved","reasonCode":2}`
	for _, dialect := range []Dialect{OSCAR19, OpenO} {
		w := newWorld(t, dialect)
		w.book()
		if got := w.ask("POST", "/schedule/updateAppointment", change); !got.is(500, "Internal Server Error") {
			t.Errorf("%s: %v", dialect, got)
		}
	}
	w := newWorld(t, CARLOS)
	w.book()
	for body, status := range map[string]int{`{"status":"t"}`: 400, `{"id":9}`: 404, `{"id":1,"startTime":"half past"}`: 400, `[]`: 400} {
		if got := w.ask("POST", "/schedule/updateAppointment", body); got.status != status {
			t.Errorf("%s: %v", body, got)
		}
	}
	if got := w.ask("POST", "/schedule/updateAppointment", change); got.status != 200 || !strings.Contains(got.body, `"startTime":"10:30:00"`) {
		t.Fatal(got)
	}
	a := w.Appointments()[0]
	if a.Date != "2026-12-02" || a.Start != "10:30:00" || a.End != "10:44:00" || a.Notes != "moved" || a.ReasonCode != 2 {
		t.Errorf("%+v", a)
	}
	if a.DemographicNo != 31 || a.Name == "X" || a.Reason != "Ear check" || a.Status != "t" {
		t.Errorf("more than the editable changed: %+v", a)
	}
	w.ask("POST", "/schedule/updateAppointment", `{"id":1,"startTime":1796144400000}`)
	if a := w.Appointments()[0]; a.Start != "12:00:00" {
		t.Errorf("a time in ms: %+v", a)
	}
}
