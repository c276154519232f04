package fhirr4

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"vestibule/adapters"
	"vestibule/fhir"
)

// plan is a search divided in two: what the EMR is asked, and what is filtered here because the EMR cannot be asked it.
type plan struct {
	query    string // encoded
	withheld []fhir.Clause
}

// divide plans q for an EMR with that row of the table (hazard H33). _total, _elements and _summary are never sent: totals
// are the gateway's to give (H4), and the policy decides on whole resources.
func (a *Adapter) divide(t adapters.Type, q fhir.Query) (plan, error) {
	var p plan
	b := make([]byte, 0, 256)
	for _, c := range q.Clauses() {
		if !slices.Contains(t.Search, c.Param().Name) {
			p.withheld = append(p.withheld, c)
			continue
		}
		if c.Modifier() != "" && !slices.Contains(a.conf.Quirks.Modifiers, c.Modifier()) {
			p.withheld = append(p.withheld, c)
			continue
		}
		if c.Param().Type == fhir.ParamDate {
			p.withheld = append(p.withheld, c)
			b = appendSpan(b, c)
			continue
		}
		b = appendParam(b, c.Key(), c.Value())
	}
	var err error
	if b, err = appendSort(b, t, q); err != nil {
		return plan{}, err
	}
	if n := q.Count(); n > 0 && t.Count {
		b = appendParam(b, "_count", strconv.Itoa(n))
	}
	p.query = string(b)
	return p, nil
}

// appendSpan asks for everything that can match the date clause c; c itself is filtered here. Servers disagree about dates in
// too many ways for them to be sent as they are: a bare day is read in the server's own zone, which is not the clinic's
// (hazard H35); seen with Medplum 4.5 besides: a time without seconds and a list of dates are refused, a time with
// milliseconds finds nothing, and a Period equals a moment that it only contains.
func appendSpan(b []byte, c fhir.Clause) []byte {
	from, to := c.Span()
	if !from.IsZero() {
		b = appendParam(b, c.Param().Name, "ge"+from.Format(time.RFC3339Nano))
	}
	if !to.IsZero() {
		b = appendParam(b, c.Param().Name, "lt"+to.Format(time.RFC3339Nano))
	}
	return b
}

func appendSort(b []byte, t adapters.Type, q fhir.Query) ([]byte, error) {
	keys := q.Sort()
	if len(keys) == 0 {
		return b, nil
	}
	var list []string
	for _, k := range keys {
		if !t.Sort || !slices.Contains(t.Search, k.Param.Name) {
			return nil, notSupported(opSearch, t.Name, "This clinic's EMR cannot put the results in that order. Leave out _sort and sort what you receive.").At("_sort")
		}
		if k.Descending {
			list = append(list, "-"+k.Param.Name)
			continue
		}
		list = append(list, k.Param.Name)
	}
	return appendParam(b, "_sort", strings.Join(list, ",")), nil
}

func appendParam(b []byte, name, value string) []byte {
	if len(b) > 0 {
		b = append(b, '&')
	}
	return appendEscaped(append(appendEscaped(b, name), '='), value)
}

// appendEscaped escapes for a query string or a form. Slash, colon and comma may stand in a query (RFC 3986 §3.4) and are
// left readable.
func appendEscaped(b []byte, s string) []byte {
	const hex = "0123456789ABCDEF"
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= '0' && c <= '9', c|0x20 >= 'a' && c|0x20 <= 'z', c == '-', c == '.', c == '_', c == '~', c == '/', c == ':', c == ',':
			b = append(b, c)
		default:
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return b
}
