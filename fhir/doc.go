// Package fhir is FHIR R4 as data, without loss: resources as the bytes they came in, element lists, search parameters and
// how they match, requests, pages, errors. It does no I/O and imports nothing else of this program.
//
// # Documents
//
// Parse reads a JSON document once and keeps an index over its original bytes: one node per value, in document order. It is
// strict where parsers are known to differ (hazard H11): RFC 8259 to the letter, UTF-8, no lone surrogates, no duplicate
// member names however they are spelt, nothing after the value, caps on bytes, depth and number of values. What is refused is
// refused whole. A Value is a place in such a document. Names are compared as they read, not as they are spelt. A Resource is
// a document with a resourceType and, if there is one, a valid id.
//
// Nothing is ever decoded and encoded again (hazard H36). What leaves is a Cut: slices of the original. What is written is a
// Merge: the EMR's bytes with the changed members put in place. The widened types (Appointment, Task, DocumentReference) are
// for adapters that build a resource from something that is not FHIR, or want to read one with types.
//
// # Element lists
//
// Elements is an allow-list of paths. Cut keeps what it shows, and always resourceType, id and meta's versionId, lastUpdated,
// profile, security and tag; never meta.source, addresses of documents (hazard H10), documents in extensions or in a
// Task's values or, unless named, documents carried inline; contained resources cannot be shown. A primitive's sibling "_name" is shown where all of "name" is. The narrative
// repeats the whole resource and is dropped as soon as anything else is. A cut from which content is missing carries
// SUBSETTED and REDACTED in meta.security. Cutting leaves no empty object or array behind that was not empty before.
//
// Merge takes what a caller sent who had been shown a cut. Members that say the same as what was shown change nothing; what
// was hidden survives; an element of which only a part was shown cannot be replaced (hazard H12).
//
// # Searches
//
// The parameters are a table: the 61 that R4 defines for the three types, and _id, _lastUpdated, _profile, _security, _source
// and _tag. A Clause is one parameter with its values (or), a Query clauses (and). The same matcher serves the policy, the
// adapters' residual filtering and the demo's EMR. The zero Clause and the zero Query match nothing. What is not understood,
// or looks beyond the resource itself (chains, _has, _include, _text and their kin), is refused by name, never ignored
// (hazards H1, H33), and no error repeats a value. Where R4 leaves room:
//
//   - Codes and identifiers are compared with case, MIME types and languages without: a criterion that decides what may be
//     seen must not match more than it says.
//   - A date or time without a zone, in a search or in a resource, is the clinic's; a date covers the clinic's whole local
//     day. An ambiguous time is its first occurrence, a time that the clock skips is KindUnprocessable (hazard H35).
//   - ap widens the value by its own length on both sides, so that a search means the same at any time of asking.
//   - A reference's version does not count. An absolute URL equals only itself; adapters make references local.
//   - A bare id is accepted where the parameter, or its :Type modifier, allows one type only.
//   - For parameters of the form where(resolve() is T), a reference says by itself what it refers to: by its literal or, if
//     it has none, by Reference.type. If neither says, it does not count.
//   - :not matches what has none of the values, resources without the element included. :missing=true of a parameter of that
//     form does not match where a reference does not say to what it is, and neither does :missing=false.
//   - In an order, resources without the element come last in either direction.
//   - An element that cannot be read (no date, a Period that ends before it starts) matches nothing.
//
// Rules that deny ask the other way round: Clause.MayMatch is true unless a resource certainly does not match.
//
// Of the parameters that shape an answer, _count (1 to 1000), _sort (dates, bare codes, text), _total, _elements, _cursor (the
// gateway's own page token), _format (JSON) and _summary=false are understood.
//
// # Requests
//
// ParseInteraction is the only reader of URLs. A path is /metadata, /Type, /Type/_search or /Type/id with one of the three
// types; no percent-encoding, empty segment or trailing slash (hazard H13). Reads, creates and updates take no parameter but
// _format. What is recognised but not served is named beside the error, so that the attempt can be recorded.
//
// # Errors
//
// Every error is an *Error of one of the Kinds; kinds fix the HTTP status and the OperationOutcome's issue type. Reason codes
// of this package: malformed-json, duplicate-member, body-too-large, too-deep, too-many-values, name-too-long, not-a-resource,
// invalid-id, not-a-bundle, unknown-element, wrong-type, wrong-id, partly-visible, not-conforming, type-not-supported,
// unknown-parameter, parameter-not-supported, chained-parameter, modifier-not-supported, invalid-value, repeated-parameter,
// nonexistent-local-time, search-too-large, format-not-supported, malformed-path, malformed-query, unknown-path,
// method-not-allowed, patch-not-supported, delete-not-supported, conditional-not-supported, batch-not-supported,
// search-all-not-supported, history-not-supported, operation-not-supported.
package fhir
