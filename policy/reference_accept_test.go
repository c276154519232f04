package policy_test

import (
	"maps"
	"slices"
	"strings"
)

// What a caller may write, and what comes of it.

// looking is the letter by which a caller who writes sees resources: r, or s for who may read nothing.
func (e evaluation) looking() byte {
	for _, letter := range []byte("rs") {
		for _, h := range e.heldFor(letter) {
			if len(usable(tokenScopes(e.asking, letter), views{h.view})) > 0 {
				return letter
			}
		}
	}
	return 's'
}

// shown is what a caller who writes is shown of doc.
func (e evaluation) shown(doc node) views { return viewsOf(e.matching(e.looking(), doc)) }

// elementOf is the element that a top-level member belongs to, with its sibling _name.
func elementOf(member string) string { return strings.TrimPrefix(member, "_") }

// elementsOf are doc's top-level elements but for type, id and meta.
func elementsOf(doc map[string]node) (out []string) {
	for member := range doc {
		if name := elementOf(member); !slices.Contains([]string{"resourceType", "id", "meta"}, name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// mayWrite reports whether each of the changes is among what some permission may write.
func mayWrite(permissions []held, changes []change) bool {
	return !slices.ContainsFunc(changes, func(c change) bool {
		return !slices.ContainsFunc(permissions, func(h held) bool { return slices.Contains(h.write, c.element) && h.allowsStatus(c) })
	})
}

// change is one element that a write changes; of the status, from what to what where a permission may say.
type change struct{ element, transition string }

func (h held) allowsStatus(c change) bool {
	return c.transition == "" || h.transitions == nil || slices.Contains(h.transitions, c.transition)
}

func changesOf(elements []string, transition string) (out []change) {
	for _, name := range elements {
		if c := (change{element: name}); name != "status" {
			out = append(out, c)
		} else {
			out = append(out, change{name, transition})
		}
	}
	return out
}

// create is what is written for a proposal, nil for a refusal, and the elements it sets.
func (e evaluation) create(proposed map[string]node) (out map[string]node, changed []string) {
	changed = elementsOf(proposed)
	status := change{"status", "->" + first(proposed, "status")}
	starts := func(h held) bool { return !h.allowsStatus(status) }
	may := slices.DeleteFunc(e.serving(), starts)
	within := slices.DeleteFunc(e.matching('c', proposed), starts)
	changes := changesOf(changed, "")
	if text(proposed["resourceType"]) != e.typ || !mayWrite(may, changes) || !mayWrite(within, changes) || len(within) == 0 {
		return nil, nil
	}
	return proposed, changed
}

// update is what stands in the EMR after a proposal, nil for a refusal, and the elements that differ.
func (e evaluation) update(before, proposed map[string]node) (out map[string]node, changed []string) {
	e.seen = e.shown(before)
	may := e.matching('u', before)
	if first(before, "id") != e.id || first(proposed, "id") != e.id || len(may) == 0 {
		return nil, nil
	}
	shown, _ := cut(before, e.seen, nil)
	out = maps.Clone(before)
	for _, name := range elementsOf(union(shown, proposed)) {
		for _, member := range []string{name, "_" + name} { // what was not shown and is not sent survives
			if saysTheSame(shown[member], proposed[member]) {
				continue
			}
			if changed = append(changed, name); e.seen.touches(name) && !e.seen.whole(name) {
				return nil, nil
			}
			if delete(out, member); proposed[member] != nil {
				out[member] = proposed[member]
			}
		}
	}
	changed = slices.Compact(changed)
	changes := changesOf(changed, e.transition(before, out))
	if !mayWrite(may, changes) {
		return nil, nil
	}
	after := e.reaching(may, 'u', out)
	if len(after) == 0 || !mayWrite(after, changes) {
		return nil, nil
	}
	return out, changed
}

// transition is a change of status as permissions list it: only of a status that is there and that the caller is shown.
func (e evaluation) transition(before, after node) string {
	from := first(before, "status")
	if from == "" || !e.seen.whole("status") {
		return "not to be listed"
	}
	return from + "->" + first(after, "status")
}

func union(a, b map[string]node) map[string]node {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}
