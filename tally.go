package vestibule

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"vestibule/audit"
	"vestibule/policy"
)

// tally counts what callers use of the limits of their grants, whatever the grant's version. It holds nothing of its own:
// what it knows it reads from the trail when a clinic's limits are first used, so that they hold across restarts and from
// the moment they are given. What was taken for an answer that then could not be recorded stays taken.
type tally struct {
	mu      sync.Mutex
	counted map[string]counted // by clinic
	used    map[user]*usage
}

// counted is what is counted at a clinic: the limits of the rules under which its trail was read.
type counted struct {
	rules  *policy.Set
	limits []policy.Limit
}

func newTally() *tally { return &tally{counted: map[string]counted{}, used: map[user]*usage{}} }

// user is somebody under a grant.
type user struct{ clinic, person, grant string } // "iss|sub", the grant's name

// usage is what somebody has used of a grant.
type usage struct {
	requests  []time.Time     // of the last minute, oldest first
	documents []time.Time     // of the last hour
	day       string          // of the clinic's calendar, which patients are counted on
	patients  map[string]bool // "Patient/1"
	noticed   map[policy.Code]string
}

// taking is what an access is about to use.
type taking struct {
	clinic    *Clinic
	person    string
	now       time.Time
	requests  int
	documents int
	patients  []string
	released  []policy.Released // what they are in
}

// excess is the limit that an access would go beyond.
type excess struct {
	code  policy.Code
	limit policy.Limit
	free  time.Time // when something is free again
	first bool      // nobody has been told yet: once for each limit, person and day
}

// take counts t under every one of limits, or under none and says which it would go beyond.
func (y *tally) take(ctx context.Context, trail *audit.Ledger, limits []policy.Limit, t taking) (*excess, error) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if err := y.upToDate(ctx, trail, t); err != nil {
		return nil, err
	}
	for _, l := range limits {
		if over := y.of(t, l.Grant).over(l, t); over != nil {
			return over, nil
		}
	}
	for _, l := range limits {
		y.of(t, l.Grant).add(t)
	}
	return nil, nil
}

// upToDate reads the trail where a limit is new: until then nobody counted.
func (y *tally) upToDate(ctx context.Context, trail *audit.Ledger, t taking) error {
	known := y.counted[t.clinic.Name]
	if known.rules == t.clinic.Policy {
		return nil
	}
	limits := t.clinic.Policy.Limits()
	isNew := func(l policy.Limit) bool { return !slices.Contains(known.limits, l) }
	if slices.ContainsFunc(limits, isNew) {
		if err := y.recount(ctx, trail, t.clinic, t.now); err != nil {
			return err
		}
	}
	y.counted[t.clinic.Name] = counted{t.clinic.Policy, limits}
	return nil
}

// of is what t's person has used of a grant, without what no longer counts.
func (y *tally) of(t taking, cite string) *usage {
	name, _, _ := strings.Cut(cite, "@")
	key := user{t.clinic.Name, t.person, name}
	u := y.used[key]
	if u == nil {
		u = &usage{}
		y.used[key] = u
	}
	u.requests = after(u.requests, t.now.Add(-time.Minute))
	u.documents = after(u.documents, t.now.Add(-time.Hour))
	if day := t.now.In(t.clinic.Zone).Format(time.DateOnly); u.day != day {
		u.day, u.patients, u.noticed = day, map[string]bool{}, map[policy.Code]string{}
	}
	return u
}

// after is what of times, oldest first, lies after then.
func after(times []time.Time, then time.Time) []time.Time {
	for len(times) > 0 && !times[0].After(then) {
		times = times[1:]
	}
	return times
}

// over is the limit that t would go beyond; nil if none.
func (u *usage) over(l policy.Limit, t taking) *excess {
	switch {
	case beyond(l.RequestsPerMinute, len(u.requests), t.requests):
		return u.exceeds(policy.CodeTooManyRequests, l, u.requests[0].Add(time.Minute))
	case beyond(l.DocumentsPerHour, len(u.documents), t.documents):
		free := t.now.Add(time.Hour)
		if len(u.documents) > 0 {
			free = u.documents[0].Add(time.Hour)
		}
		return u.exceeds(policy.CodeTooManyDocuments, l, free)
	case beyond(l.PatientsPerDay, len(u.patients), u.unseen(t.patients)):
		return u.exceeds(policy.CodeTooManyPatients, l, nextDay(t.now.In(t.clinic.Zone)))
	}
	return nil
}

func beyond(limit, used, more int) bool { return limit > 0 && more > 0 && used+more > limit }

func (u *usage) exceeds(code policy.Code, l policy.Limit, free time.Time) *excess {
	first := u.noticed[code] == ""
	u.noticed[code] = u.day
	return &excess{code: code, limit: l, free: free, first: first}
}

// unseen is how many of patients are not counted on this day yet.
func (u *usage) unseen(patients []string) (n int) {
	for _, p := range patients {
		if !u.patients[p] {
			n++
		}
	}
	return n
}

func (u *usage) add(t taking) {
	for range t.requests {
		u.requests = append(u.requests, t.now)
	}
	for range t.documents {
		u.documents = append(u.documents, t.now)
	}
	for _, p := range t.patients {
		u.patients[p] = true
	}
}

// nextDay is the first instant of the day after that of t.
func nextDay(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, t.Location())
}

// recount adds what the clinic's trail of today says. It never takes away: an access that is under way is not on record yet.
func (y *tally) recount(ctx context.Context, trail *audit.Ledger, c *Clinic, now time.Time) error {
	local := now.In(c.Zone)
	from := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, c.Zone)
	if hourAgo := now.Add(-time.Hour); hourAgo.Before(from) {
		from = hourAgo
	}
	q := audit.Search{From: from, Phases: []audit.Phase{audit.PhaseOutcome, audit.PhaseDenial}, Count: audit.MaxCount}
	told := map[user]*usage{}
	for {
		found, err := trail.Search(ctx, c.Name, q)
		if err != nil {
			return err
		}
		for _, e := range found.Entries { // newest first
			tell(told, c, now, &e.Record)
		}
		if q.Before = found.Next; q.Before == 0 {
			break
		}
	}
	for key, t := range told {
		y.of(taking{clinic: c, person: key.person, now: now}, key.grant).merge(t)
	}
	return nil
}

// tell counts one record, for every grant that it names.
func tell(told map[user]*usage, c *Clinic, now time.Time, r *audit.Record) {
	if slices.Contains(r.Reasons, string(policy.CodeTooManyRequests)) {
		return
	}
	today := r.Time.In(c.Zone).Format(time.DateOnly) == now.In(c.Zone).Format(time.DateOnly)
	for _, cite := range r.Grants {
		name, _, _ := strings.Cut(cite, "@")
		key := user{c.Name, r.Agent.Key(), name}
		u := told[key]
		if u == nil {
			u = &usage{patients: map[string]bool{}}
			told[key] = u
		}
		if now.Sub(r.Time) < time.Minute {
			u.requests = append(u.requests, r.Time)
		}
		for _, item := range r.Released {
			for range item.Documents {
				u.documents = append(u.documents, r.Time)
			}
		}
		for _, p := range r.Patients {
			if today {
				u.patients[p] = true
			}
		}
	}
}

// merge adds what the trail says, newest first, to what is known.
func (u *usage) merge(t *usage) {
	if len(t.requests) > len(u.requests) {
		u.requests = t.requests
		slices.Reverse(u.requests)
	}
	if len(t.documents) > len(u.documents) {
		u.documents = t.documents
		slices.Reverse(u.documents)
	}
	maps.Copy(u.patients, t.patients)
}
