package adaptertest

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// fault is what the proxy does to one request instead of passing it on.
type fault func(w http.ResponseWriter, r *http.Request, pass http.Handler)

// proxy stands between adapter and EMR and does to requests what a bad day does.
type proxy struct {
	server *httptest.Server
	pass   http.Handler

	mu    sync.Mutex
	plan  func(n int) fault // for the n-th request since it was set, counted from 1; nil passes everything on
	count int
}

// proxy starts one; it passes everything on until a plan says otherwise.
func (s *suite) proxy(t testing.TB, w *World) *proxy {
	t.Helper()
	to, err := url.Parse(w.Base)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableCompression: true}
	p := &proxy{}
	p.pass = &httputil.ReverseProxy{
		Transport: transport, ErrorLog: log.New(io.Discard, "", 0),
		Rewrite: func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = to.Scheme, to.Host },
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			w.WriteHeader(http.StatusBadGateway)
		},
	}
	p.server = httptest.NewUnstartedServer(p)
	p.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	p.server.Start()
	t.Cleanup(func() {
		p.server.CloseClientConnections()
		p.server.Close()
		transport.CloseIdleConnections()
	})
	return p
}

// base is the EMR's base as it is seen through the proxy.
func (p *proxy) base(w *World) string {
	to, err := url.Parse(w.Base)
	if err != nil {
		return p.server.URL
	}
	return p.server.URL + to.Path
}

// set makes a plan; the count starts again.
func (p *proxy) set(plan func(n int) fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.plan, p.count = plan, 0
}

// always breaks every request, from now on; nil passes all on.
func (p *proxy) always(f fault) { p.set(func(int) fault { return f }) }

// asked is how many requests came since the plan was made.
func (p *proxy) asked() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count
}

// ServeHTTP breaks a request or passes it on.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.count++
	var f fault
	if p.plan != nil {
		f = p.plan(p.count)
	}
	p.mu.Unlock()
	if f == nil {
		p.pass.ServeHTTP(w, r)
		return
	}
	f(w, r, p.pass)
}

// cut closes the connection at once, as a reset.
func cut(w http.ResponseWriter) {
	conn := hijack(w)
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // a reset, not an orderly end; without it, an end
	}
	_ = conn.Close()
}

func hijack(w http.ResponseWriter) net.Conn {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err) // the server ends the connection
	}
	return conn
}

// reset loses a request before the EMR sees it.
func reset(w http.ResponseWriter, r *http.Request, _ http.Handler) {
	_, _ = io.Copy(io.Discard, r.Body) // the adapter has sent it all
	cut(w)
}

// lost has the EMR do what it is asked and loses the answer.
func lost(w http.ResponseWriter, r *http.Request, pass http.Handler) {
	pass.ServeHTTP(httptest.NewRecorder(), r.WithContext(context.WithoutCancel(r.Context())))
	cut(w)
}

// doneButFailed has the EMR do what it is asked and answers that it failed.
func doneButFailed(w http.ResponseWriter, r *http.Request, pass http.Handler) {
	pass.ServeHTTP(httptest.NewRecorder(), r.WithContext(context.WithoutCancel(r.Context())))
	status(500)(w, r, pass)
}

// doneButSilent has the EMR do what it is asked and never answers.
func doneButSilent(w http.ResponseWriter, r *http.Request, pass http.Handler) {
	pass.ServeHTTP(httptest.NewRecorder(), r.WithContext(context.WithoutCancel(r.Context())))
	silence(w, r, pass)
}

// halfAnswer has the EMR do what it is asked and breaks its answer off in the middle.
func halfAnswer(w http.ResponseWriter, r *http.Request, pass http.Handler) {
	rec := httptest.NewRecorder()
	pass.ServeHTTP(rec, r.WithContext(context.WithoutCancel(r.Context())))
	rec.Header().Del("Content-Length")
	for name, values := range rec.Header() {
		w.Header()[name] = values
	}
	body := rec.Body.Bytes()
	w.Header().Set("Content-Length", strconv.Itoa(len(body)+1))
	w.WriteHeader(rec.Code)
	_, _ = w.Write(body[:len(body)/2])
	_ = http.NewResponseController(w).Flush()
	cut(w)
}

// silence never answers.
func silence(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

// drip answers a byte at a time, for as long as somebody listens.
func drip(w http.ResponseWriter, r *http.Request, _ http.Handler) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"`+canary)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for r.Context().Err() == nil {
		if _, err := io.WriteString(w, "x"); err != nil || http.NewResponseController(w).Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
		case <-tick.C:
		}
	}
}

// endless answers without end, as fast as it goes.
func endless(w http.ResponseWriter, r *http.Request, _ http.Handler) {
	w.Header().Set("Content-Type", "application/fhir+json")
	chunk := strings.Repeat(canary+" ", 4000)
	_, _ = io.WriteString(w, `{"resourceType":"`)
	for r.Context().Err() == nil {
		if _, err := io.WriteString(w, chunk); err != nil {
			return
		}
	}
}

// status answers with that status, headers in pairs, and a text that must stay where it is.
func status(code int, header ...string) fault {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		_, _ = io.Copy(io.Discard, r.Body)
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.Header().Set("X-Patient", canary)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_, _ = io.WriteString(w, `{"resourceType":"OperationOutcome","issue":[{"diagnostics":"`+canary+` was born on 1931-05-05"}],"message":"`+canary+`"}`)
	}
}

// instead answers 200 with something that is no answer.
func instead(contentType, body string) fault {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", contentType)
		_, _ = io.WriteString(w, body)
	}
}
