package policy

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"vestibule/fhir"
)

// Set is the grants of one clinic, ready to decide. It is immutable and safe for any number of goroutines; a change of a
// grant is another Set. A nil or zero Set denies everything.
type Set struct {
	clinic     Clinic
	all        []*grant // by name
	byUser     map[string][]*grant
	byTeam     map[string][]*grant // by Caller.ID of each member
	byPlatform map[string][]*grant
	stops      stops
	denials    denials
	classes    int                      // how many different element lists there are
	windows    []windowOf               // the different windows
	today      atomic.Pointer[calendar] // what windows mean on the day of the last decision; only a memory, never state
}

// calendar is what a Set's windows mean on one day.
type calendar struct {
	day   day
	spans []span // by permission.windowAt
}

// windowOf is a window on the resources of a type.
type windowOf struct {
	typ    string
	window window
}

// Compile makes a Set of the rules of a clinic, grants that are over or not yet begun included: whether a grant holds is
// asked at each decision. It takes all of them or none; the error names every mistake of the first rule that has one.
func Compile(clinic Clinic, rules Rules) (*Set, error) {
	if clinic.Name == "" || clinic.Zone == nil {
		return nil, fhir.E("policy.Compile", fhir.KindInternal, "", "A clinic has a name and a time zone.")
	}
	s := &Set{clinic: clinic, byUser: map[string][]*grant{}, byTeam: map[string][]*grant{}, byPlatform: map[string][]*grant{}}
	var err error
	if s.stops, err = newStops(clinic, rules.Stops); err != nil {
		return nil, err
	}
	if s.denials, err = newDenials(clinic, rules); err != nil {
		return nil, err
	}
	for _, g := range rules.Grants {
		r := reader{clinic: clinic}
		read := r.read(g)
		if len(r.mistakes) > 0 {
			return nil, joined(g.Name, r.mistakes)
		}
		read.paused = s.stops.grants[g.Name]
		s.all = append(s.all, read)
	}
	slices.SortFunc(s.all, func(a, b *grant) int { return strings.Compare(a.src.Name, b.src.Name) })
	for i, g := range s.all {
		if i > 0 && s.all[i-1].src.Name == g.src.Name {
			return nil, fhir.E("policy.Compile", fhir.KindInvalid, "invalid-grant",
				fmt.Sprintf("There are two grants named %q; only one version of a grant is in force.", g.src.Name))
		}
		s.index(g)
	}
	s.classify()
	return s, nil
}

func (s *Set) index(g *grant) {
	switch to := g.src.To; {
	case to.User != "":
		s.byUser[to.User] = append(s.byUser[to.User], g)
	case to.Platform != "":
		s.byPlatform[to.Platform] = append(s.byPlatform[to.Platform], g)
	case to.Team != "":
		members := slices.Clone(s.clinic.Teams[to.Team])
		slices.Sort(members)
		for _, id := range slices.Compact(members) {
			s.byTeam[id] = append(s.byTeam[id], g)
		}
	}
}

// classify numbers the different element lists and windows, so that what is worked out for one permission serves all that
// are alike.
func (s *Set) classify() {
	classes := map[string]int{}
	for _, g := range s.all {
		for i := range g.permissions {
			p := &g.permissions[i]
			key := p.scope.typ + " " + strings.Join(p.shown.Paths(), " ")
			if _, known := classes[key]; !known {
				classes[key] = len(classes)
			}
			p.class = classes[key]
			if !p.windowed {
				continue
			}
			w := windowOf{p.scope.typ, p.window}
			if p.windowAt = slices.Index(s.windows, w); p.windowAt < 0 {
				p.windowAt = len(s.windows)
				s.windows = append(s.windows, w)
			}
		}
	}
	s.classes = len(classes)
}

// naming calls f for every grant that names c, by name within users, teams and platforms, until f returns false.
func (s *Set) naming(c Caller) func(func(*grant) bool) {
	return func(yield func(*grant) bool) {
		id := c.ID()
		for _, g := range s.byUser[id] {
			if !yield(g) {
				return
			}
		}
		for _, g := range s.byTeam[id] {
			if platform, _, _ := strings.Cut(g.src.To.Team, "/"); platform == c.Platform && !yield(g) {
				return
			}
		}
		for _, g := range s.byPlatform[c.Platform] {
			if !yield(g) {
				return
			}
		}
	}
}

// mostNaming is how many grants name c, give or take teams of other platforms.
func (s *Set) mostNaming(c Caller) int {
	id := c.ID()
	return len(s.byUser[id]) + len(s.byTeam[id]) + len(s.byPlatform[c.Platform])
}

// windowsOn is what every window means on the day of now. It is worked out once a day.
func (s *Set) windowsOn(now time.Time) *calendar {
	today := dayOf(now, s.clinic.Zone)
	if c := s.today.Load(); c != nil && c.day == today {
		return c
	}
	c := &calendar{day: today, spans: make([]span, len(s.windows))}
	for i, w := range s.windows {
		c.spans[i] = w.window.on(w.typ, today)
	}
	s.today.Store(c)
	return c
}
