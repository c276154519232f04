// Package policytest asks the rules of a clinic questions whose answers are known, and finds out which clauses of the rules
// no question is about. It is pure: rules and questions in, verdicts out. What a question file looks like as YAML is package
// config's; `vestibule grants test` runs it.
//
// # A file
//
//	kind: PolicyTest
//	clinic       whose rules are asked
//	name         of the file, for the output
//	about        names of the grants, directives and guardrails whose clauses the tests should notice; absent: every grant
//	             that is for one of the callers, every directive of a patient whom a resource names, every guardrail
//	at           when, where a test does not say: 2026-12-01T10:00 by the clinic's clock, or with an offset
//	callers      who asks, each under a name: user ("issuer|subject") and platform, and where it matters name, client,
//	             automated, scopes, purposes and address. Without scopes a token narrows nothing; without purposes it states
//	             none; without an address that is unknown.
//	resources    what stands in the EMR, where a test does not say. Each is a resource in YAML or JSON; or {file: x.json}, a
//	             resource or a Bundle beside the file; or {like: Appointment/7, id: other, …}, another one with some elements
//	             replaced, or with null taken away.
//	tests        at least one, see below
//
// A test has a name, which is not used twice, and
//
//	as           the caller's name; may be left out where there is only one
//	at, scopes, purposes, address    instead of the file's and the caller's; purposes: [] states none, address: unknown
//	request      in FHIR's words: GET Appointment/7, GET Appointment?date=2026-12-01, POST Task, PUT Appointment/7
//	emr          what stands in the EMR: references to the file's resources ("Appointment/7"), or resources as above
//	body         what is sent, for POST and PUT; or
//	change       for PUT, elements that are replaced (null: taken away) in what the caller is shown
//	expect       permitted or denied
//	reason       of what is denied: the code that the trail has, see docs/reason-codes.md
//	visible      of a search, exactly which resources come back
//	shows        elements, or sets of them, that the answer shows as they stand in the EMR
//	hides        elements that stand in the EMR and of which the answer shows nothing
//	changed      of a write, exactly which elements it changes
//	grants       names of the grants that allow it, exactly
//	limits       that hold for it, exactly; of several grants the lowest
//
// A grant counts as approved long ago: what is asked is what the text means.
//
// # Clauses
//
// A clause is noticed if some test that passes would fail without it. Each is taken away or, where it narrows, widened in
// turn, and the tests are asked again:
//
//	a grant      whom it is for (widened to the platform), from, until, hours and each of its spans, networks and purposes
//	             and each of them, each limit, each permission
//	permission   each interaction, each criterion and each of its alternatives, the window's beginning and its end, content;
//	             elements, write and transitions, and each that is listed
//	directive    as a whole, each of its resources and whom it is for, from, until
//	guardrail    as a whole, each of what it forbids, networks and each of them; each criterion of several
//
// Two sorts of change do not count: one after which the rule would be refused, such as to hide the element that a criterion
// looks at, and one after which whoever asks could do exactly the same (policy.Diff), because rules overlap.
package policytest
