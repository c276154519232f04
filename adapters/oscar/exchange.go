package oscar

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"vestibule/adapters"
	"vestibule/adapters/internal/wire"
	"vestibule/fhir"
)

// The operations, as errors name them.
const (
	opCapability = "oscar.Capability"
	opRead       = "oscar.Read"
	opSearch     = "oscar.Search"
	opWrite      = "oscar.Write"
	opLogin      = "oscar.Login"
	opContent    = "oscar.Content"
)

// exchange is one request to the EMR.
type exchange struct {
	op, typ  string // for errors
	method   string
	path     string // below the base, escaped, with a leading slash
	query    string // encoded
	body     []byte
	xml      bool        // SOAP, which is not signed; otherwise JSON
	most     int         // bytes of an answer; 0: MaxBody
	again    bool        // may be sent again
	form     bool        // the answer is a form: a token
	absent   bool        // a 500 may mean that there is no such row
	numbered bool        // a 400 in Juno's envelope does
	token    *Credential // to sign with, instead of the connection's
	extra    []pair      // to sign, beside what is always signed
}

func (x *exchange) about() wire.About {
	return wire.About{Op: x.op, Type: x.typ, Writes: x.op == opWrite}
}

// link is one EMR: its address, its breaker, and the way there.
type link struct {
	conf         Config
	base, signed *url.URL
	signer       signer
	breaker      *wire.Breaker[[]byte]
	places       chan struct{} // as many as there may be requests at once
	clocks       atomic.Int64  // last measured difference of the EMR's clock from ours, in seconds
}

// do carries out x, again where that may help and cannot harm. Errors are *wire.Fault.
func (l *link) do(ctx context.Context, x exchange) ([]byte, error) {
	for attempt := 1; ; attempt++ {
		b, f := l.once(ctx, &x)
		if f == nil {
			return b, nil
		}
		if !x.again || !f.Again || attempt >= l.conf.Attempts || !wire.Pause(ctx, l.conf.Random, l.conf.Pause, attempt, f.Err.RetryAfter) {
			return nil, f
		}
	}
}

// once is one exchange through the circuit breaker. A clinic's OSCAR is often one small machine: whoever finds it taken by the
// gateway's other callers waits, as long as their time lasts.
func (l *link) once(ctx context.Context, x *exchange) ([]byte, *wire.Fault) {
	select {
	case l.places <- struct{}{}:
		defer func() { <-l.places }()
	case <-ctx.Done():
		return nil, wire.Waited(ctx)
	}
	return l.breaker.Do(x.op, x.typ, func() ([]byte, *wire.Fault) { return l.send(ctx, x) })
}

// send is one request and its answer. It uses the transport directly: no redirects, no cookies.
func (l *link) send(ctx context.Context, x *exchange) ([]byte, *wire.Fault) {
	var touched atomic.Bool
	req, err := l.request(ctx, x, &touched)
	if err != nil {
		return nil, wire.AsFault(err)
	}
	resp, err := l.conf.Transport.RoundTrip(req)
	if err != nil {
		return nil, wire.TransportFault(x.op, x.typ, ctx, err, touched.Load() || x.body == nil && !wire.IsDial(err))
	}
	defer resp.Body.Close()
	l.compareClocks(resp.Header)
	if f := wire.StatusFault(x.about(), resp.StatusCode, resp.Header, l.conf.Now()); f != nil {
		return nil, l.explain(x, f, resp)
	}
	most := x.most
	if most == 0 {
		most = l.conf.MaxBody
	}
	b, err := wire.ReadBody(resp, most)
	if err != nil {
		return nil, bodyFault(ctx, x, err)
	}
	if !x.speaks(resp.Header) {
		e := upstream(x.op, x.typ, "emr-answer-not-fhir", "The EMR answered with something else than was asked for, perhaps a log-in page.")
		return nil, &wire.Fault{Err: e, Fate: wire.Finished}
	}
	return decoded(b, resp.Header), nil
}

func (l *link) request(ctx context.Context, x *exchange, touched *atomic.Bool) (*http.Request, error) {
	u := *l.base
	u.RawPath = u.Path + x.path
	plain, err := url.PathUnescape(u.RawPath)
	if err != nil {
		return nil, fhir.E(x.op, fhir.KindInternal, "", "An address of the EMR could not be made.")
	}
	u.Path, u.RawQuery = plain, x.query
	h := make(http.Header, 6)
	h.Set("Accept", "application/json")
	if x.form { // CXF's endpoints for tokens produce nothing else and answer 406 to whoever accepts JSON alone
		h.Set("Accept", "application/x-www-form-urlencoded, application/json;q=0.1")
	}
	if x.xml {
		h.Set("Accept", "text/xml")
	} else {
		token := l.conf.Token
		if x.token != nil {
			token = *x.token
		}
		signed, err := l.signer.header(x.method, signedPath(l.base, l.signed, x.path), x.query, token, x.extra...)
		if err != nil {
			return nil, err
		}
		h.Set("Authorization", signed)
	}
	wire.Trace(h, adapters.TraceFrom(ctx))
	req := (&http.Request{Method: x.method, URL: &u, Host: u.Host, Header: h}).WithContext(ctx)
	if x.body == nil {
		return req, nil
	}
	h.Set("Content-Type", "application/json")
	if x.xml {
		h.Set("Content-Type", "text/xml; charset=utf-8")
		h.Set("SOAPAction", `""`)
	}
	req.GetBody = func() (io.ReadCloser, error) { return wire.NewSentBody(x.body, touched), nil }
	req.Body, _ = req.GetBody()
	req.ContentLength = int64(len(x.body))
	return req, nil
}

// bodyFault is an answer that began well and could not be read to its end: what was asked for may be done.
func bodyFault(ctx context.Context, x *exchange, err error) *wire.Fault {
	switch {
	case errors.Is(err, wire.ErrTooLarge):
		return &wire.Fault{Err: wire.TooLarge(x.op, x.typ), Fate: wire.Finished}
	case ctx.Err() != nil:
		f := wire.TransportFault(x.op, x.typ, ctx, err, true)
		f.Fate = wire.Finished
		return f
	}
	return &wire.Fault{Err: broken(x.op, x.typ).Because(wire.Cause(err)), Again: true, Fate: wire.Finished}
}

// speaks reports whether an answer is in the language that was asked for: some calls default to XML, proxies to HTML.
func (x *exchange) speaks(h http.Header) bool {
	if enc := h.Get("Content-Encoding"); enc != "" && enc != "identity" {
		return false
	}
	typ, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return false
	}
	if x.form {
		return typ == "application/x-www-form-urlencoded" || typ == "text/plain"
	}
	if x.xml {
		return typ == "text/xml" || typ == "application/xml" || typ == "application/soap+xml"
	}
	return typ == "application/json" || typ == "text/json"
}

// decoded is a body in UTF-8. Older deployments send Latin-1, with and without saying so; what MySQL and Java call Latin-1
// is Windows-1252 where the two differ.
func decoded(b []byte, h http.Header) []byte {
	_, params, _ := mime.ParseMediaType(h.Get("Content-Type"))
	switch strings.ToLower(params["charset"]) {
	case "iso-8859-1", "latin1", "windows-1252":
	default:
		if utf8.Valid(b) {
			return b
		}
	}
	out, err := charmap.Windows1252.NewDecoder().Bytes(b)
	if err != nil { // every byte has a meaning there
		return bytes.ToValidUTF8(b, []byte("\uFFFD"))
	}
	return out
}
