package shrink

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"vestibule/audit"
	"vestibule/fhir"
	"vestibule/internal/replay"
	"vestibule/policy"
)

// use is what a grant was used for in a period.
type use struct {
	accesses  int
	first     time.Time
	last      time.Time
	people    map[string]int
	slots     [7][48]bool // half hours of the week, by the clinic's clock
	purposes  map[string]bool
	unstated  bool // some access stated no purpose
	networks  map[int]bool
	parts     []partUse
	searches  map[string]*served
	unjudged  map[string]int // resources that left, by the reason why they are not judged
	elsewhere int            // accesses that cite the grant and that its present version does not allow
	busy      *busiest
}

// served is searches that the same parts could serve.
type served struct {
	parts []int
	paths []string // what they looked at
}

// observer gathers the use of one grant.
type observer struct {
	o        Options
	parts    []policy.Part
	set      *policy.Set
	networks []netip.Prefix
	use      *use
	held     []replay.Access
	refs     []fhir.Ref
}

// most is how many accesses, and of what left with them, are held before they are looked at.
const most, mostRefs = 1024, 4096

// observe goes through the period.
func observe(ctx context.Context, o Options, parts []policy.Part, set *policy.Set) (*use, error) {
	w := &observer{o: o, parts: parts, set: set, use: newUse(len(parts))}
	for _, n := range o.Grant.Networks {
		w.networks = append(w.networks, prefixOf(n))
	}
	err := o.Replay.Trail.Walk(ctx, o.Replay.Clinic, o.Replay.From, o.Replay.Until, func(e audit.Entry) error { return w.entry(ctx, e) })
	if err == nil {
		err = w.flush(ctx)
	}
	return w.use, err
}

func newUse(parts int) *use {
	u := &use{people: map[string]int{}, purposes: map[string]bool{}, networks: map[int]bool{}, parts: make([]partUse, parts),
		searches: map[string]*served{}, unjudged: map[string]int{}, busy: newBusiest()}
	for i := range u.parts {
		u.parts[i] = newPartUse()
	}
	return u
}

// entry takes up one record, if the grant was used.
func (w *observer) entry(ctx context.Context, e audit.Entry) error {
	a, ok := replay.Of(e.Record, w.o.Replay.Zone)
	if !ok || !a.Passed || !slices.ContainsFunc(e.Record.Grants, func(cite string) bool { return named(cite, w.o.Grant.Name) }) {
		return nil
	}
	if !w.set.Decide(plain(a.Request)).Permitted() {
		w.use.elsewhere++
		return nil
	}
	if a.Blocked == "" { // what a limit refused was not counted either
		w.use.busy.add(&a, w.o.Replay.Zone)
	}
	if !a.Allowed {
		return nil
	}
	w.held = append(w.held, a)
	w.refs = append(w.refs, a.Refs()...)
	if len(w.held) >= most || len(w.refs) >= mostRefs {
		return w.flush(ctx)
	}
	return nil
}

// plain is a request without what its search looks at: a grant that hides that may show more of what another one lets through.
func plain(req policy.Request) policy.Request {
	if req.Interaction.Kind == fhir.InteractionSearch {
		req.Interaction.Query = fhir.NewQuery(req.Interaction.Type)
	}
	return req
}

// flush looks at what is held.
func (w *observer) flush(ctx context.Context) error {
	w.o.Replay.Resources.Fetch(ctx, w.refs)
	if err := ctx.Err(); err != nil {
		return err
	}
	for i := range w.held {
		w.access(&w.held[i])
	}
	w.held, w.refs = w.held[:0], w.refs[:0]
	if w.o.Replay.Progress != nil {
		w.o.Replay.Progress(replay.Progress{Records: w.use.accesses, Accesses: w.use.accesses, Resources: w.o.Replay.Resources.Read})
	}
	return nil
}

// access takes up one access.
func (w *observer) access(a *replay.Access) {
	u := w.use
	if u.accesses++; u.first.IsZero() || a.Request.Now.Before(u.first) {
		u.first = a.Request.Now
	}
	if a.Request.Now.After(u.last) {
		u.last = a.Request.Now
	}
	u.people[a.Request.Caller.ID()]++
	local := a.Request.Now.In(w.o.Replay.Zone)
	u.slots[local.Weekday()][local.Hour()*2+local.Minute()/30] = true
	u.unstated = u.unstated || len(a.Request.Caller.Purposes) == 0
	for _, p := range a.Request.Caller.Purposes {
		u.purposes[p] = true
	}
	for i, n := range w.networks {
		if n.Contains(a.Request.Caller.Address.Unmap().WithZone("")) {
			u.networks[i] = true
		}
	}
	w.through(a)
}

