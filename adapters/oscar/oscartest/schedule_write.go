package oscartest

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// newAppointment is NewAppointmentTo1. A name that is sent is not looked at: the chart's is taken.
type newAppointment struct {
	ProviderNo      string
	AppointmentDate string
	StartTime       string
	StartTime12h    string `json:"startTime12hWithMedian"`
	DemographicNo   number
	Duration        number
	Status          string
	Type            string
	Reason          string
	ReasonCode      number
	Notes           string
	Location        string
	Resources       string
	Urgency         string
}

// addAppointment books without looking whether the time is free.
func (c *call) addAppointment() answer {
	var n newAppointment
	if !c.read(&n) {
		return c.crash()
	}
	start, ok := n.start()
	if _, err := time.Parse(time.DateOnly, n.AppointmentDate); err != nil || !ok {
		return c.crash()
	}
	p, ok := c.data.Patients[int(n.DemographicNo)]
	if !ok {
		return c.crash()
	}
	a := Appointment{
		ProviderNo: n.ProviderNo, Date: n.AppointmentDate, Start: start, End: plusMinutes(start, int(n.Duration)-1), DemographicNo: p.No, Name: chartName(p),
		Status: cmp.Or(n.Status, "t"), Type: n.Type, Reason: n.Reason, ReasonCode: int(n.ReasonCode), Notes: n.Notes, Location: n.Location,
		Resources: n.Resources, Urgency: n.Urgency, Created: c.at, Creator: c.provider.name(),
	}
	a, ok = c.store(a)
	if !ok {
		return c.crash()
	}
	r := c.fresh(a)
	return c.give(scheduling{Appointment: &r})
}

// start is HH:mm:ss of the one time or the other.
func (n newAppointment) start() (string, bool) {
	layout, text := "15:04", n.StartTime
	if text == "" {
		layout, text = "03:04 PM", n.StartTime12h
	}
	t, err := time.Parse(layout, text)
	return t.Format(clockStamp), err == nil
}

// store writes the row as the token's provider at this moment; ok is false where the database refuses it.
func (c *call) store(a Appointment) (Appointment, bool) {
	if !c.fit(&a) {
		return a, false
	}
	a.ID = c.data.number("appointment", a.ID)
	a.Updated, a.LastUpdateUser = c.at, c.provider.No
	c.data.Appointments[a.ID] = a
	return a, true
}

// fit holds a row to its columns (adapters.md 1.2: oscarinit.sql).
func (c *call) fit(a *Appointment) bool {
	return c.column(&a.ProviderNo, 6) && c.column(&a.Name, 50) && c.column(&a.Notes, 255) && c.column(&a.Reason, 80) && c.column(&a.Location, 30) &&
		c.column(&a.Resources, 255) && c.column(&a.Type, 50) && c.column(&a.Status, 2) && c.column(&a.Urgency, 30)
}

// column is text in a column of so many characters: too long is refused, or cut if the switch says so.
func (c *call) column(text *string, size int) bool {
	if utf8.RuneCountInString(*text) <= size {
		return true
	}
	*text = string([]rune(*text)[:size])
	return c.switches.CutOverlong
}

// change alters the row whose number is in the path or the body.
func (c *call) change(id int, change func(*Appointment)) answer {
	a, ok := c.data.Appointments[id]
	if !ok {
		return c.crash()
	}
	change(&a)
	if a, ok = c.store(a); !ok {
		return c.crash()
	}
	r := c.row(a)
	return c.give(scheduling{Appointment: &r})
}

// updateStatus sets any status, also one that the table of states does not have.
func (c *call) updateStatus() answer {
	var ask struct{ Status *string }
	id, ok := numbered(c.params["id"])
	if !ok || !c.read(&ask) || ask.Status == nil {
		return c.crash()
	}
	return c.change(id, func(a *Appointment) { a.Status = *ask.Status })
}

func (c *call) updateType() answer {
	var ask struct{ Type *string }
	id, ok := numbered(c.params["id"])
	if !ok || !c.read(&ask) || ask.Type == nil {
		return c.crash()
	}
	return c.change(id, func(a *Appointment) { a.Type = *ask.Type })
}

// edited is what CARLOS lets an update change; nothing else of the row moves. Which members those are is unverified.
type edited struct {
	ID              *number
	ProviderNo      *string
	AppointmentDate *jsonDate
	StartTime       *looseText
	EndTime         *looseText
	Notes           *string
	Reason          *string
	Location        *string
	Resources       *string
	Type            *string
	Status          *string
	Urgency         *string
	ReasonCode      *number
}

// updateAppointment works in CARLOS only; elsewhere the converter returns null and the call ends in an exception (Open-O:
// webserv/rest/conversion/AppointmentConverter.java).
func (c *call) updateAppointment() answer {
	if c.cfg.Dialect != CARLOS {
		return c.crash()
	}
	var e edited
	if !c.read(&e) || e.ID == nil {
		return c.text(http.StatusBadRequest, "")
	}
	if _, ok := c.data.Appointments[int(*e.ID)]; !ok {
		return c.text(http.StatusNotFound, "")
	}
	for _, clock := range []*looseText{e.StartTime, e.EndTime} {
		if !c.readClock(clock) {
			return c.text(http.StatusBadRequest, "")
		}
	}
	return c.change(int(*e.ID), func(a *Appointment) { c.edit(a, e) })
}

// looseText is a JSON text or number as text.
type looseText string

// UnmarshalJSON takes the quotes away.
func (t *looseText) UnmarshalJSON(b []byte) error {
	*t = looseText(strings.Trim(string(b), `"`))
	return nil
}

// readClock takes "10:00", "10:00:00" and ms since 1970.
func (c *call) readClock(text *looseText) bool {
	if text == nil {
		return true
	}
	if c.switches.DatesOnly && strings.Count(string(*text), ":") > 0 {
		return false
	}
	if ms, err := strconv.ParseInt(string(*text), 10, 64); err == nil {
		*text = looseText(time.UnixMilli(ms).In(c.cfg.Zone).Format(clockStamp))
		return true
	}
	*text = looseText(seconds(string(*text)))
	_, err := time.Parse(clockStamp, string(*text))
	return err == nil
}

func (c *call) edit(a *Appointment, e edited) {
	if e.AppointmentDate != nil && !e.AppointmentDate.IsZero() {
		a.Date = e.AppointmentDate.In(c.cfg.Zone).Format(time.DateOnly)
	}
	for to, from := range map[*string]*string{
		&a.ProviderNo: e.ProviderNo, &a.Start: (*string)(e.StartTime), &a.End: (*string)(e.EndTime), &a.Notes: e.Notes, &a.Reason: e.Reason, &a.Location: e.Location,
		&a.Resources: e.Resources, &a.Type: e.Type, &a.Status: e.Status, &a.Urgency: e.Urgency,
	} {
		if from != nil {
			*to = *from
		}
	}
	if e.ReasonCode != nil {
		a.ReasonCode = int(*e.ReasonCode)
	}
}

// deleteAppointment archives the row and takes it off the schedule. What it does with an unknown id is unverified.
func (c *call) deleteAppointment() answer {
	var ask struct{ ID number }
	a, ok := Appointment{}, c.read(&ask)
	if ok {
		a, ok = c.data.Appointments[int(ask.ID)]
	}
	if !ok {
		return c.crash()
	}
	c.data.archive(a, c.at, c.provider.No)
	return answer{status: http.StatusOK, kind: kindJSON}
}
