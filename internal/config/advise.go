package config

import (
	"time"

	"vestibule/policy"
)

// Advise lists where the grants among docs are broader than they mostly have to be, with their places, for docs in which Check
// finds no problem. See policy.Advise.
func Advise(docs, applied []Document, now time.Time) Problems {
	w := newWorld(docs, applied, now)
	var advice Problems
	for _, d := range docs {
		if d.Kind != KindGrant {
			continue
		}
		at, wrong := w.policyClinic(d, d.Clinic)
		if len(wrong) > 0 {
			continue
		}
		for _, e := range policy.Advise(*d.OfGrant, policy.Context{Clinic: at, Now: now}) {
			advice = append(advice, d.problem(e.Path, e.Text))
		}
	}
	return advice.inOrder()
}
