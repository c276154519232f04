package policytest

import (
	"fmt"
	"slices"
	"strings"

	"vestibule/policy"
)

// directiveVariants are d with each of its clauses changed in turn. Without resources it locks everything, without to it
// locks out everybody: both widen it.
func directiveVariants(d policy.Directive) []variant {
	clause := func(path, text string) Clause {
		return Clause{Kind: kindDirective, Rule: d.Name, Path: path, Text: text}
	}
	out := []variant{{Clause: clause("", "the directive")}}
	add := func(path, text string, change func(*policy.Directive)) {
		changed := d
		change(&changed)
		out = append(out, variant{Clause: clause(path, text), directive: &changed})
	}
	if d.Resources != nil {
		for i, r := range several(d.Resources) {
			add(fmt.Sprintf("resources[%d]", i), "locks "+r, func(d *policy.Directive) { d.Resources = without(d.Resources, i) })
		}
		for _, v := range selectorVariants("resources", d.Resources) {
			add(v.path, v.text, func(d *policy.Directive) { d.Resources = v.list })
		}
		add("resources", "locks nothing else", func(d *policy.Directive) { d.Resources = nil })
	}
	if d.To != nil {
		for i := range d.To {
			if len(d.To) > 1 {
				add(fmt.Sprintf("to[%d]", i), "locks out "+whomInWords(d.To[i]), func(d *policy.Directive) { d.To = slices.Delete(slices.Clone(d.To), i, i+1) })
			}
		}
		add("to", "locks out nobody else", func(d *policy.Directive) { d.To = nil })
	}
	if d.From != "" {
		add("from", "from "+d.From, func(d *policy.Directive) { d.From = "" })
	}
	if d.Until != "" {
		add("until", "until "+d.Until, func(d *policy.Directive) { d.Until = "" })
	}
	return out
}

func whomInWords(w policy.Whom) string { return w.User + w.Platform + w.Team }

// guardrailVariants are g with each of its clauses changed in turn.
func guardrailVariants(g policy.Guardrail) []variant {
	clause := func(path, text string) Clause {
		return Clause{Kind: kindGuardrail, Rule: g.Name, Path: path, Text: text}
	}
	var out []variant
	add := func(path, text string, change func(*policy.Guardrail)) {
		changed := g
		change(&changed)
		v := variant{Clause: clause(path, text)}
		if len(changed.Never) > 0 || len(changed.Networks) > 0 {
			v.guardrail = &changed
		}
		out = append(out, v)
	}
	for i, n := range g.Never {
		add(fmt.Sprintf("never[%d]", i), "never "+n, func(g *policy.Guardrail) {
			if g.Never = without(g.Never, i); len(g.Never) == 0 {
				g.Never = nil
			}
		})
	}
	for _, v := range selectorVariants("never", g.Never) {
		add(v.path, v.text, func(g *policy.Guardrail) { g.Never = v.list })
	}
	listed(add, "networks", "network", "networks: from nowhere else", g.Networks, func(g *policy.Guardrail, l []string) { g.Networks = l })
	return out
}

// selectorVariant is a list of selectors with one criterion less.
type selectorVariant struct {
	path, text string
	list       []string
}

// selectorVariants take each criterion away: what is denied grows, which a test of what is still allowed notices.
func selectorVariants(path string, list []string) []selectorVariant {
	var out []selectorVariant
	for i, text := range list {
		head, criteria, narrowed := strings.Cut(text, "?")
		if !narrowed {
			continue
		}
		all := strings.Split(criteria, "&")
		for j, c := range all {
			less := head
			if rest := without(all, j); len(rest) > 0 {
				less += "?" + strings.Join(rest, "&")
			}
			changed := slices.Clone(list)
			changed[i] = less
			out = append(out, selectorVariant{fmt.Sprintf("%s[%d]", path, i), "criterion " + c + " of " + text, changed})
		}
	}
	return out
}
