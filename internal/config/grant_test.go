package config_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"vestibule/internal/config"
)

const world = `kind: Clinic
name: maple
title: Maple Family Practice
zone: America/Toronto
---
kind: Platform
name: assistco
title: AssistCo
issuer: https://id.assistco.example
clients: [assistco-desktop]
`

// goodGrant is one line for each thing that can be wrong.
const goodGrant = `kind: Grant
clinic: maple
name: front-desk
to: {user: "https://id.assistco.example|amara"}
because: Covers the front desk
from: 2026-12-01
until: 2027-02-22
hours: Mon-Fri 07:30-18:00
networks: [203.0.113.0/24]
purposes: [PATADMIN, COC]
permissions:
  - scope: user/Appointment.rus?practitioner=Practitioner/42
    window: -1d..+90d
    elements:
      - schedule
      - identifier
    write: [status, start]
    transitions:
      - booked->cancelled
limits: {patientsPerDay: 80, pagesPerSearch: 10}
`

var applyingAt = time.Date(2026, 11, 25, 15, 0, 0, 0, time.UTC)

func checkedText(t *testing.T, text string) ([]config.Document, error) {
	t.Helper()
	docs, err := config.Parse("grant.yaml", []byte(text))
	if err != nil {
		return nil, err
	}
	applied, err := config.Parse("world.yaml", []byte(world))
	if err != nil {
		t.Fatal(err)
	}
	return docs, config.Check(docs, applied, applyingAt)
}

func TestAGrantThatCannotMeanWhatItSaysIsRefusedWithItsPlaceAndWhatWouldBeRight(t *testing.T) {
	if _, err := checkedText(t, goodGrant); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, with, want string }{
		"unknown type":           {"user/Appointment.rus", "user/Patient.rus", `grant.yaml:12: permissions[0].scope: "Patient" is not a type that can be granted; those are Appointment, DocumentReference, Task`},
		"every type":             {"user/Appointment.rus", "user/*.rus", "grant.yaml:12: permissions[0].scope: Name the type: Appointment"},
		"unknown parameter":      {"practitioner=", "practicioner=", "grant.yaml:12: permissions[0].scope: practicioner: "},
		"chained parameter":      {"practitioner=Practitioner/42", "patient.name=x", "grant.yaml:12: permissions[0].scope: patient: The parameter patient cannot be chained here: search by the reference itself."},
		"status in criteria":     {"practitioner=Practitioner/42", "status:not=canceled", `grant.yaml:12: permissions[0].scope: Appointment has no status "canceled"; it has proposed`},
		"bad value":              {"practitioner=Practitioner/42", "date=soon", "grant.yaml:12: permissions[0].scope: date: "},
		"unknown element":        {"identifier", "identifer", `grant.yaml:16: permissions[0].elements[1]: identifer: Appointment has no element "identifer". It has appointmentType`},
		"unknown path":           {"identifier", "participant.name", `grant.yaml:16: permissions[0].elements[1]: participant.name: Appointment has no element "participant.name". It has actor`},
		"unknown set":            {"schedule", "worklist", "grant.yaml:15: permissions[0].elements[0]: worklist: Appointment has no element"},
		"sets there are":         {"schedule", "worklist", "Its sets are schedule, contact, reason, notes."},
		"unknown purpose":        {"COC", "HMARKT", `grant.yaml:10: purposes[1]: "HMARKT" cannot be granted; use COC`},
		"window that is none":    {"-1d..+90d", "next week", `grant.yaml:13: permissions[0].window: "next week" is not a window: write it like "-1d..+90d"`},
		"window, date hidden":    {"      - schedule\n      - identifier", "      - status\n      - participant", "grant.yaml:13: permissions[0].window: The window looks at start, which this permission hides"},
		"criteria, hidden":       {"      - schedule\n      - identifier", "      - status\n      - start", "grant.yaml:12: permissions[0].scope: The criterion practitioner looks at participant.actor.reference, which this permission hides"},
		"unknown status":         {"booked->cancelled", "booked->canceled", `grant.yaml:19: permissions[0].transitions[0]: Appointment has no status "canceled"; it has proposed`},
		"transition, status not": {"write: [status, start]", "write: [start]", "grant.yaml:18: permissions[0].transitions: Transitions change the status, which is not in write"},
		"until over":             {"until: 2027-02-22", "until: 2026-11-24", "grant.yaml:7: until: 2026-11-24 is over."},
		"until beyond a year":    {"until: 2027-02-22", "until: 2027-11-27", "grant.yaml:7: until: A grant lasts at most 366 days; the last possible day is 2027-11-26."},
		"no such day":            {"until: 2027-02-22", "until: 2027-02-29", `grant.yaml:7: until: "2027-02-29" is not a date: write it like 2027-02-28`},
		"from after until":       {"from: 2026-12-01", "from: 2027-02-23", "grant.yaml:6: from: The grant ends on 2027-02-22, before it begins"},
		"write without u or c":   {"Appointment.rus", "Appointment.rs", "grant.yaml:17: permissions[0].write: write needs c or u in the scope; it has rs."},
		"write in part":          {"write: [status, start]", "write: [status, participant]", "grant.yaml:17: permissions[0].write[1]: participant is shown in part"},
		"delete":                 {"Appointment.rus", "Appointment.rusd", "grant.yaml:12: permissions[0].scope: Deleting cannot be granted"},
		"hours that are none":    {"Mon-Fri 07:30-18:00", "always", `grant.yaml:8: hours: `},
		"hours of nothing":       {"hours: Mon-Fri 07:30-18:00", `hours: ""`, "grant.yaml:8: hours: is empty; give it a value or leave the line out"},
		"window of nothing":      {"window: -1d..+90d", `window: " "`, "grant.yaml:13: permissions[0].window: is empty"},
		"networks of everybody":  {"203.0.113.0/24", "0.0.0.0/0", "grant.yaml:9: networks[0]: 0.0.0.0/0 is every network"},
		"empty list":             {"purposes: [PATADMIN, COC]", "purposes: []", "grant.yaml:10: purposes: This list is empty"},
		"limit of zero":          {"patientsPerDay: 80", "patientsPerDay: 0", "grant.yaml:20: limits.patientsPerDay: is 0; a limit is a number above zero"},
		"limit below zero":       {"patientsPerDay: 80", "patientsPerDay: -5", "grant.yaml:20: limits.patientsPerDay: A limit is a number above zero"},
		"limit that is none":     {"patientsPerDay: 80", "patientsPerDay: many", "grant.yaml:20: limits.patientsPerDay: has to be a whole number"},
		"unknown limit":          {"patientsPerDay: 80", "patientPerDay: 80", "grant.yaml:20: limits.patientPerDay: unknown key; did you mean patientsPerDay?"},
		"unknown key":            {"transitions:", "transition:", "grant.yaml:18: permissions[0].transition: unknown key; did you mean transitions?"},
		"unknown clinic":         {"clinic: maple", "clinic: mapel", `grant.yaml:2: clinic: there is no clinic "mapel"; did you mean maple?`},
		"unknown platform":       {`{user: "https://id.assistco.example|amara"}`, "{platform: asistco}", `grant.yaml:4: to.platform: there is no platform "asistco"; did you mean assistco?`},
		"nobody":                 {`{user: "https://id.assistco.example|amara"}`, "{automated: true}", "grant.yaml:4: to: Name exactly one of user, platform and team."},
		"no reason":              {"because: Covers the front desk", "because: ' '", "grant.yaml:5: because: is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(goodGrant, c.old, c.with, 1)
			if text == goodGrant {
				t.Fatalf("%q is not in the grant", c.old)
			}
			_, err := checkedText(t, text)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("want %s\ngot  %v", c.want, err)
			}
			if _, ok := errors.AsType[config.Problems](err); !ok {
				t.Errorf("%T", err)
			}
		})
	}
}

