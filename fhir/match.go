package fhir

import (
	"slices"
	"strings"
)

// Matching is one resource on its way through many clauses. Where a path leads to is looked up once, however many clauses
// ask: what a clinic gives to several people often differs in nothing but a value. It is for one goroutine.
type Matching struct {
	root  Value
	typ   string
	paths [4]places
	known int // how many of paths are in use
}

// places is where a path leads to in one resource.
type places struct {
	path  string
	nodes [8]uint32
	count int // of the places; with more than fit the path is walked each time
}

// Matching begins to match r.
func (r Resource) Matching() Matching { return Matching{root: r.root, typ: r.Type()} }

// Resource is what is being matched.
func (m *Matching) Resource() Resource { return Resource{root: m.root} }

// All reports whether the resource meets every one of clauses, see Clause.Match.
func (m *Matching) All(clauses []Clause) bool {
	for i := range clauses {
		if !m.meets(&clauses[i]) {
			return false
		}
	}
	return true
}

func (m *Matching) meets(c *Clause) bool {
	if c.param == nil || m.typ != c.typ {
		return false
	}
	found := false
	for i := 0; i < len(c.param.Paths) && !found; i++ {
		found = m.finds(c, c.param.Paths[i])
	}
	switch c.modifier {
	case "not":
		return !found
	case "missing":
		p, ok := c.values[0].(presence)
		if ok && p.missing && !found {
			return !m.perhaps(c, p)
		}
		return ok && found != p.missing
	}
	return found
}

// perhaps reports whether a parameter of one type may have a value that does not say so: another server's address, a contained
// resource, an identifier or words alone. That it is missing is not certain then, and nothing is given for it. Of contained
// resources nobody is shown the type, so that it does not count either.
func (m *Matching) perhaps(c *Clause, p presence) bool {
	there := func(v Value) bool { return v.Kind() != Null && mayReferTo(v, p.target, Value{}) }
	return p.target != "" && slices.ContainsFunc(c.param.Paths, func(path string) bool { return anyAt(m.root, path, there) })
}

// finds reports whether c is met by what stands at one of the places that path leads to.
func (m *Matching) finds(c *Clause, path string) bool {
	p := m.lookUp(path)
	if p == nil || p.count > len(p.nodes) {
		return anyAt(m.root, path, c.takes)
	}
	for _, at := range p.nodes[:p.count] {
		if c.takes(Value{m.root.doc, at}) {
			return true
		}
	}
	return false
}

// lookUp finds the places of path; nil where there is no room to remember them.
func (m *Matching) lookUp(path string) *places {
	for i := range m.paths[:m.known] {
		if m.paths[i].path == path {
			return &m.paths[i]
		}
	}
	if m.known == len(m.paths) {
		return nil
	}
	p := &m.paths[m.known]
	m.known++
	p.path = path
	anyAt(m.root, path, p.add)
	return p
}

// add returns true, which ends the search, once there is one place too many.
func (p *places) add(v Value) bool {
	if p.count++; p.count > len(p.nodes) {
		return true
	}
	p.nodes[p.count-1] = v.at
	return false
}

// anyAt reports whether is holds for any of the values that path leads to from v, flattening arrays.
func anyAt(v Value, path string, is func(Value) bool) bool {
	switch v.Kind() {
	case Absent:
		return false
	case Array:
		for i, end := v.at+1, v.node().next; i < end; i = v.doc.nodes[i].next {
			if anyAt(Value{v.doc, i}, path, is) {
				return true
			}
		}
		return false
	}
	if path == "" {
		return is(v)
	}
	name, rest, _ := strings.Cut(path, ".")
	return anyAt(v.Get(name), rest, is)
}
