package policy

import (
	"slices"
	"strings"
	"sync"

	"vestibule/fhir"
)

// candidate is a permission that applies to a request, with those of the token's scopes that it can be used with.
type candidate struct {
	perm   *permission
	scopes []scope // one of them has to match, unless the reach is free
	serves bool    // it shows everything that the search's parameters and the scopes' criteria look at
}

// reach is the candidates of a request: what of a type's resources they let the caller have. The zero reach is nothing.
type reach struct {
	candidates []candidate
	free       bool          // a scope of the token allows it without criteria
	today      *calendar     // what windows mean
	asked      fhir.Elements // what _elements asks for, if narrowed
	narrowed   bool
	denied     *denier // nil: nothing of the type is denied

	memory *memory
}

// memory keeps what was worked out for one resource for the next one like it.
type memory struct {
	sync.Mutex
	views map[bitset]*view
	drops map[drop][]Reason
}

// view is what a set of candidates shows.
type view struct {
	elements fhir.Elements
	grants   []string
	reasons  []Reason
}

// drop is why a resource is held back: the check at which the nearest candidate failed.
type drop struct {
	code      Code
	candidate int    // -1 for none
	rule      string // the rule that denies, for the clinic; empty where it is no such rule
}

// reach works out which of the granted permissions can serve the request with which of the token's scopes.
func (p *plan) reach(granted []*permission, scopes tokenScopes) reach {
	a := reach{
		candidates: make([]candidate, len(granted)), free: scopes.free, today: p.set.windowsOn(p.req.Now), memory: &memory{},
		denied: p.denier(),
	}
	query := p.req.Interaction.Query
	shown := shownCache{looks: looksOf(query), known: make([]int8, p.set.classes)}
	for i, perm := range granted {
		c := &a.candidates[i]
		c.perm, c.scopes = perm, usable(perm, scopes)
		c.serves = (a.free || len(c.scopes) > 0) && shown.by(perm)
	}
	if asked := query.Elements(); len(asked) > 0 {
		a.narrowed = true
		a.asked = askedFor(query.Type(), asked)
	}
	return a
}

// askedFor is what _elements leaves of a resource, as far as a permission shows it: documents too, where content is asked
// for. Type, id and meta are there without being asked for; the narrative, which repeats the whole, does not go with a part.
func askedFor(typ string, names []string) fhir.Elements {
	named := slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return name == "id" || name == "meta" || name == "text" || name == "contained"
	})
	asked, _ := fhir.NewElements(typ, named...) // a Query holds known elements only
	if slices.Contains(named, "content") {
		return asked.WithContent()
	}
	return asked
}

// looksOf are what a search asks about resources: criteria and order.
func looksOf(q fhir.Query) []look {
	var out []look
	for _, c := range q.Clauses() {
		out = append(out, lookOf(c))
	}
	for _, k := range q.Sort() {
		out = append(out, lookAt(k.Param))
	}
	return out
}

// shownCache answers whether a permission shows everything that looks look at, once for all with the same elements.
type shownCache struct {
	looks []look
	known []int8 // by permission.class: 0 not asked yet, 1 yes, -1 no
}

func (c *shownCache) by(p *permission) bool {
	if c.known[p.class] == 0 {
		c.known[p.class] = 1
		for _, l := range c.looks {
			if !l.shownBy(p.shown) {
				c.known[p.class] = -1
			}
		}
	}
	return c.known[p.class] > 0
}

// usable are the token's scopes whose criteria look only at what perm shows: a token's criteria come from the platform, and
// over hidden elements they would be a question about them (hazard H1). A permission that only writes shows nothing by itself;
// for it seeing settles the matter, resource by resource.
func usable(perm *permission, scopes tokenScopes) []scope {
	if len(scopes.scopes) == 0 || perm.scope.letters&lettersReading == 0 {
		return scopes.scopes
	}
	return lookingAt(perm.shown, scopes.scopes)
}

// lookingAt are those of scopes whose criteria look only at what e shows.
func lookingAt(e fhir.Elements, scopes []scope) []scope {
	hidden := func(s scope) bool {
		return slices.ContainsFunc(s.criteria, func(c fhir.Clause) bool { return !lookOf(c).shownBy(e) })
	}
	if !slices.ContainsFunc(scopes, hidden) {
		return scopes
	}
	return slices.DeleteFunc(slices.Clone(scopes), hidden)
}

// seeing is the reach for an update of a resource of which the caller is shown visible: with permissions that only write, a
// token's criteria may look at that and at nothing else.
func (a *reach) seeing(visible fhir.Elements) *reach {
	if a.free {
		return a
	}
	b := *a
	b.candidates = slices.Clone(a.candidates)
	for i := range b.candidates {
		if c := &b.candidates[i]; c.perm.scope.letters&lettersReading == 0 {
			c.scopes = lookingAt(visible, c.scopes) // none left: no resource matches
		}
	}
	return &b
}