func TestAClinicWithoutAKnownZoneIsRefused(t *testing.T) {
	_, err := config.Parse("clinic.yaml", []byte(strings.Replace(world, "America/Toronto", "America/Torronto", 1)))
	if err == nil || !strings.Contains(err.Error(), "clinic.yaml:4: zone: ") {
		t.Errorf("%v", err)
	}
}

// One mistake and none of the call's documents is good, however many others there are; every mistake is in the report.
func TestAllDocumentsAreRefusedForTheMistakesOfOne(t *testing.T) {
	bad := strings.NewReplacer("name: front-desk", "name: other", "booked->cancelled", "booked->gone", "purposes: [PATADMIN, COC]", "purposes: [HRESCH]").Replace(goodGrant)
	_, err := checkedText(t, goodGrant+"---\n"+bad)
	problems, ok := errors.AsType[config.Problems](err)
	if !ok || len(problems) != 2 {
		t.Fatalf("%v", err)
	}
	if problems[0].Line != 31 || problems[1].Line != 40 {
		t.Errorf("%v", problems)
	}
}

func TestAdviceNamesThePlace(t *testing.T) {
	broad := strings.NewReplacer("user/Appointment.rus?practitioner=Practitioner/42", "user/Appointment.*", "until: 2027-02-22", "until: 2027-06-01",
		"      - booked->cancelled", "      - booked->cancelled\n      - ->booked").Replace(goodGrant)
	docs, err := checkedText(t, world[:strings.Index(world, "---")]+"---\n"+broad)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range config.Advise(docs, nil, applyingAt) {
		got = append(got, p.String())
	}
	want := []string{"grant.yaml:12: until: It lasts longer than 90 days", "grant.yaml:17: permissions[0].scope: That is SMART v1", "grant.yaml:17: permissions[0].scope: It is about every Appointment"}
	if len(got) != len(want) {
		t.Fatalf("%q", got)
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("%s, want %s", got[i], want[i])
		}
	}
	if advice := config.Advise(docs[1:], nil, applyingAt); len(advice) > 0 {
		t.Errorf("advice about a grant of no clinic: %v", advice)
	}
}
