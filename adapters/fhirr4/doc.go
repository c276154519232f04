// Package fhirr4 is the adapter for any EMR that serves FHIR R4 (4.0) over HTTP.
//
// It is driven by what the EMR says of itself. The CapabilityStatement at [base]/metadata decides which interactions and
// search parameters exist; it is fetched when first needed, kept for an hour, and a stale one is better than none. What it
// cannot say (whether _count and _sort are honoured, which modifiers, which declared parameters are not honoured after all)
// is in Quirks. What is not sent is filtered here.
//
// # One exchange
//
// Each request goes out once through the circuit breaker of this EMR, with a fresh enough token, a deadline, and no
// redirects. The answer is read whole into one buffer, capped, and indexed once; resources are parts of that buffer. Absolute
// references into the EMR's own base become relative by editing those bytes (hazard H10); nothing else is touched.
//
// Requests are sent again, with jitter and within the call's deadline, where that cannot do harm: reads, searches, creates
// under If-None-Exist, updates under If-Match; after a refused or lost connection, 429, 502, 503 and 504, and once after a
// 401 with a new token. A Retry-After that does not fit into the deadline ends the call.
//
// # One write happens once
//
// A create carries its operation as an identifier (system adapters.OperationSystem) and is conditional on it where the EMR can do
// that; otherwise the adapter looks for that identifier first. One operation is written by one goroutine at a time. When the
// outcome is not certain (no answer, connection lost, 5xx, unreadable answer), the adapter looks for the operation, or reads
// the updated resource back, before it says anything; what it still does not know is KindTimeout with emr-write-unknown.
// An EMR that can neither do conditional creates nor search what it would take to find the operation is not written to.
//
// # Documents
//
// Open gives the document that a DocumentReference carries in itself, or the Binary of this EMR that its attachment names,
// asked for as a resource: its base64 says whether it is whole. Addresses elsewhere are not followed. The attachment's address is
// left as the EMR wrote it; callers of the gateway are not shown it and use fhir.BinaryLink.
//
// # Log-in
//
// SMART Backend Services (http://hl7.org/fhir/smart-app-launch/backend-services.html: private_key_jwt with RS384 or ES384,
// a new assertion each time), OAuth 2.0 client credentials with a secret, or a fixed bearer token for tests. The token
// endpoint is configured or discovered at [base]/.well-known/smart-configuration, else in the CapabilityStatement's security
// extension. Credentials and patients' data travel over TLS or on loopback, never otherwise.
package fhirr4
