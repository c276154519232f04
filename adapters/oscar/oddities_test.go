package oscar_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"vestibule/adapters"
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

func TestSOAPSignsInAgainAfterARestart(t *testing.T) {
	s := newSet(t, oscar.Juno, true)
	id := strconv.Itoa(s.AddAppointments(oscartest.Appointment{ProviderNo: doctor, Date: "2026-12-01", Start: "09:00", DemographicNo: 31})[0])
	for range 3 {
		if _, err := s.a.Read(t.Context(), fhir.Ref{Type: "Appointment", ID: id}); err != nil {
			t.Fatal(err)
		}
		s.Restart()
	}
}

func TestArgumentsAreNamedAsTheWSDLNamesThem(t *testing.T) {
	s := newSet(t, oscar.Juno, true)
	s.Switch(func(w *oscartest.Switches) { w.NamedArguments = true })
	r, err := s.a.Write(t.Context(), s.booking(t, "2026-12-01T09:00:00-05:00", "2026-12-01T09:20:00-05:00", ""))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.a.Read(t.Context(), r.Ref()); err != nil || string(got.Bytes()) != string(r.Bytes()) {
		t.Error(err)
	}
	if name := s.Appointments()[0].Name; name != "BÉLIVEAU, INÈS" {
		t.Errorf("by SOAP the name is written as sent: %q", name)
	}
}

func TestASheetOfFiveThousandIsSearchedInBounds(t *testing.T) {
	s := newSet(t, oscar.OpenO, false, func(c *oscar.Config) { c.Timeout = time.Minute })
	s.SeedDay(doctor, "2026-12-01", 5000)
	values, _ := url.ParseQuery("practitioner=Practitioner/" + doctor + "&date=2026-12-01&_count=10")
	q, err := fhir.ParseQuery("Appointment", values, s.zone)
	if err != nil {
		t.Fatal(err)
	}
	s.Forget()
	page, err := s.a.Search(t.Context(), q, "")
	if err != nil || len(page.Resources) != 10 || page.Next == "" {
		t.Fatalf("%d %v", len(page.Resources), err)
	}
	if n := len(s.Requests()); n > 13 { // the list, ten rows, and two to find the dialect
		t.Errorf("%d requests for a page of 10", n)
	}
	if _, err := s.ask(t, "Appointment", "patient=Patient/31"); err != nil {
		wantCode(t, "a history that the EMR cuts", err, fhir.KindUnprocessable, "emr-search-unbounded")
	} else {
		t.Error("5,000 rows are what the EMR lists at most: there may be more")
	}
}

func TestASearchWithoutBoundsIsRefused(t *testing.T) {
	s := newSet(t, oscar.OpenO, true)
	for typ, searches := range map[string][]string{
		"Appointment":       {"", "status=booked", "date=ge2026-01-01", "practitioner=Practitioner/" + doctor, "date=ge2020-01-01&date=lt2026-01-01"},
		"DocumentReference": {"", "status=current", "date=lt2026-01-01"},
	} {
		for _, criteria := range searches {
			_, err := s.ask(t, typ, criteria)
			wantCode(t, typ+"?"+criteria, err, fhir.KindUnprocessable, "emr-search-unbounded")
		}
	}
}

func TestTakenTimeIsNotBookedTwice(t *testing.T) {
	for _, dialect := range []oscar.Dialect{oscar.OpenO, oscar.OSCAR19, oscar.Juno} {
		t.Run(string(dialect), func(t *testing.T) {
			s := newSet(t, dialect, true)
			s.AddAppointments(oscartest.Appointment{ProviderNo: doctor, Date: "2026-12-01", Start: "12:00", Minutes: 60, Name: ".LUNCH"},
				oscartest.Appointment{ProviderNo: doctor, Date: "2026-12-01", Start: "14:00", DemographicNo: 31, Status: "C"})
			first, err := s.a.Write(t.Context(), s.booking(t, "2026-12-01T09:00:00-05:00", "2026-12-01T09:15:00-05:00", ""))
			if err != nil {
				t.Fatal(err)
			}
			for _, at := range [][2]string{{"09:14", "09:30"}, {"08:50", "09:01"}, {"12:59", "13:10"}} {
				_, err := s.a.Write(t.Context(), s.booking(t, "2026-12-01T"+at[0]+":00-05:00", "2026-12-01T"+at[1]+":00-05:00", ""))
				wantCode(t, at[0], err, fhir.KindConflict, "emr-conflict")
			}
			for _, at := range [][2]string{{"09:15", "09:30"}, {"14:00", "14:15"}} {
				if _, err := s.a.Write(t.Context(), s.booking(t, "2026-12-01T"+at[0]+":00-05:00", "2026-12-01T"+at[1]+":00-05:00", "")); err != nil {
					t.Errorf("%s: %v", at[0], err)
				}
			}
			c := changed(t, first, "T09:00:00", "T12:30:00")
			c.Resource = changed(t, c.Resource, "T09:15:00", "T12:45:00").Resource
			_, err = s.a.Write(t.Context(), c)
			wantCode(t, "a move over lunch", err, fhir.KindConflict, "emr-conflict")
			c = changed(t, first, "T09:00:00", "T10:00:00")
			c.Resource = changed(t, c.Resource, "T09:15:00", "T10:15:00").Resource
			moved, err := s.a.Write(t.Context(), c)
			if err != nil || !strings.Contains(string(moved.Bytes()), "T10:00:00-05:00") {
				t.Errorf("a move: %v", err)
			}
			cancelled, err := s.a.Write(t.Context(), changed(t, moved, `"status":"booked"`, `"status":"cancelled"`))
			if err != nil || cancelled.Value().Get("status").Text() != "cancelled" {
				t.Errorf("a cancellation: %v", err)
			}
		})
	}
}

