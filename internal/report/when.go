package report

import (
	"strconv"
	"time"
)

// noBreak is a space at which no line ends, as French writes it within dates, times and numbers.
const noBreak = "\u00a0"

var ( // constants but for the language
	monthsEnglish = [...]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
	monthsFrench  = [...]string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"}
)

// day is "November 23, 2026" or « 23 novembre 2026 ».
func (v Voice) day(t time.Time) string {
	t = t.In(v.Zone)
	y, m, d := t.Date()
	if v.Language == French {
		number := strconv.Itoa(d)
		if d == 1 {
			number = "1er"
		}
		return number + noBreak + monthsFrench[m-1] + noBreak + strconv.Itoa(y)
	}
	return monthsEnglish[m-1] + noBreak + strconv.Itoa(d) + ", " + strconv.Itoa(y)
}

// clock is the day and the time of day.
func (v Voice) clock(t time.Time, seconds bool) string { return v.day(t) + ", " + v.ofDay(t, seconds) }

// ofDay is the time of day, "14:05" or « 14 h 05 ». Where the clock is put back, so that the same time of day comes
// twice, the zone's short name says which of the two it was.
func (v Voice) ofDay(t time.Time, seconds bool) string {
	t = t.In(v.Zone)
	out := t.Format("15:04")
	switch {
	case v.Language == French:
		out = strconv.Itoa(t.Hour()) + noBreak + "h" + noBreak + t.Format("04")
		if seconds {
			out += noBreak + "min" + noBreak + t.Format("05") + noBreak + "s"
		}
	case seconds:
		out = t.Format("15:04:05")
	}
	if twice(t) {
		out += " (" + v.zone(t) + ")"
	}
	return out
}

// french are Canada's zones by their first letters: Eastern Standard Time is « heure normale de l’Est ».
var french = map[byte]string{'N': "T", 'A': "A", 'E': "E", 'C': "C", 'M': "R", 'P': "P"} // never written to

// zone is the short name of the zone, "EST" or « HNE ».
func (v Voice) zone(t time.Time) string {
	name := t.Format("MST")
	if v.Language != French || len(name) != 3 || name[2] != 'T' || french[name[0]] == "" {
		return name
	}
	if t.IsDST() {
		return "HA" + french[name[0]]
	}
	return "HN" + french[name[0]]
}

// twice reports whether the time of day comes twice around t.
func twice(t time.Time) bool {
	const wall = "2006-01-02 15:04:05"
	for _, shift := range [...]time.Duration{-time.Hour, -30 * time.Minute, 30 * time.Minute, time.Hour} {
		if t.Add(shift).Format(wall) == t.Format(wall) {
			return true
		}
	}
	return false
}

// number is n with its thousands apart: "12,345" or « 12 345 ».
func (v Voice) number(n int) string {
	digits := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	gap := ","
	if v.Language == French {
		gap = noBreak
	}
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + gap + digits[at:]
	}
	return sign + digits
}
