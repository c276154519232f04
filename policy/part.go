package policy

import (
	"slices"
	"time"

	"vestibule/fhir"
)

// Part is a permission of a grant taken apart, for whoever proposes a narrower one.
type Part struct {
	Permission        // as written
	Level      string // "user" or "system"
	Type       string // of resource
	Letters    string // of "cruds", in this order
	Criteria   []fhir.Clause
	From, To   int           // of the window in days, where there is one
	Shown      fhir.Elements // content included
	Writable   []string      // top-level elements, sorted; where the permission names none, those it takes from elements
	Moves      []Move        // none: any change of status
	clears     labels
	window     window
}

// Move is a change of status that a permission lists; an empty From is what a create may set.
type Move struct{ From, To string }

// String is the move as a permission writes it.
func (m Move) String() string { return transition{m.From, m.To}.String() }

// Parts are the permissions of a grant without mistakes, in its order.
func Parts(clinic Clinic, g Grant) ([]Part, error) {
	r := reader{clinic: clinic}
	read := r.read(g)
	if len(r.mistakes) > 0 {
		return nil, joined(g.Name, r.mistakes)
	}
	out := make([]Part, 0, len(read.permissions))
	for _, p := range read.permissions {
		part := Part{Permission: p.src, Level: p.scope.level, Type: p.scope.typ, Letters: p.scope.letters.String(), Criteria: p.scope.criteria,
			From: p.window.from, To: p.window.to, Shown: p.shown, Writable: p.write, clears: p.clears, window: p.window}
		for _, t := range p.transitions {
			part.Moves = append(part.Moves, Move{t.from, t.to})
		}
		out = append(out, part)
	}
	return out, nil
}

// Holds reports whether a resource lies within the part at a moment: criteria, window and labels. Rules that deny and the
// conditions of the grant are other matters.
func (p *Part) Holds(r fhir.Resource, now time.Time, zone *time.Location) bool {
	if !matchAll(p.Criteria, r) || r.Type() != p.Type || labelsOf(r)&^p.clears != 0 {
		return false
	}
	if p.Permission.Window == "" {
		return true
	}
	s := p.window.on(p.Type, dayOf(now, zone))
	return s.holds(r)
}

// Expand is elements with the sets among them as the paths that are in them.
func Expand(typ string, elements []string) []string { return expand(typ, elements) }

// DateParam is the search parameter whose date windows are about.
func DateParam(typ string) string { return dateParam(typ) }

// DaysFrom says on which days around that of now the resource's own date lies, as windows count them; ok is false for a
// resource without such a date, which no window holds.
func DaysFrom(r fhir.Resource, now time.Time, zone *time.Location) (from, to int, ok bool) {
	param, known := fhir.LookUpParam(r.Type(), dateParam(r.Type()))
	if !known || len(param.Paths) != 1 {
		return 0, 0, false
	}
	first, after, ok := r.Value().Get(param.Paths[0]).TimeSpan(zone)
	if !ok {
		return 0, 0, false
	}
	last := after
	if after.After(first) {
		last = after.Add(-1)
	}
	return daysBetween(now, first, zone), daysBetween(now, last, zone), true
}

// daysBetween is how many days of the calendar t is after now.
func daysBetween(now, t time.Time, zone *time.Location) int {
	noon := func(t time.Time) time.Time {
		y, m, d := t.In(zone).Date()
		return time.Date(y, m, d, 12, 0, 0, 0, time.UTC)
	}
	return int(noon(t).Sub(noon(now)).Hours()) / 24
}

// HourSpan is one span of a grant's hours: minutes of the day, to exclusive, on days of the week.
type HourSpan struct {
	Days     [7]bool // by time.Weekday
	From, To int
}

// HourSpans reads the hours of a grant.
func HourSpans(text string) ([]HourSpan, error) {
	read, err := parseHours(text)
	if err != nil {
		return nil, err
	}
	var out []HourSpan
	for _, s := range read {
		span := HourSpan{From: s.from, To: s.to}
		for d := range span.Days {
			span.Days[d] = s.days&(1<<d) != 0
		}
		out = append(out, span)
	}
	return out, nil
}

// DayNames are the days of the week as hours write them, by time.Weekday.
func DayNames() []string { return slices.Clone(dayNames[:]) }
