package oscar

import (
	"strconv"
	"strings"
	"time"

	"vestibule/fhir"
)

// day is a date on the clinic's calendar; the zero day is none.
type day struct {
	year  int
	month time.Month
	date  int
}

func (d day) isZero() bool { return d == day{} }

// String is yyyy-MM-dd, as OSCAR writes a date.
func (d day) String() string {
	return string(pad(append(pad(append(pad(nil, d.year, 4), '-'), int(d.month), 2), '-'), d.date, 2))
}

func pad(b []byte, n, width int) []byte {
	s := strconv.Itoa(n)
	for range width - len(s) {
		b = append(b, '0')
	}
	return append(b, s...)
}

func dayOf(t time.Time) day {
	y, m, d := t.Date()
	return day{y, m, d}
}

// plus is d moved by days.
func (d day) plus(days int) day {
	return dayOf(time.Date(d.year, d.month, d.date+days, 12, 0, 0, 0, time.UTC))
}

// clock is a time of day in seconds since midnight, as the wall shows it; noClock is none.
type clock int

const noClock clock = -1

// String is HH:mm:ss.
func (c clock) String() string {
	if c < 0 {
		return ""
	}
	return string(pad(append(pad(append(pad(nil, int(c)/3600, 2), ':'), int(c)/60%60, 2), ':'), int(c)%60, 2))
}

func clockOf(t time.Time) clock {
	h, m, s := t.Clock()
	return clock(h*3600 + m*60 + s)
}

// parseClock reads "09:00", "09:00:00", "09:00:00.000", "09:00 AM", "9:00 pm" and what stands behind the T of an ISO time.
func parseClock(s string) (clock, bool) {
	s = strings.TrimSpace(s)
	half := ""
	if n := len(s); n > 2 && (s[n-1]|0x20) == 'm' {
		half, s = strings.ToLower(s[n-2:]), strings.TrimSpace(s[:n-2])
	}
	parts := strings.Split(s, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return noClock, false
	}
	second := 0
	if len(parts) == 3 {
		whole, _, _ := strings.Cut(parts[2], ".")
		n, err := strconv.Atoi(whole)
		if err != nil {
			return noClock, false
		}
		second = n
	}
	hour, err1 := strconv.Atoi(parts[0])
	minute, err2 := strconv.Atoi(parts[1])
	switch {
	case err1 != nil || err2 != nil || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59:
		return noClock, false
	case half != "" && half != "am" && half != "pm", half != "" && (hour < 1 || hour > 12):
		return noClock, false
	case half == "am" && hour == 12:
		hour = 0
	case half == "pm" && hour < 12:
		hour += 12
	}
	return clock(hour*3600 + minute*60 + second), true
}

// irregular is what a change of the clocks does to a local time (hazard H35).
type irregular uint8

const (
	regular   irregular = iota
	ambiguous           // the clock shows it twice: the first time is meant
	skipped             // the clock never shows it
)

// at is the instant at which the clinic's clock shows c on d. Of two it is the first. A time that the clock skips is counted
// on from before the change, as Java's calendar does: 02:30 becomes 03:30.
func at(d day, c clock, zone *time.Location) (time.Time, irregular) {
	t := time.Date(d.year, d.month, d.date, 0, 0, int(c), 0, zone)
	_, offset := t.Zone()
	start, end := t.ZoneBounds()
	if dayOf(t) != d || clockOf(t) != c {
		wall := time.Date(d.year, d.month, d.date, 0, 0, int(c), 0, time.UTC)
		before := t.Add(-24 * time.Hour)
		_, was := before.Zone()
		return wall.Add(-time.Duration(was) * time.Second).In(zone), skipped
	}
	if !start.IsZero() {
		_, was := start.Add(-time.Nanosecond).Zone()
		if first := t.Add(time.Duration(offset-was) * time.Second); was > offset && first.Before(start) {
			return first, ambiguous
		}
	}
	if !end.IsZero() {
		_, will := end.Zone()
		if second := t.Add(time.Duration(offset-will) * time.Second); will < offset && !second.Before(end) {
			return t, ambiguous
		}
	}
	return t, regular
}

// localTime is when a caller's instant is on the clinic's wall. The EMR keeps wall times only, so the second of two equal
// ones cannot be kept, and seconds cannot either.
func localTime(v fhir.Value, path string, zone *time.Location) (day, clock, error) {
	t, err := time.Parse(time.RFC3339Nano, v.Text())
	if err != nil {
		return day{}, noClock, refused("An instant with its zone is wanted here, such as 2026-12-01T09:00:00-05:00.").At(path)
	}
	local := t.In(zone)
	if local.Second() != 0 || local.Nanosecond() != 0 {
		return day{}, noClock, refused("This clinic's EMR keeps whole minutes.").At(path)
	}
	d, c := dayOf(local), clockOf(local)
	if back, _ := at(d, c, zone); !back.Equal(t) {
		return day{}, noClock, refused("The clinic's clock shows this time twice that day, and its EMR can only keep the first. Choose another time.").At(path)
	}
	return d, c, nil
}

// appendInstant writes an instant with the clinic's offset.
func appendInstant(b []byte, t time.Time, zone *time.Location) []byte {
	return t.In(zone).AppendFormat(b, "2006-01-02T15:04:05Z07:00")
}
