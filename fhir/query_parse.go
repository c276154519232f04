package fhir

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	maxCount    = 1000      // resources on a page
	maxSort     = 8         // sort keys
	maxElements = 64        // names in _elements
	maxCursor   = maxSearch // bytes of a page token, which holds the search
)

// ParseQuery reads a search's parameters, already decoded. A repeated parameter is another criterion (and), a comma another
// value (or). What is not understood is refused by name, never ignored: an ignored filter would show more than was asked for
// (hazards H1, H33). Times without a zone are in zone, the clinic's (nil means UTC). Errors are as ParseClause's.
func ParseQuery(typ string, values url.Values, zone *time.Location) (Query, error) {
	const op = "fhir.ParseQuery"
	if !IsType(typ) {
		return Query{}, E(op, KindNotSupported, "type-not-supported", "Supported are "+strings.Join(Types(), ", ")+".")
	}
	q := Query{typ: typ}
	var clauses []Clause
	total := 0
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if set := resultParam(key); set != nil {
			if err := once(&q, set, key, values[key]); err != nil {
				return Query{}, err
			}
			continue
		}
		for _, v := range values[key] {
			c, err := ParseClause(typ, key, v, zone)
			if err != nil {
				return Query{}, err
			}
			clauses = append(clauses, c)
			total += len(c.values)
		}
	}
	if len(clauses) > maxClauses || total > maxValues {
		return Query{}, E(op, KindTooLarge, "search-too-large",
			fmt.Sprintf("A search has at most %d criteria and %d values; split it.", maxClauses, maxValues))
	}
	return q.With(clauses...), nil
}

// resultParam is the reader of a parameter that shapes the answer; nil for every other name
// (http://hl7.org/fhir/R4/search.html#return).
func resultParam(key string) func(q *Query, value string) error {
	switch key {
	case "_count":
		return (*Query).parseCount
	case "_sort":
		return (*Query).parseSort
	case "_total":
		return (*Query).parseTotal
	case "_elements":
		return (*Query).parseElements
	case "_summary":
		return (*Query).parseSummary
	case "_cursor":
		return (*Query).parseCursor
	case "_format":
		return (*Query).parseFormat
	}
	return nil
}

func once(q *Query, set func(*Query, string) error, key string, values []string) error {
	if len(values) > 1 {
		return E("fhir.ParseQuery", KindInvalid, "repeated-parameter", fmt.Sprintf("%s can stand only once.", key)).At(key)
	}
	if len(values) == 0 {
		return badValue(key, "It is empty.")
	}
	return set(q, values[0])
}

func (q *Query) parseCount(s string) error {
	n, err := strconv.Atoi(s)
	switch {
	case s == "0":
		return notSupported("_count", "_count=0, which asks for a total only, is not supported; the least is 1.")
	case err != nil || n < 1 || n > maxCount || strconv.Itoa(n) != s:
		return badValue("_count", fmt.Sprintf("It is a number from 1 to %d.", maxCount))
	}
	q.count = n
	return nil
}

func (q *Query) parseSort(s string) error {
	for key := range strings.SplitSeq(s, ",") {
		name, descending := strings.CutPrefix(key, "-")
		p := findParam(q.typ, name)
		if p == nil || !p.sortable() {
			return notSupported("_sort", "Resources of this type can be sorted by "+strings.Join(sortNames(q.typ), ", ")+
				", each with a leading - for the last first.")
		}
		if slices.ContainsFunc(q.sort, func(k SortKey) bool { return k.Param.Name == name }) || len(q.sort) == maxSort {
			return badValue("_sort", "A name can stand only once.")
		}
		q.sort = append(q.sort, SortKey{*p, descending})
	}
	return nil
}

func sortNames(typ string) []string {
	var out []string
	for _, p := range SearchParams(typ) {
		if p.sortable() {
			out = append(out, p.Name)
		}
	}
	return out
}

func (q *Query) parseTotal(s string) error {
	switch s {
	case "none", "estimate", "accurate":
		q.total = s
		return nil
	}
	return badValue("_total", "It is none, estimate or accurate.")
}

func (q *Query) parseElements(s string) error {
	names := strings.Split(s, ",")
	if len(names) > maxElements {
		return badValue("_elements", "There are too many names.")
	}
	for _, name := range names {
		if strings.Contains(name, ".") || !isElement(q.typ, name) {
			return badValue("_elements", fmt.Sprintf("It lists elements of %s, separated by commas, without a dot.", q.typ))
		}
	}
	slices.Sort(names)
	q.elements = slices.Compact(names)
	return nil
}

// isElement reports whether a type has a top-level element of that name; contained is asked for by its own type.
func isElement(typ, name string) bool {
	known, _ := lookUpElement(typ, name)
	return known && name != "" && name != "resourceType"
}

func (q *Query) parseSummary(s string) error {
	if s == "false" {
		return nil
	}
	return notSupported("_summary", "Only _summary=false is supported; _elements picks elements.")
}

func (q *Query) parseCursor(s string) error {
	if s == "" || len(s) > maxCursor {
		return badValue("_cursor", "Follow the next link of the page before as it is.")
	}
	q.cursor = s
	return nil
}

func (q *Query) parseFormat(s string) error { return CheckFormat(s) }

// CheckFormat refuses every value of _format but JSON's. A plus sign that is not percent-encoded arrives as a space.
func CheckFormat(s string) error {
	switch strings.ReplaceAll(s, " ", "+") {
	case "json", "application/json", "application/fhir+json":
		return nil
	}
	return E("fhir.ParseQuery", KindNotAcceptable, "format-not-supported",
		"Only JSON is served: _format is json or application/fhir+json.").At("_format")
}

func notSupported(name, text string) *Error {
	return E("fhir.ParseQuery", KindNotSupported, "parameter-not-supported", text).At(name)
}
