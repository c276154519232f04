package main

import (
	"fmt"
	"strconv"
	"time"
)

// The made-up clinic that all targets answer for. Nobody in it exists.
const (
	clinicName = "maple"
	clinicZone = "America/St_Johns"
	basePath   = "/fhir/" + clinicName // the same below every target, so that requests are the same bytes
	granted    = "Practitioner/42"     // whose appointments the grant covers
	known      = 1000                  // appointments in the EMR
)

// world is what the EMR holds, made from one moment so that windows of grants hold today.
type world struct {
	base string // the EMR's own FHIR base, in fullUrls
	now  time.Time
}

// newWorld is the made-up EMR at base.
func newWorld(base string, now time.Time) (world, error) {
	zone, err := time.LoadLocation(clinicZone)
	return world{base: base, now: now.In(zone)}, err
}

// inReach reports whether the grant covers appointment i. Every tenth is another practitioner's and every tenth is
// labelled restricted, so a fifth of every page is dropped by the gateway.
func inReach(i int) bool { return !ofAnother(i) && !restricted(i) }

func ofAnother(i int) bool  { return i%10 == 3 }
func restricted(i int) bool { return i%10 == 7 }

func appointmentID(i int) string { return fmt.Sprintf("apt-%05d", i) }

func pick(list []string, i int) string { return list[i%len(list)] }

// appointment is one resource of about 2.2 kB, as EMRs send them: with identifiers, a narrative, notes and displays, most
// of which a front desk does not need and the grant does not show.
func (w world) appointment(dst []byte, i int) []byte {
	day := w.now.AddDate(0, 0, 1+i%60)
	start := time.Date(day.Year(), day.Month(), day.Day(), 8+i%9, 15*(i%4), 0, 0, day.Location())
	minutes := 15 + 15*(i%3)
	end := start.Add(time.Duration(minutes) * time.Minute)
	patient, doctor, reference := w.patient(i), "Dr. Nora Lee", granted
	if ofAnother(i) {
		doctor, reference = "Dr. Étienne Roy", "Practitioner/57"
	}
	visit := pick([]string{"Follow-up visit", "Annual review", "Blood pressure check", "Immunization", "New patient intake"}, i)
	dst = fmt.Appendf(dst, `{"resourceType":"Appointment","id":"%s","meta":{"versionId":"%d","lastUpdated":"%s","source":"urn:emr:scheduling",`+
		`"profile":["http://hl7.org/fhir/StructureDefinition/Appointment"]`, appointmentID(i), 1+i%7, w.now.AddDate(0, 0, -i%30).UTC().Format(time.RFC3339))
	if restricted(i) {
		dst = append(dst, `,"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"R","display":"restricted"}]`...)
	}
	dst = fmt.Appendf(dst, `},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p><b>%s</b></p><p>%s with %s on %s, %d minutes, room %d. Made-up data.</p></div>"},`,
		visit, patient, doctor, start.Format("Monday 2 January 2006 15:04"), minutes, 1+i%6)
	dst = fmt.Appendf(dst, `"extension":[{"url":"https://emr.example.test/fhir/StructureDefinition/booking-channel","valueCode":"%s"}],`+
		`"identifier":[{"use":"official","system":"https://emr.example.test/appointments","value":"%08d"},{"use":"secondary","system":"urn:oid:2.16.840.1.113883.3.9999.1","value":"V-%d"}],`,
		pick([]string{"phone", "portal", "front-desk"}, i), 40_000_000+i, 7*i)
	dst = fmt.Appendf(dst, `"status":"%s","serviceCategory":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/service-category","code":"17","display":"General Practice"}]}],`+
		`"serviceType":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/service-type","code":"124","display":"General Practice"}],"text":"%s"}],`+
		`"appointmentType":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0276","code":"%s"}]},`,
		pick([]string{"booked", "booked", "arrived", "pending"}, i), visit, pick([]string{"FOLLOWUP", "ROUTINE", "CHECKUP"}, i))
	dst = fmt.Appendf(dst, `"reasonCode":[{"text":"%s"}],"priority":5,"description":"%s: %s","start":"%s","end":"%s","minutesDuration":%d,"slot":[{"reference":"Slot/%d"}],"created":"%s",`,
		reasons(i), visit, patient, start.Format(time.RFC3339), end.Format(time.RFC3339), minutes, 9000+i, w.now.AddDate(0, 0, -20).Format(time.DateOnly))
	dst = append(append(append(dst, `"comment":`...), strconv.Quote(notes(i))...), `,"patientInstruction":"Bring your health card and a list of what you take. Arrive ten minutes early.",`...)
	return fmt.Appendf(dst, `"participant":[{"actor":{"reference":"Patient/pat-%04d","display":"%s"},"required":"required","status":"accepted"},`+
		`{"type":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ParticipationType","code":"PPRF"}]}],"actor":{"reference":"%s","display":"%s"},"required":"required","status":"accepted"},`+
		`{"actor":{"reference":"Location/room-%d","display":"Room %d"},"status":"accepted"}]}`,
		i%400, patient, reference, doctor, 1+i%6, 1+i%6)
}

func (w world) patient(i int) string {
	return pick([]string{"Amélie", "Théo", "Rosa", "Obinna", "Mary", "Jean-François", "Wren"}, i%400) + " " +
		pick([]string{"Tremblay", "Snow", "O'Dea", "Lévesque", "Penney", "Okoro", "Power", "Côté", "Butt"}, i%400)
}

func reasons(i int) string {
	return pick([]string{"Review of results", "Cough for two weeks", "Medication renewal", "Knee pain after a fall", "Asks about travel vaccines"}, i)
}

// notes is free text of differing length, up to about 0.5 kB.
func notes(i int) string {
	const line = "Called back and left a message; prefers mornings, needs the ramp at the side entrance, and comes with her daughter who interprets. "
	text := "Made-up note. "
	for range i % 5 {
		text += line
	}
	return text
}

// page is a searchset of the first n appointments.
func (w world) page(n int) []byte {
	dst := fmt.Appendf(nil, `{"resourceType":"Bundle","id":"page-%d","meta":{"lastUpdated":"%s"},"type":"searchset","total":%d,"link":[{"relation":"self","url":"%s/Appointment?_count=%d"}],"entry":[`,
		n, w.now.UTC().Format(time.RFC3339), n, w.base, n)
	for i := range n {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = fmt.Appendf(dst, `{"fullUrl":"%s/Appointment/%s","resource":`, w.base, appointmentID(i))
		dst = append(w.appointment(dst, i), `,"search":{"mode":"match"}}`...)
	}
	return append(dst, `]}`...)
}

// capability is the EMR's CapabilityStatement.
func (w world) capability() []byte {
	dst := fmt.Appendf(nil, `{"resourceType":"CapabilityStatement","status":"active","date":"%s","kind":"instance","software":{"name":"made-up EMR"},`+
		`"implementation":{"description":"static answers","url":"%s"},"fhirVersion":"4.0.1","format":["application/fhir+json","json"],"rest":[{"mode":"server","resource":[`,
		w.now.Format(time.DateOnly), w.base)
	return append(dst, `{"type":"Appointment","versioning":"versioned-update","interaction":[{"code":"read"},{"code":"search-type"}],"searchParam":[`+
		`{"name":"_id","type":"token"},{"name":"date","type":"date"},{"name":"practitioner","type":"reference"},{"name":"patient","type":"reference"},`+
		`{"name":"actor","type":"reference"},{"name":"status","type":"token"},{"name":"_count","type":"number"}]}]}]}`...)
}
