package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"vestibule/fhir"
)

// Fate is what a request that failed may have done in the EMR. The zero value is that it was not carried out.
type Fate uint8

// The fates.
const (
	NotDone  Fate = iota // it was not carried out
	Finished             // the EMR is through with it; whether it was carried out has to be looked up
	Underway             // nobody knows, and it may still be carried out
)

// Fault is a failed exchange: the error for the caller and what the adapter itself needs to know.
type Fault struct {
	Err    *fhir.Error
	Again  bool // the same request may succeed shortly
	Fate   Fate
	Status int // of the answer, where there was one
}

// Error prints the error for the caller.
func (f *Fault) Error() string { return f.Err.Error() }

// Unwrap gives the error for the caller to errors.As.
func (f *Fault) Unwrap() error { return f.Err }

// AsFault is the Fault in err's chain, or one about an EMR that was not reached.
func AsFault(err error) *Fault {
	if f, ok := errors.AsType[*Fault](err); ok {
		return f
	}
	return &Fault{Err: fhir.AsError(err)}
}

// Plain is err as callers get it: the *fhir.Error without the adapter's own wrapping.
func Plain(err error) error { return fhir.AsError(err) }

// TooLarge is an answer of more bytes than are accepted.
func TooLarge(op, typ string) *fhir.Error {
	e := fhir.E(op, fhir.KindUpstream, "emr-answer-too-large", "The EMR's answer is larger than this gateway accepts. Ask for less at once.")
	e.Ref.Type = typ
	return e
}

// Waited is the fault of a call whose time was up while it waited for another.
func Waited(ctx context.Context) *Fault { return TransportFault("adapters", "", ctx, ctx.Err(), false) }

// TransportFault classifies an exchange that brought no complete answer. sent says whether the EMR can have seen it.
func TransportFault(op, typ string, ctx context.Context, err error, sent bool) *Fault {
	f := &Fault{}
	if sent {
		f.Fate = Underway
	}
	timeout, _ := errors.AsType[net.Error](err)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		f.Err = fhir.E(op, fhir.KindTimeout, "emr-timeout", "The request was given up before the EMR answered.")
	case ctx.Err() != nil, sent && timeout != nil && timeout.Timeout():
		f.Err = fhir.E(op, fhir.KindTimeout, "emr-timeout", "The EMR did not answer in time. Try again later.")
	default:
		f.Again = true
		f.Err = fhir.E(op, fhir.KindUnavailable, "emr-unreachable", "The EMR cannot be reached at the moment. Try again later.")
	}
	f.Err.Ref.Type = typ
	if f.Err.Err = ctx.Err(); f.Err.Err == nil {
		f.Err.Err = Cause(err)
	}
	return f
}

// IsDial reports whether there was not even a connection.
func IsDial(err error) bool {
	e, ok := errors.AsType[*net.OpError](err)
	return ok && e.Op == "dial"
}

// Cause is what an operator may read of a transport's error. net/http quotes answers it cannot parse, so only errors that
// are known to hold none of the EMR's bytes are kept (hazard H32).
func Cause(err error) error {
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return e
	}
	if e, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return e
	}
	for _, known := range []error{context.DeadlineExceeded, context.Canceled, io.ErrUnexpectedEOF, io.EOF} {
		if errors.Is(err, known) {
			return known
		}
	}
	return fmt.Errorf("transport: %T", err)
}

// About is what a request was about, as far as its answer's status depends on it. The zero value is a search.
type About struct {
	Op, Type    string // for errors
	Names       bool   // one resource by its id, so that 404 says something about that resource
	Writes      bool   // a change, so that 400 and 422 say something about what was sent
	Conditional bool   // a create under If-None-Exist
}

// StatusFault turns an answer's status into a fault; nil for 2xx. Nothing else of the answer is looked at but Retry-After.
func StatusFault(x About, status int, header http.Header, now time.Time) *Fault {
	if status >= 200 && status < 300 {
		return nil
	}
	row := statusRow(x, status)
	f := &Fault{Err: fhir.E(x.Op, row.kind, row.code, row.text), Again: row.again, Status: status}
	f.Err.Ref.Type = x.Type
	if row.kind == fhir.KindUnavailable || row.again {
		if sent, err := http.ParseTime(header.Get("Date")); err == nil {
			now = sent // the EMR's clock is the one that its Retry-After is read by, wherever ours stands
		}
		f.Err.RetryAfter = RetryAfter(header.Get("Retry-After"), now)
	}
	if status >= 500 {
		f.Fate = Finished
	}
	return f
}

type statusMeaning struct {
	kind  fhir.Kind
	code  string
	text  string
	again bool
}

// statusRow is the table in the package comment of adapters.
func statusRow(x About, status int) statusMeaning {
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return statusMeaning{fhir.KindUpstream, "emr-login-refused", "The EMR refused the gateway's own log-in. The clinic has to look into it.", false}
	case (status == http.StatusNotFound || status == http.StatusGone) && x.Names:
		return statusMeaning{fhir.KindNotFound, "not-found", "There is no such resource.", false}
	case status == http.StatusConflict:
		return statusMeaning{fhir.KindConflict, "emr-conflict", "The EMR holds something that stands against this. Read again, then decide.", false}
	case status == http.StatusPreconditionFailed && x.Conditional:
		return statusMeaning{fhir.KindConflict, "emr-conflict", "The EMR holds this operation's result more than once.", false}
	case status == http.StatusPreconditionFailed:
		return statusMeaning{fhir.KindStale, "stale", "Somebody changed it in the meantime. Read it again and repeat the change.", false}
	case status == http.StatusLocked:
		return statusMeaning{fhir.KindConflict, "emr-locked", "Somebody has it open in the EMR. Try again later.", false}
	case status == http.StatusTooManyRequests:
		return statusMeaning{fhir.KindUnavailable, "emr-busy", "The EMR asks for fewer requests. Try again later.", true}
	case (status == http.StatusBadRequest || status == http.StatusUnprocessableEntity) && x.Writes:
		return statusMeaning{fhir.KindUnprocessable, "emr-refused", "The EMR's own rules refuse this content.", false}
	case status >= 500:
		again := status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout
		return statusMeaning{fhir.KindUpstream, "emr-failed", "The EMR failed. Try again later.", again}
	case status >= 300 && status < 400:
		return statusMeaning{fhir.KindUpstream, "emr-redirected", "The EMR points to another address, which is not followed.", false}
	}
	return statusMeaning{fhir.KindUpstream, "emr-request-refused", "The EMR did not accept the gateway's request.", false}
}

// RetryAfter reads a Retry-After header (RFC 9110 §10.2.3); 0 where it says nothing usable.
func RetryAfter(s string, now time.Time) time.Duration {
	if n, err := strconv.Atoi(s); err == nil && n >= 0 && n < 1<<20 {
		return time.Duration(n) * time.Second
	}
	if t, err := http.ParseTime(s); err == nil {
		return max(0, t.Sub(now))
	}
	return 0
}
