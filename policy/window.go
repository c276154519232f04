package policy

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"vestibule/fhir"
)

// window is a span of whole days around today, both ends included. It is set by parseWindow; the zero value is today only.
type window struct {
	from, to int // days from today
}

// farthest bounds a window: ten years is more than any schedule, and keeps dates within four digits.
const farthest = 3660

// dateParams names for each type the date that windows are about.
func dateParam(typ string) string {
	switch typ {
	case "Appointment", "DocumentReference":
		return "date"
	case "Task":
		return "authored-on"
	}
	return ""
}

func parseWindow(s string) (window, error) {
	first, last, ok := strings.Cut(s, "..")
	from, okFrom := parseDayOffset(first)
	to, okTo := parseDayOffset(last)
	if !ok || !okFrom || !okTo {
		return window{}, fmt.Errorf(`%q is not a window: write it like "-1d..+90d" or "-2w..0d", in days or weeks of at most %d days`, s, farthest)
	}
	if from > to {
		return window{}, fmt.Errorf("window %q ends before it begins", s)
	}
	return window{from, to}, nil
}

// parseDayOffset reads "-1d", "+2w", "0d": a whole number of days or weeks.
func parseDayOffset(s string) (days int, ok bool) {
	unit := 1
	digits, isDays := strings.CutSuffix(s, "d")
	if !isDays {
		var isWeeks bool
		if digits, isWeeks = strings.CutSuffix(s, "w"); !isWeeks {
			return 0, false
		}
		unit = 7
	}
	if strings.Trim(strings.TrimLeft(digits, "+-"), "0123456789") != "" || len(digits) > 5 {
		return 0, false
	}
	n, err := strconv.Atoi(digits)
	return n * unit, err == nil && n*unit >= -farthest && n*unit <= farthest
}

// String is the window as a grant writes it, in days.
func (w window) String() string { return offset(w.from) + ".." + offset(w.to) }

func offset(days int) string {
	if days == 0 {
		return "0d"
	}
	return fmt.Sprintf("%+dd", days)
}

// hull is the smallest window that holds both.
func (w window) hull(o window) window { return window{min(w.from, o.from), max(w.to, o.to)} }

// span is a window on one day, for the resources of one type: a stretch of time that their date has to lie in.
type span struct {
	element     string // where the date is
	from, after time.Time
	zone        *time.Location // of dates without one
}

// on is the window for a request made on the local day today.
func (w window) on(typ string, today day) span {
	param, ok := fhir.LookUpParam(typ, dateParam(typ))
	if !ok || len(param.Paths) != 1 {
		return span{zone: today.zone} // holds nothing
	}
	return span{param.Paths[0], today.start(w.from), today.start(w.to + 1), today.zone}
}

// holds reports whether r is dated within s. A date that stands for more than an instant, such as a month, has to lie inside
// whole: what may be outside is outside. The date is a plain value: of an array, another one could count for the EMR.
func (s *span) holds(r fhir.Resource) bool {
	from, to, ok := r.Value().Get(s.element).TimeSpan(s.zone)
	return ok && !from.Before(s.from) && !to.After(s.after)
}

// overlapping is the same as criteria for an EMR, in prefixes that every server knows; whatever on holds meets them.
func (w window) overlapping(typ string, today day) []fhir.Clause {
	return fhir.DateBetween(typ, dateParam(typ), today.start(w.from), today.start(w.to+1))
}

// day is one day of a clinic's calendar.
type day struct {
	year  int
	month time.Month
	date  int
	zone  *time.Location
}

func dayOf(t time.Time, zone *time.Location) day {
	y, m, d := t.In(zone).Date()
	return day{y, m, d, zone}
}

// start is the first instant of the day that comes offset days later. Where the clocks skip midnight, as some zones do in
// spring, that is the moment of the change.
func (d day) start(offset int) time.Time {
	t := time.Date(d.year, d.month, d.date+offset, 0, 0, 0, 0, d.zone)
	want := time.Date(d.year, d.month, d.date+offset, 0, 0, 0, 0, time.UTC)
	if t.Day() == want.Day() && t.Hour() == 0 {
		return t
	}
	begin, end := t.ZoneBounds()
	if t.Day() == want.Day() {
		return begin // t is just after the gap
	}
	return end
}

// parseDay reads a calendar date, YYYY-MM-DD.
func parseDay(s string, zone *time.Location) (day, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return day{}, fmt.Errorf("%q is not a date: write it like 2027-02-28", s)
	}
	return day{t.Year(), t.Month(), t.Day(), zone}, nil
}
