package oscar

import (
	"strconv"
	"strings"
	"time"

	"vestibule/fhir"
)

// appointment is a row of the schedule, whatever shape it came in. Times are the wall's; end is the minute after the last,
// since OSCAR stores the last minute or millisecond that is still taken.
type appointment struct {
	id                          int64
	provider                    string
	patient                     int64 // 0 is a block or a note on the sheet
	day                         day
	start, end                  clock
	status, name, notes, reason string
	location, resources         string
	kind, urgency               string
	reasonCode                  int64 // 0 is none
	created, updated            time.Time
	program, style, billing     string // kept for updates, which replace every column
	remarks, booking            string
}

// full is AppointmentTo1, as getAppointment, appointmentHistory, add and updateStatus return it.
func (a *Adapter) fullRow(v fhir.Value) appointment {
	row := appointment{start: noClock, end: noClock}
	for name, m := range v.Members() {
		if m.Kind() == fhir.Null {
			continue
		}
		switch name {
		case "id":
			row.id = integer(m)
		case "providerNo":
			row.provider = plainText(m)
		case "demographicNo":
			row.patient = integer(m)
		case "appointmentDate":
			row.day = a.dayIn(m)
		case "startTime":
			row.start = a.clockIn(m)
		case "endTime":
			row.end = afterLast(a.clockIn(m))
		case "status":
			row.status = plainText(m)
		case "name":
			row.name = plainText(m)
		case "notes":
			row.notes = plainText(m)
		case "reason":
			row.reason = plainText(m)
		case "reasonCode":
			row.reasonCode = integer(m)
		case "location":
			row.location = plainText(m)
		case "resources":
			row.resources = plainText(m)
		case "type":
			row.kind = plainText(m)
		case "urgency":
			row.urgency = plainText(m)
		case "createDateTime":
			row.created = a.instantIn(m)
		case "updateDateTime":
			row.updated = a.instantIn(m)
		case "programId":
			row.program = strconv.FormatInt(integer(m), 10)
		case "style":
			row.style = plainText(m)
		case "billing":
			row.billing = plainText(m)
		case "remarks":
			row.remarks = plainText(m)
		default:
			a.notes.unlisted("Appointment", name, says(m))
		}
	}
	row.end = overMidnight(row.start, row.end)
	return row
}

// soapRow is AppointmentTransfer.
func (a *Adapter) soapRow(n node) appointment {
	row := appointment{start: noClock, end: noClock}
	texts := map[string]*string{
		"providerNo": &row.provider, "status": &row.status, "name": &row.name, "notes": &row.notes, "reason": &row.reason, "location": &row.location,
		"resources": &row.resources, "type": &row.kind, "urgency": &row.urgency, "programId": &row.program, "style": &row.style,
		"billing": &row.billing, "remarks": &row.remarks, "bookingSource": &row.booking,
	}
	for _, k := range n.kids {
		if to, ok := texts[k.name]; ok {
			*to = k.text
			continue
		}
		switch k.name {
		case "id":
			row.id, _ = strconv.ParseInt(k.text, 10, 64)
		case "demographicNo":
			row.patient, _ = strconv.ParseInt(k.text, 10, 64)
		case "createDateTime":
			row.created = a.instantAt(k.text)
		case "updateDateTime":
			row.updated = a.instantAt(k.text)
		case "appointmentStartDateTime":
			if t := a.instantAt(k.text); !t.IsZero() {
				row.day, row.start = dayOf(t), clockOf(t)
			}
		case "appointmentEndDateTime":
			if t := a.instantAt(k.text); !t.IsZero() {
				row.end = afterLast(clockOf(t))
			}
		default:
			a.notes.unlisted("Appointment", k.name, k.text != "")
		}
	}
	row.end = overMidnight(row.start, row.end)
	return row
}

// candidate is what a line of fetchDays tells. Its status is cut to one character, its end and reason are missing, so the row
// itself is read before anything is shown.
func (a *Adapter) candidate(v fhir.Value) appointment {
	return appointment{
		id: integer(v.Get("appointmentNo")), provider: plainText(v.Get("providerNo")), patient: integer(v.Get("demographicNo")),
		day: a.dayIn(v.Get("appointmentDate")), start: a.clockIn(v.Get("startTime")), end: noClock,
		status: plainText(v.Get("status")), notes: plainText(v.Get("notes")),
	}
}

