package replay

import (
	"context"
	"maps"
	"slices"
	"sort"
	"strings"
	"time"

	"vestibule/policy"
)

// Candidate is grants that are put in force, in the place of those of the same names or beside the others, and names of grants
// that are taken back. The zero Candidate changes nothing.
type Candidate struct {
	Put  []policy.Grant
	Drop []string
}

// names are the grants that c is about.
func (c Candidate) names() []string {
	out := slices.Clone(c.Drop)
	for _, g := range c.Put {
		out = append(out, g.Name)
	}
	return out
}

// in is rules with c. What is put in holds whatever its first day, and has the version that it would get.
func (c Candidate) in(rules policy.Rules) policy.Rules {
	names, versions := c.names(), map[string]int{}
	var grants []policy.Grant
	for _, g := range rules.Grants {
		if slices.Contains(names, g.Name) {
			versions[g.Name] = g.Version
			continue
		}
		grants = append(grants, g)
	}
	for _, g := range c.Put {
		g.Version, g.Approved, g.From = versions[g.Name]+1, time.Time{}, ""
		grants = append(grants, g)
	}
	rules.Grants = grants
	return rules
}

// Rules are a clinic's rules at a moment.
type Rules func(ctx context.Context, at time.Time) (policy.Clinic, policy.Rules, error)

// moment is the rules of a stretch of time, ready to decide.
type moment struct {
	from          time.Time
	actual        *policy.Set
	before, after *policy.Set
	was, will     solo // the candidate's grants alone
	limits        bool // what they allow of how much is not the same
	pages         bool // among them how many pages a search may have
	err           error
	loaded        bool
}

// solo is some of a clinic's grants by themselves: what they add to whatever else there is.
type solo struct {
	set   *policy.Set
	rules policy.Rules
}

// history is a clinic's rules over a period. A moment is compiled when it is first asked for.
type history struct {
	rules         Rules
	before, after Candidate
	moments       []moment // by from; the first begins at the beginning of time
}

func newHistory(rules Rules, changes []time.Time, before, after Candidate) *history {
	h := &history{rules: rules, before: before, after: after, moments: []moment{{}}}
	for _, t := range changes {
		h.moments = append(h.moments, moment{from: t})
	}
	return h
}

// slack is how much later than it held a change may have been noted: the gateway notes it once it has taken it up.
const slack = 5 * time.Second

// at is the rules that an access was decided under: those noted for its time or, close to a change, those of the neighbours
// that agree with what is on record.
func (h *history) at(ctx context.Context, a *Access) *moment {
	t := a.Request.Now
	i := sort.Search(len(h.moments), func(i int) bool { return h.moments[i].from.After(t) }) - 1
	m := h.load(ctx, i)
	for _, j := range []int{i + 1, i - 1} {
		if j < 0 || j >= len(h.moments) || h.moments[max(i, j)].from.Sub(t).Abs() > slack || m.agrees(a) {
			continue
		}
		if near := h.load(ctx, j); near.agrees(a) {
			return near
		}
	}
	return m
}

// agrees reports whether the rules then give the decision that is on record.
func (m *moment) agrees(a *Access) bool {
	if m.err != nil {
		return false
	}
	cites, recorded := m.actual.Decide(a.Request).Grants(), a.cites()
	return len(cites) > 0 == (len(recorded) > 0) &&
		!slices.ContainsFunc(cites, func(cite string) bool { return !slices.Contains(recorded, cite) }) // grants that only show something are on record, too
}

// cites are the grants on record as those that permitted the request.
func (a *Access) cites() []string {
	if !a.Passed {
		return nil
	}
	return a.Record.Grants
}

// load compiles moment i.
func (h *history) load(ctx context.Context, i int) *moment {
	m := &h.moments[i]
	if m.loaded || ctx.Err() != nil {
		return m
	}
	m.loaded = true
	at := m.from
	if i == 0 {
		at = time.UnixMilli(0)
	}
	clinic, rules, err := h.rules(ctx, at)
	if err == nil {
		err = m.compile(clinic, rules, h.before, h.after)
	}
	m.err = err
	return m
}

func (m *moment) compile(clinic policy.Clinic, rules policy.Rules, before, after Candidate) (err error) {
	if m.actual, err = policy.Compile(clinic, rules); err != nil {
		return err
	}
	was := before.in(rules)
	if m.before, err = policy.Compile(clinic, was); err != nil {
		return err
	}
	will := after.in(was)
	if m.after, err = policy.Compile(clinic, will); err != nil {
		return err
	}
	names := append(before.names(), after.names()...)
	if m.was, err = alone(clinic, was, names); err != nil {
		return err
	}
	if m.will, err = alone(clinic, will, names); err != nil {
		return err
	}
	m.limits, m.pages = differ(m.was.limits(), m.will.limits())
	return nil
}

// differ says whether limits differ, and whether they do in how many pages a search may have.
func differ(a, b map[string]policy.Limits) (any, pages bool) {
	for _, side := range []map[string]policy.Limits{a, b} {
		for name := range side {
			pages = pages || a[name].PagesPerSearch != b[name].PagesPerSearch
		}
	}
	return !maps.Equal(a, b), pages
}

// limits are the limits of each grant that has some.
func (s solo) limits() map[string]policy.Limits {
	out := map[string]policy.Limits{}
	for _, g := range s.rules.Grants {
		if g.Limits != (policy.Limits{}) {
			out[g.Name] = g.Limits
		}
	}
	return out
}

// alone is the grants of those names by themselves.
func alone(clinic policy.Clinic, rules policy.Rules, names []string) (solo, error) {
	rules.Grants = slices.DeleteFunc(slices.Clone(rules.Grants), func(g policy.Grant) bool { return !slices.Contains(names, g.Name) })
	set, err := policy.Compile(clinic, rules)
	return solo{set, rules}, err
}

// typeOf is the resource type that a permission's scope names.
func typeOf(p policy.Permission) string {
	_, rest, _ := strings.Cut(p.Scope, "/")
	typ, _, _ := strings.Cut(rest, ".")
	return typ
}
