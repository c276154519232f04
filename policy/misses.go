package policy

import (
	"fmt"
	"slices"
	"strings"
)

// miss is a grant of the caller that does not help, and how near it came.
type miss struct {
	grant *grant
	code  Code
	order int // of code
	near  int // how near: the order of the check that failed, after all others for a grant that fails a condition only
}

// gives reports whether g has a permission for the interaction, and whether it has any for the type.
func (g *grant) gives(letter letters, typ string) (covers, typed bool) {
	for i := range g.permissions {
		if s := &g.permissions[i].scope; s.typ == typ {
			typed = true
			covers = covers || s.letters&letter != 0
		}
	}
	return covers, typed
}

// nearestMisses says why none of the caller's grants helps. Grants that cover the interaction and only fail a condition
// come first, then those that get furthest in the order of checks.
func (p *plan) nearestMisses(letter letters) []Reason {
	in := p.circumstances()
	nearest := make([]miss, 0, mostNamed+1)
	var last miss
	for g := range p.set.naming(p.req.Caller) {
		m := miss{grant: g, code: g.unmet(&in)}
		covers, typed := g.gives(letter, p.req.Interaction.Type)
		switch {
		case m.code == "" && typed:
			m.code = CodeNotGranted
		case m.code == "":
			m.code = CodeTypeNotGranted
		}
		if m.order = last.order; m.code != last.code {
			m.order = m.code.order()
		}
		if m.near = m.order; covers {
			m.near += len(codes)
		}
		nearest, last = keepNearest(nearest, m), m
	}
	if len(nearest) == 0 {
		return []Reason{because(CodeNoGrant)}
	}
	return p.missReasons(nearest, letter)
}

// keepNearest puts m in its place, nearest first, and forgets what is beyond mostNamed.
func keepNearest(nearest []miss, m miss) []miss {
	at := len(nearest)
	for at > 0 && nearest[at-1].near < m.near {
		at--
	}
	if at == mostNamed {
		return nearest
	}
	nearest = slices.Insert(nearest, at, m)
	return nearest[:min(len(nearest), mostNamed)]
}

// order is the place of c in the order of checks.
func (c Code) order() int {
	return slices.IndexFunc(codes[:], func(i CodeInfo) bool { return i.Code == c })
}

// missReasons are one reason for each miss. Those that lack the permission itself share one.
func (p *plan) missReasons(nearest []miss, letter letters) []Reason {
	var out []Reason
	var lacking []string
	at := -1
	for _, m := range nearest {
		switch {
		case m.code != CodeNotGranted && m.code != CodeTypeNotGranted:
			out = append(out, p.conditionReason(m))
			continue
		case at < 0:
			at = len(out)
			out = append(out, Reason{Code: m.code, Grant: m.grant.cite})
		}
		lacking = append(lacking, m.grant.src.Name)
	}
	if at >= 0 {
		out[at].Text = p.lackingText(lacking, letter)
	}
	return out
}

func (p *plan) lackingText(names []string, letter letters) string {
	in, level := p.req.Interaction, levelUser
	if p.req.Caller.Automated {
		level = levelSystem
	}
	return fmt.Sprintf("%s.%s is not in %s; ask for %s/%s.%s.", in.Type, in.Kind, strings.Join(names, ", "), level, in.Type, letter)
}

// conditionReason says which condition of a grant is not met, and for the clinic what the grant asks for.
func (p *plan) conditionReason(m miss) Reason {
	r := because(m.code)
	g := m.grant.src
	r.Grant = m.grant.cite
	zone := p.set.clinic.Zone.String()
	switch m.code {
	case CodeNotStarted:
		r.Detail = "from " + g.From
	case CodeExpired:
		r.Detail = "until " + g.Until
		r.Text = fmt.Sprintf("Grant %s ended with %s. Ask the clinic to renew it.", g.Name, g.Until)
	case CodeOutsideHours:
		r.Detail = "hours " + g.Hours
		r.Text = fmt.Sprintf("Grant %s holds %s (%s), and it is outside that now.", g.Name, g.Hours, zone)
	case CodeNetworkUnknown, CodeOutsideNetworks:
		r.Detail = "networks " + strings.Join(g.Networks, ", ")
	case CodePurposeMissing, CodePurposeNotGranted:
		r.Detail = "purposes " + strings.Join(g.Purposes, ", ")
	case CodeGrantPaused:
		r.Detail = m.grant.paused.detail()
	}
	if r.Text == because(m.code).Text {
		r.Text = "Grant " + g.Name + ": " + r.Text
	}
	return r
}

// scopeMissing says which scope the token lacks.
func (p *plan) scopeMissing(letter letters) []Reason {
	r := because(CodeScopeMissing)
	in, level := p.req.Interaction, levelUser
	if p.req.Caller.Automated {
		level = levelSystem
	}
	r.Text = fmt.Sprintf("A grant allows %s.%s, but your token does not: ask for one with the scope %s/%s.%s.",
		in.Type, in.Kind, level, in.Type, letter)
	return []Reason{r}
}

// parameterHidden names the parameters that stand in the way: those that no permission shows; where each is shown by some
// permission, all of them, because no permission shows them together.
func (p *plan) parameterHidden(granted []*permission, scopes tokenScopes) []Reason {
	looks := looksOf(p.req.Interaction.Query)
	source := "search by"
	if !slices.ContainsFunc(granted, func(g *permission) bool { return scopes.free || len(usable(g, scopes)) > 0 }) {
		looks, source = nil, "use a token whose scopes ask for"
		for _, s := range scopes.scopes {
			for _, c := range s.criteria {
				looks = append(looks, lookOf(c))
			}
		}
	}
	names := hiddenNames(granted, looks)
	r := because(CodeParameterHidden)
	r.Detail = strings.Join(names, ", ")
	r.Text = fmt.Sprintf("You cannot %s %s: your grants for %s hide what that looks at.", source, r.Detail, p.req.Interaction.Type)
	return []Reason{r}
}

func hiddenNames(granted []*permission, looks []look) []string {
	var hidden, all []string
	for _, l := range looks {
		all = append(all, l.name)
		if !slices.ContainsFunc(granted, func(g *permission) bool { return l.shownBy(g.shown) }) {
			hidden = append(hidden, l.name)
		}
	}
	if len(hidden) == 0 {
		hidden = all
	}
	slices.Sort(hidden)
	return slices.Compact(hidden)
}
