package fhirr4

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"

	"vestibule/adapters/internal/wire"
)

// exchange is one request to the EMR.
type exchange struct {
	op, typ     string // for errors
	method      string
	path        string // below the base, made of parts that need no escaping
	query       string // encoded
	body        []byte
	form        bool // the body is a form, not a resource
	ifMatch     string
	ifNoneExist string
	again       bool // may be sent again
	anonymous   bool // without log-in
	plainJSON   bool // the answer is JSON, not FHIR
}

// names reports whether the exchange is about one resource by id, so that 404 says something about that resource.
func (x *exchange) names() bool {
	return x.op == opRead || x.op == opContent || x.op == opWrite && x.method == http.MethodPut
}

func (x *exchange) writes() bool {
	return x.op == opWrite && (x.ifMatch != "" || x.ifNoneExist != "" || x.method == http.MethodPost)
}

func (x *exchange) about() wire.About {
	return wire.About{Op: x.op, Type: x.typ, Names: x.names(), Writes: x.writes(), Conditional: x.ifNoneExist != ""}
}

// answer is a complete answer with a status of 2xx.
type answer struct {
	status   int
	body     []byte
	location string
}

// do carries out x, again where that may help and cannot harm. Errors are *wire.Fault.
func (a *Adapter) do(ctx context.Context, x exchange) (answer, error) {
	for attempt := 1; ; attempt++ {
		ans, f := a.once(ctx, &x)
		if f == nil {
			return ans, nil
		}
		if !x.again || !f.Again || attempt >= a.conf.Attempts || !wire.Pause(ctx, a.conf.Random, a.conf.Pause, attempt, f.Err.RetryAfter) {
			return answer{}, f
		}
	}
}

// once carries out x one time, with one more try under a new token when the EMR no longer takes the old one.
func (a *Adapter) once(ctx context.Context, x *exchange) (answer, *wire.Fault) {
	if a.tokens == nil || x.anonymous {
		return a.guarded(ctx, x, nil)
	}
	token, err := a.tokens.Get(ctx)
	if err != nil {
		return answer{}, wire.AsFault(err)
	}
	ans, f := a.guarded(ctx, x, token.Value)
	if f == nil || f.Status != http.StatusUnauthorized {
		return ans, f
	}
	a.tokens.Drop(token)
	if !x.again {
		return ans, f
	}
	if token, err = a.tokens.Get(ctx); err != nil {
		return answer{}, wire.AsFault(err)
	}
	return a.guarded(ctx, x, token.Value)
}

// guarded sends x through the circuit breaker.
func (a *Adapter) guarded(ctx context.Context, x *exchange, authorization []string) (answer, *wire.Fault) {
	return a.breaker.Do(x.op, x.typ, func() (answer, *wire.Fault) { return a.send(ctx, x, authorization) })
}

// send is one request and its answer. It uses the transport directly: no redirects, no cookies, no copies.
func (a *Adapter) send(ctx context.Context, x *exchange, authorization []string) (answer, *wire.Fault) {
	var touched atomic.Bool
	resp, err := a.conf.Transport.RoundTrip(a.request(ctx, x, authorization, &touched))
	if err != nil {
		return answer{}, wire.TransportFault(x.op, x.typ, ctx, err, touched.Load() || x.body == nil && !wire.IsDial(err))
	}
	defer resp.Body.Close()
	if f := wire.StatusFault(x.about(), resp.StatusCode, resp.Header, a.conf.Now()); f != nil {
		_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // unread, so that the connection can be kept
		return answer{}, f
	}
	ans := answer{status: resp.StatusCode, location: resp.Header.Get("Location")}
	if ans.body, err = wire.ReadBody(resp, a.conf.MaxBody); err != nil {
		return ans, a.bodyFault(ctx, x, err)
	}
	if len(ans.body) > 0 && !isFHIR(resp.Header, x.plainJSON) {
		e := upstream(x.op, x.typ, "emr-answer-not-fhir", "The EMR answered with something other than FHIR JSON, perhaps a log-in page.")
		return ans, &wire.Fault{Err: e, Fate: wire.Finished}
	}
	return ans, nil
}

// bodyFault is an answer that began well and could not be read to its end: what was asked for may be done.
func (a *Adapter) bodyFault(ctx context.Context, x *exchange, err error) *wire.Fault {
	switch {
	case errors.Is(err, wire.ErrTooLarge):
		return &wire.Fault{Err: wire.TooLarge(x.op, x.typ), Fate: wire.Finished}
	case ctx.Err() != nil:
		f := wire.TransportFault(x.op, x.typ, ctx, err, true)
		f.Fate = wire.Finished
		return f
	}
	e := upstream(x.op, x.typ, "emr-answer-broken", "The EMR's answer broke off, so nothing of it is used.")
	return &wire.Fault{Err: e.Because(wire.Cause(err)), Again: true, Fate: wire.Finished}
}
