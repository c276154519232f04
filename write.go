package vestibule

import (
	"context"
	"net/http"

	"vestibule/audit"
	"vestibule/fhir"
	"vestibule/policy"
)

// create answers a create: checked against the grant, its intent durable, carried out once, and released as a read of it
// would be.
func (a *access) create(ctx context.Context) Answer {
	proposed, err := a.body()
	if err != nil {
		return a.deny(ctx, fhir.AsError(err))
	}
	accepted, reasons := a.decision.Accept(fhir.Resource{}, proposed)
	if accepted.IsZero() {
		return a.deny(ctx, a.decision.Refusal(reasons), reasons...)
	}
	if err := foreign(fhir.Resource{}, proposed); err != nil {
		return a.deny(ctx, err)
	}
	return a.carryOut(ctx, fhir.Resource{}, proposed, accepted, http.StatusCreated)
}

// update answers an update. What may not be seen answers as if it were not there, also to a stale or a bad update.
func (a *access) update(ctx context.Context) Answer {
	proposed, err := a.body()
	if err != nil {
		return a.deny(ctx, fhir.AsError(err))
	}
	if a.req.IfMatch == "" {
		return a.deny(ctx, fhir.E("vestibule.update", fhir.KindPreconditionRequired, "if-match-required",
			"Say which version you change: send If-Match with the ETag of your last read."))
	}
	before, err := a.clinic.EMR.Read(ctx, a.target())
	if a.renew() && !a.decision.Permitted() {
		return a.deny(ctx, a.decision.Err())
	}
	if fail := a.emrFailure(ctx, err); fail != nil {
		return *fail
	}
	accepted, reasons := a.decision.Accept(before, proposed)
	refusal := a.decision.Refusal(reasons)
	if accepted.IsZero() && refusal.Kind == fhir.KindNotFound {
		a.record.Withheld = 1
		return a.deny(ctx, refusal, reasons...)
	}
	done := !accepted.IsZero() && len(accepted.Changed()) == 0
	if before.VersionID() != a.req.IfMatch && (!done || a.req.Key == "") {
		return a.deny(ctx, fhir.E("vestibule.update", fhir.KindStale, "version-stale",
			"The resource has changed since you read it; read it again, make your change there, and send the new ETag in If-Match."))
	}
	if accepted.IsZero() {
		return a.deny(ctx, refusal, reasons...)
	}
	if err := foreign(before, proposed); err != nil {
		return a.deny(ctx, err)
	}
	if done { // nothing to change, or the retry of an update that has happened
		return a.written(ctx, before, http.StatusOK)
	}
	a.record.Before = digest(before)
	return a.carryOut(ctx, before, proposed, accepted, http.StatusOK)
}

// body parses what the caller sent and checks that it is what the URL says.
func (a *access) body() (fhir.Resource, error) {
	r, err := fhir.ParseResource(a.req.Body, a.g.limits)
	if err != nil {
		return fhir.Resource{}, err
	}
	const op = "vestibule.body"
	if r.Type() != a.req.Interaction.Type {
		return fhir.Resource{}, fhir.E(op, fhir.KindInvalid, "wrong-type",
			"The body's resourceType is not the type in the URL.").At("resourceType")
	}
	if a.req.Interaction.Kind == fhir.InteractionUpdate && r.ID() != a.req.Interaction.ID {
		return fhir.Resource{}, fhir.E(op, fhir.KindInvalid, "wrong-id", "The body's id is not the id in the URL.").At("id")
	}
	return r, nil
}

// carryOut makes the intent durable, writes, and answers. A write that the rules do not permit any more, once its intent is
// durable, is not sent.
func (a *access) carryOut(ctx context.Context, before, proposed fhir.Resource, accepted policy.Accepted, status int) Answer {
	patients := names(accepted.Patients())
	if err := a.within(ctx, taking{patients: patients}); err != nil {
		return a.stopped(ctx, err)
	}
	change := accepted.Change(a.g.seal.operationID(a))
	a.record.Changed = accepted.Changed()
	intent := a.record
	intent.Phase, intent.Grants, intent.After = audit.PhaseIntent, accepted.Grants(), digest(change.Resource)
	intent.Operation, intent.Patients = change.Operation, patients
	if !change.Base.IsZero() {
		intent.Resource = change.Base.String()
	}
	a.g.writing.Store(a.id, true)
	defer a.g.writing.Delete(a.id)
	receipt, err := a.write(ctx, intent)
	if err != nil {
		return Answer{decision: a.id, err: fhir.AsError(err)}
	}
	index := receipt.Index()
	a.record.Intent, a.record.Patients = &index, patients // whatever comes of it is told of them
	emr := a.clinic.EMR
	if a.renew() {
		if again, reasons := a.decision.Accept(before, proposed); again.IsZero() || !sameWrite(accepted, again) {
			return a.unsent(ctx, again, reasons)
		}
	}
	// From here the write happens or not whatever the caller does: a hang-up must not leave it half-known.
	r, err := emr.Write(context.WithoutCancel(ctx), change)
	if err != nil {
		return a.fail(ctx, fhir.AsError(err))
	}
	a.record.After = digest(r)
	if a.renew() && !a.decision.Permitted() {
		return a.carriedOut(ctx)
	}
	return a.written(ctx, r, status)
}

// written answers with what stands in the EMR after a write, cut to what the caller may read of it.
func (a *access) written(ctx context.Context, r fhir.Resource, status int) Answer {
	released, _ := a.decision.Release(r)
	if released.IsZero() { // written, but the EMR made something of it that the grant does not reach
		a.record.Withheld = 1
		return a.fail(ctx, fhir.E("vestibule.write", fhir.KindUpstream, "written-out-of-reach",
			"The EMR has carried out the write, but what it made of it lies outside your grants; ask the clinic to look at it."))
	}
	a.record.Resource = released.Ref().String()
	answer := a.one(ctx, status, released)
	if answer.err == nil && status == http.StatusCreated {
		answer.location = released.Ref()
	}
	return answer
}

// unrecorded is what a caller hears whose write the EMR has carried out and whose outcome could not be recorded (hazard H21).
// What became of it is put on record by Settle.
func unrecorded(cause error) *fhir.Error {
	e := fhir.E("audit.Append", fhir.KindUnavailable, "written-not-recorded",
		"The EMR has carried out the write, but that could not be recorded, so its result is not shown. Send it again with the same Idempotency-Key: it is not made twice. Without one, look first.")
	e.RetryAfter = fhir.AsError(cause).RetryAfter
	return e.Because(cause)
}

func names(refs []fhir.Ref) []string {
	var out []string
	for _, r := range refs {
		out = append(out, r.String())
	}
	return out
}
