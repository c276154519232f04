package config

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"vestibule/policy"
)

// checkDirective holds a directive against whom there is to lock out: one that is mistyped would lock out nobody.
func (w *world) checkDirective(d Document) (problems Problems) {
	at, problems := w.policyClinic(d, d.Clinic)
	if len(problems) > 0 {
		return problems
	}
	for i, to := range d.OfDirective.To {
		if to.Platform != "" && !w.platforms[to.Platform] {
			problems = append(problems, d.problem(indexed("to", i)+".platform", unknown("platform", to.Platform, maps.Keys(w.platforms))))
		}
	}
	for _, e := range policy.CheckDirective(*d.OfDirective, policy.Context{Clinic: at, Now: w.now}) {
		problems = append(problems, d.problem(e.Path, e.Text))
	}
	return problems
}

// checkGuardrail checks a clinic's guardrail in its zone, and the operator's in that of each clinic: a time that one clinic's
// clock skips would keep that clinic from being served.
func (w *world) checkGuardrail(d Document) Problems {
	clinics, problems := w.guarded(d)
	told := map[string]bool{}
	for _, at := range clinics {
		for _, e := range policy.CheckGuardrail(*d.OfGuardrail, policy.Context{Clinic: at, Now: w.now}) {
			if what := e.Path + ": " + e.Text; !told[what] {
				told[what] = true
				problems = append(problems, d.problem(e.Path, e.Text))
			}
		}
	}
	return problems
}

// guarded are the clinics at which a guardrail holds; where there is none yet, one that stands for those to come.
func (w *world) guarded(d Document) (out []policy.Clinic, problems Problems) {
	names := []string{d.Clinic}
	if d.Clinic == "" {
		if names = slices.Sorted(maps.Keys(w.clinics)); len(names) == 0 {
			return []policy.Clinic{{Name: "every-clinic", Zone: time.UTC}}, nil
		}
	}
	for _, name := range names {
		at, wrong := w.policyClinic(d, name)
		if problems = append(problems, wrong...); len(wrong) == 0 {
			out = append(out, at)
		}
	}
	return out, problems
}

// policyClinic is the clinic of that name as the policy has to know it, or what is wrong about it.
func (w *world) policyClinic(d Document, name string) (policy.Clinic, Problems) {
	clinic := w.clinics[name]
	if clinic == nil {
		return policy.Clinic{}, Problems{d.problem("clinic", unknown("clinic", name, maps.Keys(w.clinics)))}
	}
	zone, err := clinic.Location()
	if err != nil {
		return policy.Clinic{}, Problems{d.problem("clinic", err.Error())}
	}
	return policy.Clinic{Name: clinic.Name, Zone: zone, Teams: clinic.Teams}, nil
}

// teamsOf are the teams that a standing grant or directive is for.
func (d Document) teamsOf() (teams []string) {
	switch {
	case d.OfGrant != nil:
		return []string{d.OfGrant.To.Team}
	case d.OfDirective != nil:
		for _, to := range d.OfDirective.To {
			teams = append(teams, to.Team)
		}
	}
	return teams
}

// keepFirst says what to do before a team is dropped that d is for.
func (d Document) keepFirst(team string) string {
	if d.OfGrant != nil {
		return fmt.Sprintf("has no %s, and the grant %s is for that team; keep it or revoke the grant first", team, d.Name)
	}
	return fmt.Sprintf("has no %s, and the directive %s locks that team out; keep it or change the directive first", team, d.Name)
}
