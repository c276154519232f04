package oscartest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestABookedAppointmentIsEverywhere(t *testing.T) {
	for _, dialect := range []Dialect{OSCAR19, OpenO, CARLOS} {
		w := newWorld(t, dialect)
		id := w.book()
		for path, method := range map[string]string{
			"/schedule/900101/day/2026-12-01": "GET", "/schedule/day/2026-12-01": "GET", "/schedule/fetchDays/2026-12-01/2026-12-05/12,900101": "GET",
			"/schedule/fetchProviderAppts/900101/2026-11-30/2026-12-01": "GET", "/schedule/fetchMonthly/900101/2026/11": "GET", "/schedule/31/appointmentHistory": "POST",
		} {
			got := w.ask(method, path, "")
			if !strings.Contains(got.body, fmt.Sprint(id)) || !strings.Contains(got.body, "Bring the blue form") {
				t.Errorf("%s %s: %d %s", dialect, path, got.status, got.body)
			}
		}
		if got := w.ask("POST", "/schedule/getAppointment", fmt.Sprintf(`{"id":%d}`, id)); got.status != http.StatusOK {
			t.Errorf("%s: %d", dialect, got.status)
		}
		if got := w.soapCall("<ns:getAppointment2><arg0>1</arg0></ns:getAppointment2>"); !strings.Contains(got.body, "Bring the blue form") {
			t.Errorf("%s SOAP: %v", dialect, got)
		}
	}
}

func TestDaySheetsDifferByDialect(t *testing.T) {
	for dialect, begins := range map[Dialect]string{OSCAR19: `{"template":null,"patients":[{"demographicNo":31`, OpenO: `[{"demographicNo":31`, CARLOS: `[{"demographicNo":31`} {
		w := newWorld(t, dialect)
		booked(w)
		w.now = w.moment("2026-12-01", "23:59:00")
		today := w.ask("GET", "/schedule/day/today", "")
		if got := w.ask("GET", "/schedule/900101/day/2026-12-01", ""); !strings.HasPrefix(got.body, begins) || got.body != today.body {
			t.Errorf("%s: %s\n%s", dialect, got.body, today.body)
		}
		if got := w.ask("GET", "/schedule/nobody/day/2026-12-01", ""); !strings.Contains(got.body, `"drug":[]`) {
			t.Errorf("%s: %s", dialect, got.body)
		}
		if got := w.ask("GET", "/schedule/900101/day/tomorrow", ""); got.status != 500 {
			t.Errorf("%s: %v", dialect, got)
		}
	}
}

func TestLengthsAreCountedToTheInclusiveEnd(t *testing.T) {
	for _, c := range []struct{ start, end, want string }{
		{"09:00:00", "09:14:00", "14m "}, {"12:00:00", "12:59:00", "59m "}, {"09:00:00", "10:14:00", "1H 14m "}, {"09:00:00", "", ""}, {"09:00:00", "09:14:59", "14m "},
	} {
		if got := length(c.start, c.end); got != c.want {
			t.Errorf("%s-%s: %q", c.start, c.end, got)
		}
	}
}

func TestBookingLooksAtNothingButThePatientAndTheDate(t *testing.T) {
	w := newWorld(t, OpenO)
	w.book()
	w.book() // the same time again: no conflict check
	rows := w.Appointments()
	if len(rows) != 2 || rows[0].Name != "BÉLIVEAU, INÈS" || rows[0].End != "09:14:00" || rows[0].Creator != "Marchand, Odile" || rows[0].LastUpdateUser != "900101" {
		t.Errorf("%+v", rows)
	}
	for name, body := range map[string]string{
		"unknown patient": strings.Replace(booking, `"demographicNo":31`, `"demographicNo":404`, 1), "no patient": strings.Replace(booking, `"demographicNo":31`, `"demographicNo":0`, 1),
		"bad date": strings.Replace(booking, "2026-12-01", "1 December", 1), "bad time": strings.Replace(booking, `"09:00"`, `"nine"`, 1), "no JSON": "{",
	} {
		if got := w.ask("POST", "/schedule/add", body); got.status != 500 {
			t.Errorf("%s: %v", name, got)
		}
	}
	got := get[scheduling](w, "POST", "/schedule/add", strings.Replace(booking, `"startTime":"09:00"`, `"startTime12hWithMedian":"01:30 PM"`, 1))
	if a := w.Appointments()[2]; a.Start != "13:30:00" || string(got.Appointment.StartTime) != "1796149800000" || got.Appointment.AppointmentDate != 1796149800000 {
		t.Errorf("%+v %s", a, got.Appointment.StartTime)
	}
}

