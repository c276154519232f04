package config

import (
	"maps"
	"time"

	"vestibule/policy"
)

// checkStop holds a stop against what there is to stop: one that is mistyped would hold up nothing, and nobody would know.
func (w *world) checkStop(d Document) (problems Problems) {
	s := d.OfStop
	at := policy.Clinic{Name: s.Clinic, Zone: time.UTC}
	if s.Clinic == "" {
		at.Name = "every-clinic"
	} else if w.clinics[s.Clinic] == nil {
		problems = append(problems, d.problem("clinic", unknown("clinic", s.Clinic, maps.Keys(w.clinics))))
	}
	if s.Platform != "" && !w.platforms[s.Platform] {
		problems = append(problems, d.problem("platform", unknown("platform", s.Platform, maps.Keys(w.platforms))))
	}
	if w.clinics[s.Clinic] != nil && s.Grant != "" && !w.grants[key{KindGrant, s.Clinic, s.Grant}] {
		problems = append(problems, d.problem("grant", unknown("grant", s.Grant, w.grantsOf(s.Clinic))))
	}
	for _, e := range policy.CheckStop(*s, policy.Context{Clinic: at, Now: w.now}) {
		problems = append(problems, d.problem(e.Path, e.Text))
	}
	return problems
}

// grantsOf are the names of a clinic's grants.
func (w *world) grantsOf(clinic string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for k := range w.grants {
			if k.clinic == clinic && !yield(k.name) {
				return
			}
		}
	}
}
