package forward

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"vestibule/fhir"
)

// The ways in which an AuditEvent is given to a FHIR server.
const (
	CreateOnce = "create-once" // create with If-None-Exist: a server that knows it keeps an event that comes again once
	Create     = "create"      // create, without more
	Update     = "update"      // update under the event's own id: the server has to accept ids that it did not give
)

// FHIRConfig says where an audit record repository is. Zero fields but URL mean their defaults.
type FHIRConfig struct {
	URL       string // the base
	Way       string // CreateOnce, Create or Update; default CreateOnce
	Batch     bool   // many events in one batch Bundle
	Transport http.RoundTripper
	// Authorize is the Authorization header of the next request, and what to call when the server refused it; nil: none is sent.
	Authorize func(context.Context) (header string, drop func(), err error)
	Timeout   time.Duration // of one request; default 30 s
	Now       func() time.Time
}

// FHIR sends AuditEvents to an audit record repository, as IHE ITI-20 with the option "ATX: FHIR Feed" has it: a create of
// each (ITI TF-2 3.20.4.2, Send Audit Resource Request) or a batch of creates (Send Audit Bundle Request).
type FHIR struct {
	conf FHIRConfig
	base string
}

// OpenFHIR is a sink for the repository; nothing is asked of it yet.
func OpenFHIR(conf FHIRConfig) (*FHIR, error) {
	if conf.Way == "" {
		conf.Way = CreateOnce
	}
	if conf.Timeout <= 0 {
		conf.Timeout = 30 * time.Second
	}
	if conf.Now == nil {
		conf.Now = time.Now
	}
	if conf.Transport == nil {
		return nil, errors.New("forward.OpenFHIR: a transport is needed")
	}
	return &FHIR{conf: conf, base: strings.TrimRight(conf.URL, "/")}, nil
}

// Settled is everything that was taken: the server has said so.
func (s *FHIR) Settled(time.Time) (int, error) { return math.MaxInt, nil }

// Close closes the connections that wait for use.
func (s *FHIR) Close() error {
	if t, ok := s.conf.Transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
	return nil
}

// Send sends the events one by one, and ends with the first that is not taken; or all in one Bundle.
func (s *FHIR) Send(ctx context.Context, events []Event) (out []Verdict, err error) {
	if s.conf.Batch {
		return s.sendBatch(ctx, events)
	}
	for _, e := range events {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		v, err := s.sendOne(ctx, e)
		if err != nil {
			return out, err
		}
		out = append(out, v)
		if !v.Taken {
			break
		}
	}
	return out, nil
}

func (s *FHIR) sendOne(ctx context.Context, e Event) (Verdict, error) {
	method, path, header := http.MethodPost, "/AuditEvent", http.Header{}
	switch s.conf.Way {
	case Update:
		method, path = http.MethodPut, "/AuditEvent/"+e.ID
	case CreateOnce:
		header.Set("If-None-Exist", criterion(e))
	}
	status, _, err := s.ask(ctx, method, path, header, e.Body, maxIgnored)
	if err != nil {
		return Verdict{}, err
	}
	return verdict(status)
}

// criterion finds an event that a server has already (FHIR R4 http.html#ccreate).
func criterion(e Event) string { return "_tag=" + url.QueryEscape(TagSystem+"|"+e.ID) }

// verdict is what a status says of one event. What would be the same for any event is the sink's failure and no verdict.
func verdict(status int) (Verdict, error) {
	switch {
	case status >= 200 && status < 300:
		return Verdict{Taken: true}, nil
	case status == http.StatusBadRequest, status == http.StatusConflict, status == http.StatusPreconditionFailed,
		status == http.StatusRequestEntityTooLarge, status == http.StatusUnprocessableEntity:
		return Verdict{Refused: fmt.Sprintf("answered %d", status)}, nil
	case status >= 300 && status < 400:
		return Verdict{}, faultf("answered %d: a redirect is not followed, because events and log-in would go elsewhere; give the address itself", status)
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return Verdict{}, faultf("answered %d: it does not accept the gateway's log-in", status)
	}
	return Verdict{}, faultf("answered %d", status)
}

// How much of an answer is read: of one that is thrown away, and of one to a batch.
const (
	maxIgnored = 64 << 10
	maxBatch   = 4 << 20
)

