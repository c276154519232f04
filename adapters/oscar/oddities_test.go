package oscar_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vestibule/adapters/oscar"
	"vestibule/adapters/oscar/oscartest"
	"vestibule/fhir"
)

func TestOddRowsAreReadAndCounted(t *testing.T) {
	for _, soap := range []oscar.Dialect{oscar.OpenO, oscar.Juno} {
		t.Run(string(soap), func(t *testing.T) {
			s := newSet(t, soap, true)
			ids := s.SeedOddities(doctor, "2026-12-01", 31)
			all, err := s.ask(t, "Appointment", "patient=Patient/31")
			if err != nil || len(all) != len(ids)-1 { // the block is none
				t.Fatalf("%d of %d: %v", len(all), len(ids)-1, err)
			}
			by := map[string]fhir.Resource{}
			for _, r := range all {
				by[r.ID()] = r
			}
			says := func(i int, path, want string) {
				t.Helper()
				got := ""
				for v := range by[strconv.Itoa(ids[i])].Value().Path(path) {
					got = v.Text()
				}
				if got != want {
					t.Errorf("row %d: %s is %q, want %q", i, path, got, want)
				}
			}
			says(0, "comment", "")
			says(1, "status", "booked")
			says(1, "extension.valueString", "q")
			says(2, "status", "fulfilled")
			says(3, "status", "fulfilled")
			says(4, "reasonCode.text", `<b onclick="x()">Ear</b> &amp; <script>alert(1)</script>`)
			says(4, "comment", "l\u0153il, \u00e9t\u00e9\r\nline 2")
			says(6, "end", "")
			says(7, "end", "2026-12-02T00:20:00-05:00")
			says(8, "start", "")
			if _, err := s.a.Read(t.Context(), fhir.Ref{Type: "Appointment", ID: strconv.Itoa(ids[5])}); fhir.KindOf(err) != fhir.KindNotFound {
				t.Errorf("a block is read as an appointment: %v", err)
			}
			if !slices.ContainsFunc(s.a.Notes(), func(n oscar.Note) bool { return n.Field == "endTime" && n.Count > 0 }) {
				t.Errorf("a row that ends before it begins is not noted: %v", s.a.Notes())
			}
			slots, err := s.a.Slots(t.Context(), doctor, "2026-12-01")
			if err != nil {
				t.Fatal(err)
			}
			lunch := 0
			for _, slot := range slots {
				if text := string(slot.Bytes()); strings.Contains(text, "LUNCH") || strings.Contains(text, "Patient/") {
					t.Errorf("a slot tells whose it is: %s", text)
				} else if strings.Contains(text, `"busy","start":"2026-12-01T12:00:00-05:00","end":"2026-12-01T13:00:00-05:00"`) {
					lunch++
				}
			}
			if lunch != 1 || !slices.ContainsFunc(slots, func(r fhir.Resource) bool { return r.Value().Get("status").Text() == "free" }) {
				t.Errorf("%d slots for lunch, among %d", lunch, len(slots))
			}
		})
	}
}

func TestEveryShapeOfTimeIsTheSameTime(t *testing.T) {
	s := newSet(t, oscar.OpenO, false)
	id := strconv.Itoa(s.AddAppointments(oscartest.Appointment{ProviderNo: doctor, Date: "2026-07-01", Start: "13:15", DemographicNo: 31})[0])
	want := ""
	for _, shape := range []oscartest.TimeShape{oscartest.TimeClock, oscartest.TimeTwelve, oscartest.TimeEpoch, oscartest.TimeEpochDated, oscartest.TimeISO} {
		s.Switch(func(w *oscartest.Switches) { w.Times = shape })
		r, err := s.a.Read(t.Context(), fhir.Ref{Type: "Appointment", ID: id})
		if err != nil {
			t.Fatal(err)
		}
		if want == "" {
			want = string(r.Bytes())
		}
		if got := string(r.Bytes()); got != want || !strings.Contains(got, `"start":"2026-07-01T13:15:00-04:00","end":"2026-07-01T13:30:00-04:00"`) {
			t.Errorf("shape %d: %s", shape, got)
		}
	}
}

