package vestibule

import (
	"bytes"
	"context"

	"vestibule/audit"
	"vestibule/fhir"
	"vestibule/policy"
)

// CodeRulesChanged stands among the reasons of an access that was decided again, because the clinic had put other rules in
// force while it was under way.
const CodeRulesChanged = "rules-changed"

// renewals is how often a search begins, with rules that change under it each time.
const renewals = 3

// renew decides the access again if its clinic has come under other rules than those that decided, and reports whether it
// has. It stands behind every wait for an EMR or for the ledger, so that what has been stopped stops at once (hazard H37). A
// clinic that is not served any more permits nothing.
func (a *access) renew() bool {
	if !a.outdated() {
		return false
	}
	c := a.g.Clinic(a.clinic.Name)
	if c == nil {
		gone := *a.clinic
		gone.Policy = nil
		c = &gone
	}
	a.clinic, a.start, a.renewed = c, a.g.now(), true
	a.record.Time = a.start
	a.decide(a.asked)
	return true
}

// outdated reports whether the clinic has come under other rules than those that decided.
func (a *access) outdated() bool {
	c := a.g.Clinic(a.clinic.Name)
	if c == nil {
		return a.clinic.Policy != nil
	}
	return c.Policy != a.clinic.Policy
}

// rulesChanged is what a caller hears of an access that was not carried out although it would be permitted still.
func rulesChanged() *fhir.Error {
	return fhir.E("vestibule.renew", fhir.KindUnavailable, CodeRulesChanged,
		"The clinic changed who may do what while this was under way, and nothing was released or written. Send it again.")
}

// refusedAnew is why an access that was decided again does not go on.
func (a *access) refusedAnew() *fhir.Error {
	if !a.decision.Permitted() {
		return a.decision.Err()
	}
	return rulesChanged()
}

// stillHolds reports whether what is on record as released may leave: nothing changed while it was put there, or the rules
// now in force show every byte of it, too.
func (a *access) stillHolds(released []policy.Released) bool {
	if !a.renew() {
		return true
	}
	for _, r := range released {
		again, _ := a.decision.Release(r.Cut().Resource())
		if again.IsZero() || again.Media() != r.Media() || !bytes.Equal(again.AppendTo(nil), r.AppendTo(nil)) {
			return false
		}
	}
	return true
}

// heldBack answers an access whose outcome is on record and may not leave any more. A second record, of the same decision,
// says so.
func (a *access) heldBack(ctx context.Context, released []policy.Released) Answer {
	a.record.Withheld += len(released)
	if a.record.Intent != nil {
		a.record.Intent, a.record.Patients = nil, nil // which the record before has settled
		return a.deny(ctx, writtenThenStopped())
	}
	return a.deny(ctx, a.refusedAnew())
}

// unsent answers a write whose intent is on record and which the rules now in force do not let go to the EMR as it was meant.
func (a *access) unsent(ctx context.Context, accepted policy.Accepted, reasons []policy.Reason) Answer {
	err := a.refusedAnew()
	if a.decision.Permitted() && accepted.IsZero() {
		err = a.decision.Refusal(reasons)
	}
	r := a.record // an outcome, so that it settles the intent
	r.Phase, r.Outcome = audit.PhaseOutcome, audit.OutcomeSerious
	return a.refuse(ctx, r, err, reasons)
}

// sameWrite reports whether a and b ask the same of the EMR.
func sameWrite(a, b policy.Accepted) bool {
	x, y := a.Change(""), b.Change("")
	return x.Kind == y.Kind && x.Base == y.Base && bytes.Equal(x.Resource.Bytes(), y.Resource.Bytes())
}

// carriedOut answers a write that the EMR had carried out before rules came into force that permit it no longer.
func (a *access) carriedOut(ctx context.Context) Answer {
	r := a.record
	r.Phase, r.Outcome, r.Upstream, r.Withheld = audit.PhaseOutcome, audit.OutcomeSerious, "ok", 1
	return a.refuse(ctx, r, writtenThenStopped(), nil)
}

func writtenThenStopped() *fhir.Error {
	return fhir.E("vestibule.renew", fhir.KindForbidden, "written-then-stopped",
		"The EMR has carried out the write. Since then the clinic has stopped what permitted it, so the result is not shown. Do not send it again; ask the clinic.")
}
