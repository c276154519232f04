package adapters

import (
	"context"
	"fmt"
	"testing"

	"vestibule/fhir"
)

func TestTheZeroCapabilitySupportsNothing(t *testing.T) {
	var c Capability
	for _, typ := range append(fhir.Types(), "") {
		for _, k := range []fhir.InteractionKind{"", fhir.InteractionRead, fhir.InteractionSearch, fhir.InteractionCreate, fhir.InteractionUpdate} {
			if c.Supports(typ, k) {
				t.Errorf("%s %s", k, typ)
			}
		}
		if c.Searches(typ, "status") || c.Type(typ).Versions {
			t.Error(typ)
		}
	}
	if len(c.Types()) != 0 {
		t.Error(c.Types())
	}
}

func TestTheTableAnswersByTypeAndIsNotSharedWithItsMaker(t *testing.T) {
	rows := []Type{
		{Name: "Task", Interactions: []fhir.InteractionKind{fhir.InteractionRead}, Search: []string{"status"}},
		{Name: "Appointment", Interactions: []fhir.InteractionKind{fhir.InteractionSearch}},
		{Name: "Appointment", Interactions: []fhir.InteractionKind{fhir.InteractionRead}, Sort: true},
	}
	c := NewCapability(rows...)
	rows[0] = Type{}
	if got := fmt.Sprint(c.Types()); got != "[Appointment Task]" {
		t.Error(got)
	}
	if !c.Supports("Task", fhir.InteractionRead) || c.Supports("Task", fhir.InteractionSearch) || !c.Searches("Task", "status") || c.Searches("Appointment", "status") {
		t.Error("wrong row")
	}
	if c.Supports("Appointment", fhir.InteractionSearch) || !c.Type("Appointment").Sort {
		t.Error("of two rows the last counts")
	}
}

func TestATraceTravelsInTheContext(t *testing.T) {
	if got := TraceFrom(context.Background()); got != (Trace{}) {
		t.Error(got)
	}
	want := Trace{RequestID: "r1", Traceparent: "00-x"}
	if got := TraceFrom(WithTrace(context.Background(), want)); got != want {
		t.Error(got)
	}
}
