package replay

import (
	"slices"
	"strings"
	"time"

	"vestibule/policy"
)

// meter counts what people use of the limits of some grants, as the gateway does: per person and grant, whatever its version.
type meter struct {
	names []string // the grants that are counted
	used  map[usedBy]*usage
}

func newMeter(names []string) *meter { return &meter{names: names, used: map[usedBy]*usage{}} }

type usedBy struct{ person, grant string }

// usage is what somebody has used of a grant.
type usage struct {
	requests, documents []time.Time // of the last minute, of the last hour
	day                 string      // of the clinic's calendar
	patients            map[string]bool
}

// use is what one access uses.
type use struct {
	person    string
	now       time.Time
	day       string
	requests  int
	documents int
	patients  []string
}

// take counts u under each of the limits, or under none and says which it would go beyond.
func (m *meter) take(limits []policy.Limit, u use) (code policy.Code, over policy.Limit, ok bool) {
	var counted []policy.Limit
	for _, l := range limits {
		if slices.Contains(m.names, grantOf(l.Grant)) {
			counted = append(counted, l)
		}
	}
	for _, l := range counted {
		if code := m.of(l, u).beyond(l, u); code != "" {
			return code, l, false
		}
	}
	for _, l := range counted {
		m.of(l, u).add(u)
	}
	return "", policy.Limit{}, true
}

// takeAll counts u as the gateway does: the request when it comes in, what is shown when it leaves.
func (m *meter) takeAll(limits, showing []policy.Limit, u use) (code policy.Code, over policy.Limit, ok bool) {
	asked, shown := u, u
	asked.documents, asked.patients, shown.requests = 0, nil, 0
	if code, over, ok = m.take(limits, asked); !ok {
		return code, over, false
	}
	return m.take(showing, shown)
}

// showing are the limits under which what left is counted: those of the request, and those of grants that showed something of
// it, as the record says.
func (s solo) showing(a *Access, limits []policy.Limit) []policy.Limit {
	out := slices.Clone(limits)
	for _, g := range s.rules.Grants {
		if g.Limits == (policy.Limits{}) || slices.ContainsFunc(limits, func(l policy.Limit) bool { return l.Grant == g.Cite() }) {
			continue
		}
		if slices.ContainsFunc(a.Record.Grants, func(cite string) bool { return grantOf(cite) == g.Name }) {
			out = append(out, policy.Limit{Grant: g.Cite(), Limits: g.Limits})
		}
	}
	return out
}

// of is what u's person has used of a grant, without what no longer counts.
func (m *meter) of(l policy.Limit, u use) *usage {
	by := usedBy{u.person, grantOf(l.Grant)}
	got := m.used[by]
	if got == nil {
		got = &usage{}
		m.used[by] = got
	}
	got.requests, got.documents = since(got.requests, u.now.Add(-time.Minute)), since(got.documents, u.now.Add(-time.Hour))
	if got.day != u.day {
		got.day, got.patients = u.day, map[string]bool{}
	}
	return got
}

func (got *usage) beyond(l policy.Limit, u use) policy.Code {
	unseen := 0
	for _, p := range u.patients {
		if !got.patients[p] {
			unseen++
		}
	}
	switch {
	case exceeds(l.RequestsPerMinute, len(got.requests), u.requests):
		return policy.CodeTooManyRequests
	case exceeds(l.DocumentsPerHour, len(got.documents), u.documents):
		return policy.CodeTooManyDocuments
	case exceeds(l.PatientsPerDay, len(got.patients), unseen):
		return policy.CodeTooManyPatients
	}
	return ""
}

func exceeds(limit, used, more int) bool { return limit > 0 && more > 0 && used+more > limit }

func (got *usage) add(u use) {
	for range u.requests {
		got.requests = append(got.requests, u.now)
	}
	for range u.documents {
		got.documents = append(got.documents, u.now)
	}
	for _, p := range u.patients {
		got.patients[p] = true
	}
}

// since is what of times lies after then.
func since(times []time.Time, then time.Time) []time.Time {
	for len(times) > 0 && !times[0].After(then) {
		times = times[1:]
	}
	return times
}

// grantOf is the name in a citation, name@version.
func grantOf(cite string) string {
	name, _, _ := strings.Cut(cite, "@")
	return name
}
