package policy

import (
	"slices"
	"strings"
	"time"

	"vestibule/fhir"
)

// The dimensions of a box. Every access to one element of one resource is a point in them.
const (
	byPerson   = iota // names: Caller.ID
	byPlatform        // names
	byKind            // few: people, agents
	byLetter          // few: letters
	byCriteria        // criteria
	byDate            // datedSide
	byLabel           // labelled
	byHour            // week
	byAddress         // nets
	byPurpose         // stated
	byTime            // period
	byElement         // sight, or for writes names
	dimensions
)

// box is a product of sets, one for each dimension: what a permission allows, or a rule denies. Reading and writing of each
// type are worlds of their own.
type box struct {
	world
	sides [dimensions]side
	cite  string // of the rule it comes from
}

type world struct {
	typ    string
	writes bool
}

// minus is what is in b and not in o, as boxes that together are that and may overlap: each says one way to be outside o.
func (b box) minus(o box) []box {
	if !b.meets(o) {
		return []box{b}
	}
	var out []box
	for i := range b.sides {
		for _, rest := range b.sides[i].minus(o.sides[i]) {
			piece := b
			piece.sides[i] = rest
			out = append(out, piece)
		}
	}
	return out
}

// within reports whether certainly all of b is in o.
func (b box) within(o box) bool {
	if b.world != o.world || b.sides[byCriteria].(criteria).outside(o.sides[byCriteria].(criteria)) {
		return false
	}
	for i := range b.sides {
		if i != byCriteria && len(b.sides[i].minus(o.sides[i])) > 0 {
			return false
		}
	}
	return len(b.sides[byCriteria].minus(o.sides[byCriteria])) == 0 // what takes longest
}

// whole is everything there is in a world, from now on.
func wholeOf(w world) box {
	b := box{world: w}
	b.sides = [dimensions]side{
		byPerson: anyName(), byPlatform: anyName(), byKind: people | agents, byLetter: few(lettersReading),
		byCriteria: criteria{}, byDate: datedSide{single: w.typ != "Task"}, byLabel: labelled{}, byHour: weekOf(nil),
		byAddress: nets{anywhere: true}, byPurpose: anyPurposes(), byTime: period{}, byElement: everythingOf(w.typ),
	}
	if w.writes {
		b.sides[byLetter], b.sides[byElement] = few(lettersWriting), anyName()
	}
	return b
}

func worlds() []world {
	var out []world
	for _, typ := range fhir.Types() {
		out = append(out, world{typ, false}, world{typ, true})
	}
	return out
}

// granted are the boxes of what the grants allow from now on, whatever rules deny.
func (s *Set) granted(now time.Time) []box {
	var out []box
	for _, g := range s.all {
		time := period{g.from, g.until}
		if time.from.Before(now) {
			time.from = now
		}
		if g.paused != nil || !time.from.Before(time.until) {
			continue
		}
		persons, platforms := s.heldBy(g.src.To)
		for i := range g.permissions {
			for _, b := range g.permissions[i].boxes(s.clinic.Zone) {
				b.sides[byPerson], b.sides[byPlatform], b.sides[byTime] = persons, platforms, time
				if persons.except || len(persons.list) > 0 {
					out = append(out, b)
				}
			}
		}
	}
	return out
}

// heldBy is whom a grant names. A team that the clinic does not have is nobody.
func (s *Set) heldBy(to To) (persons, platforms names) {
	switch {
	case to.User != "":
		return theNames(to.User), anyName()
	case to.Team != "":
		platform, _, _ := strings.Cut(to.Team, "/")
		return theNames(s.clinic.Teams[to.Team]...), theNames(platform)
	}
	return anyName(), theNames(to.Platform)
}

// boxes are what p allows, but for whom and until when: what it shows, what it lets be created, and what it lets be updated.
func (p *permission) boxes(zone *time.Location) []box {
	var out []box
	for _, part := range []letters{lettersReading, letterCreate, letterUpdate} {
		given := p.scope.letters & part
		if given == 0 {
			continue
		}
		b := p.grant.box(world{p.scope.typ, part&lettersWriting != 0})
		b.sides[byLetter] = few(given)
		b.sides[byCriteria] = criteriaOf(p.scope.criteria, zone)
		date := datedSide{single: p.scope.typ != "Task"}
		if p.windowed {
			date.in = &p.window
		}
		b.sides[byDate] = date
		b.sides[byLabel] = labelled{none: ^p.clears}
		switch part {
		case letterCreate:
			b.sides[byCriteria] = criteriaOf(slices.Concat(p.scope.criteria, p.creatable(zone)), zone)
			b.sides[byElement] = theNames(p.write...)
		case letterUpdate:
			b.sides[byElement] = theNames(p.updatable()...)
		default:
			b.sides[byElement] = sight{true, p.shown}
		}
		out = append(out, b)
	}
	return out
}

// box is the whole of w under the conditions of g.
func (g *grant) box(w world) box {
	b := wholeOf(w)
	if b.cite = g.cite; g.src.Version == 0 {
		b.cite = g.src.Name // a document that is not applied
	}
	b.sides[byKind] = people
	if g.src.To.Automated {
		b.sides[byKind] = agents
	}
	b.sides[byHour] = weekOf(g.hours)
	b.sides[byPurpose] = statedFor(g.purposes)
	if len(g.networks) > 0 {
		b.sides[byAddress] = nets{in: joinedPrefixes(g.networks)}
	}
	return b
}

