package oscar

import (
	"context"
	"errors"
	"net/http"

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
	typ := c.Resource.Type()
	if c.Kind != fhir.InteractionCreate && c.Kind != fhir.InteractionUpdate {
		return fhir.Resource{}, notSupported(opWrite, typ, "Only creates and updates are written.")
	}
	if !wire.IsToken(c.Operation) {
		return fhir.Resource{}, fhir.E(opWrite, fhir.KindInternal, "", "A write needs the name of its operation.")
	}
	t, row, err := a.supports(ctx, opWrite, typ, c.Kind)
	if err != nil {
		return fhir.Resource{}, err
	}
	unlock, err := a.locks.Lock(ctx, "operation/"+c.Operation)
	if err != nil {
		return fhir.Resource{}, err
	}
	defer unlock()
	if c.Kind == fhir.InteractionCreate {
		return a.create(ctx, t, row, c)
	}
	return a.update(ctx, t, row, c)
}

func (a *Adapter) create(ctx context.Context, t traits, row adapters.Type, c fhir.Change) (fhir.Resource, error) {
	if c.Resource.ID() != "" {
		return fhir.Resource{}, fhir.E(opWrite, fhir.KindInvalid, "id-on-create", "A new resource has no id: the EMR gives it one.").At("id")
	}
	switch row.Name {
	case typAppointment:
		return a.book(ctx, t, c)
	case typTask:
		return a.addTickler(ctx, c)
	}
	return a.file(ctx, c)
}

func (a *Adapter) update(ctx context.Context, t traits, row adapters.Type, c fhir.Change) (fhir.Resource, error) {
	id, ok := rowID(c.Base.ID)
	switch {
	case c.Base.Type != row.Name || c.Base.ID != c.Resource.ID():
		return fhir.Resource{}, fhir.E(opWrite, fhir.KindInternal, "", "An update names the resource it replaces.")
	case !fhir.ValidID(c.Base.Version):
		return fhir.Resource{}, fhir.E(opWrite, fhir.KindPreconditionRequired, "version-required", "A change says which version it replaces.")
	case !ok:
		return fhir.Resource{}, notFound(opWrite, row.Name)
	}
	unlock, err := a.locks.Lock(ctx, row.Name+"/"+c.Base.ID)
	if err != nil {
		return fhir.Resource{}, err
	}
	defer unlock()
	if row.Name == typAppointment {
		return a.change(ctx, t, id, c)
	}
	return a.changeTickler(ctx, t, id, c)
}

func stale(typ string) *fhir.Error {
	e := fhir.E(opWrite, fhir.KindStale, "stale", "Somebody changed it in the meantime. Read it again and repeat the change.")
	e.Ref.Type = typ
	return e
}

// unchanged is a change that the EMR says it made, and the row is as it was.
func unchanged(typ string) *fhir.Error {
	return wrong(opWrite, typ, "The EMR said that it made the change, and did not.")
}

func unknown(typ string, cause error) *fhir.Error {
	e := fhir.E(opWrite, fhir.KindTimeout, "emr-write-unknown",
		"The EMR did not say whether it made the change. Repeat the request under the same key: it will not be made twice.").Because(wire.Plain(cause))
	e.Ref.Type = typ
	return e
}

// attempts sends a write until its outcome is known. look finds out what became of one whose outcome is not. OSCAR has no
// conditions, so a write that may have been carried out is never sent again (hazard H30). It returns the zero Resource where
// the EMR has said that it is done.
func (a *Adapter) attempts(ctx context.Context, typ string, send func(context.Context) error, look func(context.Context) (fhir.Resource, bool, error)) (fhir.Resource, error) {
	sending, cancel := context.WithTimeout(ctx, wire.Budget(ctx, a.conf.Timeout))
	defer cancel()
	for attempt := 1; ; attempt++ {
		err := send(sending)
		if err == nil {
			return fhir.Resource{}, nil
		}
		f := wire.AsFault(err)
		if f.Fate == wire.NotDone {
			if f.Again && attempt < a.conf.Attempts && wire.Pause(sending, a.conf.Random, a.conf.Pause, attempt, f.Err.RetryAfter) {
				continue
			}
			return fhir.Resource{}, err
		}
		r, found, lookErr := look(ctx)
		switch {
		case found:
			return r, nil
		case errors.Is(lookErr, errChangedSince):
			return fhir.Resource{}, stale(typ)
		case lookErr != nil, f.Fate == wire.Underway, f.Status == http.StatusBadGateway, f.Status == http.StatusGatewayTimeout:
			return fhir.Resource{}, unknown(typ, err) // behind a proxy that gave up it may still be carried out
		}
		return fhir.Resource{}, err
	}
}

// errChangedSince says that the row is neither what was to be replaced nor what was to be written.
var errChangedSince = errors.New("changed by somebody else")

// notSent is a fault met on the way to a write: whatever became of that request, the write was not sent.
func notSent(err error) error {
	f := *wire.AsFault(err)
	f.Fate, f.Again = wire.NotDone, false
	return &f
}

// write is one request of a write.
func (l *link) write(ctx context.Context, x exchange) ([]byte, error) {
	x.op = opWrite
	b, f := l.once(ctx, &x)
	if f != nil {
		return nil, f
	}
	return b, nil
}
