package audit_test

import (
	"fmt"
	"strings"
	"testing"

	"vestibule/audit"
)

// refused is a request that cannot be understood.
func refused(raw string) audit.Record {
	r := denial(0)
	r.Type, _, _ = strings.Cut(raw, "?")
	r.Raw = "/fhir/maple/" + raw
	return r
}

// spellings are records that name the patient in all the ways there are.
func spellings() []audit.Record {
	search := read(0)
	search.Interaction, search.Resource, search.Query, search.Patients, search.Released = "search-type", "", "patient=q7x-4411&status=booked", nil, nil
	encoded := search
	encoded.Query = "date=ge2026&patient=Patient%2Fq7x-4411%2CPatient%2F2"
	actor := search
	actor.Query = "actor=q7x-4411"
	raw := denial(0)
	raw.Raw = "/fhir/maple/Patient/q7x-4411/_history?_count=1"
	rawQuery := denial(0)
	rawQuery.Raw = "/fhir/maple/Appointment?patient=%71%37x-4411"
	id := denial(0)
	id.Raw = "/fhir/maple/Patient?_id=q7x-4411"
	twice := denial(0)
	twice.Raw = "/fhir/maple/Appointment?patient=Patient%252Fq7x-4411"
	lower := denial(0)
	lower.Raw = "/fhir/maple/patient/q7x-4411"
	identifier := search
	identifier.Interaction, identifier.Type, identifier.Query = audit.InteractionAuditSearch, "AuditEvent", "patient.identifier=urn%3Avestibule%3Apatient%7Cq7x-4411"
	looked := audit.Record{Phase: audit.PhaseAdmin, Clinic: "maple", Outcome: audit.OutcomeSuccess, Admin: audit.Admin{Action: "audit-search", Subject: "patient=q7x-4411&since=14d", By: "ann"}}
	resource := read(0)
	resource.Resource, resource.Patients, resource.Released = secret+"/_history/2", nil, nil
	released := read(0)
	released.Patients, released.Released = nil, []audit.ReleasedItem{{Ref: "Task/1", Patients: []string{"Patient/1", secret}}}
	exported := looked
	exported.Admin = audit.Admin{Action: "audit-export", Subject: "q7x-4411.ndjson", By: "ann"}
	return []audit.Record{refused("Appointment?_has:Task:patient:_id=q7x-4411"), refused("Appointment?patient[]=q7x-4411"), refused("Appointment?unknown=q7x-4411"),
		refused("Appointment?_filter=patient+eq+q7x-4411"), refused("Appointment?_revinclude=Task:patient:q7x-4411"), refused("Patient?identifier=x%7Cq7x-4411"),
		refused("q7x-4411/Appointment"), exported, about(0, secret), search, encoded, actor, raw, rawQuery, id, twice, lower, identifier, looked, resource, released}
}

// others are records that do not, though they look alike.
func others() []audit.Record {
	practitioner := read(0)
	practitioner.Interaction, practitioner.Query = "search-type", "practitioner=q7x-4411"
	longer := about(0, secret+"0")
	dotted := about(0, secret+".1")
	dashed := about(0, secret+"-1")
	other := about(0, "Patient/q7x-441")
	task := read(0)
	task.Resource = "Task/q7x-4411"
	return []audit.Record{practitioner, longer, dotted, dashed, other, task, refused("Task/q7x-4411"), refused("Appointment?practitioner=q7x-4411&x=1"),
		refused("Appointment?_id=q7x-4411"), refused("Appointment?unknown=Task/q7x-4411"), refused("Appointment?unknown=q7x-44110")}
}

func TestAnErasureFindsEverySpellingAndNothingElse(t *testing.T) {
	h := newHouse(t)
	n := 0
	add := func(list []audit.Record) (out []int64) {
		for _, r := range list {
			n++
			r.ID = access(n)
			out = append(out, h.append(r).Index())
		}
		return out
	}
	mine, theirs := add(spellings()), add(others())
	before := h.lines("maple")
	done := h.forget(erasure(secret))
	if int(done.Bodies) != len(mine) {
		t.Errorf("%d bodies were deleted, want %d", done.Bodies, len(mine))
	}
	after := h.lines("maple")
	for i, at := range mine {
		if after[at] != "" {
			t.Errorf("spelling %d is still there: %s", i, after[at])
		}
	}
	for _, at := range theirs {
		if after[at] != before[at] {
			t.Errorf("record %d was changed:\n%s\n%s", at, before[at], after[at])
		}
	}
	if report := h.reported(); report.Deleted != int64(len(mine)) || report.Accounted != report.Deleted ||
		!strings.Contains(report.String(), fmt.Sprintf("records      %d, of which %d without their bodies, all accounted for", len(after), len(mine))) {
		t.Errorf("report:\n%s", report)
	}
	if again := h.forget(erasure(secret)); again.Bodies != 0 {
		t.Errorf("a second time deleted %d", again.Bodies)
	}
}
