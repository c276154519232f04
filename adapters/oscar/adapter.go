package oscar

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"vestibule/adapters"
	"vestibule/adapters/internal/wire"
	"vestibule/fhir"
)

// Adapter is one OSCAR. Open makes it.
type Adapter struct {
	conf   Config
	link   *link
	soap   *soap // nil without
	limits fhir.Limits

	dialect   *wire.Fresh[Dialect]
	tables    *wire.Fresh[tables]
	providers *wire.Fresh[[]provider]
	locks     wire.Locks
	owners    owners
	notes     notes
}

var (
	_ adapters.EMR        = (*Adapter)(nil)
	_ adapters.Named      = (*Adapter)(nil)
	_ adapters.Translator = (*Adapter)(nil)
	_ adapters.Content    = (*Adapter)(nil)
)

// Open checks the configuration and returns an adapter. It does not talk to the EMR: a gateway starts while an EMR is down.
// Errors are *fhir.Error of KindInvalid with the setting's name in Path.
func Open(conf Config) (*Adapter, error) {
	if err := conf.check(); err != nil {
		return nil, err
	}
	base, signed, err := conf.addresses()
	if err != nil {
		return nil, err
	}
	conf = conf.withDefaults()
	l := &link{conf: conf, base: base, signed: signed, breaker: wire.NewBreaker[[]byte](), places: make(chan struct{}, conf.AtOnce),
		signer: signer{client: conf.Client, base: signed, now: conf.Now, random: conf.Random}}
	a := &Adapter{conf: conf, link: l, limits: fhir.Limits{Bytes: conf.MaxDocument}}
	a.notes.lost = allLost()
	if conf.SOAP.User != "" {
		a.soap = newSOAP(l)
	}
	a.dialect = wire.NewFresh(conf.Now, true, a.probe)
	a.tables = wire.NewFresh(conf.Now, true, a.loadTables)
	a.providers = wire.NewFresh(conf.Now, true, a.loadProviders)
	return a, nil
}

// Close lets go of kept connections. Calls under way are not disturbed.
func (a *Adapter) Close() {
	if t, ok := a.conf.Transport.(*http.Transport); ok {
		t.CloseIdleConnections()
	}
}

// Product is the family and, once it is known, the dialect.
func (a *Adapter) Product() string {
	if d, ok := a.dialect.Known(); ok {
		return "OSCAR (" + string(d) + ")"
	}
	return ""
}

// Capability is the table of the EMR's dialect, less what needs SOAP where there is none.
func (a *Adapter) Capability(ctx context.Context) (adapters.Capability, error) {
	ctx, cancel := wire.Within(ctx, a.conf.Timeout)
	defer cancel()
	_, c, err := a.can(ctx)
	if err != nil {
		return adapters.Capability{}, wire.Plain(err)
	}
	return c, nil
}

func (a *Adapter) can(ctx context.Context) (traits, adapters.Capability, error) {
	d, err := a.dialect.Get(ctx)
	if err != nil {
		return traits{}, adapters.Capability{}, err
	}
	t := d.Value.traits()
	return t, t.capability(a.soap != nil), nil
}

// supports returns the dialect's traits and the type's row of the table, or why the interaction cannot be.
func (a *Adapter) supports(ctx context.Context, op, typ string, kind fhir.InteractionKind) (traits, adapters.Type, error) {
	t, c, err := a.can(ctx)
	if err != nil {
		return t, adapters.Type{}, err
	}
	if !c.Supports(typ, kind) {
		return t, adapters.Type{}, notSupported(op, typ, "This clinic's EMR, as the gateway reaches it, does not offer "+string(kind)+" for this type.")
	}
	return t, c.Type(typ), nil
}

// Read asks the EMR for one row and translates it.
func (a *Adapter) Read(ctx context.Context, ref fhir.Ref) (fhir.Resource, error) {
	ctx, cancel := wire.Within(ctx, a.conf.Timeout)
	defer cancel()
	t, _, err := a.supports(ctx, opRead, ref.Type, fhir.InteractionRead)
	if err != nil {
		return fhir.Resource{}, wire.Plain(err)
	}
	id, ok := rowID(ref.ID)
	if !ok {
		return fhir.Resource{}, notFound(opRead, ref.Type)
	}
	r, err := a.read(ctx, opRead, t, ref.Type, id)
	if err != nil {
		return fhir.Resource{}, wire.Plain(err)
	}
	return r, nil
}

func (a *Adapter) read(ctx context.Context, op string, t traits, typ string, id int64) (fhir.Resource, error) {
	switch typ {
	case "Appointment":
		row, err := a.appointment(ctx, op, t, id)
		if err != nil {
			return fhir.Resource{}, err
		}
		return a.appointmentResource(op, row)
	case "Task":
		row, err := a.tickler(ctx, op, t, id)
		if err != nil {
			return fhir.Resource{}, err
		}
		return a.taskResource(op, row)
	}
	row, err := a.document(ctx, op, id)
	if err != nil {
		return fhir.Resource{}, err
	}
	return a.documentResource(op, row)
}

// rowID reads a resource's id: a row's number as OSCAR writes it.
func rowID(id string) (int64, bool) {
	n, err := strconv.ParseInt(id, 10, 32)
	return n, err == nil && n > 0 && strconv.FormatInt(n, 10) == id
}

// today is the clinic's.
func (a *Adapter) today() day { return dayOf(a.conf.Now().In(a.conf.Zone)) }

// parse reads an answer that is JSON.
func (a *Adapter) parse(op, typ string, b []byte) (fhir.Value, error) {
	v, err := fhir.Parse(b, a.limits)
	if err != nil {
		return fhir.Value{}, &wire.Fault{Err: broken(op, typ), Fate: wire.Finished}
	}
	return v, nil
}

// resource parses what the adapter itself wrote.
func resource(op, typ string, b []byte) (fhir.Resource, error) {
	r, err := fhir.ParseResource(b, fhir.Limits{})
	if err != nil {
		return fhir.Resource{}, wrong(op, typ, "The EMR's row cannot be said in FHIR.")
	}
	return r, nil
}

func (a *Adapter) getJSON(ctx context.Context, op, typ, path string, query ...string) (fhir.Value, error) {
	b, err := a.link.do(ctx, exchange{op: op, typ: typ, method: http.MethodGet, path: path, query: encodeQuery(query), again: true})
	if err != nil {
		return fhir.Value{}, err
	}
	return a.parse(op, typ, b)
}

// askJSON posts a question, which may be asked again.
func (a *Adapter) askJSON(ctx context.Context, x exchange) (fhir.Value, error) {
	x.method, x.again = http.MethodPost, true
	b, err := a.link.do(ctx, x)
	if err != nil {
		return fhir.Value{}, err
	}
	return a.parse(x.op, x.typ, b)
}

// encodeQuery writes name, value, name, value …; empty values are left out. Spaces are %20: a plus is signed otherwise.
func encodeQuery(pairs []string) string {
	b := ""
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			continue
		}
		if b != "" {
			b += "&"
		}
		b += percent(pairs[i]) + "=" + percent(pairs[i+1])
	}
	return b
}

// segment is a text as one segment of a path.
func segment(s string) string { return url.PathEscape(s) }
