package fhirr4

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync/atomic"

	"vestibule/adapters"
)

// The header values that every request shares; net/http does not change them.
type headerValues struct{ fhir, json, form, representation []string }

func shared() headerValues {
	return headerValues{
		fhir: []string{"application/fhir+json"}, json: []string{"application/json"},
		form: []string{"application/x-www-form-urlencoded"}, representation: []string{"return=representation"},
	}
}

func (a *Adapter) request(ctx context.Context, x *exchange, authorization []string, touched *atomic.Bool) *http.Request {
	u := *a.bases[0]
	if x.path != "" {
		u.Path += "/" + x.path
	}
	u.RawQuery = x.query
	h := make(http.Header, 6)
	h["Accept"] = a.values.fhir
	if x.plainJSON {
		h["Accept"] = a.values.json
	}
	if authorization != nil {
		h["Authorization"] = authorization
	}
	trace(h, adapters.TraceFrom(ctx))
	req := (&http.Request{Method: x.method, URL: &u, Host: u.Host, Header: h}).WithContext(ctx)
	if x.body == nil {
		return req
	}
	req.GetBody = func() (io.ReadCloser, error) { return &sentBody{bytes.NewReader(x.body), touched}, nil }
	req.Body, _ = req.GetBody()
	req.ContentLength = int64(len(x.body))
	h["Content-Type"] = a.values.fhir
	if x.form {
		h["Content-Type"] = a.values.form
		return req
	}
	h["Prefer"] = a.values.representation
	if x.ifMatch != "" {
		h["If-Match"] = []string{x.ifMatch}
	}
	if x.ifNoneExist != "" {
		h["If-None-Exist"] = []string{x.ifNoneExist}
	}
	return req
}

// trace passes on the names of the gateway's own request, unless they are something else than plain tokens.
func trace(h http.Header, t adapters.Trace) {
	if isToken(t.RequestID) {
		h["X-Request-Id"] = []string{t.RequestID}
	}
	if isToken(t.Traceparent) {
		h["Traceparent"] = []string{t.Traceparent}
	}
}

// isToken reports whether s is 1 to 128 letters, digits and . _ : -
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') && c != '.' && c != '_' && c != ':' && c != '-' {
			return false
		}
	}
	return s != "" && len(s) <= 128
}

// sentBody notes whether the transport began to send it: before that, the EMR cannot have seen the request.
type sentBody struct {
	from    *bytes.Reader
	touched *atomic.Bool // the transport reads in a goroutine of its own
}

func (b *sentBody) Read(p []byte) (int, error) {
	b.touched.Store(true)
	return b.from.Read(p)
}

func (b *sentBody) Close() error { return nil }

var errTooLarge = errors.New("answer too large")

// readBody reads an answer to its end, into a buffer of its length where the EMR says it. It is the only copy that is made.
func readBody(resp *http.Response, most int) ([]byte, error) {
	n := resp.ContentLength
	if n > int64(most) {
		return nil, errTooLarge
	}
	if n >= 0 {
		b := make([]byte, n)
		_, err := io.ReadFull(resp.Body, b)
		return b, err
	}
	b := make([]byte, 0, 8<<10)
	for {
		m, err := resp.Body.Read(b[len(b):cap(b)])
		b = b[:len(b)+m]
		switch {
		case err == io.EOF && len(b) <= most:
			return b, nil
		case len(b) > most:
			return nil, errTooLarge
		case err != nil:
			return nil, err
		case len(b) == cap(b):
			b = append(make([]byte, 0, 2*cap(b)), b...)
		}
	}
}

// isFHIR reports whether an answer's Content-Type is FHIR's JSON (http://hl7.org/fhir/R4/http.html#mime-type), or plain
// JSON, in UTF-8 and not compressed.
func isFHIR(h http.Header, plainJSON bool) bool {
	if h.Get("Content-Encoding") != "" && h.Get("Content-Encoding") != "identity" {
		return false
	}
	switch s := h.Get("Content-Type"); s {
	case "application/fhir+json", "application/fhir+json; charset=utf-8", "application/fhir+json;charset=utf-8":
		return true
	default:
		typ, params, err := mime.ParseMediaType(s)
		charset := params["charset"]
		if err != nil || charset != "" && !strings.EqualFold(charset, "utf-8") && !strings.EqualFold(charset, "us-ascii") {
			return false
		}
		return typ == "application/fhir+json" || typ == "application/json" || typ == "application/json+fhir" || plainJSON && typ == "text/json"
	}
}
