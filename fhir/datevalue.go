package fhir

import (
	"cmp"
	"strings"
	"time"
)

// prefixes of a date's value; no prefix means eq.
const prefixes = "eq ne gt lt ge le sa eb ap"

// dateValue is a value of a date parameter. The parameter's element stands for an interval too, and the prefix says how the
// two have to lie (http://hl7.org/fhir/R4/search.html#prefix).
type dateValue struct {
	prefix  string // without eq
	written string // without prefix, with zone where it has a time
	span    interval
	zone    *time.Location
}

// parseDateValue reads a date with an optional prefix. skipped is true where the clock in zone never shows the time.
func parseDateValue(s string, zone *time.Location) (out dateValue, ok, skipped bool) {
	s, ok = plain(s)
	if ok && len(s) > 2 && isPrefix(s[:2]) {
		out.prefix, s = s[:2], s[2:]
	}
	if out.prefix == "eq" {
		out.prefix = ""
	}
	d, err := parseDate([]byte(s))
	if !ok || err != nil {
		return dateValue{}, false, false
	}
	out.zone, out.written = zone, s
	out.span, skipped = d.interval(zone)
	if d.unit >= unitMinute && !d.zoned {
		out.written += out.span.from.In(zone).Format("Z07:00")
	}
	return out, !skipped, skipped
}

// ParseDateValue reads a value of a date parameter: its prefix, eq where it has none, and the stretch of time that the date stands
// for, from inclusive, to exclusive; a time without a zone is zone's. ok is false for everything else, and for a time that
// zone's clock never shows. A plus sign that is not percent-encoded arrives as a space.
func ParseDateValue(s string, zone *time.Location) (prefix string, from, to time.Time, ok bool) {
	d, ok, _ := parseDateValue(strings.ReplaceAll(s, " ", "+"), zone)
	return cmp.Or(d.prefix, "eq"), d.span.from, d.span.to, ok
}

func isPrefix(s string) bool {
	for i := 0; i < len(prefixes); i += 3 {
		if prefixes[i:i+2] == s {
			return true
		}
	}
	return false
}

func (d dateValue) text() string { return d.prefix + d.written }

func (d dateValue) matches(v Value) bool {
	is, ok := intervalOf(v, d.zone)
	if !ok {
		return false
	}
	switch d.prefix {
	case "ne":
		return !d.span.contains(is)
	case "gt":
		return is.to.After(d.span.to)
	case "lt":
		return is.from.Before(d.span.from)
	case "ge":
		return is.to.After(d.span.to) || d.span.contains(is)
	case "le":
		return is.from.Before(d.span.from) || d.span.contains(is)
	case "sa":
		return !is.from.Before(d.span.to)
	case "eb":
		return !is.to.After(d.span.from)
	case "ap":
		return d.about().overlaps(is)
	}
	return d.span.contains(is)
}

// about widens the interval by its own length on both sides. R4 leaves the width to the server; it recommends a share of the
// distance from now, which would make the same search mean something else a minute later.
func (d dateValue) about() interval {
	length := d.span.to.Sub(d.span.from)
	return interval{d.span.from.Add(-length), d.span.to.Add(length)}
}

// reach is the interval that whatever matches d overlaps.
func (d dateValue) reach() interval {
	switch d.prefix {
	case "ne":
		return always
	case "gt", "sa":
		return interval{d.span.to, always.to}
	case "ge":
		return interval{d.span.from, always.to}
	case "lt", "eb":
		return interval{always.from, d.span.from}
	case "le":
		return interval{always.from, d.span.to}
	case "ap":
		return d.about()
	}
	return d.span
}

// intervalOf is the time that a date, dateTime, instant or Period in a resource covers. A Period without an end has none; one
// that cannot be read, in whole or in part, is no date and matches nothing. Dates without zone are the clinic's.
func intervalOf(v Value, zone *time.Location) (interval, bool) {
	if v.Kind() != Object {
		return pointOf(v, zone)
	}
	out := always
	start, end := v.Get("start"), v.Get("end")
	if !start.Exists() && !end.Exists() {
		return interval{}, false
	}
	if start.Exists() {
		from, ok := pointOf(start, zone)
		if !ok {
			return interval{}, false
		}
		out.from = from.from
	}
	if end.Exists() {
		to, ok := pointOf(end, zone)
		if !ok {
			return interval{}, false
		}
		out.to = to.to
	}
	return out, out.from.Before(out.to)
}

// TimeSpan is the stretch of time that a date, dateTime or instant stands for, from inclusive, to exclusive; dates without a
// zone are zone's. ok is false for everything else, Periods and arrays included.
func (v Value) TimeSpan(zone *time.Location) (from, to time.Time, ok bool) {
	span, ok := pointOf(v, zone)
	return span.from, span.to, ok
}

func pointOf(v Value, zone *time.Location) (interval, bool) {
	if v.Kind() != String {
		return interval{}, false
	}
	d, err := parseDate(v.text())
	if err != nil {
		return interval{}, false
	}
	span, _ := d.interval(zone)
	return span, true
}
