package policy_test

import (
	"fmt"
	"testing"
	"time"

	"vestibule/fhir"
	"vestibule/policy"
)

// TestAWriteIsJudgedByItsTraces: by the elements it changed and by what it left, never by what stood there before.
func TestAWriteIsJudgedByItsTraces(t *testing.T) {
	now := time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)
	set, err := policy.Compile(policy.Clinic{Name: "maple", Zone: time.UTC}, policy.Rules{Grants: []policy.Grant{{
		Clinic: "maple", Name: "desk", Version: 1, To: policy.To{User: "https://id.example|amara"}, Because: "A test", Until: "2027-01-31",
		Permissions: []policy.Permission{
			{Scope: "user/Appointment.ru?practitioner=Practitioner/42", Elements: []string{"status", "start", "participant"}, Write: []string{"status", "start"}, Transitions: []string{"booked->cancelled"}},
			{Scope: "user/Appointment.c?practitioner=Practitioner/42", Write: []string{"status", "start", "participant"}, Transitions: []string{"->booked"}},
		}}}})
	if err != nil {
		t.Fatal(err)
	}
	left := func(status, practitioner string) fhir.Resource {
		r, err := fhir.ParseResource([]byte(fmt.Sprintf(`{"resourceType":"Appointment","id":"a","status":%q,"start":"2026-11-24T09:00:00Z","participant":[{"actor":{"reference":"Practitioner/%s"}}]}`, status, practitioner)), fhir.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	caller := policy.Caller{Issuer: "https://id.example", Subject: "amara", Name: "Amara", Platform: "p", ClientID: "c", Scopes: []string{"user/*.cruds"}, Expires: now.Add(time.Hour)}
	for _, c := range []struct {
		name    string
		kind    fhir.InteractionKind
		changed []string
		after   fhir.Resource
		want    policy.Code // "" for what could have been
	}{
		{"an element it may write", fhir.InteractionUpdate, []string{"start"}, fhir.Resource{}, ""},
		{"an element it may not write", fhir.InteractionUpdate, []string{"comment", "start"}, fhir.Resource{}, policy.CodeElementNotWritable},
		{"within reach afterwards", fhir.InteractionUpdate, []string{"start"}, left("booked", "42"), ""},
		{"out of reach afterwards", fhir.InteractionUpdate, []string{"start"}, left("booked", "7"), policy.CodeWriteOutOfReach},
		{"a status that it may leave", fhir.InteractionUpdate, []string{"status"}, left("cancelled", "42"), ""},
		{"a status that it may not leave", fhir.InteractionUpdate, []string{"status"}, left("noshow", "42"), policy.CodeStatusNotGranted},
		{"a status that it left alone", fhir.InteractionUpdate, []string{"start"}, left("noshow", "42"), ""},
		{"created", fhir.InteractionCreate, []string{"participant", "start", "status"}, left("booked", "42"), ""},
		{"created with a status that only an update may leave", fhir.InteractionCreate, []string{"status"}, left("cancelled", "42"), policy.CodeStatusNotGranted},
	} {
		in := fhir.Interaction{Kind: c.kind, Type: "Appointment"}
		if c.kind == fhir.InteractionUpdate {
			in.ID = "a"
		}
		ok, reasons := set.Decide(policy.Request{Caller: caller, Clinic: "maple", Interaction: in, Now: now}).Bears(c.changed, c.after)
		if ok != (c.want == "") || len(reasons) == 0 || !ok && reasons[0].Code != c.want {
			t.Errorf("%s: %v, %v; want %q", c.name, ok, reasons, c.want)
		}
	}
	if ok, reasons := (policy.Decision{}).Bears([]string{"status"}, fhir.Resource{}); ok || len(reasons) == 0 {
		t.Error("the zero Decision bears a write")
	}
}
