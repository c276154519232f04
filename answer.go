package vestibule

import (
	"vestibule/audit"
	"vestibule/fhir"
	"vestibule/policy"
)

// Answer is what a caller gets. It cannot be built outside this package, and inside it patient data enters one only
// through access.succeed and trail, each after its record is durable.
type Answer struct {
	decision string
	err      *fhir.Error
	receipt  audit.Receipt
	released []policy.Released
	version  string        // ETag of a single resource
	location fhir.Ref      // of a resource that was created
	page     *page         // a search's frame
	opened   policy.Opened // a document itself
	bare     bool          // whether it leaves as it is, without a Binary around it
	document []byte        // what holds no patient data (a CapabilityStatement), or AuditEvents, or what proves them
	media    string        // of document, where it is not FHIR
}

// page frames the resources of a search.
type page struct {
	base  string // absolute URL of the clinic's FHIR base
	self  string // absolute URL of the search as it was understood
	next  string // absolute URL of the next page; empty on the last
	total int    // -1: not known exactly
}

// Err is why the request was refused or failed; nil where it succeeded.
func (a Answer) Err() *fhir.Error { return a.err }

// Decision is the id under which the trail knows this access.
func (a Answer) Decision() string { return a.decision }

// Receipt proves the record of this access; it is not valid where the ledger could not write or nothing had to be written.
func (a Answer) Receipt() audit.Receipt { return a.receipt }

// Version is the version of the single resource in the answer, for its ETag; empty where there is none.
func (a Answer) Version() string { return a.version }

// Location names the resource that was created; zero where none was.
func (a Answer) Location() fhir.Ref { return a.location }

// IsBare reports whether the body is a document of the EMR's as it is: what somebody else wrote, of any type, and nothing that a
// browser may be led to take for a page of the gateway's.
func (a Answer) IsBare() bool { return a.err == nil && a.bare && !a.opened.IsZero() }

// Media is the media type of the body.
func (a Answer) Media() string {
	switch {
	case a.IsBare():
		return a.opened.Media()
	case a.err == nil && a.media != "":
		return a.media
	}
	return "application/fhir+json; charset=utf-8"
}

// AppendBody appends the answer's body to dst: FHIR JSON, but for what Media says otherwise.
func (a Answer) AppendBody(dst []byte) []byte {
	switch {
	case a.err != nil:
		return append(dst, fhir.Outcome(a.err, a.decision)...)
	case a.document != nil:
		return append(dst, a.document...)
	case a.IsBare():
		return a.opened.AppendBytes(dst)
	case !a.opened.IsZero():
		return a.opened.AppendBinary(dst)
	case a.page == nil && len(a.released) == 1:
		return a.released[0].Cut().AppendTo(dst)
	case a.page == nil:
		return dst
	}
	set := fhir.Searchset{ID: a.decision, Base: a.page.base, Self: a.page.self, Next: a.page.next, Total: a.page.total,
		Entries: make([]fhir.Cut, len(a.released))}
	for i, r := range a.released {
		set.Entries[i] = r.Cut()
	}
	return set.AppendTo(dst)
}
