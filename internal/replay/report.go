package replay

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"vestibule/audit"
	"vestibule/policy"
)

// Report is what a replay found. Patients are named by id, for the clinic's own eyes.
type Report struct {
	Clinic    string     `json:"clinic"`
	Zone      string     `json:"zone"`
	From      time.Time  `json:"from"`  // asked for
	Until     time.Time  `json:"until"` // exclusive
	Began     *time.Time `json:"ledgerBegan,omitempty"`
	Covered   float64    `json:"covered"` // share of the period that the ledger covers, 0 to 1
	Partial   bool       `json:"partial"` // it was stopped before the end
	ReachedTo *time.Time `json:"reachedTo,omitempty"`
	Records   int        `json:"records"`
	Accesses  int        `json:"accesses"`
	People    int        `json:"people"`
	Patients  int        `json:"patients"`
	Touched   int        `json:"touched"` // accesses for which the candidate could matter
	Versions  int        `json:"rulesChanged"`
	Assumed   int        `json:"scopesAssumed"` // touched accesses whose token's scopes are not on record
	Effects   []Tally    `json:"effects"`
	Groups    []Group    `json:"groups"`
	Omitted   int        `json:"groupsOmitted,omitempty"`
	Unjudged  []Missing  `json:"notJudged"`
	Resources struct {
		Read   int `json:"read"`
		Gone   int `json:"gone"`
		Failed int `json:"failed"`
	} `json:"resources"`
	PagesOpen bool `json:"pagesNotReplayed"`     // the candidate changes pagesPerSearch, of which the trail says nothing
	Withheld  int  `json:"searchesThatWithheld"` // touched searches that kept back what the trail does not name
}

// Tally counts the accesses on which the candidate has one effect.
type Tally struct {
	Effect   Effect `json:"effect"`
	Accesses int    `json:"accesses"`
	People   int    `json:"people"`
	Patients int    `json:"patients"`
	Certain  int    `json:"certain"`
	Today    int    `json:"asToday"`
	Changed  int    `json:"asTodayChangedSince"`
}

// Group is accesses of one person with the same effect for the same reason, and the first of them as an example.
type Group struct {
	Effect   Effect      `json:"effect"`
	Code     policy.Code `json:"code,omitempty"`
	Clause   string      `json:"clause,omitempty"`
	Person   string      `json:"person"` // "iss|sub"
	Name     string      `json:"name"`
	What     string      `json:"what"`
	Accesses int         `json:"accesses"`
	Decision string      `json:"decision"`
	Time     time.Time   `json:"time"`
	Patients []string    `json:"patients,omitempty"` // of the example
}

// Missing is accesses that are not judged, or not whole, and why.
type Missing struct {
	Why      string `json:"why"`
	Accesses int    `json:"accesses"`
	Decision string `json:"decision"` // of the first
}

// Changes reports whether the candidate has any effect that was found.
func (r Report) Changes() bool {
	return slices.ContainsFunc(r.Effects, func(t Tally) bool { return t.Accesses > 0 })
}

// Of is the tally of an effect.
func (r Report) Of(e Effect) Tally {
	for _, t := range r.Effects {
		if t.Effect == e {
			return t
		}
	}
	return Tally{Effect: e}
}

// mostGroups bounds what is held of the differences; beyond it they are counted only.
const mostGroups = 2000

// gather makes a report of one access after the other.
type gather struct {
	report           Report
	people, patients map[string]bool
	tallies          map[Effect]*tally
	groups           map[groupKey]*Group
	missing          map[string]*Missing
}

type tally struct {
	Tally
	people, patients map[string]bool
}

type groupKey struct {
	effect               Effect
	code                 policy.Code
	clause, person, what string
}

func newGather() *gather {
	return &gather{people: map[string]bool{}, patients: map[string]bool{}, tallies: map[Effect]*tally{}, groups: map[groupKey]*Group{},
		missing: map[string]*Missing{}}
}

// saw counts an access, whatever is found about it.
func (g *gather) saw(a *Access) {
	g.report.Accesses++
	g.people[a.Record.Agent.Key()] = true
	for _, p := range a.Record.Patients {
		g.patients[p] = true
	}
}

// add takes up what was found about an access.
func (g *gather) add(a *Access, v verdict) {
	for _, f := range v.findings {
		g.count(a, f)
		g.group(a, f)
	}
	if v.why == "" {
		return
	}
	m := g.missing[v.why]
	if m == nil {
		m = &Missing{Why: v.why, Decision: a.Record.ID}
		g.missing[v.why] = m
	}
	m.Accesses++
}

func (g *gather) count(a *Access, f finding) {
	t := g.tallies[f.effect]
	if t == nil {
		t = &tally{Tally: Tally{Effect: f.effect}, people: map[string]bool{}, patients: map[string]bool{}}
		g.tallies[f.effect] = t
	}
	t.Accesses++
	t.people[a.Record.Agent.Key()] = true
	for _, p := range f.patients {
		t.patients[p] = true
	}
	switch f.class {
	case Certain:
		t.Certain++
	case Today:
		t.Today++
	default:
		t.Changed++
	}
}

func (g *gather) group(a *Access, f finding) {
	r := &a.Record
	key := groupKey{f.effect, f.code, f.detail, r.Agent.Key(), r.Interaction + " " + r.Type}
	if found := g.groups[key]; found != nil {
		found.Accesses++
		return
	}
	if len(g.groups) >= mostGroups {
		g.report.Omitted++
		return
	}
	g.groups[key] = &Group{Effect: f.effect, Code: f.code, Clause: f.detail, Person: r.Agent.Key(), Name: cmp.Or(r.Agent.Name, r.Agent.Subject),
		What: whatOf(r), Accesses: 1, Decision: r.ID, Time: r.Time, Patients: f.patients}
}

// whatOf is what the example was.
func whatOf(r *audit.Record) string {
	if r.Resource == "" {
		return r.Interaction + " " + r.Type
	}
	return r.Interaction + " " + r.Resource
}

// done is the report.
func (g *gather) done() Report {
	out := g.report
	out.People, out.Patients = len(g.people), len(g.patients)
	for _, e := range []Effect{Denied, Less, Allowed, More} {
		t := Tally{Effect: e}
		if found := g.tallies[e]; found != nil {
			t = found.Tally
			t.People, t.Patients = len(found.people), len(found.patients)
		}
		out.Effects = append(out.Effects, t)
	}
	order := []Effect{Denied, Less, Allowed, More}
	for _, found := range slices.SortedFunc(maps.Values(g.groups), func(a, b *Group) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.Effect), slices.Index(order, b.Effect)), cmp.Compare(b.Accesses, a.Accesses),
			a.Time.Compare(b.Time), cmp.Compare(a.Decision, b.Decision))
	}) {
		out.Groups = append(out.Groups, *found)
	}
	for _, m := range slices.SortedFunc(maps.Values(g.missing), func(a, b *Missing) int {
		return cmp.Or(cmp.Compare(b.Accesses, a.Accesses), cmp.Compare(a.Why, b.Why))
	}) {
		out.Unjudged = append(out.Unjudged, *m)
	}
	return out
}
