package oscar

import (
	"strconv"
	"time"

	"vestibule/fhir"
)

// Columns of OSCAR's table appointment, in characters (oscarinit.sql). A marker stands in the notes beside the text.
const (
	mostComment   = 255
	mostReason    = 80
	mostLocation  = 30
	mostResources = 255
	mostType      = 50
	mostProvider  = 6
)

// desired is the row that a caller's Appointment asks for. base is the row that it replaces, zero for a create; operation is
// the one that created it, or creates it.
func (a *Adapter) desired(r fhir.Resource, base appointment, operation string) (appointment, error) {
	v, row := r.Value(), base
	for _, step := range []func(fhir.Value, *appointment) error{a.wantStatus, a.wantTime, wantParticipants, a.wantReason, wantTexts} {
		if err := step(v, &row); err != nil {
			e := fhir.AsError(err)
			e.Ref.Type = typAppointment
			return row, e
		}
	}
	if _, has := unmarked(base.notes); base.id != 0 {
		operation = has
	}
	comment := v.Get("comment").Text()
	if was, _ := unmarked(base.notes); base.id == 0 || was != comment {
		row.notes = marked(comment, operation)
	}
	return row, changed(row.notes, base.notes, mostComment, "comment")
}

// wantStatus finds the code for a status. What the EMR has already is kept where it means the same; a signature or
// verification stays behind the new state.
func (a *Adapter) wantStatus(v fhir.Value, row *appointment) error {
	want := v.Get("status").Text()
	s := a.conf.Settings
	if row.id != 0 && s.appointmentStatus(row.status) == want {
		return nil
	}
	code := s.Writes[want]
	if code == "" {
		code = map[string]string{"booked": "t", "arrived": "H", "checked-in": "P", "noshow": "N", "cancelled": "C"}[want]
	}
	switch {
	case want == "fulfilled":
		return refused("Billing and signing belong to the clinician, so fulfilled is not written to this EMR.").At("status")
	case code == "" || len(code) > 2:
		return refused("This EMR has no state for this status. It has booked, arrived, checked-in, noshow and cancelled.").At("status")
	}
	if len(row.status) == 2 && len(code) == 1 {
		code += row.status[1:]
	}
	if s.appointmentStatus(code) != want {
		return refused("The visit is signed in the EMR, so it stays fulfilled.").At("status")
	}
	row.status = code
	return nil
}

// wantTime sets day, start and end from the instants, unless the row says them already.
func (a *Adapter) wantTime(v fhir.Value, row *appointment) error {
	start, end := v.Get("start"), v.Get("end")
	if row.id != 0 {
		wasStart, wasEnd := a.when(*row)
		if a.says(start, wasStart) && a.says(end, wasEnd) {
			return nil
		}
	}
	d, c, err := localTime(start, "start", a.conf.Zone)
	if err != nil {
		return err
	}
	from, err1 := time.Parse(time.RFC3339Nano, start.Text())
	to, err2 := time.Parse(time.RFC3339Nano, end.Text())
	length := to.Sub(from)
	switch {
	case err1 != nil || err2 != nil || length%time.Minute != 0:
		return refused("An end in whole minutes is wanted here, such as 2026-12-01T09:15:00-05:00.").At("end")
	case length <= 0 || length > 12*time.Hour:
		return refused("An appointment in this EMR ends after its start and within 12 hours.").At("end")
	}
	row.day, row.start, row.end = d, c, c+clock(length/time.Second)
	if row.end >= 24*3600 && row.start < 12*3600 {
		return refused("This EMR keeps one date for an appointment, so it cannot end on the next day.").At("end")
	}
	return nil
}

// says reports whether v is that instant, or absent where there is none.
func (a *Adapter) says(v fhir.Value, t time.Time) bool {
	if !v.Exists() || t.IsZero() {
		return !v.Exists() && t.IsZero()
	}
	got, err := time.Parse(time.RFC3339Nano, v.Text())
	return err == nil && got.Equal(t)
}

// wantParticipants finds the one patient, the one practitioner and perhaps a place.
func wantParticipants(v fhir.Value, row *appointment) error {
	patients, practitioners, location := "", "", ""
	for p := range v.Get("participant").Items() {
		actor := p.Get("actor")
		ref, ok := fhir.ParseRef(actor.Get("reference").Text())
		switch {
		case ok && ref.Type == "Patient" && patients == "":
			patients = ref.ID
		case ok && ref.Type == "Practitioner" && practitioners == "":
			practitioners = ref.ID
		case !actor.Get("reference").Exists() && actor.Get("type").Text() == "Location" && location == "":
			location = actor.Get("display").Text()
		default:
			return refused("An appointment in this EMR has one patient, one practitioner and perhaps a place in words (actor.type Location, actor.display).").At("participant")
		}
	}
	patient, ok := rowID(patients)
	nobodys := row.id != 0 && !fhir.ValidID(row.provider) && practitioners == "" // and it stays so
	if nobodys {
		practitioners = row.provider
	}
	if !ok || practitioners == "" && !nobodys || len(practitioners) > mostProvider {
		return refused("An appointment in this EMR needs one patient and one practitioner, by the EMR's own numbers.").At("participant")
	}
	if row.id != 0 && row.patient != patient {
		return refused("An appointment stays its patient's. Cancel it and book another.").At("participant")
	}
	if err := changed(location, row.location, mostLocation, "participant"); err != nil {
		return err
	}
	row.patient, row.provider, row.location = patient, practitioners, location
	return nil
}

func (a *Adapter) wantReason(v fhir.Value, row *appointment) error {
	was, text := row.reasonCode, row.reason
	row.reason, row.reasonCode = "", int64(a.conf.Settings.ReasonCode)
	if was == 0 && row.id != 0 {
		row.reasonCode = 0
	}
	for r := range v.Get("reasonCode").Items() {
		row.reason = r.Get("text").Text()
		for c := range r.Path("coding") {
			code, err := strconv.ParseInt(c.Get("code").Text(), 10, 32)
			if err != nil || c.Get("system").Text() != a.system("appointment-reason") {
				return refused("This EMR knows reasons by its own codes (system " + a.system("appointment-reason") + ") and as text.").At("reasonCode")
			}
			row.reasonCode = code
		}
		break // a second one has no place, and is found out when it does not come back
	}
	return changed(row.reason, text, mostReason, "reasonCode.text")
}

// wantTexts sets the rest.
func wantTexts(v fhir.Value, row *appointment) error {
	kind, resources := row.kind, row.resources
	row.kind = v.Get("appointmentType").Get("text").Text()
	row.resources = ""
	for s := range v.Get("supportingInformation").Items() {
		row.resources = s.Get("display").Text()
		break
	}
	switch p := v.Get("priority"); {
	case p.Kind() == fhir.Number && string(p.Raw()) == "1":
		if priorityOf(row.urgency) != 1 {
			row.urgency = critical
		}
	case !p.Exists():
		row.urgency = ""
	}
	if err := changed(row.kind, kind, mostType, "appointmentType.text"); err != nil {
		return err
	}
	return changed(row.resources, resources, mostResources, "supportingInformation.display")
}
