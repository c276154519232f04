package config

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"vestibule/policy"
)

// Check holds documents that are about to be applied against each other and against those that are applied already: what
// a document names has to exist, no name may be written twice, and a grant has to mean something at its clinic (see
// policy.Check; now decides whether it is over). A document in docs replaces the applied one of the same kind, clinic and
// name. The error, if any, is Problems.
func Check(docs, applied []Document, now time.Time) error {
	w := newWorld(docs, applied, now)
	var problems Problems
	for _, d := range docs {
		problems = append(problems, w.check(d)...)
	}
	return problems.err()
}

// client is a program as an issuer knows it.
type client struct{ issuer, id string }

type key struct{ kind, clinic, name string }

func (d Document) key() key { return key{d.Kind, d.Clinic, d.Name} }

// world is what exists once docs are applied.
type world struct {
	now         time.Time
	clinics     map[string]*Clinic
	platforms   map[string]bool
	clients     map[client]string // to the name of the platform it belongs to
	connections map[string]string // clinic to the name of its connection
	grants      map[key]bool
	standing    []Document       // the applied grants and directives that docs does not replace
	seen        map[key]Document // the part of docs that has been checked
}

func newWorld(docs, applied []Document, now time.Time) *world {
	w := &world{now: now, grants: map[key]bool{}, clinics: map[string]*Clinic{}, platforms: map[string]bool{}, clients: map[client]string{}, connections: map[string]string{}, seen: map[key]Document{}}
	replaced := make(map[key]bool, len(docs))
	for _, d := range docs {
		replaced[d.key()] = true
	}
	standing := slices.DeleteFunc(slices.Clone(applied), func(d Document) bool { return replaced[d.key()] })
	for _, d := range slices.Concat(standing, docs) {
		switch d.Kind {
		case KindClinic:
			w.clinics[d.Name] = d.OfClinic
		case KindPlatform:
			w.platforms[d.Name] = true
			for _, id := range d.OfPlatform.Clients {
				c := client{d.OfPlatform.Issuer, id}
				w.clients[c] = cmp.Or(w.clients[c], d.Name)
			}
		case KindGrant:
			w.grants[d.key()] = true
		case KindConnection:
			if _, ok := w.connections[d.Clinic]; !ok {
				w.connections[d.Clinic] = d.Name
			}
		}
	}
	w.standing = slices.DeleteFunc(standing, func(d Document) bool { return d.Kind != KindGrant && d.Kind != KindDirective })
	return w
}

func (w *world) check(d Document) Problems {
	var problems Problems
	if first, twice := w.seen[d.key()]; twice {
		problems = append(problems, d.problem("", fmt.Sprintf("%s %s is written twice, first at %s:%d; keep one", d.Kind, d.Name, first.File, first.Line)))
	} else {
		w.seen[d.key()] = d
	}
	switch d.Kind {
	case KindClinic:
		return append(problems, w.checkTeams(d)...)
	case KindPlatform:
		return append(problems, w.checkClients(d)...)
	case KindConnection:
		return append(problems, w.checkConnection(d)...)
	case KindGrant:
		return append(problems, w.checkGrant(d)...)
	case KindStop:
		return append(problems, w.checkStop(d)...)
	case KindDirective:
		return append(problems, w.checkDirective(d)...)
	case KindGuardrail:
		return append(problems, w.checkGuardrail(d)...)
	case KindLegalHold:
		return append(problems, w.checkHold(d)...)
	}
	return problems
}

// checkTeams keeps a clinic from dropping a team that a standing grant or directive is for: it would mean nothing, or
// something else.
func (w *world) checkTeams(d Document) (problems Problems) {
	for _, s := range w.standing {
		for _, team := range s.teamsOf() {
			if _, ok := d.OfClinic.Teams[team]; s.Clinic == d.Name && team != "" && !ok {
				problems = append(problems, d.problem("teams", s.keepFirst(team)))
			}
		}
	}
	return problems
}

// checkClients keeps a program from belonging to two platforms: nobody could say for whom its users work.
func (w *world) checkClients(d Document) (problems Problems) {
	for i, id := range d.OfPlatform.Clients {
		if other := w.clients[client{d.OfPlatform.Issuer, id}]; other != d.Name {
			problems = append(problems, d.problem(indexed("clients", i), fmt.Sprintf("%q of this issuer belongs to the platform %s already", id, other)))
		}
	}
	return problems
}

func (w *world) checkConnection(d Document) (problems Problems) {
	if w.clinics[d.Clinic] == nil {
		problems = append(problems, d.problem("clinic", unknown("clinic", d.Clinic, maps.Keys(w.clinics))))
	}
	if other := w.connections[d.Clinic]; other != d.Name {
		problems = append(problems, d.problem("name", fmt.Sprintf("the clinic has a connection already, %s; a clinic has one", other)))
	}
	return problems
}

func (w *world) checkGrant(d Document) Problems {
	at, problems := w.policyClinic(d, d.Clinic)
	if len(problems) > 0 {
		return problems
	}
	if p := d.OfGrant.To.Platform; p != "" && !w.platforms[p] {
		problems = append(problems, d.problem("to.platform", unknown("platform", p, maps.Keys(w.platforms))))
	}
	for _, e := range policy.Check(*d.OfGrant, policy.Context{Clinic: at, Now: w.now}) {
		problems = append(problems, d.problem(e.Path, e.Text))
	}
	return append(problems, d.noLimits()...)
}

// noLimits refuses a limit that is written as zero: it reads like "none at all" and would mean that there is no limit.
func (d Document) noLimits() (problems Problems) {
	if d.root == nil {
		return nil
	}
	_, limits := member(d.root, "limits")
	if limits == nil {
		return nil
	}
	for i := 0; i+1 < len(limits.Content); i += 2 {
		var n int
		if name, value := limits.Content[i].Value, limits.Content[i+1]; value.Load(&n) == nil && n == 0 {
			problems = append(problems, d.problem("limits."+name, "is 0; a limit is a number above zero, and what nobody may do is left out of the permissions"))
		}
	}
	return problems
}

// unknown says that there is no such name, and which was probably meant.
func unknown(what, name string, known func(yield func(string) bool)) string {
	text := fmt.Sprintf("there is no %s %q", what, name)
	if meant, ok := nearest(name, slices.Sorted(known)); ok {
		return text + "; did you mean " + meant + "?"
	}
	return text + "; apply it first, or together with this"
}
