package fhir

import (
	"fmt"
	"slices"
	"strings"
)

// Merge is what an update sends to the EMR: the EMR's current resource with the members that the caller changed put in
// their place, byte for byte, so that whatever the caller was never shown survives (hazard H12); what they were not shown of
// and write goes to the end, as if it had not been there.
type Merge struct {
	Resource Resource // what shall stand in the EMR
	Changed  []string // top-level elements that differ from the current resource, sorted
}

// Merge merges proposed, as a caller sent it who was shown current cut to visible. Members of proposed that say the same
// as what was shown change nothing; a shown member that is missing from proposed is removed; a hidden member that is
// missing stays. id, meta and resourceType stay the EMR's. An element of which the caller saw only a part cannot be
// replaced, because that would erase the rest: the error is KindUnprocessable and names the element.
func (r Resource) Merge(proposed Resource, visible Elements) (Merge, error) {
	if err := sameResource(r, proposed); err != nil {
		return Merge{}, err
	}
	m := merger{current: r, proposed: proposed}
	var err error
	if m.shown, err = r.shown(visible); err != nil {
		return Merge{}, err
	}
	if err := m.compare(visible); err != nil {
		return Merge{}, err
	}
	if len(m.changed) == 0 {
		return Merge{Resource: r}, nil
	}
	out, err := ParseResource(m.write(), Limits{Depth: 512})
	if err != nil {
		return Merge{}, err
	}
	slices.Sort(m.changed)
	return Merge{Resource: out, Changed: slices.Compact(m.changed)}, nil
}

// sameResource refuses a proposal for another resource than current.
func sameResource(current, proposed Resource) error {
	const op = "fhir.Merge"
	switch {
	case current.IsZero() || proposed.Type() != current.Type():
		return E(op, KindInvalid, "wrong-type", "The resource is not of the type in the path.").At("resourceType")
	case proposed.ID() != current.ID():
		return E(op, KindInvalid, "wrong-id", "The resource's id is not the one in the path.").At("id")
	}
	return nil
}

// WithoutID is r without its id: what a create sends, because the EMR gives the id (http://hl7.org/fhir/R4/http.html#create).
func (r Resource) WithoutID() (Resource, error) {
	if !r.root.Get("id").Exists() && !r.root.Get("_id").Exists() {
		return r, nil
	}
	m := merger{current: r, remove: map[string]bool{"id": true, "_id": true}}
	return ParseResource(m.write(), Limits{Depth: 512})
}

// shown is r as its reader saw it.
func (r Resource) shown(visible Elements) (Resource, error) {
	cut := r.Cut(visible)
	if cut.IsWhole() {
		return r, nil
	}
	return ParseResource(cut.AppendTo(nil), Limits{Depth: 512})
}

type merger struct {
	current, shown, proposed Resource
	is, saw, sent            func(name string) Value // their members
	changed                  []string                // element names, without '_'
	replace                  map[string]Value
	remove                   map[string]bool
	add                      []string // member names new to what the caller saw, in the caller's order; they go to the end
}

func (m *merger) compare(visible Elements) error {
	m.replace, m.remove = map[string]Value{}, map[string]bool{}
	m.is, m.saw, m.sent = m.current.root.getter(), m.shown.root.getter(), m.proposed.root.getter()
	for name, v := range m.proposed.root.Members() {
		if isTechnical([]byte(name)) {
			continue
		}
		if saw := m.saw(name); saw.Exists() && equal(saw, v) {
			continue
		}
		if err := m.whole(name, visible); err != nil {
			return err
		}
		m.changed = append(m.changed, elementOf(name))
		m.replace[name] = v
		if !m.saw(name).Exists() { // new to the caller: where it stands must not tell whether it was there
			m.remove[name] = true
			m.add = append(m.add, name)
		}
	}
	for name := range m.shown.root.Members() {
		if isTechnical([]byte(name)) || m.sent(name).Exists() {
			continue
		}
		if err := m.whole(name, visible); err != nil {
			return err
		}
		m.changed = append(m.changed, elementOf(name))
		m.remove[name] = true
	}
	return nil
}

// whole refuses to replace a member of which some was kept back; the narrative is kept back whole when anything else is. A
// member that is hidden altogether may be written blind; whether the caller may do that is the policy's question.
func (m *merger) whole(name string, visible Elements) error {
	shown, current := m.saw(name), m.is(name)
	e := visible.childOf([]byte(name))
	if !current.Exists() || e.hidden() || shown.Exists() && equal(shown, current) {
		return nil
	}
	return E("fhir.Merge", KindUnprocessable, "partly-visible",
		fmt.Sprintf("%s holds parts that you are not shown, so it cannot be replaced; send it back as you received it.", elementOf(name))).At(elementOf(name))
}

func elementOf(member string) string { return strings.TrimPrefix(member, "_") }

// write puts the pieces together: the current resource's bytes with values replaced, members removed and added.
func (m *merger) write() []byte {
	src, root := m.current.root.doc.src, m.current.root
	out := make([]byte, 0, len(m.current.Bytes())+len(m.proposed.Bytes()))
	out = append(out, '{')
	for name, v := range root.Members() {
		if m.remove[name] {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		n := v.node()
		out = append(out, src[n.name-1:n.start]...)
		if by, ok := m.replace[name]; ok {
			v = by
		}
		out = append(out, v.Raw()...)
	}
	for _, name := range m.add {
		v := m.replace[name]
		n := v.node()
		out = append(out, ',')
		out = append(out, v.doc.src[n.name-1:n.start]...)
		out = append(out, v.Raw()...)
	}
	return append(out, '}')
}
