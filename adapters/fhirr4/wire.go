package fhirr4

import (
	"context"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync/atomic"

	"vestibule/adapters"
	"vestibule/adapters/internal/wire"
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
	wire.Trace(h, adapters.TraceFrom(ctx))
	req := (&http.Request{Method: x.method, URL: &u, Host: u.Host, Header: h}).WithContext(ctx)
	if x.body == nil {
		return req
	}
	req.GetBody = func() (io.ReadCloser, error) { return wire.NewSentBody(x.body, touched), nil }
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