func TestWithoutSOAPAnAppointmentChangesItsStatusOrItsType(t *testing.T) {
	s := newSet(t, oscar.OpenO, false)
	r, err := s.a.Write(t.Context(), s.booking(t, "2026-12-01T09:00:00-05:00", "2026-12-01T09:15:00-05:00", `,"comment":"x","appointmentType":{"text":"Visit"}`))
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.a.Write(t.Context(), changed(t, r, `"comment":"x"`, `"comment":"y"`))
	wantCode(t, "another comment", err, fhir.KindNotSupported, "emr-not-supported")
	if r, err = s.a.Write(t.Context(), changed(t, r, `"status":"booked"`, `"status":"arrived"`)); err != nil {
		t.Fatal(err)
	}
	if r, err = s.a.Write(t.Context(), changed(t, r, `"Visit"`, `"Phone"`)); err != nil || !strings.Contains(string(r.Bytes()), `"Phone"`) {
		t.Fatal(err)
	}
}

func TestASignatureStaysBehindTheState(t *testing.T) {
	s := newSet(t, oscar.OpenO, true)
	id := s.AddAppointments(oscartest.Appointment{ProviderNo: doctor, Date: "2026-12-01", Start: "09:00", DemographicNo: 31, Status: "tS"})[0]
	r, err := s.a.Read(t.Context(), fhir.Ref{Type: "Appointment", ID: strconv.Itoa(id)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.a.Write(t.Context(), changed(t, r, `"fulfilled"`, `"arrived"`))
	if e := wantCode(t, "an arrival after signing", err, fhir.KindUnprocessable, "emr-refused"); e.Path != "status" {
		t.Error(e.Path)
	}
	if _, err := s.a.Write(t.Context(), changed(t, r, `"fulfilled"`, `"cancelled"`)); err != nil {
		t.Fatal(err)
	}
	if got := s.Appointments()[0].Status; got != "CS" {
		t.Errorf("the code is %q", got)
	}
}

func TestATicklerIsTakenCommentedAndCompleted(t *testing.T) {
	s := newSet(t, oscar.OpenO, false)
	r, err := fhir.ParseResource([]byte(`{"resourceType":"Task","status":"requested","intent":"order","description":"Rappeler","for":{"reference":"Patient/31"},"owner":{"reference":"Practitioner/`+doctor+`"}}`), fhir.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	task, err := s.a.Write(t.Context(), fhir.Change{Kind: fhir.InteractionCreate, Operation: "op1234567890", Resource: r})
	if err != nil {
		t.Fatal(err)
	}
	if task, err = s.a.Write(t.Context(), changed(t, task, "Practitioner/"+doctor+`","display":"Okafor,Ngozi"},"restriction"`, "Practitioner/"+nurse+`"},"restriction"`)); err != nil {
		t.Fatal(err)
	}
	if task, err = s.a.Write(t.Context(), changed(t, task, `"restriction":`, `"note":[{"text":"boîte vocale"}],"restriction":`)); err != nil {
		t.Fatal(err)
	}
	if task, err = s.a.Write(t.Context(), changed(t, task, `"requested"`, `"completed"`)); err != nil {
		t.Fatal(err)
	}
	row := s.Ticklers()[0]
	if row.AssignedTo != nurse || row.Status != "C" || len(row.Comments) != 1 || row.Comments[0].ProviderNo != doctor || !strings.HasSuffix(row.Message, "[gw:op1234567890]") {
		t.Errorf("%+v", row)
	}
	found, err := s.ask(t, "Task", "identifier="+adapters.OperationSystem+"|op1234567890")
	if err != nil || len(found) != 1 || string(found[0].Bytes()) != string(task.Bytes()) {
		t.Errorf("%d found: %v", len(found), err)
	}
}

func TestAReferralIsFiledOnceAndReadBack(t *testing.T) {
	s := newSet(t, oscar.OpenO, true)
	r, err := fhir.ParseResource([]byte(`{"resourceType":"DocumentReference","status":"current","description":"Lettre de référence","type":{"text":"consult"},"subject":{"reference":"Patient/31"},"content":[{"attachment":{"contentType":"application/pdf","data":"JVBERi0xLjQK"}}]}`), fhir.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	change := fhir.Change{Kind: fhir.InteractionCreate, Operation: "0123456789abcdef", Resource: r}
	var doc fhir.Resource
	for range 2 {
		if doc, err = s.a.Write(t.Context(), change); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(s.Documents()); n != 1 {
		t.Errorf("%d documents", n)
	}
	content, err := s.a.Open(t.Context(), doc, 0)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(content); err != nil || string(b) != "%PDF-1.4\n" {
		t.Errorf("%q %v", b, err)
	}
	settled, err := s.ask(t, "DocumentReference", "identifier="+adapters.OperationSystem+"|0123456789abcdef")
	if err != nil || len(settled) != 1 {
		t.Errorf("a write without a known outcome is not found: %d %v", len(settled), err)
	}
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
