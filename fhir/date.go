package fhir

import (
	"errors"
	"time"
)

// interval is the stretch of time that a FHIR date stands for, from inclusive, to exclusive: a date is the whole day, a year
// the whole year (http://hl7.org/fhir/R4/search.html#date).
type interval struct{ from, to time.Time }

// always are the ends of an open interval: before and after every year that FHIR can write (0001 to 9999).
var always = interval{time.Unix(-1<<36, 0), time.Unix(1<<38, 0)}

func (a interval) contains(b interval) bool { return !b.from.Before(a.from) && !b.to.After(a.to) }
func (a interval) overlaps(b interval) bool { return a.from.Before(b.to) && b.from.Before(a.to) }

var errDate = errors.New("not a FHIR date, dateTime or instant")

// date is a FHIR date taken apart.
type date struct {
	year, month, day, hour, minute, second, nano int
	digits                                       int           // of the fraction of a second
	unit                                         unit          // how precise it is
	offset                                       time.Duration // from UTC, where zoned
	zoned                                        bool
}

// unit is the precision of a date.
type unit uint8

const (
	unitYear unit = iota
	unitMonth
	unitDay
	unitMinute
	unitSecond
	unitFraction
)

// parseDate reads YYYY, YYYY-MM, YYYY-MM-DD and YYYY-MM-DDThh:mm[:ss[.fff]][zone]: R4's date, dateTime and instant, and the
// two shortenings that a search value may have (http://hl7.org/fhir/R4/search.html#date): no seconds, no zone. Digits of the
// fraction beyond the ninth are dropped.
func parseDate(s []byte) (d date, err error) {
	p := digits{s: s}
	d.month, d.day = 1, 1
	d.year = p.number(4, 1, 9999)
	if p.next('-') {
		d.unit, d.month = unitMonth, p.number(2, 1, 12)
		if p.next('-') {
			d.unit, d.day = unitDay, p.number(2, 1, daysIn(d.year, d.month))
			if p.next('T') {
				p.clock(&d)
			}
		}
	}
	if p.bad || p.i != len(s) {
		return date{}, errDate
	}
	return d, nil
}

// digits reads a date's text; after anything unexpected it is bad and stays so.
type digits struct {
	s   []byte
	i   int
	bad bool
}

func (p *digits) next(c byte) bool {
	if p.i < len(p.s) && p.s[p.i] == c {
		p.i++
		return true
	}
	return false
}

func (p *digits) number(width, least, most int) int {
	n := 0
	for range width {
		if p.i >= len(p.s) || p.s[p.i] < '0' || p.s[p.i] > '9' {
			p.bad = true
			return least
		}
		n = n*10 + int(p.s[p.i]-'0')
		p.i++
	}
	if n < least || n > most {
		p.bad = true
		return least
	}
	return n
}

func (p *digits) clock(d *date) {
	d.unit = unitMinute
	d.hour = p.number(2, 0, 23)
	p.bad = p.bad || !p.next(':')
	d.minute = p.number(2, 0, 59)
	if p.next(':') {
		d.unit, d.second = unitSecond, p.number(2, 0, 59)
		if p.next('.') {
			p.fraction(d)
		}
	}
	switch {
	case p.next('Z'):
		d.zoned = true
	case p.next('+'):
		d.zoned, d.offset = true, p.hoursMinutes()
	case p.next('-'):
		d.zoned, d.offset = true, -p.hoursMinutes()
	}
}

func (p *digits) fraction(d *date) {
	d.unit = unitFraction
	start := p.i
	for p.i < len(p.s) && p.s[p.i] >= '0' && p.s[p.i] <= '9' {
		if d.digits < 9 {
			d.nano = d.nano*10 + int(p.s[p.i]-'0')
			d.digits++
		}
		p.i++
	}
	p.bad = p.bad || p.i == start
	d.nano *= powerOfTen(9 - d.digits)
}

func (p *digits) hoursMinutes() time.Duration {
	h := p.number(2, 0, 14)
	p.bad = p.bad || !p.next(':')
	m := p.number(2, 0, 59)
	p.bad = p.bad || h == 14 && m > 0
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute
}

func powerOfTen(n int) int {
	p := 1
	for range n {
		p *= 10
	}
	return p
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// interval is the stretch of time that d covers; zone is used where d has none. skipped is true when d is a time of day that
// the zone's clock never shows; the interval then begins where the clock goes on.
func (d date) interval(zone *time.Location) (span interval, skipped bool) {
	if d.zoned {
		from := time.Date(d.year, time.Month(d.month), d.day, d.hour, d.minute, d.second, d.nano, time.UTC).Add(-d.offset)
		return interval{from, from.Add(d.length())}, false
	}
	from, skipped := localTime(d, zone)
	if d.unit >= unitMinute {
		return interval{from, from.Add(d.length())}, skipped
	}
	to, _ := localTime(d.following(), zone)
	return interval{from, to}, false
}

// length is how long a time of day lasts at its precision.
func (d date) length() time.Duration {
	switch d.unit {
	case unitMinute:
		return time.Minute
	case unitSecond:
		return time.Second
	}
	return time.Duration(powerOfTen(9 - d.digits))
}

// following is the beginning of the year, month or day after d; time.Date carries what overflows.
func (d date) following() date {
	switch d.unit {
	case unitYear:
		d.year++
	case unitMonth:
		d.month++
	default:
		d.day++
	}
	return d
}

// localTime is the first instant at which the clock in zone shows d or, where the clock skips d, the instant of the skip
// (hazard H35).
func localTime(d date, zone *time.Location) (t time.Time, skipped bool) {
	wall := time.Date(d.year, time.Month(d.month), d.day, d.hour, d.minute, d.second, d.nano, time.UTC)
	t = time.Date(d.year, time.Month(d.month), d.day, d.hour, d.minute, d.second, d.nano, zone)
	start, end := t.ZoneBounds()
	switch shown := wallClock(t); {
	case shown.After(wall):
		return start, true
	case shown.Before(wall):
		return end, true
	}
	if start.IsZero() {
		return t, false
	}
	_, before := start.Add(-1).Zone()
	if earlier := wall.Add(-time.Duration(before) * time.Second); earlier.Before(start) && earlier.Before(t) {
		return earlier.In(zone), false
	}
	return t, false
}

// wallClock is what the clock shows at t, as if it were UTC, so that two readings compare.
func wallClock(t time.Time) time.Time {
	_, offset := t.Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}
