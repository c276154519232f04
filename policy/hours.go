package policy

import (
	"fmt"
	"strings"
	"time"
)

// hours are the times of the week in which a grant holds, by the clinic's wall clock. The zero value is every hour.
//
// Wall clock means: a span that the clocks skip in spring is shorter that day, one that they repeat in autumn holds both
// times. Nothing is computed from offsets, so there is nothing to get wrong (hazard H35).
type hours []daySpan

// daySpan is one "Mon-Fri 07:30-18:00": days as bits by time.Weekday, minutes of the day, to exclusive.
type daySpan struct {
	days     uint8
	from, to int
}

var dayNames = [7]string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"} // by time.Weekday

// Hours are times of the week by the wall clock, as a grant's hours and a clinic's are written. The zero value is every hour.
type Hours struct{ spans hours }

// ParseHours reads hours like "Mon-Fri 07:30-18:00" or "Mon-Thu 08:00-17:00, Sat 09:00-12:00".
func ParseHours(s string) (Hours, error) {
	h, err := parseHours(s)
	return Hours{h}, err
}

// Include reports whether local, a time in the zone that the hours are meant in, is within them.
func (h Hours) Include(local time.Time) bool { return h.spans.include(wallClockAt(local)) }

func parseHours(s string) (hours, error) {
	var out hours
	for item := range strings.SplitSeq(s, ",") {
		span, ok := parseDaySpan(strings.TrimSpace(item))
		if !ok {
			return nil, fmt.Errorf(`%q is not hours: write them like "Mon-Fri 07:30-18:00" or "Mon-Thu 08:00-17:00, Sat 09:00-12:00"; a night is split at 24:00`, item)
		}
		out = append(out, span)
	}
	return out, nil
}

func parseDaySpan(s string) (daySpan, bool) {
	days, times, ok := strings.Cut(s, " ")
	if !ok {
		return daySpan{}, false
	}
	bits, ok := parseDays(days)
	if !ok {
		return daySpan{}, false
	}
	first, second, ok := strings.Cut(strings.TrimSpace(times), "-")
	if !ok {
		return daySpan{}, false
	}
	from, okFrom := parseMinute(first)
	to, okTo := parseMinute(second)
	return daySpan{bits, from, to}, okFrom && okTo && from < to
}

// parseDays reads "Mon" or "Mon-Fri"; "Sat-Mon" goes over the week's end.
func parseDays(s string) (bits uint8, ok bool) {
	first, last, span := strings.Cut(s, "-")
	if !span {
		last = first
	}
	from, to := weekday(first), weekday(last)
	if from < 0 || to < 0 || span && from == to {
		return 0, false
	}
	for d := from; ; d = (d + 1) % 7 {
		bits |= 1 << d
		if d == to {
			return bits, true
		}
	}
}

func weekday(s string) int {
	for i, name := range dayNames {
		if s == name {
			return i
		}
	}
	return -1
}

// parseMinute reads HH:MM up to 24:00.
func parseMinute(s string) (minute int, ok bool) {
	if len(s) != 5 || s[2] != ':' {
		return 0, false
	}
	for _, i := range []int{0, 1, 3, 4} {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
	}
	h, m := int(s[0]-'0')*10+int(s[1]-'0'), int(s[3]-'0')*10+int(s[4]-'0')
	minute = h*60 + m
	return minute, m < 60 && minute <= 24*60
}

// wallClock is what clock and calendar show, as far as hours are concerned.
type wallClock struct {
	day    uint8 // the bit of the day of the week
	minute int   // of the day
}

func wallClockAt(local time.Time) wallClock {
	hour, minute, _ := local.Clock()
	return wallClock{1 << local.Weekday(), hour*60 + minute}
}

// include reports whether at, in the clinic's zone, is within the hours.
func (h hours) include(at wallClock) bool {
	if len(h) == 0 {
		return true
	}
	for _, s := range h {
		if s.days&at.day != 0 && at.minute >= s.from && at.minute < s.to {
			return true
		}
	}
	return false
}
