package oscartest

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// historyCap is how many rows appointmentHistory returns at most.
const historyCap = 5000

func epoch(t time.Time) json.RawMessage {
	return json.RawMessage(strconv.FormatInt(t.UnixMilli(), 10))
}

// list is a search envelope with everything that was found.
func list[T any](c *call, rows []T) answer {
	if rows == nil {
		rows = []T{}
	}
	return c.give(found[T]{Total: len(rows), Timestamp: c.at.UnixMilli(), Content: rows})
}

func (c *call) statuses() answer  { return list(c, c.cfg.Codes.Statuses) }
func (c *call) slotCodes() answer { return list(c, c.cfg.Codes.Slots) }
func (c *call) types() answer     { return c.give(scheduling{Types: c.cfg.Codes.Types}) }
func (c *call) reasons() answer   { return c.give(scheduling{Reasons: c.cfg.Codes.Reasons}) }

// sheetRow is one line of a day sheet.
type sheetRow struct {
	DemographicNo int     `json:"demographicNo"`
	AppointmentNo int     `json:"appointmentNo"`
	Name          *string `json:"name"`
	Status        string  `json:"status"`
	StartTime     string  `json:"startTime"`
	Reason        *string `json:"reason"`
	Duration      *string `json:"duration"`
	Type          *string `json:"type"`
	Notes         *string `json:"notes"`
	Date          int64   `json:"date"`
}

// daySheet is one provider's day: of the provider in the path, or of the token's.
func (c *call) daySheet() answer {
	who, named := c.params["provider"]
	if !named {
		who = c.provider.No
	}
	day, ok := c.day(c.params["date"])
	if !ok {
		return c.crash()
	}
	if _, known := c.data.Providers[who]; !known {
		return c.emptySheet()
	}
	rows := []sheetRow{}
	for _, a := range c.pick(func(a Appointment) bool { return a.ProviderNo == who && a.Date == day }) {
		rows = append(rows, sheetRow{
			DemographicNo: a.DemographicNo, AppointmentNo: a.ID, Name: orNull(a.Name, a.NullName), Status: a.Status, StartTime: twelve(a.Start),
			Reason: orNull(a.Reason, a.NullName), Duration: orNull(length(a.Start, a.End), c.switches.NoLengths), Type: orNull(a.Type, c.switches.NoLengths), Notes: orNull(a.Notes, a.NullName || c.switches.NoLengths), Date: c.dayMillis(a.Date),
		})
	}
	if c.cfg.Dialect == OSCAR19 {
		return c.give(struct {
			Template *string    `json:"template"`
			Patients []sheetRow `json:"patients"`
		}{Patients: rows})
	}
	return c.give(rows)
}

// emptySheet is the odd answer for a provider that does not exist.
func (c *call) emptySheet() answer {
	return c.give(struct {
		Offset    int     `json:"offset"`
		Limit     int     `json:"limit"`
		Total     int     `json:"total"`
		Timestamp int64   `json:"timestamp"`
		Query     *string `json:"query"`
		Drug      []int   `json:"drug"`
	}{Timestamp: c.at.UnixMilli(), Drug: []int{}})
}

// day is the yyyy-MM-dd of a path segment.
func (c *call) day(text string) (string, bool) {
	if text == "today" {
		return c.at.Format(time.DateOnly), true
	}
	_, err := time.Parse(time.DateOnly, text)
	return text, err == nil
}

// rangeRow is a line of fetchDays: telephone numbers, but neither end nor reason.
type rangeRow struct {
	AppointmentNo      int             `json:"appointmentNo"`
	ProviderNo         string          `json:"providerNo"`
	AppointmentDate    int64           `json:"appointmentDate"`
	StartTime          json.RawMessage `json:"startTime"`
	DemographicNo      int             `json:"demographicNo"`
	Notes              *string         `json:"notes"`
	Location           string          `json:"location"`
	Resources          string          `json:"resources"`
	Status             string          `json:"status"`
	LastName           *string         `json:"lastName"`
	FirstName          *string         `json:"firstName"`
	Phone              *string         `json:"phone"`
	Phone2             *string         `json:"phone2"`
	Email              *string         `json:"email"`
	DemoCell           *string         `json:"demoCell"`
	ReminderPreference *string         `json:"reminderPreference"`
	HPhoneExt          *string         `json:"hPhoneExt"`
	WPhoneExt          *string         `json:"wPhoneExt"`
}

func (c *call) fetchDays() answer {
	from, ok1 := c.day(c.params["from"])
	to, ok2 := c.day(c.params["to"])
	if !ok1 || !ok2 {
		return c.crash()
	}
	who := strings.Split(c.params["providers"], ",")
	return list(c, c.rangeRows(func(a Appointment) bool {
		return slices.Contains(who, a.ProviderNo) && c.within(a.Date, from, to)
	}))
}

