package fhir

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
