// Package adapters says what the gateway asks of an electronic medical record (EMR), whatever its make: four methods, the
// interface EMR. One folder below holds one kind of EMR; fhirr4 is any server that speaks FHIR R4.
//
// # The contract
//
// An adapter holds one EMR's address and credentials, is safe for concurrent use, and keeps to this:
//
//   - What comes back is the EMR's own bytes as fhir.Resource, never decoded and encoded again (hazard H36). What an adapter
//     could not translate it reports; it never guesses.
//   - Only what the Capability table lists is sent to the EMR: some EMRs answer an unknown parameter with an empty result
//     and status 200 (hazard H33), others ignore it and over-share. A search parameter that the EMR does not know is kept
//     back and the page is filtered in the adapter. Sent parameters are not checked again: whoever calls matches every
//     resource against the whole query and against the policy.
//   - Nobody else's resource slips in: a read returns the type and id that were asked for or an error, a search only
//     resources of the searched type, each with a valid id; what an EMR adds by itself (includes, outcomes) is dropped
//     (hazard H2).
//   - A page may hold fewer resources than Query.Count asks for, even none, while more follow. The search is over when
//     Page.Next is empty and not before. Page.Next is the EMR's own business: it may hold what the query was narrowed to, so
//     it is sealed before anyone outside sees it (hazard H3). An adapter still trusts no cursor: it checks that following it
//     stays inside this EMR's base and this type.
//   - A write happens once (hazard H30). Change.Operation names it: however often a Change with the same Operation is
//     written, by retries here or by the caller, the EMR ends up with one. An update replaces exactly the version in
//     Change.Base and fails with KindStale when the EMR has a newer one.
//   - What has no home is never dropped in silence: of the EMR's fields the adapter lists it (Translator), an element that the
//     EMR cannot keep, or text that it would cut, is refused with KindUnprocessable and its path.
//   - The context's deadline and the adapter's own, whichever comes first, end a call.
//
// adaptertest holds an adapter to all of it: a new EMR is a start function away from a passing suite.
//
// # Errors
//
// Every error is a *fhir.Error. Its Kind says what the caller may conclude, its Code what the EMR did (the outcome class that
// the trail records, hazard H25). No text of an EMR is ever in it, not even in the cause: bodies of failed answers are
// thrown away unread (hazard H32).
//
//	EMR did                            Kind                code
//	401, 403                           KindUpstream        emr-login-refused      our credential failed, not the caller's
//	404, 410 on a read or update       KindNotFound        not-found
//	409                                KindConflict        emr-conflict
//	412                                KindStale           stale
//	412 on a conditional create        KindConflict        emr-conflict           several hold the same operation
//	423                                KindConflict        emr-locked
//	429                                KindUnavailable     emr-busy               with RetryAfter where the EMR says it
//	400, 422 on a write                KindUnprocessable   emr-refused
//	a search it cannot answer whole    KindUnprocessable   emr-search-unbounded   narrow it
//	other 4xx                          KindUpstream        emr-request-refused
//	3xx                                KindUpstream        emr-redirected         redirects are not followed
//	5xx                                KindUpstream        emr-failed
//	no answer in time                  KindTimeout         emr-timeout            reads
//	write without a certain outcome    KindTimeout         emr-write-unknown      state unknown, also after looking
//	refused, unreachable, cut off      KindUnavailable     emr-unreachable        nothing happened
//	circuit breaker open               KindUnavailable     emr-circuit-open       with RetryAfter
//	not FHIR JSON (a log-in page)      KindUpstream        emr-answer-not-fhir
//	cut off half-way, malformed        KindUpstream        emr-answer-broken
//	longer than the cap                KindUpstream        emr-answer-too-large
//	another resource than asked for    KindUpstream        emr-answer-wrong
//	next link, document elsewhere      KindUpstream        emr-link-foreign
//	token endpoint out of order        KindUnavailable     emr-login-unreachable
//	not in the capability table        KindNotSupported    emr-not-supported
//	another version of FHIR            KindUpstream        emr-not-r4
//	a cursor that is not ours          KindInvalid         invalid-cursor
//	a create of something with an id   KindInvalid         id-on-create
//	an update without a version        KindPreconditionRequired  version-required
//
// A caller who goes away before the EMR answers gets emr-timeout for a read and emr-write-unknown for a write that may have
// arrived.
package adapters