func TestH32WhatAnOSCARGetsWrongBecomesTheRightKind(t *testing.T) {
	s := newSet(t, oscar.OpenO, true)
	id := strconv.Itoa(s.AddAppointments(oscartest.Appointment{ProviderNo: doctor, Date: "2026-12-01", Start: "09:00", DemographicNo: 31, Reason: "Œil, été"})[0])
	read := func() (fhir.Resource, error) { return s.a.Read(t.Context(), fhir.Ref{Type: "Appointment", ID: id}) }
	if _, err := read(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(*oscartest.Switches)
		kind   fhir.Kind
		code   string
	}{
		{"a log-in page", func(w *oscartest.Switches) { w.LoginPage = true }, fhir.KindUpstream, "emr-answer-not-fhir"},
		{"a clock ten minutes off", func(w *oscartest.Switches) { w.ClockOffset = 10 * time.Minute }, fhir.KindUpstream, "emr-login-refused"},
		{"half a body", func(w *oscartest.Switches) { w.HalfBodies = true }, fhir.KindUpstream, "emr-answer-broken"},
		{"a servlet container's page", func(w *oscartest.Switches) { w.FailStatus, w.HTMLErrors = 500, true }, fhir.KindUpstream, "emr-failed"},
	} {
		s.Switch(c.change)
		_, err := read()
		e := wantCode(t, c.name, err, c.kind, c.code)
		if c.name == "a clock ten minutes off" && !strings.Contains(e.Text, "clocks") {
			t.Errorf("nothing is said of the clocks: %s", e.Text)
		}
		s.Switch(func(w *oscartest.Switches) { *w = oscartest.Switches{} })
		if _, err := read(); err != nil {
			t.Errorf("after %s: %v", c.name, err)
		}
	}
	s.Switch(func(w *oscartest.Switches) { w.Latin1 = true })
	if r, err := read(); err != nil || !strings.Contains(string(r.Bytes()), "été") {
		t.Errorf("Latin-1: %s %v", r.Bytes(), err)
	}
	s.AddProviders(oscartest.Provider{No: doctor, Privileges: oscartest.Privileges{"_tickler": "r"}})
	_, err := read()
	if e := wantCode(t, "a missing privilege", err, fhir.KindUpstream, "emr-login-refused"); !strings.Contains(e.Text, "privilege") {
		t.Error(e.Text)
	}
	s.Revoke(s.token.Key)
	_, err = read()
	wantCode(t, "a revoked token", err, fhir.KindUpstream, "emr-login-refused")
}

func TestDialectsAreFoundByAsking(t *testing.T) {
	for _, d := range oscar.Dialects() {
		s := newSet(t, d, true)
		if _, err := s.a.Capability(t.Context()); err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("OSCAR (%s)", d); s.a.Product() != want {
			t.Errorf("%s is taken for %s", d, s.a.Product())
		}
	}
}

func TestEMRsTellMoreThanIsAskedAndItStaysThere(t *testing.T) {
	for _, d := range oscar.Dialects() {
		s := newSet(t, d, true)
		s.Switch(func(w *oscartest.Switches) { w.Canary = "Canari-QZX7" })
		visit := s.AddAppointments(oscartest.Appointment{ProviderNo: doctor, Date: "2026-12-01", Start: "09:00", DemographicNo: 31})[0]
		s.AddTicklers(oscartest.Tickler{DemographicNo: 31, Message: "x", AssignedTo: doctor, Creator: doctor, Service: time.Now()})
		s.AddDocuments(oscartest.Document{DemographicNo: 31, Description: "x", Creator: doctor, ContentType: "application/pdf", Contents: []byte("x")})
		for _, search := range [][2]string{{"Appointment", "patient=Patient/31"}, {"Appointment", "date=2026-12-01"}, {"Task", "patient=Patient/31"}, {"DocumentReference", "patient=Patient/31"}} {
			found, err := s.ask(t, search[0], search[1])
			if fhir.KindOf(err) == fhir.KindNotSupported && err != nil {
				continue
			}
			if err != nil || len(found) != 1 || strings.Contains(string(found[0].Bytes()), "Canari") {
				t.Errorf("%s %s: %d %v", d, search[0], len(found), err)
			}
		}
		if r, err := s.a.Read(context.Background(), fhir.Ref{Type: "Appointment", ID: strconv.Itoa(visit)}); err != nil || strings.Contains(string(r.Bytes()), "Canari") {
			t.Errorf("%s: %v %s", d, err, r.Bytes())
		}
	}
}

// A question that got no answer says nothing about the dialect, which is kept for an hour.
func TestADialectIsNotGuessedFromALostAnswer(t *testing.T) {
	for dialect, question := range map[oscar.Dialect]string{oscar.CARLOS: "/schedule/updateAppointment", oscar.Juno: "/v1/tickler/0"} {
		for name, lost := range map[string]*http.Response{"out of order": answer(503, "text/plain", ""), "a log-in page": answer(200, "text/html", "<html>")} {
			var broken atomic.Bool
			broken.Store(true)
			var later atomic.Int64
			s := newSet(t, dialect, true, func(c *oscar.Config) {
				c.Pause = time.Millisecond
				c.Now = func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
				c.Transport = tampered(func(r *http.Request) *http.Response {
					if !broken.Load() || !strings.HasSuffix(r.URL.Path, question) {
						return nil
					}
					again := *lost
					again.Body = io.NopCloser(strings.NewReader("<html>"))
					return &again
				})
			})
			_, err := s.a.Capability(t.Context())
			if name == "out of order" || dialect == oscar.CARLOS {
				if code := fhir.AsError(err).Code; code == "" || code == "emr-answer-wrong" {
					t.Errorf("%s, %s: the EMR is taken for %q: %v", dialect, name, s.a.Product(), err)
				}
			}
			broken.Store(false)
			later.Store(int64(time.Minute))
			if _, err := s.a.Capability(t.Context()); err != nil || s.a.Product() != "OSCAR ("+string(dialect)+")" {
				t.Errorf("%s, after %s, is taken for %q: %v", dialect, name, s.a.Product(), err)
			}
		}
	}
}

