package fhirr4

import (
	"errors"

	"vestibule/adapters/internal/wire"
	"vestibule/fhir"
)

// The operations, as errors name them.
const (
	opCapability = "fhirr4.Capability"
	opRead       = "fhirr4.Read"
	opContent    = "fhirr4.Open"
	opSearch     = "fhirr4.Search"
	opWrite      = "fhirr4.Write"
	opLogin      = "fhirr4.Login"
)

func upstream(op, typ, code, text string) *fhir.Error {
	e := fhir.E(op, fhir.KindUpstream, code, text)
	e.Ref.Type = typ
	return e
}

// broken is an answer that was to be FHIR and is not. Of the parser's error only its code goes on: its text may quote a
// member's name, and that is the EMR's text.
func broken(op, typ string, err error) *fhir.Error {
	if fhir.KindOf(err) == fhir.KindTooLarge {
		return wire.TooLarge(op, typ)
	}
	return upstream(op, typ, "emr-answer-broken", "The EMR's answer cannot be read, so nothing of it is used.").
		Because(errors.New(fhir.AsError(err).Reason()))
}
