package signals

import (
	"strings"
	"time"

	"vestibule/audit"
	"vestibule/fhir"
	"vestibule/policy"
)

// Usage is what grants were used for in a stretch of the trail. The zero Usage is of nothing.
type Usage map[string]*Used // by the grant's name, all its versions together

// Used is what one grant was used for.
type Used struct {
	Accesses int
	Last     time.Time
	People   map[string]bool // "iss|sub"

	did map[string]Use // by "Appointment.s"
}

// Use is how often something was done, and when last.
type Use struct {
	Accesses int
	Last     time.Time
}

// Add counts an entry, where it tells of an access that was permitted.
func (u Usage) Add(e audit.Entry) {
	r := &e.Record
	if r.Phase != audit.PhaseOutcome || r.Agent.Key() == "" || r.Agent.Role != "" {
		return
	}
	for _, cite := range r.Grants {
		name, _, _ := strings.Cut(cite, "@")
		g := u[name]
		if g == nil {
			g = &Used{People: make(map[string]bool), did: make(map[string]Use)}
			u[name] = g
		}
		g.Accesses++
		g.Last = later(g.Last, r.Time)
		g.People[r.Agent.Key()] = true
		did := r.Type + "." + letterOf(r.Interaction)
		g.did[did] = Use{g.did[did].Accesses + 1, later(g.did[did].Last, r.Time)}
	}
}

// Permission is how often a permission may have been used. The trail says under which grant something was done, not under which
// of its permissions: where two of them are about the same type and interaction, each may have been. Zero is certain.
func (u *Used) Permission(p policy.Part) Use {
	var out Use
	if u == nil {
		return out
	}
	for _, letter := range p.Letters {
		did := u.did[p.Type+"."+string(letter)]
		out = Use{out.Accesses + did.Accesses, later(out.Last, did.Last)}
	}
	return out
}

// letterOf is SMART's letter for an interaction (SMART App Launch 2.2, "Scopes for requesting FHIR Resources"); empty: none.
func letterOf(interaction string) string {
	switch fhir.InteractionKind(interaction) {
	case fhir.InteractionCreate:
		return "c"
	case fhir.InteractionRead:
		return "r"
	case fhir.InteractionUpdate:
		return "u"
	case fhir.InteractionSearch:
		return "s"
	}
	return ""
}
