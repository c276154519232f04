package oscar

import (
	"strconv"
	"strings"
	"time"

	"vestibule/fhir"
)

// StatusExtension is the address of the extension that holds an appointment's status as the clinic's EMR writes it.
const StatusExtension = "urn:vestibule:oscar:appointment-status"

// appointmentStatus is FHIR's status for a native one: a state, case-sensitive and the clinic's to name, and perhaps S (signed)
// or V (verified) behind it. What is not known is booked; the code itself is in StatusExtension.
func (s Settings) appointmentStatus(code string) string {
	state, suffix := "", ""
	if code != "" {
		state, suffix = code[:1], code[1:]
	}
	if (suffix == "S" || suffix == "V") && state != "N" && state != "C" {
		return "fulfilled"
	}
	if meant, ok := s.Statuses[state]; ok {
		return meant
	}
	switch state {
	case "H":
		return "arrived"
	case "P", "E":
		return "checked-in"
	case "N":
		return "noshow"
	case "C":
		return "cancelled"
	case "B":
		return "fulfilled"
	}
	return "booked"
}

// possible are the statuses that a code can stand for which a list may have cut to its first character; none where it says
// nothing.
func (s Settings) possible(code string) []string {
	switch len(code) {
	case 0:
		return nil
	case 1:
		return []string{s.appointmentStatus(code), s.appointmentStatus(code + "S")}
	}
	return []string{s.appointmentStatus(code)}
}

// when are the instants of a row. A row without a date or a time has none; one whose end is not after its start has no end.
func (a *Adapter) when(row appointment) (start, end time.Time) {
	if row.day.isZero() || row.start == noClock {
		return start, end
	}
	start, odd := at(row.day, row.start, a.conf.Zone)
	a.notes.irregular("Appointment", odd)
	if row.end == noClock || row.end <= row.start {
		return start, end
	}
	const midnight = 24 * 3600
	last, clock := row.day, row.end
	if clock >= midnight {
		last, clock = last.plus(1), clock-midnight
	}
	end, _ = at(last, clock, a.conf.Zone)
	// Over a change of the clocks the wall's difference and the wall's end disagree; a visit is the shorter of the two.
	if byLength := start.Add(time.Duration(row.end-row.start) * time.Second); !end.After(start) || byLength.Before(end) {
		end = byLength
	}
	return start, end
}

// appointmentResource is a row as FHIR: only what is written here leaves the EMR.
func (a *Adapter) appointmentResource(op string, row appointment) (fhir.Resource, error) {
	start, end := a.when(row)
	if end.IsZero() {
		a.notes.add("Appointment", "endTime", "the row has no end after its start")
	}
	comment, operation := unmarked(row.notes)
	status := a.conf.Settings.appointmentStatus(row.status)
	w := writer{b: make([]byte, 0, 1024)}
	w.open("", '{')
	w.text("resourceType", "Appointment")
	w.text("id", strconv.FormatInt(row.id, 10))
	w.open("meta", '{')
	w.text("versionId", row.version())
	w.instant("lastUpdated", row.updated, a.conf.Zone)
	w.close('}')
	if row.status != "" {
		w.open("extension", '[')
		w.open("", '{')
		w.text("url", StatusExtension)
		w.text("valueString", row.status)
		w.close('}')
		w.close(']')
	}
	a.identifiers(&w, "appointment", row.id, operation)
	w.text("status", status)
	if row.kind != "" {
		w.concept("appointmentType", "", "", row.kind)
	}
	a.reasonCode(&w, row)
	if row.urgency != "" {
		w.number("priority", priorityOf(row.urgency))
	}
	w.instant("start", start, a.conf.Zone)
	w.instant("end", end, a.conf.Zone)
	if !end.IsZero() {
		w.number("minutesDuration", int64(end.Sub(start)/time.Minute))
	}
	w.instant("created", row.created, a.conf.Zone)
	w.text("comment", comment)
	if row.resources != "" {
		w.open("supportingInformation", '[')
		w.open("", '{')
		w.text("display", row.resources)
		w.close('}')
		w.close(']')
	}
	participants(&w, row, status)
	w.close('}')
	return resource(op, "Appointment", w.b)
}

func (a *Adapter) reasonCode(w *writer, row appointment) {
	code := ""
	if row.reasonCode != 0 && row.reasonCode != int64(a.conf.Settings.ReasonCode) { // Others says nothing
		code = strconv.FormatInt(row.reasonCode, 10)
	}
	if code == "" && row.reason == "" {
		return
	}
	w.open("reasonCode", '[')
	w.concept("", a.system("appointment-reason"), code, row.reason)
	w.close(']')
}

// priorityOf is iCalendar's scale, as R4 has it: 1 is the highest, 0 is undefined.
func priorityOf(urgency string) int64 {
	if strings.EqualFold(urgency, critical) {
		return 1
	}
	return 0
}

const critical = "critical"

// participants writes who the row is about: the patient first. A patient who has not confirmed needs action.
func participants(w *writer, row appointment, status string) {
	w.open("participant", '[')
	confirmed := "accepted"
	if status == "booked" && !strings.HasPrefix(row.status, "h") {
		confirmed = "needs-action"
	}
	participant(w, "Patient", positiveID(row.patient), row.name, confirmed)
	participant(w, "Practitioner", row.provider, "", "accepted")
	if row.location != "" {
		w.open("", '{')
		w.open("actor", '{')
		w.text("type", "Location")
		w.text("display", row.location)
		w.close('}')
		w.text("status", "accepted")
		w.close('}')
	}
	w.close(']')
}

func participant(w *writer, typ, id, display, status string) {
	if id == "" || !fhir.ValidID(id) {
		return
	}
	w.open("", '{')
	w.reference("actor", typ, id, display)
	w.text("status", status)
	w.close('}')
}

func positiveID(n int64) string {
	if n <= 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// partial is what of a candidate a search can be held against: id, identifiers, start, patient and practitioner.
func (a *Adapter) partial(row appointment) (fhir.Resource, error) {
	start, _ := a.when(row)
	_, operation := unmarked(row.notes)
	w := writer{b: make([]byte, 0, 256)}
	w.open("", '{')
	w.text("resourceType", "Appointment")
	w.text("id", strconv.FormatInt(row.id, 10))
	a.identifiers(&w, "appointment", row.id, operation)
	w.instant("start", start, a.conf.Zone)
	row.location = ""
	participants(&w, row, "")
	w.close('}')
	return resource(opSearch, "Appointment", w.b)
}

// identifiers writes the row's number and, where the gateway created it, the operation.
func (a *Adapter) identifiers(w *writer, table string, id int64, operation string) {
	w.open("identifier", '[')
	w.identifier(a.system(table), strconv.FormatInt(id, 10))
	w.identifier(operationSystem, operation)
	w.close(']')
}

// system is a system of the clinic's own codes and numbers.
func (a *Adapter) system(table string) string { return a.conf.Settings.System + ":" + table }