// Java's and CXF's wrappings of a manager's exception (hazard H32: nothing else of it is kept).
func TestH32AMissingPrivilegeIsFoundInEveryWrapping(t *testing.T) {
	for _, body := range []string{"Access Denied", "java.lang.RuntimeException: Access Denied", "missing required security object (_appointment)",
		`<ns1:XMLFault xmlns:ns1="http://cxf.apache.org/bindings/xformat"><ns1:faultstring xmlns:ns1="http://cxf.apache.org/bindings/xformat">java.lang.RuntimeException: Access Denied</ns1:faultstring></ns1:XMLFault>`} {
		s := newSet(t, oscar.OpenO, false, func(c *oscar.Config) {
			c.Dialect = oscar.OpenO
			c.Transport = tampered(func(*http.Request) *http.Response { return answer(500, "text/xml", body) })
		})
		_, err := s.read(t, "Appointment", 1)
		if e := wantCode(t, body, err, fhir.KindUpstream, "emr-login-refused"); !strings.Contains(e.Text, "privilege") || strings.Contains(err.Error(), "RuntimeException") {
			t.Errorf("%v", err)
		}
	}
}

// A clinic's OSCAR is often one small machine, and every search reads several rows at once.
func TestASmallEMRIsNotAskedByEverybodyAtOnce(t *testing.T) {
	var running, most atomic.Int32
	var stuck atomic.Bool
	arrived, release := make(chan struct{}, 100), make(chan struct{})
	s := newSet(t, oscar.OpenO, false, func(c *oscar.Config) {
		c.Dialect, c.AtOnce = oscar.OpenO, 3
		c.Transport = tampered(func(*http.Request) *http.Response {
			n := running.Add(1)
			defer running.Add(-1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			if arrived <- struct{}{}; stuck.Load() {
				<-release
			}
			return answer(200, "application/json", "{}")
		})
	})
	stuck.Store(true)
	var all sync.WaitGroup
	for range 12 {
		all.Go(func() { _, _ = s.read(t, "Appointment", 1) })
	}
	for range 3 {
		<-arrived
	}
	ctx, leave := context.WithCancel(t.Context())
	leave()
	_, err := s.a.Read(ctx, fhir.Ref{Type: "Appointment", ID: "1"})
	wantCode(t, "a caller who leaves while others are served", err, fhir.KindTimeout, "emr-timeout")
	close(release)
	all.Wait()
	if n := most.Load(); n != 3 {
		t.Errorf("%d requests at once", n)
	}
}

// An EMR's word is not its deed.
func TestAChangeThatTheEMROnlySaysItMadeIsNotASuccess(t *testing.T) {
	s := newSet(t, oscar.OpenO, false, func(c *oscar.Config) {
		c.Transport = tampered(func(r *http.Request) *http.Response {
			switch {
			case strings.HasSuffix(r.URL.Path, "/updateStatus"):
				return answer(200, "application/json", `{"appointment":{"id":1,"status":"C"}}`)
			case strings.HasSuffix(r.URL.Path, "/tickler/complete"):
				return answer(200, "application/json", `{"success":true,"message":null}`)
			}
			return nil
		})
	})
	visit := s.AddAppointments(oscartest.Appointment{ProviderNo: doctor, Date: "2026-12-01", Start: "09:00", DemographicNo: 31})[0]
	task := s.AddTicklers(oscartest.Tickler{DemographicNo: 31, AssignedTo: doctor, Message: "x", Status: "A", Priority: "Normal", Creator: doctor, Service: time.Now()})[0]
	for typ, c := range map[string]struct {
		id        int
		old, with string
	}{"Appointment": {visit, `"booked"`, `"cancelled"`}, "Task": {task, `"requested"`, `"completed"`}} {
		r, err := s.read(t, typ, c.id)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.a.Write(t.Context(), changed(t, r, c.old, c.with))
		wantCode(t, typ, err, fhir.KindUpstream, "emr-answer-wrong")
	}
}
