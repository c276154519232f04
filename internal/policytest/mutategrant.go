package policytest

import (
	"fmt"
	"slices"
	"strings"

	"vestibule/policy"
)

// far is beyond every window, and never after every end.
const (
	far   = "3660d"
	never = "9999-12-30"
)

// grantVariants are g with each of its clauses changed in turn.
func (c *coverer) grantVariants(g policy.Grant) []variant {
	var out []variant
	add := func(path, text string, change func(*policy.Grant)) {
		changed := g
		changed.Permissions = slices.Clone(g.Permissions)
		change(&changed)
		out = append(out, variant{Clause: Clause{Kind: kindGrant, Rule: g.Name, Path: path, Text: text}, grant: &changed})
	}
	if g.To.Platform == "" {
		add("to", "to: nobody else", func(g *policy.Grant) { g.To = policy.To{Platform: c.platformOf(g.To), Automated: g.To.Automated} })
	}
	if g.From != "" {
		add("from", "from "+g.From, func(g *policy.Grant) { g.From = "" })
	}
	add("until", "until "+g.Until, func(g *policy.Grant) { g.Until = never })
	if g.Hours != "" {
		add("hours", "hours: at no other time", func(g *policy.Grant) { g.Hours = "" })
		for i, span := range several(strings.Split(g.Hours, ",")) {
			add("hours", "hours "+strings.TrimSpace(span), func(g *policy.Grant) { g.Hours = strings.Join(without(strings.Split(g.Hours, ","), i), ",") })
		}
	}
	listed(add, "networks", "network", "networks: from nowhere else", g.Networks, func(g *policy.Grant, l []string) { g.Networks = l })
	listed(add, "purposes", "purpose", "purposes: for no other", g.Purposes, func(g *policy.Grant, l []string) { g.Purposes = l })
	for i := range g.Permissions {
		out = append(out, withoutPermission(g, i))
		c.permissionVariants(g, i, add)
	}
	for _, l := range []struct {
		name string
		of   func(*policy.Limits) *int
	}{
		{"requestsPerMinute", func(l *policy.Limits) *int { return &l.RequestsPerMinute }}, {"patientsPerDay", func(l *policy.Limits) *int { return &l.PatientsPerDay }},
		{"documentsPerHour", func(l *policy.Limits) *int { return &l.DocumentsPerHour }}, {"pagesPerSearch", func(l *policy.Limits) *int { return &l.PagesPerSearch }},
	} {
		if *l.of(&g.Limits) > 0 {
			add("limits."+l.name, "limit "+l.name, func(g *policy.Grant) { *l.of(&g.Limits) = 0 })
		}
	}
	return out
}

// withoutPermission is g without a permission; without its only one there is no grant.
func withoutPermission(g policy.Grant, i int) variant {
	v := variant{Clause: Clause{Kind: kindGrant, Rule: g.Name, Path: fmt.Sprintf("permissions[%d]", i), Text: "permission " + g.Permissions[i].Scope}}
	if len(g.Permissions) > 1 {
		g.Permissions = slices.Delete(slices.Clone(g.Permissions), i, i+1)
		v.grant = &g
	}
	return v
}

// platformOf is for whom somebody works to whom a grant is given: by the team's name, or by what the questions say of that
// person, or of others who sign in at the same place.
func (c *coverer) platformOf(to policy.To) string {
	if platform, _, ok := strings.Cut(to.Team, "/"); ok {
		return platform
	}
	issuer, _, _ := strings.Cut(to.User, "|")
	for _, same := range []func(policy.Caller) bool{
		func(asks policy.Caller) bool { return asks.ID() == to.User }, func(asks policy.Caller) bool { return asks.Issuer == issuer },
	} {
		for _, q := range c.questions {
			if same(q.Request.Caller) {
				return q.Request.Caller.Platform
			}
		}
	}
	return "nobody-asks-for-this-platform"
}

// changer takes the place, the name and the making of a variant of a rule.
type changer[T any] = func(path, text string, change func(*T))