func TestTextTooLongForItsColumnIsRefusedOrCut(t *testing.T) {
	columns := map[string]int{"providerNo": 6, "notes": 255, "reason": 80, "location": 30, "resources": 255, "type": 50, "status": 2, "urgency": 30}
	for column, size := range columns {
		w := newWorld(t, OpenO)
		body := func(n int) string {
			return strings.TrimSuffix(booking, "}") + fmt.Sprintf(`,%q:%q}`, column, strings.Repeat("é", n))
		}
		if got := w.ask("POST", "/schedule/add", body(size)); got.status != 200 {
			t.Errorf("%s of %d: %v", column, size, got)
		}
		if got := w.ask("POST", "/schedule/add", body(size+1)); got.status != 500 || len(w.Appointments()) != 1 {
			t.Errorf("%s of %d: %v", column, size+1, got)
		}
		w.Switch(func(s *Switches) { s.CutOverlong = true })
		if got := w.ask("POST", "/schedule/add", body(size+1)); got.status != 200 || strings.Contains(got.body, strings.Repeat("é", size+1)) {
			t.Errorf("%s cut: %v", column, got)
		}
	}
}

func TestAStatusIsSetWhateverItIs(t *testing.T) {
	w := newWorld(t, OpenO)
	id := w.book()
	w.now = w.now.Add(time.Hour)
	w.token = w.Issue("gateway", "900101")
	for _, status := range []string{"H", "tS", "zz", "C"} {
		got := get[scheduling](w, "POST", fmt.Sprintf("/schedule/appointment/%d/updateStatus", id), fmt.Sprintf(`{"status":%q}`, status))
		if a := w.Appointments()[0]; a.Status != status || got.Appointment.Status != status || !a.Updated.Equal(w.now) || a.Created.Equal(a.Updated) {
			t.Errorf("%s: %+v", status, a)
		}
	}
	for path, body := range map[string]string{"/schedule/appointment/77/updateStatus": `{"status":"C"}`, "/schedule/appointment/x/updateStatus": `{"status":"C"}`,
		"/schedule/appointment/1/updateStatus": `{}`, "/schedule/appointment/1/updateType": `{}`} {
		if got := w.ask("POST", path, body); got.status != 500 {
			t.Errorf("%s: %v", path, got)
		}
	}
	if got := w.ask("POST", "/schedule/appointment/1/updateType", `{"type":"Phone"}`); got.status != 200 || w.Appointments()[0].Type != "Phone" || w.Appointments()[0].Status != "C" {
		t.Error(got)
	}
	if got := w.ask("POST", "/schedule/appointment/1/updateUrgency", `{"urgency":"critical"}`); got.status != 405 || w.Appointments()[0].Urgency != "" {
		t.Error(got)
	}
}

func TestWhoeverChangedARowIsOnIt(t *testing.T) {
	w := newWorld(t, OpenO)
	id := w.book()
	w.AddProviders(Provider{No: "13", LastName: "Second", FirstName: "Sam"})
	w.token = w.Issue("gateway", "13")
	w.ask("POST", fmt.Sprintf("/schedule/appointment/%d/updateStatus", id), `{"status":"H"}`)
	if a := w.Appointments()[0]; a.LastUpdateUser != "13" || a.Creator != "Marchand, Odile" {
		t.Errorf("%+v", a)
	}
	if !w.Edit(id, "900101", func(a *Appointment) { a.Notes = "at the desk" }) || w.Edit(99, "900101", func(*Appointment) {}) {
		t.Error("Edit")
	}
	if a := w.Appointments()[0]; a.LastUpdateUser != "900101" || a.Notes != "at the desk" {
		t.Errorf("%+v", a)
	}
}

func TestADeletedRowIsArchivedAndGone(t *testing.T) {
	w := newWorld(t, OpenO)
	id := w.book()
	if got := w.ask("POST", "/schedule/deleteAppointment", fmt.Sprintf(`{"id":%d}`, id)); !got.is(200, "") {
		t.Error(got)
	}
	if len(w.Appointments()) != 0 || len(w.Archived()) != 1 || w.Archived()[0].ID != id {
		t.Errorf("%v %v", w.Appointments(), w.Archived())
	}
	for path, body := range map[string]string{"/schedule/getAppointment": `{"id":1}`, "/schedule/deleteAppointment": `{"id":1}`} {
		if got := w.ask("POST", path, body); got.status != 500 {
			t.Errorf("%s: %v", path, got)
		}
	}
	if again := w.book(); again == id {
		t.Error("a number was used again")
	}
}

