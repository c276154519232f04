package audit

import (
	"slices"
	"time"

	"vestibule/fhir"
)

// span is a stretch of time, from inclusive, until exclusive; a zero end is open.
type span struct{ from, until time.Time }

func (s span) has(t time.Time) bool {
	return (s.from.IsZero() || !t.Before(s.from)) && (s.until.IsZero() || t.Before(s.until))
}

// with is the stretch from the earlier beginning to the later end.
func (s span) with(o span) span {
	if o.from.IsZero() || !s.from.IsZero() && o.from.Before(s.from) {
		s.from = o.from
	}
	if o.until.IsZero() || !s.until.IsZero() && o.until.After(s.until) {
		s.until = o.until
	}
	return s
}

// date adds the criterion that a record is dated in one of the stretches that the values stand for.
func (q *Search) date(name string, values []string, zone *time.Location) error {
	var any []span
	for _, text := range values {
		prefix, low, high, ok := fhir.ParseDateValue(text, zone)
		if !ok {
			return invalid(name, "A date is given as YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm[:ss[.sss]] with an optional offset, "+
				"behind eq, ne, gt, lt, ge, le, sa, eb or ap; a time has to be one that the clinic's clock shows.")
		}
		any = append(any, spansOf(prefix, low, high)...)
	}
	whole := any[0]
	for _, s := range any[1:] {
		whole = whole.with(s)
	}
	if q.From.IsZero() || whole.from.After(q.From) {
		q.From = whole.from
	}
	if q.Until.IsZero() || !whole.until.IsZero() && whole.until.Before(q.Until) {
		q.Until = whole.until
	}
	if len(any) > 1 {
		q.dates = append(q.dates, any)
	}
	return nil
}

// spansOf is where a prefix has a record's time lie (http://hl7.org/fhir/R4/search.html#prefix). That time stands for its whole
// millisecond: where a value is more precise, the millisecond around one of its ends lies before it and after it.
func spansOf(prefix string, low, high time.Time) []span {
	const precision = time.Millisecond
	switch prefix {
	case "ne":
		return []span{{until: low}, {from: high.Truncate(precision)}}
	case "gt":
		return []span{{from: high.Truncate(precision)}}
	case "lt":
		return []span{{until: low}}
	case "ge":
		return []span{{from: low.Truncate(precision)}}
	case "le":
		return []span{{until: high}}
	case "sa":
		return []span{{from: high}}
	case "eb":
		return []span{{until: low.Truncate(precision)}}
	case "ap": // by its own length, as elsewhere in the gateway
		length := high.Sub(low)
		return []span{{low.Add(-length), high.Add(length)}}
	}
	return []span{{low, high}}
}

// dated reports whether a record's time meets every criterion.
func (q *Search) dated(t time.Time) bool {
	if !(span{q.From, q.Until}).has(t) {
		return false
	}
	for _, any := range q.dates {
		if !slices.ContainsFunc(any, func(s span) bool { return s.has(t) }) {
			return false
		}
	}
	return true
}
