// Package denial is the report of what was refused at a clinic: by reason, by person, by grant, and each refusal.
package denial

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"vestibule/audit"
	"vestibule/internal/report"
	"vestibule/internal/report/plain"
)

// tally counts refusals that have something in common.
type tally struct {
	who, where  report.Value // of a person
	times       int
	people      map[string]bool
	reasons     map[string]int
	first, last time.Time
}

// counts are the tallies by what the refusals have in common.
type counts map[string]*tally

// maker gathers what the report says.
type maker struct {
	refusals  report.Picked
	platforms map[string]string
	reasons   counts
	people    counts
	grants    counts
	times     int
}

// Make makes the report; platforms are the titles of the platforms by name. It finds the refusals by the index and
// counts them; the list reads them again while it is written.
func Make(ctx context.Context, trail report.Trail, platforms map[string]string) (report.Report, error) {
	m := &maker{platforms: platforms, reasons: counts{}, people: counts{}, grants: counts{}}
	var err error
	m.refusals, err = trail.Pick(ctx, &audit.Search{Phases: []audit.Phase{audit.PhaseDenial}}, m.count)
	if err != nil {
		return report.Report{}, err
	}
	r := report.Report{Title: title, Lead: m.lead(), Notes: []report.Text{noteCounted, noteHidden, noteUnverified}}
	r.Sections = []report.Section{m.byReason(), m.byPerson(), m.byGrant(), m.list(ctx)}
	return r, nil
}

// count takes in one refusal.
func (m *maker) count(e audit.Entry) (bool, error) {
	r := &e.Record
	n := times(r)
	m.times += n
	person := m.people.add(plain.Key(r), r, n)
	person.who, person.where = plain.Who(r), plain.Organisation(r, m.platforms)
	m.reasons.add(plain.Cause(r.Reasons), r, n)
	grants := plain.Grants(r.Grants, r.Rules)
	if len(grants) == 0 {
		grants = []string{""}
	}
	for _, g := range grants {
		m.grants.add(g, r, n)
	}
	return true, nil
}

// times is how many refusals a record stands for.
func times(r *audit.Record) int { return max(1, r.Repeats) }

func (c counts) add(key string, r *audit.Record, n int) *tally {
	t := c[key]
	if t == nil {
		t = &tally{people: map[string]bool{}, reasons: map[string]int{}, first: r.Time}
		c[key] = t
	}
	t.times += n
	t.people[plain.Key(r)] = true
	t.reasons[plain.Cause(r.Reasons)] += n
	last := r.Time
	if r.Until.After(last) {
		last = r.Until
	}
	if r.Time.Before(t.first) {
		t.first = r.Time
	}
	if last.After(t.last) {
		t.last = last
	}
	return t
}

// ranked are the keys, the most frequent first.
func (c counts) ranked() []string {
	return slices.SortedFunc(maps.Keys(c), func(a, b string) int {
		return cmp.Or(cmp.Compare(c[b].times, c[a].times), strings.Compare(a, b))
	})
}

// codes are the reasons of a tally, the most frequent first, each with how often.
func (t *tally) codes() report.Value {
	keys := slices.SortedFunc(maps.Keys(t.reasons), func(a, b string) int {
		return cmp.Or(cmp.Compare(t.reasons[b], t.reasons[a]), strings.Compare(a, b))
	})
	var out []report.Value
	for _, code := range keys {
		out = append(out, report.Say(often.With(codeOf(code), report.Number(t.reasons[code]))))
	}
	return report.List(out...)
}

// codeOf is a reason's code, for a cell.
func codeOf(code string) report.Value {
	if code == "" {
		return report.Unknown(whyNoReason)
	}
	return report.Code(code)
}
