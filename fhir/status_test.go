package fhir

import (
	"slices"
	"strings"
	"testing"
)

func TestTheStatusCodesAreThoseOfR4(t *testing.T) {
	for typ, want := range map[string]string{
		"Appointment":       "proposed pending booked arrived fulfilled cancelled noshow entered-in-error checked-in waitlist",
		"Task":              "draft requested received accepted rejected ready cancelled in-progress on-hold failed completed entered-in-error",
		"DocumentReference": "current superseded entered-in-error",
		"Patient":           "",
	} {
		if got := StatusCodes(typ); !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%s: %v", typ, got)
		}
	}
}
