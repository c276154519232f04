package fhir

import (
	"bytes"
	"cmp"
	"strings"
	"time"
)

// SortKey is one key of a search's order.
type SortKey struct {
	Param      SearchParam
	Descending bool
}

// Less orders a and b by q's sort keys: negative if a comes first, positive if b does, 0 if the keys do not tell. What lacks
// the element comes last, in either direction. Of several values the one that comes first counts
// (http://hl7.org/fhir/R4/search.html#sort). Dates without a zone, which R4 allows only where they have no time of day, are
// compared as UTC: days keep their order in every zone.
func (q Query) Less(a, b Resource) int {
	for _, k := range q.sort {
		x, y := k.value(a), k.value(b)
		if x.missing || y.missing {
			if x.missing != y.missing {
				return after(x.missing)
			}
			continue
		}
		c := x.compare(y)
		if k.Descending {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

func after(yes bool) int {
	if yes {
		return 1
	}
	return -1
}

// sortValue is what a resource is put in order by.
type sortValue struct {
	missing bool
	at      time.Time
	text    string
}

func (x sortValue) compare(y sortValue) int {
	return cmp.Or(x.at.Compare(y.at), strings.Compare(x.text, y.text))
}

// value is the least value of r for an ascending key, the greatest for a descending one.
func (k SortKey) value(r Resource) sortValue {
	best := sortValue{missing: true}
	for _, path := range k.Param.Paths {
		for v := range r.root.Path(path) {
			x := k.read(v)
			if x.missing {
				continue
			}
			if c := x.compare(best); best.missing || k.Descending && c > 0 || !k.Descending && c < 0 {
				best = x
			}
		}
	}
	return best
}

func (k SortKey) read(v Value) sortValue {
	if k.Param.Type == ParamDate {
		span, ok := intervalOf(v, time.UTC)
		return sortValue{missing: !ok, at: span.from}
	}
	text := v.text()
	if k.Param.Type == ParamString {
		text = []byte(fold(string(text)))
	}
	return sortValue{missing: len(text) == 0, text: string(bytes.TrimSpace(text))}
}
