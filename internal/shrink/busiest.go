package shrink

import (
	"time"

	"vestibule/internal/replay"
	"vestibule/policy"
)

// busiest is the most that one person used of a grant in a minute, an hour and a day.
type busiest struct {
	requests, documents, patients int
	by                            map[string]*lately
}

// lately is what somebody used lately.
type lately struct {
	requests, documents []time.Time
	day                 string
	patients            map[string]bool
}

func newBusiest() *busiest { return &busiest{by: map[string]*lately{}} }

func (b *busiest) add(a *replay.Access, zone *time.Location) {
	who, now := a.Request.Caller.ID(), a.Request.Now
	l := b.by[who]
	if l == nil {
		l = &lately{}
		b.by[who] = l
	}
	if day := now.In(zone).Format(time.DateOnly); l.day != day {
		l.day, l.patients = day, map[string]bool{}
	}
	l.requests = append(after(l.requests, now.Add(-time.Minute)), now)
	l.documents = after(l.documents, now.Add(-time.Hour))
	if a.Allowed {
		for _, p := range a.Record.Patients {
			l.patients[p] = true
		}
		for _, item := range a.Record.Released {
			for range item.Documents {
				l.documents = append(l.documents, now)
			}
		}
	}
	b.requests, b.documents, b.patients = max(b.requests, len(l.requests)), max(b.documents, len(l.documents)), max(b.patients, len(l.patients))
}

func after(times []time.Time, then time.Time) []time.Time {
	for len(times) > 0 && !times[0].After(then) {
		times = times[1:]
	}
	return times
}

// limits are the limits for the busiest, with half as much again, and never above those there are. Pages are not on record.
func (b *busiest) limits(given policy.Limits) policy.Limits {
	return policy.Limits{
		RequestsPerMinute: room(b.requests, given.RequestsPerMinute), PatientsPerDay: room(b.patients, given.PatientsPerDay),
		DocumentsPerHour: room(b.documents, given.DocumentsPerHour), PagesPerSearch: given.PagesPerSearch,
	}
}

// room is half as much again as was used, in fives, and never above what is given. Where nothing was used nothing is said.
func room(used, given int) int {
	if used == 0 {
		return given
	}
	n := (used + (used+1)/2 + 4) / 5 * 5
	if given > 0 {
		return min(n, given)
	}
	return n
}
