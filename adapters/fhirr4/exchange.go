package fhirr4

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"

	"vestibule/fhir"
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
	return x.op == opRead || x.op == opWrite && x.method == http.MethodPut
}

func (x *exchange) writes() bool {
	return x.op == opWrite && (x.ifMatch != "" || x.ifNoneExist != "" || x.method == http.MethodPost)
}

// answer is a complete answer with a status of 2xx.
type answer struct {
	status   int
	body     []byte
	location string
}

// do carries out x, again where that may help and cannot harm. Errors are *fault.
func (a *Adapter) do(ctx context.Context, x exchange) (answer, error) {
	for attempt := 1; ; attempt++ {
		ans, f := a.once(ctx, &x)
		if f == nil {
			return ans, nil
		}
		if !x.again || !f.again || attempt >= a.conf.Attempts || !a.pause(ctx, attempt, f.err.RetryAfter) {
			return answer{}, f
		}
	}
}

// once carries out x one time, with one more try under a new token when the EMR no longer takes the old one.
func (a *Adapter) once(ctx context.Context, x *exchange) (answer, *fault) {
	if a.tokens == nil || x.anonymous {
		return a.guarded(ctx, x, nil)
	}
	token, err := a.tokens.get(ctx)
	if err != nil {
		return answer{}, asFault(err)
	}
	ans, f := a.guarded(ctx, x, token.value)
	if f == nil || f.status != http.StatusUnauthorized {
		return ans, f
	}
	a.tokens.drop(token)
	if !x.again {
		return ans, f
	}
	if token, err = a.tokens.get(ctx); err != nil {
		return answer{}, asFault(err)
	}
	return a.guarded(ctx, x, token.value)
}

func asFault(err error) *fault {
	if f, ok := errors.AsType[*fault](err); ok {
		return f
	}
	return &fault{err: fhir.AsError(err)}
}

// The breaker opens after breakerFailures failures in a row and lets one request try again after breakerPause.
const (
	breakerFailures = 5
	breakerPause    = 10 * time.Second
)

func newBreaker() *gobreaker.CircuitBreaker[answer] {
	return gobreaker.NewCircuitBreaker[answer](gobreaker.Settings{
		Timeout:      breakerPause,
		ReadyToTrip:  func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= breakerFailures },
		IsSuccessful: func(err error) bool { return !ails(err) },
		IsExcluded:   func(err error) bool { return errors.Is(err, context.Canceled) }, // the caller went away
	})
}

// ails reports whether an error says that the EMR is out of order, not that it said no.
func ails(err error) bool {
	if err == nil {
		return false
	}
	switch fhir.AsError(err).Code {
	case "emr-failed", "emr-timeout", "emr-unreachable", "emr-answer-broken", "emr-answer-not-fhir":
		return true
	}
	return false
}

// guarded sends x through the circuit breaker.
func (a *Adapter) guarded(ctx context.Context, x *exchange, authorization []string) (answer, *fault) {
	ans, err := a.breaker.Execute(func() (answer, error) {
		ans, f := a.send(ctx, x, authorization)
		if f != nil { // a nil *fault in an error would not be nil
			return ans, f
		}
		return ans, nil
	})
	if err == nil {
		return ans, nil
	}
	if f, ok := errors.AsType[*fault](err); ok {
		return answer{}, f
	}
	e := fhir.E(x.op, fhir.KindUnavailable, "emr-circuit-open", "The EMR has failed repeatedly and is left alone for a moment. Try again later.")
	e.RetryAfter, e.Ref.Type = breakerPause, x.typ
	return answer{}, &fault{err: e}
}

// send is one request and its answer. It uses the transport directly: no redirects, no cookies, no copies.
func (a *Adapter) send(ctx context.Context, x *exchange, authorization []string) (answer, *fault) {
	var touched atomic.Bool
	resp, err := a.conf.Transport.RoundTrip(a.request(ctx, x, authorization, &touched))
	if err != nil {
		return answer{}, transportFault(x.op, x.typ, ctx, err, touched.Load() || x.body == nil && !isDial(err))
	}
	defer resp.Body.Close()
	if f := statusFault(x, resp.StatusCode, resp.Header, a.conf.Now()); f != nil {
		_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // unread, so that the connection can be kept
		return answer{}, f
	}
	ans := answer{status: resp.StatusCode, location: resp.Header.Get("Location")}
	if ans.body, err = readBody(resp, a.conf.MaxBody); err != nil {
		return ans, a.bodyFault(ctx, x, err)
	}
	if len(ans.body) > 0 && !isFHIR(resp.Header, x.plainJSON) {
		e := upstream(x.op, x.typ, "emr-answer-not-fhir", "The EMR answered with something other than FHIR JSON, perhaps a log-in page.")
		return ans, &fault{err: e, fate: finished}
	}
	return ans, nil
}

// bodyFault is an answer that began well and could not be read to its end: what was asked for may be done.
func (a *Adapter) bodyFault(ctx context.Context, x *exchange, err error) *fault {
	switch {
	case errors.Is(err, errTooLarge):
		return &fault{err: tooLarge(x.op, x.typ), fate: finished}
	case ctx.Err() != nil:
		f := transportFault(x.op, x.typ, ctx, err, true)
		f.fate = finished
		return f
	}
	e := upstream(x.op, x.typ, "emr-answer-broken", "The EMR's answer broke off, so nothing of it is used.")
	return &fault{err: e.Because(cause(err)), again: true, fate: finished}
}

// pause waits before attempt number attempt is repeated: as long as the EMR asks for, or a random time that doubles. It
// reports whether to go on: not if the call's time would run out.
func (a *Adapter) pause(ctx context.Context, attempt int, asked time.Duration) bool {
	wait := asked
	if wait == 0 {
		wait = a.jitter(100 * time.Millisecond << min(attempt-1, 5))
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= wait {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// jitter is a random time between half of d and d, so that callers who failed together do not come back together.
func (a *Adapter) jitter(d time.Duration) time.Duration {
	var b [1]byte
	if _, err := io.ReadFull(a.conf.Random, b[:]); err != nil {
		return d
	}
	return d/2 + d/2*time.Duration(b[0])/255
}
