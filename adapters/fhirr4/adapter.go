package fhirr4

import (
	"context"
	"net/http"
	"net/url"
	"sync/atomic"

	"vestibule/adapters"
	"vestibule/adapters/internal/wire"
	"vestibule/fhir"
)

// Adapter is one EMR that serves FHIR R4. Open makes it.
type Adapter struct {
	conf   Config
	bases  []*url.URL // the base and its aliases; requests go to the first only
	hosts  [][]byte   // their hosts, to see quickly whether bytes can hold an absolute reference
	limits fhir.Limits
	values headerValues

	breaker    *wire.Breaker[answer]
	tokens     *wire.Fresh[[]string] // the Authorization header; nil without log-in
	capability *wire.Fresh[adapters.Capability]
	product    atomic.Pointer[string] // out of the newest CapabilityStatement
	locks      wire.Locks
}

// Product is what the EMR's CapabilityStatement calls it; empty until one was read, and where it says nothing.
func (a *Adapter) Product() string {
	if p := a.product.Load(); p != nil {
		return *p
	}
	return ""
}

var _ adapters.EMR = (*Adapter)(nil)

// Open checks the configuration and returns an adapter. It does not talk to the EMR: a gateway starts while an EMR is down.
// Errors are *fhir.Error of KindInvalid with the setting's name in Path.
func Open(conf Config) (*Adapter, error) {
	bases, err := conf.bases()
	if err != nil {
		return nil, err
	}
	conf = conf.withDefaults()
	a := &Adapter{conf: conf, bases: bases, limits: fhir.Limits{Bytes: conf.MaxBody}, values: shared(), breaker: wire.NewBreaker[answer]()}
	for _, u := range bases {
		a.hosts = append(a.hosts, []byte(u.Host))
	}
	a.capability = wire.NewFresh(conf.Now, true, a.loadCapability)
	load, err := a.tokenLoader()
	if err != nil {
		return nil, err
	}
	if load != nil {
		a.tokens = wire.NewFresh(conf.Now, false, load)
	}
	return a, nil
}

// Close lets go of kept connections. Calls under way are not disturbed.
func (a *Adapter) Close() {
	if t, ok := a.conf.Transport.(*http.Transport); ok {
		t.CloseIdleConnections()
	}
}

// Capability is what the EMR's CapabilityStatement promises, less what Quirks take back.
func (a *Adapter) Capability(ctx context.Context) (adapters.Capability, error) {
	ctx, cancel := wire.Within(ctx, a.conf.Timeout)
	defer cancel()
	l, err := a.capability.Get(ctx)
	if err != nil {
		return adapters.Capability{}, wire.Plain(err)
	}
	return l.Value, nil
}

// supports returns the type's row of the table, or why the interaction cannot be.
func (a *Adapter) supports(ctx context.Context, op, typ string, kind fhir.InteractionKind) (adapters.Type, error) {
	l, err := a.capability.Get(ctx)
	if err != nil {
		return adapters.Type{}, err
	}
	if !l.Value.Supports(typ, kind) {
		return adapters.Type{}, notSupported(op, typ, "This clinic's EMR does not offer "+string(kind)+" for this type.")
	}
	return l.Value.Type(typ), nil
}

func notSupported(op, typ, text string) *fhir.Error {
	e := fhir.E(op, fhir.KindNotSupported, "emr-not-supported", text)
	e.Ref.Type = typ
	return e
}

// Read asks the EMR for the current version of one resource.
func (a *Adapter) Read(ctx context.Context, ref fhir.Ref) (fhir.Resource, error) {
	ctx, cancel := wire.Within(ctx, a.conf.Timeout)
	defer cancel()
	if _, err := a.supports(ctx, opRead, ref.Type, fhir.InteractionRead); err != nil {
		return fhir.Resource{}, wire.Plain(err)
	}
	r, err := a.read(ctx, ref)
	if err != nil {
		return fhir.Resource{}, wire.Plain(err)
	}
	return r, nil
}

func (a *Adapter) read(ctx context.Context, ref fhir.Ref) (fhir.Resource, error) {
	if !fhir.ValidID(ref.ID) {
		return fhir.Resource{}, fhir.E(opRead, fhir.KindNotFound, "not-found", "There is no such resource.")
	}
	ans, err := a.do(ctx, exchange{op: opRead, method: http.MethodGet, path: ref.Type + "/" + ref.ID, typ: ref.Type, again: true})
	if err != nil {
		return fhir.Resource{}, err
	}
	return a.resource(opRead, ans.body, ref.Type, ref.ID)
}

// resource makes of an answer's body the resource that was asked for; an id of "" lets any pass, but it must have one.
func (a *Adapter) resource(op string, body []byte, typ, id string) (fhir.Resource, error) {
	r, err := fhir.ParseResource(body, a.limits)
	if err != nil {
		return fhir.Resource{}, broken(op, typ, err)
	}
	if r.Type() != typ || r.ID() == "" || id != "" && r.ID() != id {
		return fhir.Resource{}, upstream(op, typ, "emr-answer-wrong", "The EMR answered with another resource than the one asked for.")
	}
	return a.localize(r)
}
