package policy

import (
	"slices"
	"strings"
	"time"

	"vestibule/fhir"
)

// atom is one thing that a resource either has or has not: one value of a criterion, a locked patient, a patient that is
// not clear.
type atom struct {
	about   string      // what it looks at: atoms about the same can be held against each other
	value   string      // what it looks for
	clause  fhir.Clause // of one value; zero for the patients of directives
	patient string      // the id of a directive's patient
	unclear bool        // whose patient is not clear
	perhaps bool        // of :missing=true, whether there may be something that does not say of which type it is
}

func (a atom) same(b atom) bool {
	return a.about == b.about && a.value == b.value && a.perhaps == b.perhaps
}

func (a atom) compare(b atom) int {
	if c := strings.Compare(a.about, b.about); c != 0 {
		return c
	}
	if c := strings.Compare(a.value, b.value); c != 0 || a.perhaps == b.perhaps {
		return c
	}
	return map[bool]int{false: -1, true: 1}[a.perhaps]
}

// implies reports whether whatever has a certainly has b.
func (a atom) implies(b atom) bool {
	if a.same(b) || b.perhaps && a.about == b.about && a.value == b.value {
		return true
	}
	if a.about != b.about || a.clause.IsZero() || a.clause.Modifier() != "" {
		return false
	}
	have, want := a.clause.Tokens(), b.clause.Tokens()
	if len(have) != 1 || len(want) != 1 {
		return false
	}
	if want[0].Code != "" && want[0].Code != have[0].Code {
		return false
	}
	if have[0].Plain { // of the systems of an element that has a bare code it is all the same
		return want[0].Plain || want[0].System != "" && a.clause.Param().HasSystem(want[0].System)
	}
	return want[0].Plain || want[0].System == have[0].System
}

// criteria is a set of resources: those that have one of each of yes, and none of no.
type criteria struct {
	yes [][]atom
	no  []atom
}

func (c criteria) minus(other side) []side {
	o := other.(criteria)
	var out []side
	add := func(c criteria) {
		if c, possible := c.tidy(); possible {
			out = append(out, c)
		}
	}
	for _, one := range o.yes {
		add(criteria{c.yes, slices.Concat(c.no, one)})
	}
	for _, not := range o.no {
		add(criteria{append(slices.Clone(c.yes), []atom{not}), c.no})
	}
	return out
}

// outside reports whether o asks for something of which nothing that c asks for says that it is there: then c.minus(o) is not
// empty, which is found out faster.
func (c criteria) outside(o criteria) bool {
	for _, one := range o.yes {
		said := false
		for _, mine := range c.yes {
			said = said || slices.ContainsFunc(mine, func(a atom) bool { return slices.ContainsFunc(one, a.implies) })
		}
		if !said {
			return true
		}
	}
	return false
}

func (c criteria) meets(other side) bool {
	o := other.(criteria)
	_, possible := criteria{slices.Concat(c.yes, o.yes), slices.Concat(c.no, o.no)}.tidy()
	return possible
}

// tidy is c without what says nothing new; possible is false where it contradicts itself.
func (c criteria) tidy() (out criteria, possible bool) {
	out.no = withoutImplying(c.no)
	for _, one := range c.yes {
		left := slices.DeleteFunc(slices.Clone(one), func(a atom) bool { return slices.ContainsFunc(out.no, a.implies) })
		if len(left) == 0 {
			return criteria{}, false
		}
		slices.SortFunc(left, atom.compare)
		out.yes = append(out.yes, left)
	}
	out.yes = withoutImplied(out.yes)
	for i, one := range out.yes {
		if slices.ContainsFunc(out.yes[:i], func(other []atom) bool { return exclude(one, other) }) {
			return criteria{}, false
		}
	}
	slices.SortFunc(out.yes, func(a, b []atom) int { return slices.CompareFunc(a, b, atom.compare) })
	return out, true
}

// withoutImplying is a list of atoms of which there is none, sorted, without those that follow: where there is nothing of a
// code, there is nothing of it in one system either.
func withoutImplying(no []atom) []atom {
	if len(no) == 0 {
		return nil
	}
	sorted := slices.Clone(no)
	slices.SortFunc(sorted, atom.compare)
	sorted = slices.CompactFunc(sorted, atom.same)
	var out []atom
	for from := 0; from < len(sorted); {
		to := from + 1
		for to < len(sorted) && sorted[to].about == sorted[from].about {
			to++
		}
		group := sorted[from:to]
		for _, a := range group {
			if len(a.clause.Tokens()) == 0 || !slices.ContainsFunc(group, func(o atom) bool { return a.implies(o) && !o.same(a) }) {
				out = append(out, a)
			}
		}
		from = to
	}
	return out
}

// exclude reports whether nothing has one of each: they are about an element of which R4 allows one value.
func exclude(some, others []atom) bool {
	for _, a := range some {
		for _, b := range others {
			if a.about != b.about || !a.single() || a.code() == b.code() || a.code() == "" || b.code() == "" {
				return false
			}
		}
	}
	return true
}

// withoutImplied drops alternatives that follow from others.
func withoutImplied(yes [][]atom) [][]atom {
	follows := func(from, what []atom) bool {
		return !slices.ContainsFunc(from, func(a atom) bool { return !slices.ContainsFunc(what, a.implies) })
	}
	var out [][]atom
	for i, one := range yes {
		drop := false
		for j, other := range yes {
			drop = drop || i != j && follows(other, one) && (!follows(one, other) || j < i)
		}
		if !drop {
			out = append(out, one)
		}
	}
	return out
}