// ask is one request. Its answer is a status below 500 and not 429, with at most most bytes of a body that is FHIR, or nothing.
func (s *FHIR) ask(ctx context.Context, method, path string, header http.Header, body []byte, most int64) (int, []byte, error) {
	ctx, cancel := graceful(ctx, s.conf.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, s.base+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, faultf("the address cannot be used")
	}
	req.Header = header
	req.Header.Set("Content-Type", "application/fhir+json; charset=utf-8")
	req.Header.Set("Accept", "application/fhir+json")
	req.Header.Set("Prefer", "return=minimal")
	drop := func() {}
	if s.conf.Authorize != nil {
		var value string
		if value, drop, err = s.conf.Authorize(ctx); err != nil {
			return 0, nil, faultf("the gateway cannot log in there: %s", loginText(err))
		}
		req.Header.Set("Authorization", value)
	}
	resp, err := s.conf.Transport.RoundTrip(req) // no redirects, no cookies
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	switch {
	case resp.StatusCode == http.StatusUnauthorized:
		drop()
	case resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests:
		f := faultf("answered %d", resp.StatusCode)
		f.Wait = retryAfter(resp.Header.Get("Retry-After"), s.conf.Now())
		return 0, nil, f
	case resp.StatusCode >= 300: // the body says nothing that is used
	case err != nil:
		return 0, nil, err
	case len(answer) > 0 && !isFHIR(resp.Header):
		return 0, nil, faultf("answered %d with something other than FHIR, perhaps a log-in page", resp.StatusCode)
	case int64(len(answer)) > most && most == maxBatch:
		return 0, nil, faultf("answered with more than %d bytes", most)
	case deniedBy(answer):
		return 0, nil, faultf("answered %d, but with an OperationOutcome that says it failed", resp.StatusCode)
	}
	return resp.StatusCode, answer, nil
}

// deniedBy reports whether the body of a success says that it is none: some servers and facades answer so.
func deniedBy(answer []byte) bool {
	v, err := fhir.Parse(answer, fhir.Limits{})
	return err == nil && saysFailed(v)
}

// saysFailed reports whether v is an OperationOutcome with an error in it.
func saysFailed(v fhir.Value) bool {
	if v.Get("resourceType").Text() != "OperationOutcome" {
		return false
	}
	for issue := range v.Get("issue").Items() {
		if severity := issue.Get("severity").Text(); severity == "error" || severity == "fatal" {
			return true
		}
	}
	return false
}

// loginText is the text of a failed log-in. The log-in is that of package fhirr4, whose own texts speak of an EMR.
func loginText(err error) string {
	switch fhir.AsError(err).Code {
	case "emr-login-refused":
		return "its token endpoint refuses it"
	case "emr-login-unreachable":
		return "its token endpoint is out of order"
	}
	return "its token endpoint cannot be asked"
}

func isFHIR(h http.Header) bool {
	media, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && (strings.HasSuffix(media, "json") || strings.HasSuffix(media, "xml") && media != "application/xhtml+xml")
}

// sendBatch sends all events in one Bundle; each has its own verdict.
func (s *FHIR) sendBatch(ctx context.Context, events []Event) ([]Verdict, error) {
	status, answer, err := s.ask(ctx, http.MethodPost, "", http.Header{}, s.bundle(events), maxBatch)
	if err != nil {
		return nil, err
	}
	if v, err := verdict(status); err != nil {
		return nil, err
	} else if !v.Taken {
		if len(events) == 1 {
			return []Verdict{v}, nil
		}
		return s.halves(ctx, events) // it is too large, or one of them spoils it for all
	}
	return verdicts(answer, len(events))
}

// halves sends a Bundle that was refused as a whole as two.
func (s *FHIR) halves(ctx context.Context, events []Event) ([]Verdict, error) {
	first, err := s.sendBatch(ctx, events[:len(events)/2])
	if err != nil || len(first) < len(events)/2 {
		return first, err
	}
	second, err := s.sendBatch(ctx, events[len(events)/2:])
	return append(first, second...), err
}

// bundle is a batch of the events (FHIR R4 http.html#transaction).
func (s *FHIR) bundle(events []Event) []byte {
	out := []byte(`{"resourceType":"Bundle","type":"batch","entry":[`)
	for i, e := range events {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(out, `{"resource":`...), e.Body...)
		switch s.conf.Way {
		case Update:
			out = append(out, `,"request":{"method":"PUT","url":"AuditEvent/`+e.ID+`"}}`...)
		case CreateOnce:
			out = append(out, `,"request":{"method":"POST","url":"AuditEvent","ifNoneExist":"`+criterion(e)+`"}}`...)
		default:
			out = append(out, `,"request":{"method":"POST","url":"AuditEvent"}}`...)
		}
	}
	return append(out, "]}"...)
}

// verdicts reads the answer to a batch of n: entries in the order of the request, each with a status. What an entry with
// any other status than a verdict says is the failure of the whole, but what others say is kept.
func verdicts(answer []byte, n int) ([]Verdict, error) {
	v, err := fhir.Parse(answer, fhir.Limits{})
	if err != nil || v.Get("resourceType").Text() != "Bundle" {
		return nil, faultf("answered a batch with something other than a Bundle")
	}
	var out []Verdict
	var fault error
	for entry := range v.Get("entry").Items() {
		word, _, _ := strings.Cut(entry.Get("response").Get("status").Text(), " ")
		status, err := strconv.Atoi(word)
		if err != nil {
			return nil, faultf("answered a batch with entries that have no status")
		}
		verdict, err := verdict(status)
		if verdict.Taken && saysFailed(entry.Get("response").Get("outcome")) {
			verdict, err = Verdict{}, faultf("answered %d in a batch, but with an OperationOutcome that says it failed", status)
		}
		if err != nil {
			fault = err
		}
		out = append(out, verdict)
	}
	if len(out) != n {
		return nil, faultf("answered a batch of %d with %d entries", n, len(out))
	}
	return out, fault
}
