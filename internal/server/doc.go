// Package server is the gateway's front door: HTTP in, vestibule.Request, vestibule.Answer, HTTP out. It decides nothing.
//
//	/fhir/{clinic}/…                 the FHIR API of a clinic: metadata, .well-known/smart-configuration, read, search by
//	                                 GET and by POST _search, create, update; Binary/{id}: the document itself behind a
//	                                 DocumentReference, its bytes or, where Accept or _format names FHIR JSON, a resource
//	/audit/{clinic}/AuditEvent       the clinic's trail, for its auditors: read, search by GET and by POST _search
//	/audit/{clinic}/metadata         what the trail is searched by
//	/healthz, /readyz                alive; able to write the ledger
//	/                                a page for people who open the address in a browser
//
// Metrics are served on a listener of their own (Metrics), because they are for the operator only.
//
// # Headers
//
//	in   Authorization: Bearer …     one access token; the only credential there is
//	     If-Match: W/"version"       needed for an update
//	     Idempotency-Key             1 to 128 printable characters; a create or update that is retried with it happens once
//	     X-Request-Id, traceparent   accepted where well-formed, created where not, sent on to the EMR and into the record
//	out  Audit-Receipt: log/index    the record of this access; on every answer to a caller who was known or claimed
//	     X-Request-Id, traceparent   what the record holds
//	     Content-Disposition, Content-Security-Policy with a document's bytes: saved, not shown, and run by nobody
//	     ETag, Location, Retry-After, WWW-Authenticate, Allow as HTTP has them
//
// Every error is an OperationOutcome, whatever form was asked for, with a reason code (urn:vestibule:reason), a text that says
// what to do, and the decision's id. Nothing is logged or counted by value: routes are templates, and no URL is written anywhere.
package server