// creatable is what the transitions of p ask of a new resource: to have one of the statuses that they list.
func (p *permission) creatable(zone *time.Location) []fhir.Clause {
	var codes []string
	for _, t := range p.transitions {
		if t.from == "" {
			codes = append(codes, t.to)
		}
	}
	c, err := fhir.ParseClause(p.scope.typ, "status", strings.Join(codes, ","), zone)
	if len(codes) == 0 || err != nil {
		return nil
	}
	return []fhir.Clause{c}
}

// updatable are the elements that an update may set, with status as the changes of it that may be made.
func (p *permission) updatable() []string {
	var out []string
	for _, name := range p.write {
		switch {
		case name != "status":
			out = append(out, name)
		case len(p.transitions) == 0:
			out = append(out, everyMove(p.scope.typ)...)
		}
	}
	for _, t := range p.transitions {
		if t.from != "" {
			out = append(out, "status "+t.String())
		}
	}
	return out
}

// otherMoves stands for changes of status from or to what is no code of FHIR's: only who lists no transitions may make them.
const otherMoves = "status otherwise"

// everyMove is every change of status there is.
func everyMove(typ string) []string {
	out := []string{otherMoves}
	for _, from := range fhir.StatusCodes(typ) {
		for _, to := range fhir.StatusCodes(typ) {
			if from != to {
				out = append(out, "status "+transition{from, to}.String())
			}
		}
	}
	return out
}

// denied are the boxes of what rules deny from now on, whatever grants allow.
func (s *Set) denied(now time.Time) []box {
	var out []box
	add := func(w world, cite string, change func(*box)) {
		b := wholeOf(w)
		b.cite = cite
		change(&b)
		out = append(out, b)
	}
	for _, w := range worlds() {
		if e := s.stops.everything; e != nil {
			add(w, e.detail(), func(*box) {})
		}
		for _, stop := range s.stops.platforms {
			add(w, stop.detail(), func(b *box) { b.sides[byPlatform] = theNames(stop.Platform) })
		}
		for _, stop := range s.stops.persons {
			add(w, stop.detail(), func(b *box) { b.sides[byPerson] = theNames(stop.Person) })
		}
		for _, g := range s.denials.networks {
			add(w, g.detail, func(b *box) { b.sides[byAddress] = nets{anywhere: true, out: joinedPrefixes(g.networks)} })
		}
		out = append(out, s.forbidden(w, now)...)
	}
	slices.SortStableFunc(out, func(a, b box) int { return strings.Compare(a.cite, b.cite) })
	return out
}

// forbidden are the boxes of guardrails and directives about the resources of one type.
func (s *Set) forbidden(w world, now time.Time) []box {
	rules := s.denials.byType[w.typ]
	if rules == nil {
		return nil
	}
	var out []box
	for _, never := range rules.never {
		b := wholeOf(w)
		b.cite, b.sides[byCriteria] = never.detail, never.criteriaWith(s.clinic.Zone)
		out = append(out, b)
	}
	for _, lock := range rules.locks {
		if !lock.until.IsZero() && !now.Before(lock.until) {
			continue
		}
		for _, b := range lock.boxes(w, s.clinic.Zone) {
			b.cite, b.sides[byTime] = lock.detail, period{lock.from, lock.until}
			out = append(out, b)
		}
	}
	return out
}

// boxes are whom d locks out of which resources: of the patient's, and of those whose patient is not clear.
func (d *directive) boxes(w world, zone *time.Location) []box {
	selectors := d.resources
	if d.everything {
		selectors = []selector{{typ: w.typ}}
	}
	groups := d.to
	if d.everybody {
		groups = []group{{}}
	}
	about := [2]atom{
		{about: "patient", value: d.patient, patient: d.patient}, {about: "patient not clear", value: "true", unclear: true},
	}
	var out []box
	for _, one := range selectors {
		if one.typ != w.typ {
			continue
		}
		for _, whose := range about {
			for _, g := range groups {
				b := wholeOf(w)
				b.sides[byCriteria] = one.criteriaWith(zone, whose)
				b.sides[byPerson], b.sides[byPlatform] = g.names()
				out = append(out, b)
			}
		}
	}
	return out
}

// names are the callers in g; in the zero group, all.
func (g group) names() (persons, platforms names) {
	persons, platforms = anyName(), anyName()
	if g.person != "" {
		persons = theNames(g.person)
	}
	if g.platform != "" {
		platforms = theNames(g.platform)
	}
	if g.members != nil {
		persons = theNames(g.members...)
	}
	return persons, platforms
}

// criteriaWith is what s picks, of what more says.
func (s selector) criteriaWith(zone *time.Location, more ...atom) criteria {
	clauses := s.criteria
	if s.id != "" {
		if c, err := fhir.ParseClause(s.typ, "_id", s.id, zone); err == nil {
			clauses = append(slices.Clone(clauses), c)
		}
	}
	out := criteriaOf(clauses, zone)
	for _, a := range more {
		out.yes = append(out.yes, []atom{a})
	}
	return out
}