// within says whether the day is in a range whose last day counts.
func (c *call) within(day, from, to string) bool {
	return from <= day && (day < to || day == to && !c.switches.ExclusiveRangeEnd)
}

func (c *call) rangeRows(fits func(Appointment) bool) []rangeRow {
	var rows []rangeRow
	for _, a := range c.pick(fits) {
		if a.DemographicNo == 0 && c.switches.HideBlocks {
			continue
		}
		r := rangeRow{
			AppointmentNo: a.ID, ProviderNo: a.ProviderNo, AppointmentDate: c.dayMillis(a.Date), StartTime: c.clock(a.Date, a.Start), DemographicNo: a.DemographicNo,
			Notes: orNull(a.Notes, a.NullName), Location: a.Location, Resources: a.Resources,
			Status: a.Status[:min(1, len(a.Status))], // a Character (Open-O: webserv/rest/to/model/AppointmentExtTo.java)
		}
		if p, ok := c.data.Patients[a.DemographicNo]; ok && !a.NullName {
			phone, phone2, email, cell := c.covered("phone", p.Phone), c.covered("phone2", p.Phone2), c.covered("email", p.Email), c.covered("demoCell", p.Cell)
			r.LastName, r.FirstName, r.Phone, r.Phone2, r.Email, r.DemoCell = &p.LastName, &p.FirstName, &phone, &phone2, &email, &cell
			r.HPhoneExt, r.WPhoneExt = c.canary("hPhoneExt"), c.canary("wPhoneExt")
		}
		rows = append(rows, r)
	}
	return rows
}

// fetchMonthly counts months from 0 and loses the last day, because it ends at that day's first midnight.
func (c *call) fetchMonthly() answer {
	year, ok1 := numbered(c.params["year"])
	month, ok2 := numbered(c.params["month"])
	if !ok1 || !ok2 {
		return c.crash()
	}
	first := time.Date(year, time.Month(month+1), 1, 0, 0, 0, 0, time.UTC)
	from, last := first.Format(time.DateOnly), first.AddDate(0, 1, -1).Format(time.DateOnly)
	return list(c, c.rangeRows(func(a Appointment) bool {
		return a.ProviderNo == c.params["provider"] && from <= a.Date && a.Date < last
	}))
}

// providerRow is a line of fetchProviderAppts.
type providerRow struct {
	AppointmentNo   int     `json:"appointmentNo"`
	ProviderNo      string  `json:"providerNo"`
	AppointmentDate int64   `json:"appointmentDate"`
	DemographicNo   int     `json:"demographicNo"`
	Notes           *string `json:"notes"`
	Location        string  `json:"location"`
	Resources       string  `json:"resources"`
	Status          string  `json:"status"`
	LastUpdateUser  string  `json:"lastUpdateUser"`
	UpdateDatetime  *int64  `json:"updateDatetime"`
	Name            *string `json:"name"`
}

func (c *call) fetchProviderAppts() answer {
	from, ok1 := c.day(c.params["from"])
	to, ok2 := c.day(c.params["to"])
	if !ok1 || !ok2 {
		return c.crash()
	}
	var rows []providerRow
	for _, a := range c.pick(func(a Appointment) bool {
		return a.ProviderNo == c.params["provider"] && c.within(a.Date, from, to)
	}) {
		rows = append(rows, providerRow{
			AppointmentNo: a.ID, ProviderNo: a.ProviderNo, AppointmentDate: c.dayMillis(a.Date), DemographicNo: a.DemographicNo, Notes: orNull(a.Notes, a.NullName),
			Location: a.Location, Resources: a.Resources, Status: a.Status, LastUpdateUser: a.LastUpdateUser, UpdateDatetime: c.millis(a.Updated), Name: orNull(a.Name, a.NullName),
		})
	}
	return list(c, rows)
}

// history is every appointment of a patient, newest first, 5,000 at most and in one piece.
func (c *call) history() answer {
	demographic, ok := numbered(c.params["demographic"])
	if !ok {
		return c.crash()
	}
	all := c.pick(func(a Appointment) bool { return a.DemographicNo == demographic })
	slices.Reverse(all)
	rows := []appointmentRow{}
	for _, a := range all[:min(len(all), historyCap)] {
		r := c.row(a)
		r.BillingDetail = c.canary("billingDetail")
		rows = append(rows, r)
	}
	return c.give(scheduling{Appointments: rows})
}

// getAppointment is one row with the whole patient and provider; an unknown id is an exception.
func (c *call) getAppointment() answer {
	var ask struct{ ID number }
	if !c.read(&ask) {
		return c.crash()
	}
	a, ok := c.data.Appointments[int(ask.ID)]
	if !ok {
		return c.crash()
	}
	r := c.whole(a)
	return c.give(scheduling{Appointment: &r})
}
