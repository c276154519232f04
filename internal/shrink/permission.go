package shrink

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"vestibule/fhir"
	"vestibule/policy"
)

// narrowing makes one permission of a proposal.
type narrowing struct {
	o     *Options
	p     *policy.Part
	u     *partUse
	keep  map[Clause]bool
	looks []string // what the searches that it serves look at
	out   policy.Permission
	notes []string
}

func (n *narrowing) note(format string, args ...any) {
	n.notes = append(n.notes, fmt.Sprintf(format, args...))
}

// may reports whether a clause may be narrowed that depends on what left.
func (n *narrowing) may(c Clause) bool {
	return !n.keep[c] && n.u.resources > 0 && (n.u.unjudged == 0 || n.o.AcceptUnjudged)
}

// permission is the permission narrowed to letters.
func (n *narrowing) permission(letters string) policy.Permission {
	n.out = n.p.Permission
	criteria := n.criteria()
	if letters != n.p.Letters || criteria != criteriaText(n.p) {
		n.out.Scope = n.p.Level + "/" + n.p.Type + "." + letters
		if criteria != "" {
			n.out.Scope += "?" + criteria
		}
	}
	reads := strings.ContainsAny(letters, "rs")
	if n.may(Window) && n.u.undated == 0 && (!reads || n.shows(dateParam(n.p.Type).Reads())) {
		n.out.Window = windowOf(n.u.from, n.u.to, n.o.Margin, n.p)
	}
	if n.p.Content && (!reads || !n.keep[Content] && n.u.documents == 0) {
		n.out.Content = false
	}
	if reads {
		n.elements()
	} else {
		n.out.Elements = nil
	}
	n.write(letters)
	return n.out
}

func dateParam(typ string) fhir.SearchParam {
	p, _ := fhir.LookUpParam(typ, policy.DateParam(typ))
	return p
}

func (n *narrowing) shows(paths []string) bool {
	return !slices.ContainsFunc(paths, func(path string) bool { return !n.p.Shown.Shows(path) })
}

// criteriaText is what stands behind the question mark of a scope.
func criteriaText(p *policy.Part) string {
	_, text, _ := strings.Cut(p.Scope, "?")
	return text
}

// criteria are those of the scope, with those that are gained and without the values that are lost.
func (n *narrowing) criteria() string {
	text := criteriaText(n.p)
	if !n.may(Criteria) {
		return text
	}
	for _, param := range paramsOf(n.p.Type) {
		known, _ := fhir.LookUpParam(n.p.Type, param)
		values := n.u.values[param].few(n.o.MostValues)
		if len(values) == 0 || !n.shows(known.Reads()) && strings.ContainsAny(n.p.Letters, "rs") {
			continue
		}
		given, restricted := criterionOf(n.p, param)
		switch {
		case !restricted && text == "":
			text = criterion(param, values)
		case !restricted:
			text += "&" + criterion(param, values)
		case len(values) < len(given):
			text = replaced(text, param, values)
		}
	}
	return text
}

// replaced is criteria with other values for one parameter.
func replaced(text, param string, values []string) string {
	pairs := strings.Split(text, "&")
	for i, pair := range pairs {
		if name, _, _ := strings.Cut(pair, "="); name == param {
			pairs[i] = criterion(param, values)
		}
	}
	return strings.Join(pairs, "&")
}

// elements leaves out what nothing which left has, but for what is looked at and what was written.
func (n *narrowing) elements() {
	if !n.may(Elements) || n.u.beyond && len(n.p.Elements) == 0 {
		if n.u.beyond && len(n.p.Elements) == 0 {
			n.note("%s: something that left has what no list of elements can name, such as a narrative; its elements stay", n.p.Scope)
		}
		return
	}
	out, gone := n.had()
	if len(n.p.Elements) == 0 {
		out = n.top()
	}
	if len(out) == 0 || slices.Equal(out, n.p.Elements) {
		return
	}
	n.out.Elements = out
	if len(gone) > 0 {
		n.note("%s: nothing that left has %s", n.p.Scope, strings.Join(gone, ", "))
	}
}

