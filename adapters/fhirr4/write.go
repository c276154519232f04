package fhirr4

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"vestibule/adapters"
	"vestibule/adapters/internal/wire"
	"vestibule/fhir"
)

// Write carries out one create or update, once.
func (a *Adapter) Write(ctx context.Context, c fhir.Change) (fhir.Resource, error) {
	ctx, cancel := wire.Within(ctx, a.conf.Timeout)
	defer cancel()
	r, err := a.write(ctx, c)
	if err != nil {
		return fhir.Resource{}, wire.Plain(err)
	}
	return r, nil
}

func (a *Adapter) write(ctx context.Context, c fhir.Change) (fhir.Resource, error) {
	if c.Kind != fhir.InteractionCreate && c.Kind != fhir.InteractionUpdate {
		return fhir.Resource{}, notSupported(opWrite, c.Resource.Type(), "Only creates and updates are written.")
	}
	if !wire.IsToken(c.Operation) {
		return fhir.Resource{}, fhir.E(opWrite, fhir.KindInternal, "", "A write needs the name of its operation.")
	}
	t, err := a.supports(ctx, opWrite, c.Resource.Type(), c.Kind)
	if err != nil {
		return fhir.Resource{}, err
	}
	unlock, err := a.locks.Lock(ctx, c.Operation)
	if err != nil {
		return fhir.Resource{}, err
	}
	defer unlock()
	if c.Kind == fhir.InteractionCreate {
		return a.create(ctx, t, c)
	}
	return a.update(ctx, t, c)
}

// attempts sends a write until its outcome is known. look finds out what became of one whose outcome is not; it says whether
// the write is in the EMR. After a lost connection and a look in vain the write is sent again only under its condition; after
// a timeout not at all, because the first may still be under way and conditional creates race (hazard H30).
func (a *Adapter) attempts(ctx context.Context, x exchange, look func(context.Context) (fhir.Resource, bool, error)) (answer, fhir.Resource, error) {
	sending, cancel := context.WithTimeout(ctx, wire.Budget(ctx, a.conf.Timeout))
	defer cancel()
	uncertain := false // an earlier attempt may have been carried out
	for attempt := 1; ; attempt++ {
		ans, f := a.once(sending, &x)
		if f == nil {
			return ans, fhir.Resource{}, nil
		}
		if f.Fate != wire.NotDone || uncertain && f.Status == http.StatusPreconditionFailed {
			r, found, err := look(ctx)
			switch {
			case found:
				return answer{}, r, nil
			case err != nil || f.Fate == wire.Underway && !(f.Again && x.again):
				return answer{}, fhir.Resource{}, unknown(x.typ, f)
			}
			uncertain = true
		}
		if !f.Again || attempt >= a.conf.Attempts || !wire.Pause(sending, a.conf.Random, a.conf.Pause, attempt, f.Err.RetryAfter) {
			if f.Fate == wire.Underway {
				return answer{}, fhir.Resource{}, unknown(x.typ, f)
			}
			return answer{}, fhir.Resource{}, f
		}
	}
}

func unknown(typ string, f *wire.Fault) *fhir.Error {
	e := fhir.E(opWrite, fhir.KindTimeout, "emr-write-unknown",
		"The EMR did not say whether it made the change. Repeat the request under the same key: it will not be made twice.").Because(f.Err)
	e.Ref.Type = typ
	return e
}

func (a *Adapter) create(ctx context.Context, t adapters.Type, c fhir.Change) (fhir.Resource, error) {
	if c.Resource.ID() != "" {
		return fhir.Resource{}, fhir.E(opWrite, fhir.KindInvalid, "id-on-create", "A new resource has no id: the EMR gives it one.").At("id")
	}
	body, err := withOperation(c.Resource, c.Operation)
	if err != nil {
		return fhir.Resource{}, err
	}
	x := exchange{op: opWrite, typ: t.Name, method: http.MethodPost, path: t.Name, body: body}
	look := func(ctx context.Context) (fhir.Resource, bool, error) { return a.findOperation(ctx, t, c) }
	if t.ConditionalCreate {
		x.ifNoneExist = string(appendParam(nil, "identifier", adapters.OperationSystem+"|"+c.Operation))
		x.again = true
	} else if r, found, err := look(ctx); found || err != nil {
		return r, err
	}
	ans, r, err := a.attempts(ctx, x, look)
	if err != nil || !r.IsZero() {
		return r, err
	}
	return a.created(ctx, t, c, ans)
}