// serves reports whether some candidate can serve the request.
func (a *reach) serves() bool {
	return slices.ContainsFunc(a.candidates, func(c candidate) bool { return c.serves })
}

// match is the first check that r fails, empty if it passes all. carried are the labels of r.
func (a *reach) match(c *candidate, r *fhir.Matching, carried labels) Code {
	if !r.All(c.perm.scope.criteria) {
		return CodeOutOfReach
	}
	if !a.free && !slices.ContainsFunc(c.scopes, func(s scope) bool { return r.All(s.criteria) }) {
		return CodeOutsideScope
	}
	if c.perm.windowed && !a.today.spans[c.perm.windowAt].holds(r.Resource()) {
		return CodeOutsideWindow
	}
	if carried&^c.perm.clears != 0 {
		return CodeRestrictedLabel
	}
	return ""
}

func matchAll(clauses []fhir.Clause, r fhir.Resource) bool {
	m := r.Matching()
	return m.All(clauses)
}

// find is the candidates that match r; if none of them serves, or r is denied whatever they say, why not.
func (a *reach) find(r fhir.Resource) (found hits, miss drop) {
	m, carried := r.Matching(), labelsOf(r)
	miss = drop{code: CodeOutOfReach, candidate: -1}
	for i := range a.candidates {
		c := &a.candidates[i]
		if code := a.match(c, &m, carried); code != "" {
			if c.serves && (miss.candidate < 0 || nearer(code, miss.code)) {
				miss = drop{code: code, candidate: i}
			}
			continue
		}
		found.add(i, c.serves)
	}
	if found.any {
		if denied := a.denied.against(r); denied.code != "" {
			return hits{}, denied
		}
	}
	return found, miss
}

// nearer reports whether failing at a comes after failing at b in the order of match.
func nearer(a, b Code) bool {
	order := [...]Code{CodeOutOfReach, CodeOutsideScope, CodeOutsideWindow, CodeRestrictedLabel}
	return slices.Index(order[:], a) > slices.Index(order[:], b)
}

// view is what the hits show together: the union of their elements, less what was not asked for.
func (a *reach) view(h hits) *view {
	if a.memory == nil {
		return &view{}
	}
	if h.more != nil {
		return a.look(h)
	}
	a.memory.Lock()
	defer a.memory.Unlock()
	v := a.memory.views[h.set]
	if v == nil {
		if a.memory.views == nil {
			a.memory.views = map[bitset]*view{}
		}
		v = a.look(h)
		a.memory.views[h.set] = v
	}
	return v
}

func (a *reach) look(h hits) *view {
	v := &view{}
	seen := map[int]bool{}
	for _, i := range h.list() {
		c := &a.candidates[i]
		if !seen[c.perm.class] {
			seen[c.perm.class] = true
			v.elements = v.elements.Union(c.perm.shown)
		}
		v.reasons = append(v.reasons, c.perm.reason())
	}
	if a.narrowed {
		v.elements = v.elements.Intersect(a.asked)
	}
	v.grants = citesOf(v.reasons)
	return v
}

// dropped is the reason for a miss, made once for all resources that miss alike.
func (a *reach) dropped(d drop) []Reason {
	if a.memory == nil {
		return []Reason{because(d.code)}
	}
	a.memory.Lock()
	defer a.memory.Unlock()
	if known := a.memory.drops[d]; known != nil {
		return known
	}
	reason := because(d.code)
	reason.Detail = d.rule
	if d.candidate >= 0 {
		perm := a.candidates[d.candidate].perm
		reason.Grant, reason.Detail = perm.grant.cite, perm.clause()
	}
	if a.memory.drops == nil {
		a.memory.drops = map[drop][]Reason{}
	}
	a.memory.drops[d] = []Reason{reason}
	return a.memory.drops[d]
}

func (a *reach) reasons(which func(*candidate) bool) []Reason {
	var out []Reason
	for i := range a.candidates {
		if c := &a.candidates[i]; which(c) {
			out = append(out, c.perm.reason())
		}
	}
	return out
}

// reason is why the permission allows what it allows.
func (p *permission) reason() Reason {
	return Reason{
		Code: CodeGranted, Text: p.grant.src.Name + " allows " + p.scope.typ + "." + p.scope.letters.String() + ".",
		Grant: p.grant.cite, Detail: p.clause(),
	}
}

// clause is the permission as the grant writes it, for the clinic.
func (p *permission) clause() string {
	if p.windowed {
		return p.src.Scope + " window " + p.src.Window
	}
	return p.src.Scope
}

func citesOf(reasons []Reason) []string {
	out := make([]string, 0, len(reasons))
	for _, r := range reasons {
		out = append(out, r.Grant)
	}
	slices.SortFunc(out, cmpStrings)
	return slices.Compact(out)
}

func cmpStrings(a, b string) int { return strings.Compare(a, b) }
