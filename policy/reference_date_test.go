package policy_test

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// span is a stretch of time, the end not included. FHIR's dates are spans as long as their last unit
// (http://hl7.org/fhir/R4/search.html#date).
type span struct{ from, to time.Time }

// The ends of time, for periods that are open.
var (
	dawn = time.Date(-9000, 1, 1, 0, 0, 0, 0, time.UTC)
	dusk = time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC)
)

var dateForm = regexp.MustCompile(`^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?$`)

// spanOf reads a FHIR date; what has no zone is by the clinic's clock. ok is false for what is no date.
func spanOf(s string, zone *time.Location) (out span, ok bool) {
	m := dateForm.FindStringSubmatch(s)
	if m == nil {
		return span{}, false
	}
	n := func(i int) int { v, _ := strconv.Atoi(m[i]); return v }
	midnight := func(y, mo, d int) time.Time { return time.Date(y, time.Month(mo), d, 0, 0, 0, 0, zone) }
	switch {
	case m[2] == "":
		return span{midnight(n(1), 1, 1), midnight(n(1)+1, 1, 1)}, true
	case m[3] == "":
		return span{midnight(n(1), n(2), 1), midnight(n(1), n(2)+1, 1)}, true
	case m[4] == "":
		return span{midnight(n(1), n(2), n(3)), midnight(n(1), n(2), n(3)+1)}, true
	}
	wall := time.Date(n(1), time.Month(n(2)), n(3), n(4), n(5), n(6), 0, time.UTC)
	unit := time.Minute
	if m[6] != "" {
		unit = time.Second
	}
	if m[7] != "" {
		fraction, _ := strconv.ParseFloat("0"+m[7], 64)
		wall = wall.Add(time.Duration(fraction*1e9 + 0.5).Round(time.Microsecond))
		unit = time.Second
		for range len(m[7]) - 1 {
			unit /= 10
		}
	}
	start := instant(wall, m[8], zone)
	return span{start, start.Add(unit)}, true
}

// instant is when a clock shows wall: at an offset, or in the zone, the first time it does. Where the zone's clock skips
// wall, which an EMR may not mind though no search can ask for it, it is when the clock goes on (hazard H35).
func instant(wall time.Time, offset string, zone *time.Location) time.Time {
	if offset == "Z" {
		return wall
	}
	if offset != "" {
		t, err := time.Parse("2006-01-02T15:04:05Z07:00", wall.Format("2006-01-02T15:04:05")+offset)
		must(err)
		return t.Add(time.Duration(wall.Nanosecond()))
	}
	const form = "2006-01-02T15:04:05.999999999"
	var found time.Time
	for hour := -30; hour <= 30; hour++ { // every offset that the zone has around then
		_, seconds := wall.Add(time.Duration(hour) * time.Hour).In(zone).Zone()
		at := wall.Add(-time.Duration(seconds) * time.Second)
		if at.In(zone).Format(form) == wall.Format(form) && (found.IsZero() || at.Before(found)) {
			found = at
		}
	}
	for at := wall.Truncate(time.Minute).Add(-30 * time.Hour); found.IsZero(); at = at.Add(time.Minute) {
		if at.In(zone).Format(form) > wall.Format(form) {
			return at
		}
	}
	return found
}

// spanOfElement is the span of a date or a Period.
func spanOfElement(n node, zone *time.Location) (span, bool) {
	period, isPeriod := n.(map[string]node)
	if !isPeriod {
		return spanOf(text(n), zone)
	}
	out := span{dawn, dusk}
	if s, there := period["start"]; there {
		start, ok := spanOf(text(s), zone)
		if out.from = start.from; !ok {
			return span{}, false
		}
	}
	if s, there := period["end"]; there {
		end, ok := spanOf(text(s), zone)
		if out.to = end.to; !ok {
			return span{}, false
		}
	}
	return out, out.from.Before(out.to)
}

// dateMatches compares an element's span with a search value such as ge2026-11-25, by R4's table of prefixes.
func dateMatches(have span, value string, zone *time.Location) bool {
	prefix, value := prefixOf(value)
	want, ok := spanOf(value, zone)
	if !ok {
		return false
	}
	contained := !have.from.Before(want.from) && !have.to.After(want.to)
	above, below := have.to.After(want.to), have.from.Before(want.from)
	switch prefix {
	case "eq":
		return contained
	case "ne":
		return !contained
	case "gt":
		return above
	case "lt":
		return below
	case "ge":
		return above || contained
	case "le":
		return below || contained
	case "sa":
		return !have.from.Before(want.to)
	case "eb":
		return !have.to.After(want.from)
	}
	length := want.to.Sub(want.from) // ap: as long again on both sides
	return have.from.Before(want.to.Add(length)) && have.to.After(want.from.Add(-length))
}

func prefixOf(value string) (prefix, date string) {
	if len(value) > 2 && strings.Contains(" eq ne gt lt ge le sa eb ap ", " "+value[:2]+" ") {
		return value[:2], value[2:]
	}
	return "eq", value
}

// isSkipped reports whether a search value is a time that the zone's clock never shows.
func isSkipped(value string, zone *time.Location) bool {
	_, date := prefixOf(value)
	s, ok := spanOf(date, zone)
	m := dateForm.FindStringSubmatch(date)
	return ok && m[4] != "" && m[8] == "" && s.from.In(zone).Format("15:04") != m[4]+":"+m[5]
}

// Windows: "-1d..+90d", "-2w..0d".

// windowSpan is the days of a window around now, from the first's start to the last's end.
func windowSpan(window string, now time.Time, zone *time.Location) span {
	from, to, _ := strings.Cut(window, "..")
	y, m, d := now.In(zone).Date()
	return span{time.Date(y, m, d+daysOf(from), 0, 0, 0, 0, zone), time.Date(y, m, d+daysOf(to)+1, 0, 0, 0, 0, zone)}
}

func daysOf(s string) int {
	n, err := strconv.Atoi(s[:len(s)-1])
	must(err)
	if strings.HasSuffix(s, "w") {
		n *= 7
	}
	return n
}

// inHours reports whether the wall clock shows one of the hours, such as "Mon-Fri 07:30-18:00, Sat 09:00-12:00".
func inHours(hours string, now time.Time) bool {
	const week = "Sun Mon Tue Wed Thu Fri Sat "
	for part := range strings.SplitSeq(hours, ",") {
		days, times, _ := strings.Cut(strings.TrimSpace(part), " ")
		first, last, several := strings.Cut(days, "-")
		if !several {
			last = first
		}
		clock := now.Format("15:04")
		from, to, _ := strings.Cut(times, "-")
		for day := strings.Index(week, first) / 4; ; day = (day + 1) % 7 {
			if day == int(now.Weekday()) && from <= clock && clock < to {
				return true
			}
			if week[day*4:day*4+3] == last {
				break
			}
		}
	}
	return false
}