// created is the new resource out of the answer to a create. The EMR has it, whatever the answer holds: one that cannot be
// used is made up for by reading.
func (a *Adapter) created(ctx context.Context, t adapters.Type, c fhir.Change, ans answer) (fhir.Resource, error) {
	if r, err := a.resource(opWrite, ans.body, t.Name, ""); err == nil && (ans.status != http.StatusOK || carries(r, c.Operation)) {
		return r, nil
	}
	if ref, ok := a.located(ans.location); ok && ref.Type == t.Name {
		if r, err := a.read(ctx, ref); err == nil {
			return r, nil
		}
	}
	r, found, err := a.findOperation(ctx, t, c)
	if found {
		return r, nil
	}
	f := &wire.Fault{Err: upstream(opWrite, t.Name, "emr-answer-wrong", "The EMR's answer does not name what it created.")}
	if err != nil {
		f.Err = f.Err.Because(err)
	}
	return fhir.Resource{}, unknown(t.Name, f)
}

// located reads a Location header: the new resource's address in this EMR, absolute or relative.
func (a *Adapter) located(s string) (fhir.Ref, bool) {
	if ref, ok := a.ownReference(s); ok {
		return ref, true
	}
	for _, base := range a.bases {
		if rest, ok := strings.CutPrefix(s, base.Path+"/"); ok {
			return fhir.ParseRef(rest)
		}
	}
	return fhir.ParseRef(s)
}

// carries reports whether r carries the operation among its identifiers.
func carries(r fhir.Resource, operation string) bool {
	for id := range r.Value().Path("identifier") {
		if id.Get("system").Text() == adapters.OperationSystem && id.Get("value").Text() == operation {
			return true
		}
	}
	return false
}

// lookPages is how many pages are searched for an operation by an EMR that cannot search identifiers.
const lookPages = 20

// findOperation looks for what an operation created: by its identifier where the EMR searches those, else among the
// patient's resources. It does not believe the EMR that a hit is one.
func (a *Adapter) findOperation(ctx context.Context, t adapters.Type, c fhir.Change) (fhir.Resource, bool, error) {
	q, err := operationQuery(t, c)
	if err != nil {
		return fhir.Resource{}, false, err
	}
	cursor := ""
	for range lookPages {
		page, err := a.search(ctx, q, cursor)
		if err != nil {
			return fhir.Resource{}, false, err
		}
		for _, r := range page.Resources {
			if carries(r, c.Operation) {
				return r, true, nil
			}
		}
		if cursor = page.Next; cursor == "" {
			return fhir.Resource{}, false, nil
		}
	}
	return fhir.Resource{}, false, upstream(opWrite, t.Name, "emr-answer-wrong", "The EMR's search does not end.")
}

func operationQuery(t adapters.Type, c fhir.Change) (fhir.Query, error) {
	if !slices.Contains(t.Interactions, fhir.InteractionSearch) {
		return fhir.Query{}, uncertain(t)
	}
	if slices.Contains(t.Search, "identifier") {
		clause, err := fhir.ParseClause(t.Name, "identifier", adapters.OperationSystem+"|"+c.Operation, nil)
		return fhir.NewQuery(t.Name, clause), err
	}
	patients := c.Resource.Patients()
	if len(patients) == 0 || !slices.Contains(t.Search, "patient") {
		return fhir.Query{}, uncertain(t)
	}
	clause, err := fhir.ParseClause(t.Name, "patient", patients[0].String(), nil)
	return fhir.NewQuery(t.Name, clause), err
}

func uncertain(t adapters.Type) *fhir.Error {
	return notSupported(opWrite, t.Name, "This clinic's EMR offers no way to make sure that something new is created only once.")
}