// criteriaOf are clauses as criteria. :not and :missing=true are what they deny.
func criteriaOf(clauses []fhir.Clause, zone *time.Location) criteria {
	var out criteria
	for _, c := range clauses {
		values := atomsOf(c, zone)
		switch {
		case c.Modifier() == "not":
			out.no = append(out.no, values...)
		case c.Modifier() == "missing" && c.Value() == "true":
			out.no = append(out.no, missing(c, zone))
		default:
			out.yes = append(out.yes, values)
		}
	}
	if tidied, possible := out.tidy(); possible {
		return tidied
	}
	return out
}

// atomsOf are the values of c, one by one.
func atomsOf(c fhir.Clause, zone *time.Location) []atom {
	key := strings.TrimSuffix(c.Key(), ":not")
	var out []atom
	for _, value := range splitValues(c.Value()) {
		one, err := fhir.ParseClause(c.Type(), key, value, zone)
		if err != nil { // it was part of a clause that parsed
			return []atom{{about: "clause " + c.Key(), value: c.Value(), clause: c}}
		}
		out = append(out, atomOf(one))
	}
	return out
}

// atomOf is a clause of one value. Parameters that look at the same by the same rule are the same question.
func atomOf(c fhir.Clause) atom {
	p := c.Param()
	about := p.Type.String() + ":" + c.Modifier() + " " + strings.Join(p.Paths, ",")
	if p.Target != "" && c.Modifier() != "" || p.Type == fhir.ParamToken && p.Name == "_id" {
		about = p.Name + " " + about
	}
	return atom{about: about, value: c.Value(), clause: c}
}

// missing is what :missing=true denies: what is there and, of a parameter of one type, what may be.
func missing(c fhir.Clause, zone *time.Location) atom {
	one, err := fhir.ParseClause(c.Type(), c.Key(), "false", zone)
	if err != nil {
		return atom{about: "clause " + c.Key(), value: c.Value(), clause: c}
	}
	a := atomOf(one)
	a.perhaps = c.Param().Target != ""
	return a
}

// splitValues splits at commas that no backslash escapes.
func splitValues(s string) []string {
	var out []string
	start := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case ',':
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	return append(out, s[start:])
}

// datedSide is a set of resources by their own date: those that lie whole inside in, if there is one, and not whole inside any
// of out.
type datedSide struct {
	in     *window
	out    []window
	single bool // the type's date is an instant, which lies on one day
}

func (d datedSide) minus(other side) []side {
	o := other.(datedSide)
	var out []side
	add := func(d datedSide) {
		if d, possible := d.tidy(); possible {
			out = append(out, d)
		}
	}
	if o.in != nil {
		add(datedSide{d.in, append(slices.Clone(d.out), *o.in), d.single})
	}
	for _, w := range o.out {
		if inside, some := d.both(w); some {
			add(datedSide{&inside, d.out, d.single})
		}
	}
	return out
}

func (d datedSide) meets(other side) bool {
	o := other.(datedSide)
	both := datedSide{d.in, slices.Concat(d.out, o.out), d.single}
	if o.in != nil {
		inside, some := d.both(*o.in)
		if !some {
			return false
		}
		both.in = &inside
	}
	_, possible := both.tidy()
	return possible
}

// both is the window of what lies inside both.
func (d datedSide) both(w window) (out window, some bool) {
	if d.in != nil {
		w = window{max(w.from, d.in.from), min(w.to, d.in.to)}
	}
	return w, w.from <= w.to
}

// tidy is d without what says nothing; possible is false where nothing lies in it.
func (d datedSide) tidy() (out datedSide, possible bool) {
	slices.SortFunc(d.out, func(a, b window) int { return (a.from-b.from)*2*farthest + a.to - b.to })
	var left []window
	for _, w := range d.out {
		if _, some := d.both(w); some && !slices.ContainsFunc(left, func(o window) bool { return o.from <= w.from && w.to <= o.to }) {
			left = append(left, w)
		}
	}
	d.out = left
	if d.in == nil {
		return d, true
	}
	for _, w := range d.out {
		if w.from <= d.in.from && d.in.to <= w.to {
			return datedSide{}, false
		}
	}
	return d, !d.single || len(d.days()) > 0
}

// days are the stretches of days that are in d.in and in none of d.out, for dates that lie on one day.
func (d datedSide) days() (out []window) {
	from := d.in.from
	for _, w := range d.out { // by from
		if w.from > from {
			out = append(out, window{from, min(w.from-1, d.in.to)})
		}
		from = max(from, w.to+1)
	}
	if from <= d.in.to {
		out = append(out, window{from, d.in.to})
	}
	return out
}

// labelled is a set of resources by their security labels: those that carry none of none, and one of each of some.
type labelled struct {
	none labels
	some []labels
}

func (l labelled) minus(other side) []side {
	o := other.(labelled)
	var out []side
	if more := o.none &^ l.none; more != 0 {
		out = append(out, l.tidyWith(more))
	}
	for _, s := range o.some {
		if rest, possible := (labelled{l.none | s, l.some}).tidy(); possible {
			out = append(out, rest)
		}
	}
	return out
}

func (l labelled) tidyWith(some labels) labelled {
	l.some = append(slices.Clone(l.some), some)
	l, _ = l.tidy()
	return l
}

func (l labelled) meets(other side) bool {
	o := other.(labelled)
	_, possible := labelled{l.none | o.none, slices.Concat(l.some, o.some)}.tidy()
	return possible
}

func (l labelled) tidy() (out labelled, possible bool) {
	out.none = l.none
	for _, s := range l.some {
		if s &^= l.none; s == 0 {
			return labelled{}, false
		} else if !slices.Contains(out.some, s) {
			out.some = append(out.some, s)
		}
	}
	slices.Sort(out.some)
	return out, true
}
