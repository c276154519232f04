// Package probe asks a FHIR R4 server, as a caller with a token, for what it should not tell, and reports what it tells. It
// knows nothing of the server but its base URL: it works against a gateway, an EMR, or a proxy in front of either.
//
// # How it finds out
//
// It looks first at what the token sees in plain requests (metadata, searches of Appointment, Task, DocumentReference, Patient
// and a few more types). Every probe then makes requests that differ from a control in the one thing it is about, and holds
// the answers against each other:
//
//	an oracle    two searches, by a value that exists and by one that is made up: more matches, another total, another
//	             status or another error text for the first is a leak; both answered like the search without the parameter
//	             is a warning, because a parameter that is ignored hides one that is not
//	a trick      a request that is refused, written another way: a resource that the plain way does not give is a leak
//	a twin       an id that exists out of reach and an id of the same shape that nobody has: any difference is a leak
//	a watch      what stands in all answers: hidden elements, resources out of reach, canary values, foreign addresses
//
// A difference counts only if it shows again when both are asked once more; a status alone proves nothing.
//
// # What spills
//
// What an answer holds that its control does not: a resource of a type that plain requests do not give or the known-file
// names, a resource that the known-file names, a resource that complete listing of its type does not hold and that cannot be
// read by its id, an element that the known-file hides, a value of the known-file that the request did not carry itself.
//
// # Verdicts
//
//	ok               refused, or answered like the control
//	leak             with the requests that show it; values that came from data are masked
//	warning          no leak, but one could hide there: ignored, answered with 5xx, not answered
//	not applicable   and why
//
// # What it does to the server
//
// Nothing is written unless Options.Writes is set, and then only to the one resource that Known.Scratch names, but for
// conditional-create, which may leave two empty resources entered in error. A batch and a transaction hold reads only; a POST
// to a resource's address, which FHIR does not have, carries a header that makes it a GET. One request at
// a time, at most Options.Rate in a second, the probe of timing two at a time; an answer of 429 is waited for. Redirects are
// not followed, and nothing is sent to another origin than the base's. The bulk data probe asks for a start in the far future,
// so that a server that begins an export has nothing to do.
//
// # Masking
//
// Requests are templates with {} where a value from data goes. Reports hold templates only, so that no report holds a value
// that came out of an answer or out of the known-file.
package probe