// through attributes an access to the parts that it may have come through.
func (w *observer) through(a *replay.Access) {
	in := a.Request.Interaction
	letter := letterOf(in.Kind)
	if in.Kind == fhir.InteractionSearch {
		w.search(in.Query)
	}
	changed, refs := a.Record.Changed, a.Refs()
	if len(refs) == 0 {
		w.failed(letter, in.Type, changed)
	}
	for n, ref := range refs {
		r, why := w.o.Replay.Resources.Get(ref)
		documents := 0
		if n < len(a.Record.Released) {
			documents = a.Record.Released[n].Documents
		}
		found := false
		for i := range w.parts {
			p, pu := &w.parts[i], &w.use.parts[i]
			if p.Type != in.Type || why != "" || !p.Holds(r, a.Request.Now, w.o.Replay.Zone) {
				continue
			}
			if has(p.Letters, letter) {
				found = true
				pu.took(letter, p, r, a.Request.Now, w.o.Replay.Zone)
				pu.wrote(letter, changed, r, r.VersionID() == ref.Version)
			}
			if as := readingLetter(p.Letters); as != 0 && (letter == 'c' || letter == 'u') { // the answer to a write is what may be read
				pu.took(as, p, r, a.Request.Now, w.o.Replay.Zone)
				pu.changedNames(changed)
			}
			if documents > 0 && p.Content {
				pu.documents++
			}
		}
		if !found {
			w.unknown(letter, in.Type, why, changed)
		}
	}
}

// failed attributes an access that was permitted, and of which nothing left, to every part that it may have come through: the
// EMR did not answer, or a search found nothing, which is another matter.
func (w *observer) failed(letter byte, typ string, changed []string) {
	for i := range w.parts {
		if p, pu := &w.parts[i], &w.use.parts[i]; letter != 's' && p.Type == typ && has(p.Letters, letter) {
			pu.letters[letter]++
			pu.wroteUnknown(letter, changed)
		}
	}
}

// unknown attributes what left and cannot be judged to every part that it may have come through.
func (w *observer) unknown(letter byte, typ, why string, changed []string) {
	if why == "" {
		why = "as it is today, it lies in none of the permissions"
	}
	w.use.unjudged[why]++
	for i := range w.parts {
		p, pu := &w.parts[i], &w.use.parts[i]
		if p.Type != typ {
			continue
		}
		writing := letter == 'c' || letter == 'u'
		if has(p.Letters, letter) {
			pu.letters[letter]++
			pu.unjudged++
			pu.documents++ // perhaps one left
			pu.wroteUnknown(letter, changed)
		}
		if as := readingLetter(p.Letters); as != 0 && writing {
			pu.letters[as]++
			pu.unjudged++
		}
	}
}

// search notes which parts can serve a search, and what it looks at.
func (w *observer) search(q fhir.Query) {
	paths := pathsOf(q)
	var parts []int
	key := q.Type()
	for i := range w.parts {
		p := &w.parts[i]
		if p.Type == q.Type() && has(p.Letters, 's') && !slices.ContainsFunc(paths, func(path string) bool { return !p.Shown.Shows(path) }) {
			parts = append(parts, i)
			key += string(rune('A' + i))
		}
	}
	found := w.use.searches[key]
	if found == nil {
		found = &served{parts: parts}
		w.use.searches[key] = found
	}
	for _, path := range paths {
		if !slices.Contains(found.paths, path) {
			found.paths = append(found.paths, path)
		}
	}
}

// pathsOf is what a search looks at.
func pathsOf(q fhir.Query) []string {
	var out []string
	for _, c := range q.Clauses() {
		out = append(out, c.Reads()...)
	}
	for _, k := range q.Sort() {
		out = append(out, k.Param.Reads()...)
	}
	return out
}

func letterOf(k fhir.InteractionKind) byte {
	switch k {
	case fhir.InteractionRead:
		return 'r'
	case fhir.InteractionSearch:
		return 's'
	case fhir.InteractionCreate:
		return 'c'
	}
	return 'u'
}

// readingLetter is the letter by which a permission shows what was written; 0 if it shows nothing.
func readingLetter(letters string) byte {
	switch {
	case has(letters, 'r'):
		return 'r'
	case has(letters, 's'):
		return 's'
	}
	return 0
}

func has(letters string, l byte) bool { return slices.Contains([]byte(letters), l) }

// named reports whether a citation, name@version, is of the grant of that name.
func named(cite, name string) bool {
	return len(cite) > len(name) && cite[:len(name)] == name && cite[len(name)] == '@'
}

// prefixOf reads a network as a grant writes it; Check has accepted it.
func prefixOf(text string) netip.Prefix {
	if p, err := netip.ParsePrefix(text); err == nil {
		return p
	}
	if a, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen())
	}
	return netip.Prefix{}
}
