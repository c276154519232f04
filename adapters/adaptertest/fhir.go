package adaptertest

import (
	"fmt"
	"strings"
	"time"
)

// FHIR is the resource of that type that says d, for EMRs that hold FHIR as it comes: as Holding.Make, and as what Seed puts
// in. Free text stands in "description", the time in FHIRTime(typ).
func FHIR(typ string, d Draft) string {
	return "{" + strings.Join(members(typ, d), ",") + "}"
}

// FHIRTime is the path of the instant that FHIR writes Draft.Start to.
func FHIRTime(typ string) string {
	return map[string]string{"Appointment": "start", "Task": "executionPeriod.start", "DocumentReference": "date"}[typ]
}

// FHIRStatuses are codes for Holding.Statuses.
func FHIRStatuses(typ string) []string {
	return map[string][]string{
		"Appointment": {"booked", "arrived", "cancelled", "noshow"}, "Task": {"requested", "in-progress", "completed"},
		"DocumentReference": {"current", "superseded"},
	}[typ]
}

// FHIRFull is FHIR with a value for every search parameter and in every element that a client may write, the n-th of several
// that differ. A World for an EMR that holds FHIR puts it in by Holding.More.
func FHIRFull(typ string, d Draft, n int) string {
	all := members(typ, d)
	for _, m := range strings.Split(strings.TrimSpace(full(typ)), "\n") {
		all = append(all, strings.TrimSuffix(strings.ReplaceAll(m, "%n", fmt.Sprint(n)), ","))
	}
	return "{" + strings.Join(all, ",") + "}"
}

// members are the members of a small resource.
func members(typ string, d Draft) []string {
	status := d.Status
	if status == "" {
		status = FHIRStatuses(typ)[0]
	}
	start := d.Start.Format(time.RFC3339)
	end := d.Start.Add(time.Duration(d.Minutes) * time.Minute).Format(time.RFC3339)
	patient, practitioner := `{"reference":"Patient/`+d.Patient+`"}`, `{"reference":"Practitioner/`+d.Practitioner+`"}`
	common := []string{`"resourceType":` + quote(typ), `"status":` + quote(status), `"description":` + quote(d.Text)}
	switch typ {
	case "Appointment":
		return append(common, `"start":"`+start+`"`, `"end":"`+end+`"`,
			`"participant":[{"actor":`+patient+`,"status":"accepted"},{"actor":`+practitioner+`,"status":"tentative"},`+
				`{"actor":{"reference":"Location/room-1"},"status":"accepted"}]`)
	case "Task":
		return append(common, `"intent":"order"`, `"for":`+patient, `"owner":`+practitioner,
			`"executionPeriod":{"start":"`+start+`","end":"`+end+`"}`)
	}
	return append(common, `"subject":`+patient, `"author":[`+practitioner+`]`, `"date":"`+start+`"`,
		`"content":[{"attachment":{"contentType":"application/pdf","language":"fr-CA","title":"Lettre","url":"Binary/b1"},"format":{"system":"urn:f","code":"pdf"}}]`)
}

// full are the members of a full resource beside those of a small one, one a line; %n is a number.
func full(typ string) string {
	switch typ {
	case "Appointment":
		return `
"identifier":[{"system":"urn:a","value":"a%n"}],
"cancelationReason":{"text":"Empêchement"},
"serviceCategory":[{"coding":[{"system":"urn:sc","code":"gp%n"}]}],
"serviceType":[{"coding":[{"system":"urn:st","code":"suivi%n"}],"text":"Suivi"}],
"specialty":[{"coding":[{"system":"urn:sp","code":"cardio%n"}]}],
"appointmentType":{"coding":[{"system":"urn:at","code":"FOLLOWUP%n"}]},
"reasonCode":[{"coding":[{"system":"urn:rc","code":"r%n"}],"text":"Contrôle"}],
"reasonReference":[{"reference":"Condition/c%n"}],
"priority":%n,
"supportingInformation":[{"reference":"DocumentReference/d%n"}],
"minutesDuration":15,
"slot":[{"reference":"Slot/s%n"}],
"created":"2026-02-03T10:0%n:00-05:00",
"comment":"À jeun",
"patientInstruction":"Apporter la carte",
"basedOn":[{"reference":"ServiceRequest/q%n"}],
"requestedPeriod":[{"start":"2027-03-01","end":"2027-03-31"}],
"meta":{"profile":["urn:profile:%n"],"source":"urn:source:%n","security":[{"system":"urn:sec","code":"N%n"}],"tag":[{"system":"urn:tag","code":"t%n"}]}`
	case "Task":
		return `
"identifier":[{"system":"urn:t","value":"t%n"}],
"instantiatesUri":"urn:protocol:%n",
"basedOn":[{"reference":"ServiceRequest/q%n"}],
"groupIdentifier":{"system":"urn:g","value":"g%n"},
"partOf":[{"reference":"Task/p%n"}],
"statusReason":{"text":"En attente"},
"businessStatus":{"coding":[{"system":"urn:b","code":"b%n"}]},
"priority":"urgent",
"code":{"coding":[{"system":"urn:c","code":"refill%n"}]},
"focus":{"reference":"DocumentReference/d%n"},
"encounter":{"reference":"Encounter/e%n"},
"authoredOn":"2026-04-0%nT09:00:00-04:00",
"lastModified":"2026-05-0%nT09:00:00-04:00",
"requester":{"reference":"Practitioner/r%n"},
"performerType":[{"coding":[{"system":"urn:p","code":"clerk%n"}]}],
"location":{"reference":"Location/l%n"},
"reasonCode":{"text":"Renouvellement"},
"note":[{"authorString":"Accueil","time":"2026-05-01T09:00:00-04:00","text":"Rappeler"}],
"restriction":{"repetitions":1,"period":{"end":"2026-06-0%nT17:00:00-04:00"}},
"input":[{"type":{"text":"dose"},"valueString":"1.50"}],
"meta":{"profile":["urn:profile:%n"],"source":"urn:source:%n","security":[{"system":"urn:sec","code":"N%n"}],"tag":[{"system":"urn:tag","code":"t%n"}]}`
	}
	return `
"masterIdentifier":{"system":"urn:m","value":"m%n"},
"identifier":[{"system":"urn:d","value":"d%n"}],
"docStatus":"final",
"type":{"coding":[{"system":"http://loinc.org","code":"11488-%n"}]},
"category":[{"coding":[{"system":"urn:cat","code":"referral%n"}]}],
"authenticator":{"reference":"Practitioner/a%n"},
"custodian":{"reference":"Organization/o%n"},
"relatesTo":[{"code":"replaces","target":{"reference":"DocumentReference/old%n"}}],
"securityLabel":[{"coding":[{"system":"urn:label","code":"R%n"}]}],
"context":{"encounter":[{"reference":"Encounter/e%n"}],"event":[{"coding":[{"system":"urn:ev","code":"ev%n"}]}],"period":{"start":"2026-01-1%n","end":"2026-01-2%n"},"facilityType":{"coding":[{"system":"urn:fac","code":"clinic%n"}]},"practiceSetting":{"coding":[{"system":"urn:set","code":"gp%n"}]},"related":[{"reference":"Appointment/r%n"}]},
"meta":{"profile":["urn:profile:%n"],"source":"urn:source:%n","security":[{"system":"urn:sec","code":"N%n"}],"tag":[{"system":"urn:tag","code":"t%n"}]}`
}
