package fhir

import (
	"net/url"
	"slices"
	"time"
)

// SortKey is one key of a search's order.
type SortKey struct {
	Param      SearchParam
	Descending bool
}

// Query is a parsed search of one resource type. It is immutable: With and WithCount make new ones. The zero Query matches
// nothing.
type Query struct {
	typ      string
	clauses  []Clause
	sort     []SortKey
	count    int
	total    string
	elements []string
	cursor   string
}

// NewQuery is the search for what meets all clauses; without clauses, for every resource of typ. It is the zero Query for a
// type that is not supported.
func NewQuery(typ string, clauses ...Clause) Query {
	if !IsType(typ) {
		return Query{}
	}
	return Query{typ: typ}.With(clauses...)
}

// ParseQuery reads a search's parameters. What is not understood is refused by name, never ignored (hazards H1, H33).
// Times without a zone are in zone, the clinic's (nil means UTC). Errors are as ParseClause's.
func ParseQuery(typ string, values url.Values, zone *time.Location) (Query, error) {
	return Query{}, E("fhir.ParseQuery", KindNotSupported, "unknown-parameter", "Not a search parameter.")
}

// Type is the resource type searched for; empty for the zero Query.
func (q Query) Type() string { return q.typ }

// IsZero reports whether q is no search; it matches nothing.
func (q Query) IsZero() bool { return q.typ == "" }

// Clauses are the criteria, all of which have to match.
func (q Query) Clauses() []Clause { return slices.Clone(q.clauses) }

// Sort is the order asked for, first key first; empty where none is.
func (q Query) Sort() []SortKey { return slices.Clone(q.sort) }

// Count is the page size asked for, 1 to 1000; 0 where none is.
func (q Query) Count() int { return q.count }

// Total is _total: "none", "estimate", "accurate", or "" where it is not given.
func (q Query) Total() string { return q.total }

// Elements are the top-level elements asked for with _elements, sorted; empty means all.
func (q Query) Elements() []string { return slices.Clone(q.elements) }

// Cursor is the gateway's own page token (_cursor), opaque here; empty on the first page. It is no part of Encode.
func (q Query) Cursor() string { return q.cursor }

// With is q narrowed by more criteria.
func (q Query) With(clauses ...Clause) Query {
	q.clauses = slices.Concat(q.clauses, clauses)
	return q
}

// WithCount is q with another page size.
func (q Query) WithCount(n int) Query {
	q.count = n
	return q
}

// Match reports whether r is of q's type and meets every clause.
func (q Query) Match(r Resource) bool {
	if q.IsZero() || r.Type() != q.typ {
		return false
	}
	for _, c := range q.clauses {
		if !c.Match(r) {
			return false
		}
	}
	return true
}

// Less orders a and b by q's sort keys: negative if a comes first, positive if b does, 0 if the keys do not tell. What
// lacks the element comes last, in either direction.
func (q Query) Less(a, b Resource) int { return 0 }

// Encode is the search as application/x-www-form-urlencoded text in canonical order: equal searches encode equally.
func (q Query) Encode() string { return "" }