func TestMonthsLoseTheirLastDay(t *testing.T) {
	w := newWorld(t, OpenO)
	for _, day := range []string{"2026-11-30", "2026-12-01", "2026-12-30", "2026-12-31", "2027-01-01"} {
		w.AddAppointments(Appointment{ProviderNo: "900101", Date: day, Start: "09:00", DemographicNo: 31})
	}
	rows := get[found[rangeRow]](w, "GET", "/schedule/fetchMonthly/900101/2026/11", "")
	if len(rows.Content) != 2 || rows.Content[1].AppointmentNo != 3 {
		t.Errorf("%+v", rows)
	}
}

func TestRangesIncludeTheirLastDayUnlessSwitched(t *testing.T) {
	w := newWorld(t, OpenO)
	booked(w)
	count := func(path string) int { return get[found[rangeRow]](w, "GET", path, "").Total }
	days, one := "/schedule/fetchDays/2026-11-30/2026-12-01/900101", "/schedule/fetchProviderAppts/900101/2026-11-30/2026-12-01"
	if count(days) != 2 || count(one) != 2 || count("/schedule/fetchDays/2026-11-30/2026-12-01/12") != 0 {
		t.Error("two rows")
	}
	w.Switch(func(s *Switches) { s.HideBlocks = true })
	if count(days) != 1 {
		t.Error("no block")
	}
	w.Switch(func(s *Switches) { s.HideBlocks, s.ExclusiveRangeEnd = false, true })
	if count(days) != 0 || count(one) != 0 {
		t.Error("no last day")
	}
	if got := w.ask("GET", "/schedule/fetchDays/x/y/900101", ""); got.status != 500 {
		t.Error(got)
	}
}

func TestHistoryStopsAt5000Rows(t *testing.T) {
	w := newWorld(t, OpenO)
	rows := make([]Appointment, historyCap+7)
	for i := range rows {
		rows[i] = Appointment{ProviderNo: "900101", Date: "2026-01-01", Start: "09:00", DemographicNo: 31}
	}
	w.AddAppointments(rows...)
	w.AddAppointments(Appointment{ProviderNo: "900101", Date: "2026-02-01", Start: "09:00", DemographicNo: 31})
	if got := get[scheduling](w, "POST", "/schedule/31/appointmentHistory", ""); len(got.Appointments) != historyCap || got.Appointments[0].ID != historyCap+8 {
		t.Error(len(got.Appointments))
	}
}

func TestTimesReadBackHaveTheSwitchedShape(t *testing.T) {
	for shape, want := range map[TimeShape]string{TimeClock: `"13:05:00"`, TimeTwelve: `"01:05 PM"`, TimeEpoch: "65100000", TimeEpochDated: "1782839100000", TimeISO: `"2026-06-30T13:05:00.000-0400"`} {
		w := newWorld(t, OpenO)
		w.Switch(func(s *Switches) { s.Times = shape })
		w.AddAppointments(Appointment{ProviderNo: "900101", Date: "2026-06-30", Start: "13:05", DemographicNo: 31})
		if got := get[scheduling](w, "POST", "/schedule/31/appointmentHistory", "").Appointments[0]; string(got.StartTime) != want {
			t.Errorf("%d: %s", shape, got.StartTime)
		}
	}
}

func TestTheClinicsTablesAreServed(t *testing.T) {
	w := newWorld(t, OpenO, func(c *Config) {
		c.Codes.Statuses = append(SeedStatuses(), Status{ID: 14, Status: "h", Description: "Confirmed", Active: 1, Editable: 1})
		c.Codes.Types = []Type{{ID: 7, Name: "Home visit", Duration: 40}}
	})
	if got := get[scheduling](w, "GET", "/schedule/types", ""); len(got.Types) != 1 || got.Types[0].Name != "Home visit" || got.Reasons != nil {
		t.Errorf("%+v", got)
	}
	if got := get[found[Status]](w, "GET", "/schedule/statuses", ""); got.Total != 14 || got.Content[13].Status != "h" {
		t.Errorf("%+v", got)
	}
	if got := get[found[SlotCode]](w, "GET", "/schedule/codes", ""); got.Content[0].Code != "1" {
		t.Errorf("%+v", got)
	}
}
