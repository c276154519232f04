package shrink

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"vestibule/policy"
)

// Clause is a part of a grant that a proposal narrows.
type Clause string

// The clauses.
const (
	Permissions  Clause = "permissions"
	Interactions Clause = "interactions"
	Criteria     Clause = "criteria"
	Window       Clause = "window"
	Elements     Clause = "elements"
	Content      Clause = "content"
	Write        Clause = "write"
	Transitions  Clause = "transitions"
	Hours        Clause = "hours"
	Purposes     Clause = "purposes"
	Networks     Clause = "networks"
	Limits       Clause = "limits"
)

// propose is the grant narrowed to its use, but for the clauses that are kept; notes say what was found on the way.
func propose(o *Options, parts []policy.Part, u *use, keep map[Clause]bool) (g policy.Grant, notes []string) {
	g = o.Grant
	g.Permissions = nil
	letters := lettersOf(parts, u, keep)
	for i := range parts {
		if letters[i] == "" {
			notes = append(notes, parts[i].Scope+": never used")
			continue
		}
		if gone := without(parts[i].Letters, letters[i]); gone != "" {
			notes = append(notes, parts[i].Scope+": never used for "+inWords(gone))
		}
		n := narrowing{o: o, p: &parts[i], u: &u.parts[i], keep: keep, looks: looksAt(u, i)}
		p := n.permission(letters[i])
		if u.parts[i].unjudged > 0 && !o.AcceptUnjudged {
			notes = append(notes, parts[i].Scope+": of what left, something cannot be judged any more; its criteria, window and elements stay (--accept-unjudged narrows them all the same)")
		}
		notes = append(notes, n.notes...)
		if !slices.ContainsFunc(g.Permissions, func(o policy.Permission) bool { return reflect.DeepEqual(o, p) }) {
			g.Permissions = append(g.Permissions, p)
		}
	}
	conditions(o, u, keep, &g)
	return g, notes
}

// lettersOf are the interactions of each part that stay.
func lettersOf(parts []policy.Part, u *use, keep map[Clause]bool) []string {
	out := make([]string, len(parts))
	for i, p := range parts {
		used := false
		for _, l := range []byte(p.Letters) {
			if u.parts[i].letters[l] > 0 {
				out[i] += string(l)
				used = true
			}
		}
		if keep[Permissions] || used && keep[Interactions] {
			out[i] = p.Letters
		}
	}
	for _, key := range slices.Sorted(maps.Keys(u.searches)) { // one that found nothing was let in all the same
		s := u.searches[key]
		if len(s.parts) > 0 && !slices.ContainsFunc(s.parts, func(i int) bool { return has(out[i], 's') }) {
			i := s.parts[0]
			out[i] = kept(parts[i].Letters, out[i]+"s")
		}
	}
	return out
}

// kept are those of letters that are in some, in their order.
func kept(letters, some string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(some, r) {
			return r
		}
		return -1
	}, letters)
}

// without are those of letters that are not in some.
func without(letters, some string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(some, r) {
			return -1
		}
		return r
	}, letters)
}

// inWords names interactions.
func inWords(letters string) string {
	words := map[rune]string{'c': "create", 'r': "read", 'u': "update", 's': "search"}
	var out []string
	for _, l := range letters {
		out = append(out, words[l])
	}
	return strings.Join(out, ", ")
}

// looksAt is what the searches look at that part i can serve.
func looksAt(u *use, i int) []string {
	var out []string
	for _, s := range u.searches {
		if slices.Contains(s.parts, i) {
			out = append(out, s.paths...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// conditions narrows what does not depend on permissions.
func conditions(o *Options, u *use, keep map[Clause]bool, g *policy.Grant) {
	if !keep[Hours] {
		var given []policy.HourSpan
		if g.Hours != "" {
			given, _ = policy.HourSpans(g.Hours) // Check has read it
		}
		if hours := hoursOf(u.slots, given); hours != "" {
			g.Hours = hours
		}
	}
	if !keep[Purposes] && !u.unstated && len(u.purposes) > 0 {
		g.Purposes = slices.Sorted(maps.Keys(u.purposes))
		if sameSet(g.Purposes, o.Grant.Purposes) {
			g.Purposes = o.Grant.Purposes
		}
	}
	if !keep[Networks] && len(g.Networks) > 0 && len(u.networks) > 0 {
		var out []string
		for i, n := range o.Grant.Networks {
			if u.networks[i] {
				out = append(out, n)
			}
		}
		g.Networks = out
	}
	if !keep[Limits] {
		g.Limits = u.busy.limits(g.Limits)
	}
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
