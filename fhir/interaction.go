package fhir

import "time"

// InteractionKind is a FHIR interaction by its code (http://hl7.org/fhir/R4/valueset-restful-interaction.html). The zero
// value is a request that was not understood; it is recorded, never carried out.
type InteractionKind string

// The interactions the gateway carries out.
const (
	InteractionCapabilities InteractionKind = "capabilities"
	InteractionRead         InteractionKind = "read"
	InteractionSearch       InteractionKind = "search-type"
	InteractionCreate       InteractionKind = "create"
	InteractionUpdate       InteractionKind = "update"
)

// The interactions the gateway recognises in order to refuse and record them: ParseInteraction returns them only beside an
// error.
const (
	InteractionVRead     InteractionKind = "vread"
	InteractionPatch     InteractionKind = "patch"
	InteractionDelete    InteractionKind = "delete"
	InteractionHistory   InteractionKind = "history"
	InteractionBatch     InteractionKind = "batch"
	InteractionOperation InteractionKind = "operation"
)

// Interaction is what a request asks for. ParseInteraction makes it, and nothing else of the program reads URLs.
type Interaction struct {
	Kind  InteractionKind
	Type  string // one of Types; on a refused request whatever type was named, if it is spelt like one
	ID    string // for read and update; always valid
	Query Query  // for search
	Allow string // beside a KindMethodNotAllowed: the methods the path takes, as the Allow header lists them
}

// ParseInteraction reads a request. path is the escaped path below the clinic's FHIR base ("/Appointment/123"), rawQuery the
// query string as sent, form the body of a POST _search. Times without a zone are in zone, the clinic's (nil means UTC). On
// an error the Interaction holds what was understood, so that the attempt can be recorded.
func ParseInteraction(method, path, rawQuery, form string, zone *time.Location) (Interaction, error) {
	return Interaction{}, E("fhir.ParseInteraction", KindNotSupported, "", "Not an interaction of this server.")
}
