package reasons

import "vestibule/fhir"

const notServed = "Use read, search, create and update of Appointment, Task and DocumentReference."

// requests are the codes of what cannot be read, or is not served: of fhir, internal/server and the gateway itself.
func requests() []Row {
	const bad, not = fhir.KindInvalid, fhir.KindNotSupported
	return []Row{
		{"no-such-address", StageRequest, fhir.KindNotFound, "Nothing is served at this address.", "Use the clinic's FHIR base, /fhir/ and the clinic's name."},
		{"unknown-clinic", StageRequest, fhir.KindNotFound, "There is no clinic of this name here, or it is not served at the moment.", "Check the clinic's name in the address."},
		{"unknown-path", StageRequest, fhir.KindNotFound, "Nothing is served at this path of the clinic.", notServed},
		{"malformed-path", StageRequest, bad, "The path holds percent-encoding, an empty segment or a trailing slash.", "Write /Type or /Type/id."},
		{"invalid-id", StageRequest, bad, "The id is none that FHIR allows.", "An id is 1 to 64 letters, digits, '-' and '.'."},
		{"type-not-supported", StageRequest, fhir.KindNotFound, "This resource type is not served.", notServed},
		{"method-not-allowed", StageRequest, fhir.KindMethodNotAllowed, "The path does not take this method.", "Use one that the Allow header lists."},
		{"interaction-not-supported", StageRequest, fhir.KindMethodNotAllowed, "The gateway does not carry out this interaction.", notServed},
		{"patch-not-supported", StageRequest, fhir.KindMethodNotAllowed, "Patches are not served.", "Send the changed resource with PUT and If-Match."},
		{"delete-not-supported", StageRequest, fhir.KindMethodNotAllowed, "Nothing is deleted through the gateway.", "Set the status to cancelled or entered-in-error."},
		{"conditional-not-supported", StageRequest, fhir.KindMethodNotAllowed, "Conditional updates and deletes are not served.", "Name the resource in the path: PUT /Type/id."},
		{"batch-not-supported", StageRequest, not, "Batches and transactions are not served.", "Send each request by itself."},
		{"search-all-not-supported", StageRequest, not, "A search names one type.", "Search by GET /Type?..."},
		{"history-not-supported", StageRequest, not, "History and versions are not served.", "A read gives the current version."},
		{"operation-not-supported", StageRequest, not, "Operations are not served.", notServed},
		{"not-acceptable", StageRequest, fhir.KindNotAcceptable, "The request accepts no representation that is served.", "Accept application/fhir+json."},
		{"format-not-supported", StageRequest, fhir.KindNotAcceptable, "_format asks for something other than JSON.", "Write _format=json, or leave it out."},
		{"media-type", StageRequest, fhir.KindMediaType, "The body's Content-Type or Content-Encoding is not understood.", "Send application/fhir+json in UTF-8, not compressed."},
		{"header-not-supported", StageRequest, not, "A header asks for something that is not done here.", "Leave out the header that the text names."},
		{"invalid-header", StageRequest, bad, "A header cannot be read.", "Write If-Match as W/\"version\"; an Idempotency-Key is 1 to 128 printable characters."},
		{"if-match-required", StageRequest, fhir.KindPreconditionRequired, "The update does not say which version it changes.", "Send If-Match with the ETag of your last read."},
		{"malformed-query", StageRequest, bad, "The query string is not properly encoded.", "Encode it as application/x-www-form-urlencoded."},
		{"unknown-parameter", StageRequest, not, "The type has no such search parameter.", "Use one that the text lists."},
		{"parameter-not-supported", StageRequest, not, "The parameter looks beyond the resource, or changes what an answer holds; it is refused, never ignored.", "Search without it."},
		{"chained-parameter", StageRequest, not, "Chained parameters look into other resources.", "Search by the reference itself."},
		{"modifier-not-supported", StageRequest, not, "The parameter does not take this modifier.", "Use one that the text lists."},
		{"repeated-parameter", StageRequest, bad, "A parameter that can stand once stands twice.", "Keep one."},
		{"invalid-value", StageRequest, bad, "A parameter's value cannot be read.", "Write it as the text says."},
		{"parameter-invalid", StageRequest, bad, "A parameter of a search of the trail cannot be read.", "Write it as the text says."},
		{"nonexistent-local-time", StageRequest, fhir.KindUnprocessable, "The time is one that the clinic's clock skips when it is put forward.", "Give another time, or one with its zone."},
		{"search-too-large", StageRequest, fhir.KindTooLarge, "The search has too many parameters or values.", "Split it."},
		{"cursor-refused", StageRequest, bad, "The page link is none that was given to you for this search.", "Repeat the search from its first page."},
		{"body-too-large", StageRequest, fhir.KindTooLarge, "The body is longer than is accepted.", "Send less."},
		{"too-deep", StageRequest, fhir.KindTooLarge, "The document is nested too deeply.", "Send less."},
		{"too-many-values", StageRequest, fhir.KindTooLarge, "The document holds too many values.", "Send less."},
		{"name-too-long", StageRequest, fhir.KindTooLarge, "A member's name is too long to be FHIR's.", "Check the program that made it."},
		{"body-incomplete", StageRequest, bad, "The body ended before its announced length.", "Send it again."},
		{"malformed-json", StageRequest, bad, "The body is not JSON to the letter (RFC 8259).", "Mend it at the byte that the text names."},
		{"duplicate-member", StageRequest, bad, "A JSON object names a member twice; nobody could say which counts.", "Keep one."},
		{"not-a-resource", StageRequest, bad, "The body is no FHIR resource.", "Send an object with a resourceType."},
		{"not-a-bundle", StageRequest, bad, "The document is no Bundle.", "Nothing; the clinic sees it in its trail."},
		{"not-conforming", StageRequest, bad, "An element does not have the form that R4 gives it.", "Check it against FHIR R4."},
		{"wrong-type", StageRequest, bad, "The body's resourceType is not the type in the URL.", "Make the two agree."},
		{"wrong-id", StageRequest, bad, "The body's id is not the id in the URL.", "Make the two agree."},
	}
}
