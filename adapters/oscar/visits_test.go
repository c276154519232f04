package oscar_test

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"vestibule/adapters"
	"vestibule/adapters/oscar"
	"vestibule/adapters/oscar/oscartest"
	"vestibule/fhir"
)

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
			s.Switch(func(w *oscartest.Switches) { w.NoLengths = dialect == oscar.OSCAR19 })
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

// What stands in a row already is not the caller's to shorten or to mend.
func TestARowThatTheEMRKeepsIsChangedWhateverItHolds(t *testing.T) {
	for _, dialect := range []oscar.Dialect{oscar.OpenO, oscar.Juno} {
		s := newSet(t, dialect, true)
		long := strings.Repeat("é", 255)
		ids := s.AddAppointments(
			oscartest.Appointment{ProviderNo: doctor, Date: "2026-12-01", Start: "09:00", DemographicNo: 31, Notes: long},
			oscartest.Appointment{ProviderNo: doctor, Date: "2026-12-01", Start: "10:00", DemographicNo: 31, Notes: "à jeun \U0001FA7A", Reason: "\U0001F489", Location: "\U0001F3E5", Resources: "\U0001F517", Type: "\U0001F4DE"},
			oscartest.Appointment{ProviderNo: "", Date: "2026-12-01", Start: "11:00", DemographicNo: 31})
		for i, id := range ids {
			before := s.Appointments()[i]
			r, err := s.read(t, "Appointment", id)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.a.Write(t.Context(), changed(t, r, `"status":"booked"`, `"status":"cancelled"`)); err != nil {
				t.Errorf("%s, row %d cannot be cancelled: %v", dialect, i, err)
			}
			after := s.Appointments()[i]
			if before.Status = "C"; after.Notes != before.Notes || after.Reason != before.Reason || after.Location != before.Location || after.ProviderNo != before.ProviderNo || after.Status != "C" {
				t.Errorf("%s: %+v became %+v", dialect, before, after)
			}
		}
		r, err := s.read(t, "Appointment", ids[0])
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.a.Write(t.Context(), changed(t, r, long, long+"é"))
		if e := wantCode(t, "a longer text", err, fhir.KindUnprocessable, "emr-refused"); e.Path != "comment" {
			t.Error(e.Path)
		}
	}
}

// fetchDays tells the first character of the status and the notes, in which the mark is: what cannot match is not read.
func TestRowsThatTheListExcludesAreNotRead(t *testing.T) {
	s := newSet(t, oscar.OpenO, false)
	for i := range 30 {
		status := "tS" // fulfilled; the list says t
		switch {
		case i < 3:
			status = "C"
		case i < 5:
			status = "NS"
		case i < 15:
			status = "H"
		}
		s.AddAppointments(oscartest.Appointment{ProviderNo: doctor, Date: "2026-12-01", Start: fmt.Sprintf("%02d:00", 8+i/4), DemographicNo: 31, Status: status})
	}
	s.AddAppointments(oscartest.Appointment{ProviderNo: doctor, Date: "2026-12-01", Start: "20:00", DemographicNo: 31, Notes: "x [gw:op12345678]"})
	if _, err := s.a.Capability(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		criteria    string
		found, read int
	}{
		{"status=cancelled", 3, 3}, {"status=noshow", 2, 2}, {"status=arrived", 10, 10}, {"status=booked", 1, 16}, {"status=fulfilled", 15, 26}, {"status=cancelled,noshow", 5, 5},
		{"status=http://hl7.org/fhir/appointmentstatus|cancelled", 3, 31}, {"status:not=cancelled", 28, 31},
		{"identifier=" + adapters.OperationSystem + "|op12345678", 1, 1}, {"status=booked&identifier=" + adapters.OperationSystem + "|nobodys", 0, 0},
	} {
		s.Forget()
		found, err := s.ask(t, "Appointment", "date=2026-12-01&practitioner=Practitioner/"+doctor+"&"+c.criteria)
		if n := s.asked("getAppointment"); err != nil || len(found) != c.found || n > c.read {
			t.Errorf("%s: %d found, %d read, want %d and %d: %v", c.criteria, len(found), n, c.found, c.read, err)
		}
	}
}

// Whoever settles a write without a known outcome looks at one page: it has to be on it, however much was changed since.
func TestH31AnOperationIsFoundOnTheFirstPage(t *testing.T) {
	for _, dialect := range []oscar.Dialect{oscar.OpenO, oscar.Juno} {
		s := newSet(t, dialect, true, func(c *oscar.Config) { c.Timeout = time.Minute })
		row := func(i int, notes string) {
			s.AddAppointments(oscartest.Appointment{ProviderNo: doctor, Date: "2026-12-01", Start: fmt.Sprintf("%02d:%02d", 8+i/60%12, i%60), DemographicNo: 31, Notes: notes, Updated: time.Now().Add(time.Duration(i-1200) * 2 * time.Second)})
		}
		for i := range 1100 {
			row(i, "")
		}
		row(1100, "x [gw:op12345678]")
		q, err := fhir.ParseQuery("Appointment", url.Values{"identifier": {adapters.OperationSystem + "|op12345678"}}, s.zone)
		if err != nil {
			t.Fatal(err)
		}
		page, err := s.a.Search(t.Context(), q, "")
		if err != nil || len(page.Resources) != 1 {
			t.Errorf("%s: %d found on the first page: %v", dialect, len(page.Resources), err)
		}
	}
}

// CARLOS's update is documented with times of day; its source reads dates, which those are not.
func TestCARLOSIsToldOfTimesEitherWay(t *testing.T) {
	for _, dates := range []bool{false, true} {
		s := newSet(t, oscar.CARLOS, false)
		s.Switch(func(w *oscartest.Switches) { w.DatesOnly = dates })
		r, err := s.a.Write(t.Context(), s.booking(t, "2026-12-01T09:00:00-05:00", "2026-12-01T09:15:00-05:00", ""))
		if err != nil {
			t.Fatal(err)
		}
		c := changed(t, r, "T09:00:00", "T10:00:00")
		c.Resource = changed(t, c.Resource, "T09:15:00", "T10:30:00").Resource
		if _, err = s.a.Write(t.Context(), c); err != nil {
			t.Errorf("dates only, %v: %v", dates, err)
		}
		if row := s.Appointments()[0]; row.Date != "2026-12-01" || row.Start != "10:00:00" || row.End != "10:29:00" {
			t.Errorf("dates only, %v: it is on %s from %s to %s", dates, row.Date, row.Start, row.End)
		}
	}
}
