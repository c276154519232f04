package fhir_test

import (
	"fmt"
	"time"

	"vestibule/fhir"
)

func ExampleResource_Cut() {
	r, err := fhir.ParseResource([]byte(`{"resourceType":"Appointment","id":"7","status":"booked","comment":"private",`+
		`"participant":[{"actor":{"reference":"Patient/1","display":"E. Tremblay"}}]}`), fhir.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	shown, err := fhir.NewElements("Appointment", "status", "participant.actor.reference")
	if err != nil {
		fmt.Println(err)
		return
	}
	cut := r.Cut(shown)
	fmt.Println(cut.Removed(), cut.Marked())
	for ref := range r.Value().Path("participant.actor.reference") {
		fmt.Println(ref.Text())
	}
	// Output:
	// [comment participant.actor.display] true
	// Patient/1
}

func ExampleResource_Merge() {
	current, _ := fhir.ParseResource([]byte(`{"resourceType":"Task","id":"7","status":"requested","priority":"asap","note":[{"text":"hidden"}]}`), fhir.Limits{})
	proposed, _ := fhir.ParseResource([]byte(`{"resourceType":"Task","id":"7","status":"completed"}`), fhir.Limits{})
	visible, _ := fhir.NewElements("Task", "status")
	merged, err := current.Merge(proposed, visible)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(merged.Changed)
	fmt.Println(string(merged.Resource.Bytes()))
	// Output:
	// [status]
	// {"resourceType":"Task","id":"7","status":"completed","priority":"asap","note":[{"text":"hidden"}]}
}

func ExampleParseInteraction() {
	in, err := fhir.ParseInteraction("GET", "/Appointment", "status=booked,arrived&patient=1&date=ge2026-11-02T09:00", "", time.UTC)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(in.Kind, in.Type)
	for _, c := range in.Query.Clauses() {
		fmt.Println(c.Key(), c.Value())
	}
	_, err = fhir.ParseInteraction("GET", "/Appointment", "patient.birthdate=1970-01-01", "", time.UTC)
	fmt.Println(err)
	// Output:
	// search-type Appointment
	// date ge2026-11-02T09:00Z
	// patient Patient/1
	// status arrived,booked
	// fhir.ParseClause: chained-parameter: patient: The parameter patient cannot be chained here: search by the reference itself.
}

func ExampleQuery_With() {
	asked, _ := fhir.ParseClause("Appointment", "status", "booked", time.UTC)
	granted, _ := fhir.ParseClause("Appointment", "practitioner", "Practitioner/42", time.UTC)
	from := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	window := fhir.DateBetween("Appointment", "date", from, from.AddDate(0, 0, 90))
	fmt.Println(fhir.NewQuery("Appointment", asked).With(granted).With(window...).Encode())
	// Output:
	// date=ge2026-11-01T00%3A00%3A00Z&date=lt2027-01-30T00%3A00%3A00Z&practitioner=Practitioner%2F42&status=booked
}

func ExampleOutcome() {
	err := fhir.E("policy.Decide", fhir.KindForbidden, "no-grant", "Ask the clinic for a grant.")
	fmt.Println(string(fhir.Outcome(err, "")))
	// Output:
	// {"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"forbidden","details":{"coding":[{"system":"urn:vestibule:reason","code":"no-grant"}],"text":"Ask the clinic for a grant."}}]}
}
