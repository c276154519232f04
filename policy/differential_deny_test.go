package policy_test

import (
	"time"

	"vestibule/fhir"
	"vestibule/policy"
)

// deny draws rules that deny: in some worlds none, so that the grants are not always in their shadow.
func (w *drawn) deny() {
	for w.oneIn(3) {
		d := policy.Directive{Clinic: "maple", Name: "lock", Patient: w.pick("Patient/1", "Patient/2"), Because: "A test"}
		if w.oneIn(2) {
			d.Resources = w.selectors()
		}
		switch w.rnd.IntN(4) {
		case 0:
			d.To = []policy.Whom{{User: w.pick("https://id.example|amara", "https://id.example|bo")}}
		case 1:
			d.To = []policy.Whom{{Team: w.pick("assistco/desk", "other/desk", "assistco/gone")}, {Platform: w.pick("other", "nobody")}}
		}
		if w.oneIn(3) {
			d.From = w.now.AddDate(0, 0, w.rnd.IntN(3)-1).Format(time.DateOnly)
		}
		if w.oneIn(3) {
			d.Until = w.now.AddDate(0, 0, w.rnd.IntN(3)-1).Format(time.DateOnly)
		}
		w.add(policy.CheckDirective(d, w.context()), func() { w.rules.Directives = append(w.rules.Directives, d) })
	}
	for w.oneIn(5) {
		g := policy.Guardrail{Clinic: w.pick("maple", ""), Name: "rail", Never: w.selectors(), Because: "A test"}
		if w.oneIn(3) {
			g.Networks, g.Never = w.some(2, []string{"203.0.113.0/24", "192.0.2.0/24", "2001:db8::1"}), nil
		}
		w.add(policy.CheckGuardrail(g, w.context()), func() { w.rules.Guardrails = append(w.rules.Guardrails, g) })
	}
	for w.oneIn(12) {
		s := []policy.Stop{{Everything: true}, {Platform: "other"}, {Person: "https://id.example|amara"}, {Grant: "g0"}, {Grant: "g1"}}[w.rnd.IntN(5)]
		s.Clinic, s.Name, s.Because = "maple", "halt", "A test"
		w.add(policy.CheckStop(s, w.context()), func() { w.rules.Stops = append(w.rules.Stops, s) })
	}
}

// add keeps a rule that means something.
func (w *drawn) add(mistakes []*fhir.Error, keep func()) {
	if len(mistakes) == 0 {
		keep()
	}
}

func (w *drawn) selectors() (out []string) {
	for range 1 + w.rnd.IntN(2) {
		out = append(out, w.pick(w.typ+"/1", w.typ+w.criteria(1), w.typ+w.criteria(1), "Task", w.typ+"/2"))
	}
	return out
}
