package fhirr4

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

// The operations, as errors name them.
const (
	opCapability = "fhirr4.Capability"
	opRead       = "fhirr4.Read"
	opSearch     = "fhirr4.Search"
	opWrite      = "fhirr4.Write"
	opLogin      = "fhirr4.Login"
)

// fate is what a request that failed may have done in the EMR.
type fate uint8

const (
	notDone  fate = iota // it was not carried out
	finished             // the EMR is through with it; whether it was carried out has to be looked up
	underway             // nobody knows, and it may still be carried out
)

// fault is a failed exchange: the error for the caller and what the adapter itself needs to know.
type fault struct {
	err    *fhir.Error
	again  bool // the same request may succeed shortly
	fate   fate
	status int // of the answer, where there was one
}

func (f *fault) Error() string { return f.err.Error() }
func (f *fault) Unwrap() error { return f.err }

// plain is err as callers get it: the *fhir.Error without the adapter's own wrapping.
func plain(err error) error { return fhir.AsError(err) }

func upstream(op, typ, code, text string) *fhir.Error {
	e := fhir.E(op, fhir.KindUpstream, code, text)
	e.Ref.Type = typ
	return e
}

// broken is an answer that was to be FHIR and is not. Of the parser's error only its code goes on: its text may quote a
// member's name, and that is the EMR's text.
func broken(op, typ string, err error) *fhir.Error {
	if fhir.KindOf(err) == fhir.KindTooLarge {
		return tooLarge(op, typ)
	}
	return upstream(op, typ, "emr-answer-broken", "The EMR's answer cannot be read, so nothing of it is used.").
		Because(errors.New(fhir.AsError(err).Reason()))
}

func tooLarge(op, typ string) *fhir.Error {
	return upstream(op, typ, "emr-answer-too-large", "The EMR's answer is larger than this gateway accepts. Ask for less at once.")
}

func waited(ctx context.Context) *fault { return transportFault("fhirr4", "", ctx, ctx.Err(), false) }

// transportFault classifies an exchange that brought no complete answer. sent says whether the EMR can have seen it.
func transportFault(op, typ string, ctx context.Context, err error, sent bool) *fault {
	f := &fault{}
	if sent {
		f.fate = underway
	}
	timeout, _ := errors.AsType[net.Error](err)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		f.err = fhir.E(op, fhir.KindTimeout, "emr-timeout", "The request was given up before the EMR answered.")
	case ctx.Err() != nil, sent && timeout != nil && timeout.Timeout():
		f.err = fhir.E(op, fhir.KindTimeout, "emr-timeout", "The EMR did not answer in time. Try again later.")
	default:
		f.again = true
		f.err = fhir.E(op, fhir.KindUnavailable, "emr-unreachable", "The EMR cannot be reached at the moment. Try again later.")
	}
	f.err.Ref.Type = typ
	if f.err.Err = ctx.Err(); f.err.Err == nil {
		f.err.Err = cause(err)
	}
	return f
}

// isDial reports whether there was not even a connection.
func isDial(err error) bool {
	e, ok := errors.AsType[*net.OpError](err)
	return ok && e.Op == "dial"
}

// cause is what an operator may read of a transport's error. net/http quotes answers it cannot parse, so only errors that
// are known to hold none of the EMR's bytes are kept (hazard H32).
func cause(err error) error {
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

// statusFault turns an answer's status into an error; nil for 2xx. Nothing else of the answer is looked at but Retry-After.
func statusFault(x *exchange, status int, header http.Header, now time.Time) *fault {
	if status >= 200 && status < 300 {
		return nil
	}
	row := statusRow(x, status)
	f := &fault{err: fhir.E(x.op, row.kind, row.code, row.text), again: row.again, status: status}
	f.err.Ref.Type = x.typ
	if row.kind == fhir.KindUnavailable || row.again {
		f.err.RetryAfter = retryAfter(header.Get("Retry-After"), now)
	}
	if status >= 500 {
		f.fate = finished
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
func statusRow(x *exchange, status int) statusMeaning {
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return statusMeaning{fhir.KindUpstream, "emr-login-refused", "The EMR refused the gateway's own log-in. The clinic has to look into it.", false}
	case (status == http.StatusNotFound || status == http.StatusGone) && x.names():
		return statusMeaning{fhir.KindNotFound, "not-found", "There is no such resource.", false}
	case status == http.StatusConflict:
		return statusMeaning{fhir.KindConflict, "emr-conflict", "The EMR holds something that stands against this. Read again, then decide.", false}
	case status == http.StatusPreconditionFailed && x.ifNoneExist != "":
		return statusMeaning{fhir.KindConflict, "emr-conflict", "The EMR holds this operation's result more than once.", false}
	case status == http.StatusPreconditionFailed:
		return statusMeaning{fhir.KindStale, "stale", "Somebody changed it in the meantime. Read it again and repeat the change.", false}
	case status == http.StatusLocked:
		return statusMeaning{fhir.KindConflict, "emr-locked", "Somebody has it open in the EMR. Try again later.", false}
	case status == http.StatusTooManyRequests:
		return statusMeaning{fhir.KindUnavailable, "emr-busy", "The EMR asks for fewer requests. Try again later.", true}
	case (status == http.StatusBadRequest || status == http.StatusUnprocessableEntity) && x.writes():
		return statusMeaning{fhir.KindUnprocessable, "emr-refused", "The EMR's own rules refuse this content.", false}
	case status >= 500:
		again := status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout
		return statusMeaning{fhir.KindUpstream, "emr-failed", "The EMR failed. Try again later.", again}
	case status >= 300 && status < 400:
		return statusMeaning{fhir.KindUpstream, "emr-redirected", "The EMR points to another address, which is not followed.", false}
	}
	return statusMeaning{fhir.KindUpstream, "emr-request-refused", "The EMR did not accept the gateway's request.", false}
}

// retryAfter reads a Retry-After header (RFC 9110 §10.2.3); 0 where it says nothing usable.
func retryAfter(s string, now time.Time) time.Duration {
	if n, err := strconv.Atoi(s); err == nil && n >= 0 && n < 1<<20 {
		return time.Duration(n) * time.Second
	}
	if t, err := http.ParseTime(s); err == nil {
		return max(0, t.Sub(now))
	}
	return 0
}
