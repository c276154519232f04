package policy_test

import (
	"fmt"
	"time"

	"vestibule/fhir"
	"vestibule/policy"
)

// A search from grant to released resource.
func Example() {
	clinic := policy.Clinic{Name: "maple", Zone: time.UTC}
	now := time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)
	set, err := policy.Compile(clinic, policy.Rules{Grants: []policy.Grant{{
		Clinic: "maple", Name: "front-desk", Version: 2, To: policy.To{Platform: "assistco"}, Because: "Covers the front desk", Until: "2027-02-28",
		Permissions: []policy.Permission{{
			Scope: "user/Appointment.rs?practitioner=Practitioner/42", Window: "0d..+7d", Elements: []string{"status", "start", "participant"},
		}},
	}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	caller := policy.Caller{
		Issuer: "https://id.example", Subject: "amara", Name: "Amara", Platform: "assistco", ClientID: "web", Expires: now.Add(time.Minute),
		Scopes: []string{"user/Appointment.rs"},
	}
	search, err := fhir.ParseInteraction("GET", "/Appointment", "status=booked", "", clinic.Zone)
	if err != nil {
		fmt.Println(err)
		return
	}

	d := set.Decide(policy.Request{Caller: caller, Clinic: "maple", Interaction: search, Now: now})
	fmt.Println(d.Permitted(), d.Grants())
	for _, c := range d.Narrow(search.Query).Clauses() {
		fmt.Println(c.Key(), c.Value())
	}
	fromEMR, err := fhir.ParseResource([]byte(`{"resourceType":"Appointment","id":"7","status":"booked","comment":"private",`+
		`"start":"2026-11-26T09:00:00Z","participant":[{"actor":{"reference":"Practitioner/42"}}]}`), fhir.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	released, _ := d.Release(fromEMR)
	fmt.Println(released.Ref(), released.Removed())

	// Output:
	// true [front-desk@2]
	// date ge2026-11-25T00:00:00Z
	// date lt2026-12-03T00:00:00Z
	// practitioner Practitioner/42
	// status booked
	// Appointment/7 [comment]
}

// A denial says what is missing and what to ask for.
func ExampleDecision_Err() {
	clinic := policy.Clinic{Name: "maple", Zone: time.UTC}
	now := time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)
	set, err := policy.Compile(clinic, policy.Rules{Grants: []policy.Grant{{
		Clinic: "maple", Name: "task-inbox", Version: 1, To: policy.To{Platform: "assistco"}, Because: "Handles the inbox", Until: "2027-02-28",
		Permissions: []policy.Permission{{Scope: "user/Task.rs"}},
	}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	d := set.Decide(policy.Request{
		Caller: policy.Caller{
			Issuer: "https://id.example", Subject: "amara", Name: "Amara", Platform: "assistco", ClientID: "web", Expires: now.Add(time.Minute),
		},
		Clinic: "maple", Now: now, Interaction: fhir.Interaction{Kind: fhir.InteractionUpdate, Type: "Task", ID: "7"},
	})
	fmt.Println(d.Err().Kind, d.Err().Code)
	fmt.Println(d.Err().Text)

	// Output:
	// forbidden interaction-not-granted
	// Task.update is not in task-inbox; ask for user/Task.u.
}
