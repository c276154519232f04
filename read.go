package vestibule

import (
	"context"
	"net/http"

	"vestibule/fhir"
	"vestibule/policy"
)

// read answers a read. Unknown, out of reach and locked all take the same way: the EMR is asked, a record is written, and
// the answer is the same (hazard H9).
func (a *access) read(ctx context.Context) Answer {
	r, err := a.clinic.EMR.Read(ctx, a.target())
	if a.renew() && !a.decision.Permitted() {
		return a.deny(ctx, a.decision.Err())
	}
	if fail := a.emrFailure(ctx, err); fail != nil {
		return *fail
	}
	released, reasons := a.decision.Release(r)
	if released.IsZero() {
		a.record.Withheld = 1
		return a.deny(ctx, a.decision.NotFound(), reasons...)
	}
	return a.one(ctx, http.StatusOK, released)
}

func (a *access) target() fhir.Ref {
	return fhir.Ref{Type: a.req.Interaction.Type, ID: a.req.Interaction.ID}
}

// emrFailure turns an error of the EMR into the answer; nil where there was none.
func (a *access) emrFailure(ctx context.Context, err error) *Answer {
	if err == nil {
		return nil
	}
	var answer Answer
	if e := fhir.AsError(err); e.Kind == fhir.KindNotFound {
		a.record.Upstream = "not-found"
		answer = a.deny(ctx, a.decision.NotFound())
	} else {
		answer = a.fail(ctx, e)
	}
	return &answer
}

// one answers with a single resource.
func (a *access) one(ctx context.Context, status int, released policy.Released) Answer {
	a.record.Resource = released.Ref().String()
	return a.succeed(ctx, status, []policy.Released{released}, Answer{version: released.Ref().Version})
}
