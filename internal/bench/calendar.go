package main

import "time"

// calendar spreads accesses over a clinic's years: most between eight and six on weekdays, a few in the evening and on
// Saturdays, hardly any at night.
type calendar struct {
	begin  time.Time
	hours  int       // from begin
	weight []float64 // summed up over the hours, so that the last is the whole
	total  float64
}

// hourly is how busy each hour of a weekday is, beside the busiest.
var hourly = [24]float64{0: .004, 1: .002, 6: .01, 7: .15, 8: .7, 9: 1, 10: 1, 11: .9, 12: .5, 13: .8, 14: 1, 15: .95, 16: .8, 17: .4, 18: .12, 19: .06, 20: .03, 21: .02, 22: .01, 23: .005}

// newCalendar is the years that end at end, in the clinic's own hours.
func newCalendar(end time.Time, years int) calendar {
	begin := end.AddDate(-years, 0, 0)
	c := calendar{begin: begin, hours: int(end.Sub(begin) / time.Hour)}
	for h := range c.hours {
		at := begin.Add(time.Duration(h) * time.Hour)
		w := hourly[at.Hour()]
		switch at.Weekday() {
		case time.Saturday:
			w *= .15
		case time.Sunday:
			w *= .02
		}
		c.total += w
		c.weight = append(c.weight, c.total)
	}
	return c
}

// at is when the i-th of n accesses happens; a later one is never earlier.
func (c *calendar) at(i, n int) time.Time {
	want := (float64(i) + .5) / float64(n) * c.total
	low, high := 0, c.hours-1
	for low < high {
		if mid := (low + high) / 2; c.weight[mid] < want {
			low = mid + 1
		} else {
			high = mid
		}
	}
	before := 0.0
	if low > 0 {
		before = c.weight[low-1]
	}
	within := (want - before) / (c.weight[low] - before)
	return c.begin.Add(time.Duration((float64(low) + within) * float64(time.Hour)))
}