// sheetRow is a line of a day sheet. It has the last minute as a length: "14m " is a quarter of an hour.
func (a *Adapter) sheetRow(v fhir.Value, provider string, d day) appointment {
	row := appointment{
		id: integer(v.Get("appointmentNo")), provider: provider, patient: integer(v.Get("demographicNo")), day: d,
		start: a.clockIn(v.Get("startTime")), end: noClock, status: plainText(v.Get("status")),
	}
	if minutes, ok := parseLength(v.Get("duration").Text()); ok && row.start != noClock {
		row.end = row.start + clock(minutes+1)*60
	}
	return row
}

// parseLength reads "14m ", "1H " and "1H 14m ".
func parseLength(s string) (minutes int, ok bool) {
	for part := range strings.FieldsSeq(s) {
		n, err := strconv.Atoi(strings.TrimRight(part, "hHmM"))
		switch {
		case err != nil || n < 0 || n > 1440:
			return 0, false
		case strings.ContainsAny(part, "hH"):
			n *= 60
		}
		minutes, ok = minutes+n, true
	}
	return minutes, ok
}

// afterLast turns the last minute or second that is taken into the first that is free.
func afterLast(c clock) clock {
	if c == noClock {
		return noClock
	}
	return (c/60 + 1) * 60
}

// overMidnight is an end on the next day where one in the morning follows a start in the afternoon: OSCAR keeps one date.
func overMidnight(start, end clock) clock {
	const noon, midnight = 12 * 3600, 24 * 3600
	if start >= noon && end != noClock && end <= start && end <= noon {
		return end + midnight
	}
	return end
}

// says reports whether a member says anything.
func says(v fhir.Value) bool {
	return v.Kind() != fhir.Null && (v.Kind() != fhir.String || v.Text() != "")
}

// integer reads a number, also one that comes as text.
func integer(v fhir.Value) int64 {
	s := string(v.Raw())
	if v.Kind() == fhir.String {
		s = strings.TrimSpace(v.Text())
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// plainText is a text, also one that comes as a number; "" for anything else.
func plainText(v fhir.Value) string {
	switch v.Kind() {
	case fhir.String:
		return v.Text()
	case fhir.Number:
		return string(v.Raw())
	}
	return ""
}

// earliest is the first year that OSCAR means; 0001 is how Java's empty date comes out.
const earliest = 1800

// instantIn reads epoch milliseconds or an ISO time; zero where there is none.
func (a *Adapter) instantIn(v fhir.Value) time.Time {
	if v.Kind() == fhir.Number {
		ms, err := strconv.ParseInt(string(v.Raw()), 10, 64)
		if t := time.UnixMilli(ms).In(a.conf.Zone); err == nil && t.Year() >= earliest {
			return t
		}
		return time.Time{}
	}
	return a.instantAt(v.Text())
}

// instantAt reads an ISO time; without a zone it is the clinic's.
func (a *Adapter) instantAt(s string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999Z0700", "2006-01-02T15:04:05.999", "2006-01-02 15:04:05.999", "2006-01-02"} {
		if len(s) < len("2006-01-02") {
			break
		}
		if t, err := time.ParseInLocation(layout, s, a.conf.Zone); err == nil && t.Year() >= earliest {
			return t.In(a.conf.Zone)
		}
	}
	return time.Time{}
}

func (a *Adapter) dayIn(v fhir.Value) day {
	if t := a.instantIn(v); !t.IsZero() {
		return dayOf(t)
	}
	return day{}
}

// clockIn reads a time of day in any of its shapes: "09:00:00", "09:00 AM", epoch milliseconds of 1970 or of the day, ISO.
func (a *Adapter) clockIn(v fhir.Value) clock {
	if v.Kind() == fhir.String {
		if c, ok := parseClock(v.Text()); ok {
			return c
		}
	}
	if t := a.instantIn(v); !t.IsZero() {
		return clockOf(t)
	}
	return noClock
}