// listed are a list's entries, each taken away where there are several, and the list as a whole.
func listed[T any](add changer[T], path, entry, whole string, list []string, set func(*T, []string)) {
	if len(list) == 0 {
		return
	}
	for i, item := range several(list) {
		add(fmt.Sprintf("%s[%d]", path, i), entry+" "+item, func(rule *T) { set(rule, without(list, i)) })
	}
	add(path, whole, func(rule *T) { set(rule, nil) })
}

// several is list if it has more than one entry: a list cannot be without its only one.
func several(list []string) []string {
	if len(list) < 2 {
		return nil
	}
	return list
}

func without(list []string, i int) []string { return slices.Delete(slices.Clone(list), i, i+1) }

// permissionVariants are the clauses of the permission at i.
func (c *coverer) permissionVariants(g policy.Grant, i int, add changer[policy.Grant]) {
	path, p := fmt.Sprintf("permissions[%d]", i), g.Permissions[i]
	change := func(at, text string, change func(*policy.Permission)) {
		add(path+at, text, func(g *policy.Grant) { change(&g.Permissions[i]) })
	}
	s := scopeOf(p.Scope)
	for _, l := range several(strings.Split(s.letters, "")) {
		change(".scope", "interaction "+l+" of "+p.Scope, func(p *policy.Permission) { s.withoutLetter(l, p) })
	}
	for _, v := range s.criteriaVariants() {
		change(".scope", v.text, func(p *policy.Permission) { p.Scope = v.scope })
	}
	if begin, end, ok := strings.Cut(p.Window, ".."); ok {
		change(".window", "window "+p.Window+": not before", func(p *policy.Permission) { p.Window = "-" + far + ".." + end })
		change(".window", "window "+p.Window+": not after", func(p *policy.Permission) { p.Window = begin + "..+" + far })
	}
	if p.Content {
		change(".content", "content", func(p *policy.Permission) { p.Content = false })
	}
	inPermission := func(name, entry, whole string, list []string, set func(*policy.Permission, []string)) {
		listed(add, path+"."+name, entry, whole, list, func(g *policy.Grant, l []string) { set(&g.Permissions[i], l) })
	}
	inPermission("elements", "element", "elements: shows nothing else", p.Elements, func(p *policy.Permission, l []string) {
		if l == nil && len(p.Write) == 0 && s.writes() { // it is what may be written, too, and that is another clause
			p.Write = topLevel(p.Elements)
		}
		p.Elements = l
	})
	inPermission("transitions", "transition", "transitions: no other", p.Transitions, func(p *policy.Permission, l []string) { p.Transitions = l })
	if !s.writes() {
		return
	}
	for j, name := range several(p.Write) {
		change(fmt.Sprintf(".write[%d]", j), "write "+name, func(p *policy.Permission) { p.Write = without(p.Write, j) })
	}
	change(".write", "write: nothing else", func(p *policy.Permission) { p.Write = c.writable(s, *p) })
}

// writable is what p lets its holder write and everything else that questions have, but for what p shows in part and could
// not let be written.
func (c *coverer) writable(s scope, p policy.Permission) []string {
	out := p.Write
	if len(out) == 0 {
		out = topLevel(p.Elements)
	}
	var shown []string
	for _, name := range p.Elements {
		if set := setOf(s.typ(), name); set != nil {
			shown = append(shown, set...)
			continue
		}
		shown = append(shown, name)
	}
	for _, name := range c.written[s.typ()] {
		inPart := s.reads() && slices.ContainsFunc(shown, func(path string) bool { return strings.HasPrefix(path, name+".") })
		if isElement(s.typ(), name) && !slices.Contains(out, name) && !inPart {
			out = append(slices.Clip(out), name)
		}
	}
	return out
}

func topLevel(paths []string) []string {
	var out []string
	for _, p := range paths {
		name, _, _ := strings.Cut(p, ".")
		out = append(out, name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
