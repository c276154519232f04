package demo

import (
	"bytes"
	"fmt"
	"time"
)

// Setting is where the world runs: what the documents have to name.
type Setting struct {
	Issuer string            // URL of the identity provider
	EMR    map[string]string // clinic to the FHIR base of its EMR
	Key    map[string]string // clinic to the file with the key for its EMR's log-in; absent: the EMR asks for none
	Now    time.Time         // grants last 90 days from here

	OSCAR map[string]OSCARFiles // clinic to what its OSCAR's connection names; absent: its EMR speaks FHIR
}

// Documents is the YAML that makes the world's clinics known to a gateway: clinics, connections, platforms and the
// assistant's grants, as a clinic would have written them.
func Documents(s Setting) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `# The demo's platforms. Both are served by the demo's own issuer, which exists on this machine only.
kind: Platform
name: %s
title: AssistCo, virtual medical assistants
issuer: %q
clients: [%s]
---
kind: Platform
name: %s
title: The clinics' own staff
issuer: %q
clients: [%s]
`, PlatformAssistants, s.Issuer, ClientAssistants, PlatformStaff, s.Issuer, ClientStaff)
	for _, name := range Clinics() {
		c, _ := clinicOf(name)
		s.clinic(&b, c)
		if files, on := s.OSCAR[name]; on {
			s.oscarConnection(&b, c, files)
			s.booking(&b, c, true)
			s.oscarFrontDesk(&b, c)
			s.oscarFiling(&b, c)
			continue
		}
		s.connection(&b, c)
		s.booking(&b, c, false)
		s.frontDesk(&b, c)
	}
	return b.Bytes()
}

// who is "iss|sub" of somebody.
func (s Setting) who(key string) string { return s.Issuer + "|" + personOf(key).Subject }

// until is the last day of the grants at c.
func (s Setting) until(c clinic) string {
	w, _ := newWorld(c.name, s.Now)
	return w.at(90, 12, 0).Format(time.DateOnly)
}

func (s Setting) clinic(b *bytes.Buffer, c clinic) {
	fmt.Fprintf(b, `---
kind: Clinic
name: %s
title: %q
zone: %s
auditors: [%q]
administrators: [%q]
`, c.name, c.title, c.zone, s.who(Auditor), s.who(ClinicIT))
}

func (s Setting) connection(b *bytes.Buffer, c clinic) {
	fmt.Fprintf(b, `---
kind: Connection
clinic: %s
adapter: fhirr4
base: %q
login: %s
timeout: 10s
`, c.name, s.EMR[c.name], s.login(c))
}

// login is how the gateway logs in at the clinic's EMR.
func (s Setting) login(c clinic) string {
	key, ok := s.Key[c.name]
	if !ok {
		return "{mode: none}   # the demo's EMR listens on loopback only"
	}
	return fmt.Sprintf("{mode: backend-services, clientId: %s, key: %q, algorithm: ES384, scope: \"system/*.cruds\"}", GatewayClient, "file:"+key)
}

// GatewayClient is the client id under which an EMR of the demo knows the gateway.
const GatewayClient = "vestibule"

// grant is the beginning of one of the assistant's grants, with a sentence above it, up to its permissions.
func (s Setting) grant(b *bytes.Buffer, c clinic, name, does, because string) {
	fmt.Fprintf(b, `---
# %s %s
kind: Grant
clinic: %s
name: %s
to: {user: %q}
because: %s
until: %s
purposes: [PATADMIN]
permissions:
`, personOf(Assistant).Name, does, c.name, name, s.who(Assistant), because, s.until(c))
}

// booking is the grant to book and move one practitioner's appointments. Why somebody comes (reasonCode, description,
// comment, patientInstruction) is not in it. On an OSCAR an appointment is booked and never pending.
func (s Setting) booking(b *bytes.Buffer, c clinic, onOSCAR bool) {
	of, elements := Practitioner(c.name), "serviceType, appointmentType, participant"
	changes, starts := "pending->booked, pending->cancelled, booked->cancelled", "->booked, ->pending"
	if onOSCAR {
		of, elements = OSCARPractitioner(), "appointmentType, participant"
		changes, starts = "booked->cancelled, booked->arrived", "->booked"
	}
	who := c.practitioners[0].display()
	s.grant(b, c, "booking-amara", "books and moves appointments for "+who+". Why patients come is none of it.", "Books and moves appointments for "+who)
	fmt.Fprintf(b, `  - scope: user/Appointment.rs?practitioner=%[1]s
    window: -1d..+90d
    elements: [schedule, contact, identifier]
  - scope: user/Appointment.u?practitioner=%[1]s
    window: 0d..+90d
    write: [status, start, end, minutesDuration]
    transitions: [%[2]s]
  - scope: user/Appointment.c?practitioner=%[1]s
    window: 0d..+90d
    write: [status, start, end, minutesDuration, %[3]s]
    transitions: [%[4]s]
limits: {patientsPerDay: 200, requestsPerMinute: 600}
`, of, changes, elements, starts)
}

// frontDesk is the grant to work on the front desk's tasks and to see which referrals there are, not what they say.
func (s Setting) frontDesk(b *bytes.Buffer, c clinic) {
	s.grant(b, c, "front-desk-amara", "works through the front desk's tasks, and sees which referrals there are, but not what they say.", "Covers the front desk")
	fmt.Fprintf(b, `  - scope: user/Task.rus?owner=%[1]s
    elements: [identifier, status, intent, priority, code, description, for, owner, authoredOn, restriction, note]
    write: [status, note, restriction]
    transitions: [requested->accepted, requested->completed, accepted->in-progress, accepted->completed, in-progress->on-hold, on-hold->in-progress, in-progress->completed]
  - scope: user/Task.c?owner=%[1]s
    write: [status, intent, priority, code, description, for, owner, authoredOn, restriction, note]
    transitions: [->requested]
  - scope: user/DocumentReference.rs?category=referral
    elements: [identifier, status, docStatus, type, category, subject, date, author, custodian, content.attachment.contentType, content.attachment.title, content.attachment.size]
`, FrontDesk)
}
