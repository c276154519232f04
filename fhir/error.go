package fhir

import (
	"errors"
	"net/http"
	"strings"
	"time"
)

// Kind says what sort of thing went wrong. The list is closed: a new kind is appended, never inserted, because kinds
// are written to the trail. The zero value is the one nobody chose: our own fault.
type Kind uint8

// The kinds. Each has one row in kinds, which fixes its HTTP status and its OperationOutcome issue type.
const (
	KindInternal             Kind = iota // a defect of the gateway
	KindInvalid                          // the request cannot be understood: syntax, structure, value
	KindNotSupported                     // understood, but this server (or this EMR) does not do it
	KindUnauthenticated                  // no valid token
	KindForbidden                        // a valid caller without a grant for this
	KindNotFound                         // unknown or out of reach: nobody can tell which
	KindMethodNotAllowed                 // the type exists, the interaction does not
	KindNotAcceptable                    // no representation that the caller accepts
	KindConflict                         // the EMR holds something that stands against it
	KindStale                            // If-Match names a version that is no longer current
	KindTooLarge                         // body, depth or number of members over the cap
	KindMediaType                        // Content-Type is not FHIR JSON
	KindUnprocessable                    // well-formed, but breaks a rule of FHIR, the grant or the clinic
	KindPreconditionRequired             // an update without If-Match
	KindThrottled                        // a limit is reached
	KindUpstream                         // the EMR refused the gateway or answered what cannot be used
	KindUnavailable                      // the ledger or the EMR cannot be reached; nothing happened
	KindTimeout                          // the EMR did not answer in time; a write may have happened
	kindCount
)

// kinds is the one table from kind to HTTP status to OperationOutcome.issue.code
// (http://hl7.org/fhir/R4/valueset-issue-type.html).
var kinds = [kindCount]struct {
	name   string
	status int
	issue  string
}{
	KindInternal:             {"internal", http.StatusInternalServerError, "exception"},
	KindInvalid:              {"invalid", http.StatusBadRequest, "invalid"},
	KindNotSupported:         {"not-supported", http.StatusBadRequest, "not-supported"},
	KindUnauthenticated:      {"unauthenticated", http.StatusUnauthorized, "login"},
	KindForbidden:            {"forbidden", http.StatusForbidden, "forbidden"},
	KindNotFound:             {"not-found", http.StatusNotFound, "not-found"},
	KindMethodNotAllowed:     {"method-not-allowed", http.StatusMethodNotAllowed, "not-supported"},
	KindNotAcceptable:        {"not-acceptable", http.StatusNotAcceptable, "not-supported"},
	KindConflict:             {"conflict", http.StatusConflict, "conflict"},
	KindStale:                {"stale", http.StatusPreconditionFailed, "conflict"},
	KindTooLarge:             {"too-large", http.StatusRequestEntityTooLarge, "too-long"},
	KindMediaType:            {"media-type", http.StatusUnsupportedMediaType, "not-supported"},
	KindUnprocessable:        {"unprocessable", http.StatusUnprocessableEntity, "business-rule"},
	KindPreconditionRequired: {"precondition-required", http.StatusPreconditionRequired, "required"},
	KindThrottled:            {"throttled", http.StatusTooManyRequests, "throttled"},
	KindUpstream:             {"upstream", http.StatusBadGateway, "transient"},
	KindUnavailable:          {"unavailable", http.StatusServiceUnavailable, "transient"},
	KindTimeout:              {"timeout", http.StatusGatewayTimeout, "timeout"},
}

// String is the kind's stable name, as the trail and the metrics write it.
func (k Kind) String() string { return kinds[k.known()].name }

// Status is the HTTP status an answer of this kind carries.
func (k Kind) Status() int { return kinds[k.known()].status }

func (k Kind) known() Kind {
	if k >= kindCount {
		return KindInternal
	}
	return k
}

// Error is the one error type of the program. Text is written for the caller: what is wrong and what to do next. It
// holds no value out of a patient's record, and neither does anything else that Error() prints.
type Error struct {
	Op         string        // what was being done, as package.Function
	Kind       Kind          // what sort of failure
	Code       string        // stable reason code; empty means the kind's name
	Text       string        // for the caller, one or two sentences
	Path       string        // where: an element path, a parameter's name, a JSON pointer
	Ref        Ref           // which resource; its id is not printed
	RetryAfter time.Duration // for KindThrottled and KindUnavailable, when known
	Err        error         // cause, for the operator; never shown to the caller
}

// E builds an Error; the other fields are set on the result where they are known.
func E(op string, kind Kind, code, text string) *Error {
	return &Error{Op: op, Kind: kind, Code: code, Text: text}
}

// At returns a copy of e that says where: an element path, a parameter's name, a JSON pointer.
func (e *Error) At(path string) *Error {
	c := *e
	c.Path = path
	return &c
}

// Because returns a copy of e that carries its cause, which the caller never sees.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.Err = cause
	return &c
}

// Reason is the stable reason code: Code, or the kind's name where none was given.
func (e *Error) Reason() string {
	if e.Code != "" {
		return e.Code
	}
	return e.Kind.String()
}

// Error prints operation, type, kind, place, text and cause, in that order.
func (e *Error) Error() string {
	parts := make([]string, 0, 6)
	for _, p := range []string{e.Op, e.Ref.Type, e.Reason(), e.Path, e.Text} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	return strings.Join(parts, ": ")
}

// Unwrap gives the cause to errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Err }

// AsError finds the *Error in err's chain; an error of any other type becomes KindInternal with err as its cause.
func AsError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Op: "vestibule", Kind: KindInternal, Text: "The gateway failed; nothing was released.", Err: err}
}

// KindOf is the kind of the first *Error in err's chain, KindInternal for any other error.
func KindOf(err error) Kind { return AsError(err).Kind }
