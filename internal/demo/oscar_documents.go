package demo

import (
	"bytes"
	"fmt"
)

// OSCARFiles is what the document about a clinic's OSCAR names: secrets by the files that hold them.
type OSCARFiles struct {
	Secret   string // file with the secret of the REST client
	Token    string // file with the access token and its secret, separated by a space
	User     string // for SOAP
	Password string // file with its password
}

// oscarConnection is the connection to a clinic that runs on an OSCAR.
func (s Setting) oscarConnection(b *bytes.Buffer, c clinic, f OSCARFiles) {
	fmt.Fprintf(b, `---
kind: Connection
clinic: %s
adapter: oscar
base: %q
login: {mode: oauth1, clientId: %s, secret: %q, token: %q, soapUser: %s, soapPassword: %q}
oscar:
  documentTypes: {consult: 11488-4, lab: 11502-2, referral: 57133-1}
timeout: 10s
`, c.name, s.EMR[c.name], GatewayClient, "file:"+f.Secret, "file:"+f.Token, f.User, "file:"+f.Password)
}

// oscarBooking is booking for a clinic on an OSCAR, where an appointment is booked and never pending.
func (s Setting) oscarBooking(b *bytes.Buffer, c clinic) {
	fmt.Fprintf(b, `---
# %s books and moves appointments for %s. Why patients come is none of it.
kind: Grant
clinic: %s
name: booking-amara
to: {user: %q}
because: Books and moves appointments for %s
until: %s
purposes: [PATADMIN]
permissions:
  - scope: user/Appointment.rs?practitioner=%s
    window: -1d..+90d
    elements: [schedule, contact, identifier]
  - scope: user/Appointment.u?practitioner=%s
    window: 0d..+90d
    write: [status, start, end, minutesDuration]
    transitions: [booked->cancelled, booked->arrived]
  - scope: user/Appointment.c?practitioner=%s
    window: 0d..+90d
    write: [status, start, end, minutesDuration, appointmentType, participant]
    transitions: [->booked]
limits: {patientsPerDay: 200, requestsPerMinute: 600}
`, personOf(Assistant).Name, c.practitioners[0].display(), c.name, s.who(Assistant), c.practitioners[0].display(), s.until(c),
		OSCARPractitioner(), OSCARPractitioner(), OSCARPractitioner())
}

// oscarFrontDesk is frontDesk for a clinic on an OSCAR: a tickler is open, done or deleted, whoever works on it owns it, and a
// referral is known by its type.
func (s Setting) oscarFrontDesk(b *bytes.Buffer, c clinic) {
	fmt.Fprintf(b, `---
# %s works through the front desk's ticklers, and sees which referrals there are, but not what they say.
kind: Grant
clinic: %s
name: front-desk-amara
to: {user: %q}
because: Covers the front desk
until: %s
purposes: [PATADMIN]
permissions:
  - scope: user/Task.rus?owner=%s,%s
    elements: [identifier, status, intent, priority, code, description, for, owner, restriction, note]
    write: [status, note, restriction, owner]
    transitions: [requested->completed]
  - scope: user/Task.c?owner=%s
    write: [status, intent, priority, code, description, for, owner, restriction]
    transitions: [->requested]
  - scope: user/DocumentReference.rs?type=http://loinc.org|57133-1
    elements: [masterIdentifier, status, type, category, subject, date, author, custodian, content.attachment.contentType, content.attachment.title]
`, personOf(Assistant).Name, c.name, s.who(Assistant), s.until(c), OSCARFrontDesk(), OSCARAssistants(), OSCARFrontDesk())
}

// oscarFiling is the grant to file referrals at a clinic on an OSCAR, and to look once more at what was filed today.
func (s Setting) oscarFiling(b *bytes.Buffer, c clinic) {
	fmt.Fprintf(b, `---
# %s files incoming referrals, and may open those of today and yesterday to see that they arrived whole.
kind: Grant
clinic: %s
name: filing-amara
to: {user: %q}
because: Files incoming referrals
until: %s
purposes: [PATADMIN]
permissions:
  - scope: user/DocumentReference.c?type=http://loinc.org|57133-1
    write: [status, type, subject, description, content]
    transitions: [->current]
  - scope: user/DocumentReference.r?type=http://loinc.org|57133-1
    window: -1d..+1d
    elements: [masterIdentifier, identifier, status, type, subject, date, description, content]
    content: true
limits: {documentsPerHour: 40}
`, personOf(Assistant).Name, c.name, s.who(Assistant), s.until(c))
}
