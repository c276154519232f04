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

// oscarFrontDesk is frontDesk for a clinic on an OSCAR: a tickler is open, done or deleted, whoever works on it owns it, and a
// referral is known by its type.
func (s Setting) oscarFrontDesk(b *bytes.Buffer, c clinic) {
	s.grant(b, c, "front-desk-amara", "works through the front desk's ticklers, and sees which referrals there are, but not what they say.", "Covers the front desk")
	fmt.Fprintf(b, `  - scope: user/Task.rus?owner=%[1]s,%[2]s
    elements: [identifier, status, intent, priority, code, description, for, owner, restriction, note]
    write: [status, note, restriction, owner]
    transitions: [requested->completed]
  - scope: user/Task.c?owner=%[1]s
    write: [status, intent, priority, code, description, for, owner, restriction]
    transitions: [->requested]
  - scope: user/DocumentReference.rs?type=http://loinc.org|57133-1
    elements: [masterIdentifier, status, type, category, subject, date, author, custodian, content.attachment.contentType, content.attachment.title]
`, OSCARFrontDesk(), OSCARAssistants())
}

// oscarFiling is the grant to file referrals at a clinic on an OSCAR, and to look once more at what was filed today.
func (s Setting) oscarFiling(b *bytes.Buffer, c clinic) {
	s.grant(b, c, "filing-amara", "files incoming referrals, and may open those of today and yesterday to see that they arrived whole.", "Files incoming referrals")
	b.WriteString(`  - scope: user/DocumentReference.c?type=http://loinc.org|57133-1
    write: [status, type, subject, description, content]
    transitions: [->current]
  - scope: user/DocumentReference.r?type=http://loinc.org|57133-1
    window: -1d..+1d
    elements: [masterIdentifier, identifier, status, type, subject, date, description, content]
    content: true
limits: {documentsPerHour: 40}
`)
}
