package fhir

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Query is a parsed search of one resource type. It is immutable: With and WithCount make new ones. The zero Query matches
// nothing.
type Query struct {
	typ      string
	clauses  []Clause // sorted by key and value
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

// Type is the resource type searched for; empty for the zero Query.
func (q Query) Type() string { return q.typ }

// IsZero reports whether q is no search; it matches nothing.
func (q Query) IsZero() bool { return q.typ == "" }

// Clauses are the criteria, all of which have to match, sorted by key and value.
func (q Query) Clauses() []Clause { return slices.Clone(q.clauses) }

// Sort is the order asked for, first key first; empty where none is.
func (q Query) Sort() []SortKey { return slices.Clone(q.sort) }

// Count is the page size asked for, 1 to 1000; 0 where none is.
func (q Query) Count() int { return q.count }

// Total is _total: "none", "estimate", "accurate", or "" where it is not given.
func (q Query) Total() string { return q.total }

// Elements are the top-level elements asked for with _elements, sorted; empty means all. They are a wish about the answer:
// an EMR that answered only these would keep from the policy what it decides by.
func (q Query) Elements() []string { return slices.Clone(q.elements) }

// Cursor is the gateway's own page token (_cursor), opaque here; empty on the first page. It is no part of Encode.
func (q Query) Cursor() string { return q.cursor }

// With is q narrowed by more criteria; one that q already has is not repeated. The zero Query stays zero.
func (q Query) With(clauses ...Clause) Query {
	if q.IsZero() {
		return q
	}
	q.clauses = slices.Concat(q.clauses, clauses)
	slices.SortStableFunc(q.clauses, compareClauses)
	q.clauses = slices.CompactFunc(q.clauses, Clause.Equal)
	return q
}

func compareClauses(a, b Clause) int {
	if c := strings.Compare(a.Key(), b.Key()); c != 0 {
		return c
	}
	return strings.Compare(a.Value(), b.Value())
}

// WithCount is q with another page size, at least 1 and at most 1000.
func (q Query) WithCount(n int) Query {
	q.count = min(max(n, 1), maxCount)
	return q
}

// Whole is q asking for whole resources and no total: what goes to an EMR, so that each resource can be checked and counted
// before it is cut.
func (q Query) Whole() Query {
	q.elements, q.total = nil, ""
	return q
}

// Match reports whether r is of q's type and meets every clause.
func (q Query) Match(r Resource) bool {
	m := r.Matching()
	return !q.IsZero() && m.typ == q.typ && m.All(q.clauses)
}

// Encode is the search as application/x-www-form-urlencoded text in canonical order: equal searches encode equally, and
// ParseQuery reads it back. The cursor is left out: it names a place in the answer, not a question.
func (q Query) Encode() string {
	var pairs []string
	add := func(key, value string) {
		if value != "" {
			pairs = append(pairs, url.QueryEscape(key)+"="+url.QueryEscape(value))
		}
	}
	for _, c := range q.clauses {
		add(c.Key(), c.Value())
	}
	if q.count > 0 {
		add("_count", strconv.Itoa(q.count))
	}
	add("_elements", strings.Join(q.elements, ","))
	add("_sort", q.order())
	add("_total", q.total)
	slices.Sort(pairs)
	return strings.Join(pairs, "&")
}

// order is the value of _sort.
func (q Query) order() string {
	keys := make([]string, len(q.sort))
	for i, k := range q.sort {
		keys[i] = k.Param.Name
		if k.Descending {
			keys[i] = "-" + keys[i]
		}
	}
	return strings.Join(keys, ",")
}
