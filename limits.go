package vestibule

import (
	"context"
	"time"

	"vestibule/audit"
	"vestibule/fhir"
	"vestibule/policy"
)

// within takes what the access is about to use from the limits of the grants that it rests on, or says which of them is
// reached. Nothing is taken then.
func (a *access) within(ctx context.Context, t taking) *fhir.Error {
	limits := a.decision.Limits(t.released...)
	if len(limits) == 0 {
		return nil
	}
	t.clinic, t.person, t.now = a.clinic, a.req.Caller.ID(), a.start
	over, err := a.g.tally.take(ctx, a.g.ledger, limits, t)
	switch {
	case err != nil:
		return fhir.AsError(err)
	case over == nil:
		return nil
	case over.first:
		a.notice(ctx, over)
	}
	_, refusal := a.decision.LimitReached(over.code, over.limit, over.free)
	return refusal
}

// turned holds the page of a search, counted from 1, to the limits of the grants that it rests on.
func (a *access) turned(page int) *fhir.Error {
	for _, l := range a.decision.Limits() {
		if l.PagesPerSearch > 0 && page > l.PagesPerSearch {
			_, refusal := a.decision.LimitReached(policy.CodeTooManyPages, l, time.Time{})
			return refusal
		}
	}
	return nil
}

// notice puts on record, beside the denials, that somebody has reached a limit: once for each limit, person and day. If it
// cannot be written, neither can the denial, and that is answered.
func (a *access) notice(ctx context.Context, over *excess) {
	_, _ = a.write(ctx, audit.Record{
		ID: NewID(), Phase: audit.PhaseSystem, Time: a.start, Clinic: a.clinic.Name, Zone: a.clinic.Zone.String(),
		Agent: a.record.Agent, Outcome: audit.OutcomeMinor, Reasons: []string{string(over.code)}, Grants: []string{over.limit.Grant},
		Admin: audit.Admin{Action: "limit-reached", Subject: over.limit.Grant},
	})
}

// stopped answers an access that goes no further: what is refused is a denial, what could not be done a failure.
func (a *access) stopped(ctx context.Context, err *fhir.Error) Answer {
	if err.Kind == fhir.KindUnavailable {
		return a.fail(ctx, err)
	}
	return a.deny(ctx, err)
}