// top are the elements of what left, where all are shown, and those that are looked at.
func (n *narrowing) top() []string {
	out := slices.Collect(maps.Keys(n.u.present))
	for _, path := range n.wanted() {
		name, _, _ := strings.Cut(path, ".")
		if _, err := fhir.NewElements(n.p.Type, name); err == nil { // id and meta are shown always
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// had are those of the permission's elements that something which left has, or that are looked at; sets of which that is true
// in part only as what is in them. gone are the others.
func (n *narrowing) had() (out, gone []string) {
	wanted := n.wanted()
	for _, name := range n.p.Elements {
		var kept, left []string
		for _, path := range policy.Expand(n.p.Type, []string{name}) {
			if n.u.present[path] || touches(wanted, path) {
				kept = append(kept, path)
			} else {
				left = append(left, path)
			}
		}
		switch {
		case len(left) == 0:
			kept = []string{name}
		case len(kept) == 0:
			left = []string{name}
		}
		gone = append(gone, left...)
		for _, path := range kept {
			if !slices.Contains(out, path) {
				out = append(out, path)
			}
		}
	}
	return out, gone
}

// wanted are the paths that have to stay shown whether or not something has them.
func (n *narrowing) wanted() []string {
	out := slices.Clone(n.looks)
	_, text, _ := strings.Cut(n.out.Scope, "?")
	for pair := range strings.SplitSeq(text, "&") {
		name, _, _ := strings.Cut(pair, "=")
		name, _, _ = strings.Cut(name, ":")
		if known, ok := fhir.LookUpParam(n.p.Type, name); ok {
			out = append(out, known.Paths...)
		}
	}
	if n.out.Window != "" {
		out = append(out, dateParam(n.p.Type).Paths...)
	}
	out = slices.AppendSeq(out, maps.Keys(n.u.names))
	return slices.AppendSeq(out, maps.Keys(n.u.changed['u']))
}

// touches reports whether one of wanted is path, above it, or below it.
func touches(wanted []string, path string) bool {
	return slices.ContainsFunc(wanted, func(w string) bool {
		return w == path || strings.HasPrefix(w, path+".") || strings.HasPrefix(path, w+".")
	})
}

// write narrows what is written to what was.
func (n *narrowing) write(letters string) {
	if !strings.ContainsAny(letters, "cu") {
		n.out.Write, n.out.Transitions = nil, nil
		return
	}
	write := n.p.Writable
	if changed := n.changed(letters); !n.keep[Write] && len(changed) > 0 {
		write = slices.DeleteFunc(slices.Clone(write), func(name string) bool { return !changed[name] })
	}
	if len(n.p.Write) == 0 || len(write) != len(n.p.Writable) {
		n.out.Write = write
	}
	n.transitions(letters, slices.Contains(write, "status"))
}

func (n *narrowing) changed(letters string) map[string]bool {
	out := map[string]bool{}
	for _, l := range []byte("cu") {
		if has(letters, l) {
			maps.Copy(out, n.u.changed[l])
		}
	}
	return out
}

// transitions leaves those that end where writes ended.
func (n *narrowing) transitions(letters string, status bool) {
	if !status {
		n.out.Transitions = nil
		return
	}
	if len(n.p.Moves) == 0 {
		n.created(letters)
		return
	}
	var out []string
	for i, m := range n.p.Moves {
		l := byte('u')
		if m.From == "" {
			l = 'c'
		}
		if has(letters, l) && (n.keep[Transitions] || n.ended(l, m.To)) {
			out = append(out, n.p.Transitions[i])
		}
	}
	if len(out) > 0 {
		n.out.Transitions = out
	}
}

// ended reports whether a write may have ended in a status.
func (n *narrowing) ended(letter byte, status string) bool {
	switch {
	case !n.u.changed[letter]["status"]:
		return false
	case n.u.unended[letter] > 0:
		return true
	}
	return n.u.ends[letter][status]
}

// created lists what a permission for creating alone created, where it allows any status.
func (n *narrowing) created(letters string) {
	if n.keep[Transitions] || has(letters, 'u') || n.u.unended['c'] > 0 || len(n.u.ends['c']) == 0 || n.u.ends['c'][""] {
		return
	}
	n.out.Transitions = nil
	for _, status := range slices.Sorted(maps.Keys(n.u.ends['c'])) {
		n.out.Transitions = append(n.out.Transitions, policy.Move{To: status}.String())
	}
}
