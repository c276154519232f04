package main

import (
	"fmt"
	"time"
)

// decided is what the clinic has decided for the callers: clinic, connection, platform, and the one grant that covers them.
const decided = `kind: Clinic
name: %[1]s
title: Maple Family Practice (made up)
zone: %[2]s
---
kind: Connection
clinic: %[1]s
adapter: fhirr4
base: %[3]s
login: {mode: none}
---
kind: Platform
name: assistco
title: AssistCo (made up)
issuer: %[4]s
clients: [%[5]s]
---
kind: Grant
clinic: %[1]s
name: front-desk
to: {platform: assistco}
because: Covers the front desk
until: %[6]s
purposes: [PATADMIN]
permissions:
  - scope: user/Appointment.rs?practitioner=%[7]s
    window: -1d..+90d
    elements: [%[8]s]
`

// others is a grant that covers somebody else.
const others = `---
kind: Grant
clinic: %s
name: other-desk-%d
to: {user: "%s|ben-%d"}
because: Covers another desk
until: %s
permissions:
  - scope: user/Appointment.rs?practitioner=Practitioner/%d
`

// clinicDocuments is what is applied: one grant that covers the callers, and forty that do not, as in a clinic that has been
// at it for a while.
func clinicDocuments(iss, emr string, now time.Time) []byte {
	until := now.AddDate(0, 6, 0).Format(time.DateOnly)
	out := fmt.Appendf(nil, decided, clinicName, clinicZone, emr, iss, clientID, until, granted, grantedElements)
	for i := range 40 {
		out = fmt.Appendf(out, others, clinicName, i, iss, i, until, 100+i)
	}
	return out
}
