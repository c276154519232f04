package policy

import (
	"slices"

	"vestibule/fhir"
)

// Bears says whether a write that is known by its traces only could have been carried out under d: by the names of the elements
// that it changed and, unless that is the zero Resource, by what it left in the EMR. What stood there before is not known, and
// what that alone would refuse is not refused: a true is as good as its traces, a false holds. The reasons are those that
// Accept would give.
func (d Decision) Bears(changed []string, after fhir.Resource) (bool, []Reason) {
	if !d.Permitted() {
		return false, d.Reasons()
	}
	p := d.p
	within, use := p.use.every(), &p.use
	if !after.IsZero() {
		if p.req.Interaction.Kind == fhir.InteractionUpdate {
			use = use.seeing(p.seen(after))
		}
		var miss drop
		if within, miss = use.find(after); !within.any {
			return false, append([]Reason{because(CodeWriteOutOfReach)}, use.dropped(miss)...)
		}
	}
	if refused := p.unwritable(changed, within); len(refused) > 0 {
		return false, []Reason{p.notWritable(refused)}
	}
	if !after.IsZero() && slices.Contains(changed, "status") && !p.mayEnd(statusOf(after), within) {
		r := because(CodeStatusNotGranted)
		r.Detail = "status " + transition{to: statusOf(after)}.String()
		return false, []Reason{r}
	}
	return true, d.Reasons()
}

// mayEnd reports whether some permission among h lets a write leave the status so, whatever it was.
func (p *plan) mayEnd(status string, h hits) bool {
	creating := p.req.Interaction.Kind == fhir.InteractionCreate
	return slices.ContainsFunc(h.list(), func(i int) bool {
		perm := p.use.candidates[i].perm
		return slices.Contains(perm.write, "status") && (len(perm.transitions) == 0 || slices.ContainsFunc(perm.transitions, func(t transition) bool {
			return t.to == status && (t.from == "") == creating
		}))
	})
}
