package shrink

import (
	"fmt"
	"strings"

	"vestibule/policy"
)

// weekDays is the days of the week in the order in which people say them, by time.Weekday.
var weekDays = [7]int{1, 2, 3, 4, 5, 6, 0}

// hoursOf are the hours of use, rounded out to half hours: within each span of those given, or one span where none are.
// It is empty where use was at all hours.
func hoursOf(slots [7][48]bool, given []policy.HourSpan) string {
	if len(given) == 0 {
		all := policy.HourSpan{From: 0, To: 24 * 60}
		for d := range all.Days {
			all.Days[d] = true
		}
		text, whole := narrowed(slots, all)
		if whole {
			return ""
		}
		return text
	}
	var out []string
	for _, span := range given {
		if text, _ := narrowed(slots, span); text != "" {
			out = append(out, text)
		}
	}
	return strings.Join(out, ", ")
}

// narrowed is the part of a span in which there was use: its days from the first to the last of the week, and its minutes
// likewise. whole is that it is all of the span.
func narrowed(slots [7][48]bool, span policy.HourSpan) (text string, whole bool) {
	first, last := -1, -1
	from, to := span.To, span.From
	days := daysOf(span)
	for at, d := range days {
		for slot := range 48 {
			begin, end := max(slot*30, span.From), min(slot*30+30, span.To)
			if !slots[d][slot] || begin >= end {
				continue
			}
			if first < 0 {
				first = at
			}
			last = at
			from, to = min(from, begin), max(to, end)
		}
	}
	if first < 0 {
		return "", false
	}
	names := policy.DayNames()
	text = names[days[first]]
	if last > first {
		text += "-" + names[days[last]]
	}
	text += fmt.Sprintf(" %02d:%02d-%02d:%02d", from/60, from%60, to/60, to%60)
	return text, first == 0 && last == len(days)-1 && from == span.From && to == span.To
}

// daysOf are the days of a span, in the order in which it goes over them: from Monday or, where it goes over the week's end,
// from the day after the first that it leaves out.
func daysOf(span policy.HourSpan) []int {
	begin := 0
	for at := range weekDays {
		if before := weekDays[(at+6)%7]; span.Days[weekDays[at]] && !span.Days[before] {
			begin = at
		}
	}
	var out []int
	for i := range weekDays {
		if d := weekDays[(begin+i)%7]; span.Days[d] {
			out = append(out, d)
		}
	}
	return out
}

// windowOf is the window from one day to another with a margin, beyond two weeks rounded out to whole weeks, within the one
// given.
func windowOf(from, to, margin int, p *policy.Part) string {
	latest := to + margin
	if p.Type != "Appointment" { // what was written is not dated ahead
		latest = min(latest, max(to, 0))
	}
	from, to = down(from-margin), up(latest)
	if p.Window != "" {
		from, to = max(from, p.From), min(to, p.To)
		if from == p.From && to == p.To {
			return p.Window
		}
	}
	if from < -farthest || to > farthest {
		return p.Window
	}
	return offset(from) + ".." + offset(to)
}

// farthest is how far a window reaches at the most, in days.
const farthest = 3660

// down and up round out to whole weeks what is more than two weeks away.
func down(days int) int {
	if days >= -14 && days <= 14 {
		return days
	}
	return -up(-days)
}

func up(days int) int {
	if days >= -14 && days <= 14 {
		return days
	}
	weeks := days / 7
	if days > 0 && days%7 != 0 {
		weeks++
	}
	return weeks * 7
}

func offset(days int) string {
	if days == 0 {
		return "0d"
	}
	return fmt.Sprintf("%+dd", days)
}
