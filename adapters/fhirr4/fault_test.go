package fhirr4

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"vestibule/adapters"
	"vestibule/fhir"
)

// outcome is what a fault becomes: kind and code.
type outcome struct {
	kind fhir.Kind
	code string
}

// hijack takes the connection over to break it.
func hijack(w http.ResponseWriter, do func(net.Conn)) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	do(conn)
}

func status(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.Header().Set("X-Patient", marker)
		answerFHIR(w, code, `{"resourceType":"OperationOutcome","issue":[{"diagnostics":"`+marker+`"}]}`)
	}
}

func raw(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		hijack(w, func(c net.Conn) { _, _ = io.WriteString(c, text) })
	}
}

func body(contentType, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = io.WriteString(w, text)
	}
}

func reset(w http.ResponseWriter, r *http.Request) {
	hijack(w, func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) })
}

// hang answers nothing until the caller is gone.
func hang(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func hangInBody(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/fhir+json")
	w.Header().Set("Content-Length", "1000")
	_, _ = io.WriteString(w, `{"`+marker)
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

func TestH32WhatAnEMRsFaultBecomesAndThatItsTextStaysThere(t *testing.T) {
	unknown := outcome{fhir.KindTimeout, "emr-write-unknown"}
	same := func(k fhir.Kind, code string) [4]outcome {
		return [4]outcome{{k, code}, {k, code}, {k, code}, {k, code}}
	}
	refused := outcome{fhir.KindUpstream, "emr-request-refused"}
	unprocessable := outcome{fhir.KindUnprocessable, "emr-refused"}
	lost := outcome{fhir.KindUnavailable, "emr-unreachable"}
	html := "<html>" + marker + "</html>"
	for name, c := range map[string]struct {
		emr  http.HandlerFunc
		want [4]outcome // of a read, a search, a create, an update
	}{
		"401":       {status(401), same(fhir.KindUpstream, "emr-login-refused")},
		"403":       {status(403), same(fhir.KindUpstream, "emr-login-refused")},
		"404":       {status(404), [4]outcome{{fhir.KindNotFound, "not-found"}, refused, refused, {fhir.KindNotFound, "not-found"}}},
		"410":       {status(410), [4]outcome{{fhir.KindNotFound, "not-found"}, refused, refused, {fhir.KindNotFound, "not-found"}}},
		"400":       {status(400), [4]outcome{refused, refused, unprocessable, unprocessable}},
		"422":       {status(422), [4]outcome{refused, refused, unprocessable, unprocessable}},
		"405":       {status(405), same(fhir.KindUpstream, "emr-request-refused")},
		"409":       {status(409), same(fhir.KindConflict, "emr-conflict")},
		"412":       {status(412), [4]outcome{{fhir.KindStale, "stale"}, {fhir.KindStale, "stale"}, {fhir.KindConflict, "emr-conflict"}, {fhir.KindStale, "stale"}}},
		"423":       {status(423), same(fhir.KindConflict, "emr-locked")},
		"429":       {status(429, "Retry-After", "60"), same(fhir.KindUnavailable, "emr-busy")},
		"302":       {status(302, "Location", "https://elsewhere.example.test/"+marker), same(fhir.KindUpstream, "emr-redirected")},
		"500":       {status(500), [4]outcome{{fhir.KindUpstream, "emr-failed"}, {fhir.KindUpstream, "emr-failed"}, unknown, unknown}},
		"503":       {status(503, "Retry-After", "60"), [4]outcome{{fhir.KindUpstream, "emr-failed"}, {fhir.KindUpstream, "emr-failed"}, unknown, unknown}},
		"reset":     {reset, [4]outcome{lost, lost, unknown, unknown}},
		"not HTTP":  {raw(marker + " is no status line\r\n\r\n"), [4]outcome{lost, lost, unknown, unknown}},
		"no answer": {hang, [4]outcome{{fhir.KindTimeout, "emr-timeout"}, {fhir.KindTimeout, "emr-timeout"}, unknown, unknown}},
		"slow body": {hangInBody, [4]outcome{{fhir.KindTimeout, "emr-timeout"}, {fhir.KindTimeout, "emr-timeout"}, unknown, unknown}},
		"half a body": {raw("HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nContent-Length: 500\r\n\r\n{\"resourceType\":\"" + marker),
			[4]outcome{{fhir.KindUpstream, "emr-answer-broken"}, {fhir.KindUpstream, "emr-answer-broken"}, unknown, unknown}},
		"half a chunked body": {raw("HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{\"resourceType\":\"" + marker),
			[4]outcome{{fhir.KindUpstream, "emr-answer-broken"}, {fhir.KindUpstream, "emr-answer-broken"}, unknown, unknown}},
		"malformed":        {body("application/fhir+json", `{"resourceType":"Appointment","`+marker+`":`), [4]outcome{{fhir.KindUpstream, "emr-answer-broken"}, {fhir.KindUpstream, "emr-answer-broken"}, unknown, unknown}},
		"duplicate member": {body("application/fhir+json", `{"resourceType":"Appointment","`+marker+`":1,"`+marker+`":2}`), [4]outcome{{fhir.KindUpstream, "emr-answer-broken"}, {fhir.KindUpstream, "emr-answer-broken"}, unknown, unknown}},
		"log-in page":      {body("text/html", html), [4]outcome{{fhir.KindUpstream, "emr-answer-not-fhir"}, {fhir.KindUpstream, "emr-answer-not-fhir"}, unknown, unknown}},
		"untyped":          {body("", html), [4]outcome{{fhir.KindUpstream, "emr-answer-not-fhir"}, {fhir.KindUpstream, "emr-answer-not-fhir"}, unknown, unknown}},
		"other charset":    {body("application/fhir+json; charset=latin1", html), [4]outcome{{fhir.KindUpstream, "emr-answer-not-fhir"}, {fhir.KindUpstream, "emr-answer-not-fhir"}, unknown, unknown}},
		"compressed": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			answerFHIR(w, 200, marker)
		}, [4]outcome{{fhir.KindUpstream, "emr-answer-not-fhir"}, {fhir.KindUpstream, "emr-answer-not-fhir"}, unknown, unknown}},
		"too large":         {body("application/fhir+json", `"`+strings.Repeat(marker, 1000)+`"`), [4]outcome{{fhir.KindUpstream, "emr-answer-too-large"}, {fhir.KindUpstream, "emr-answer-too-large"}, unknown, unknown}},
		"too large, chunks": {bigChunks, [4]outcome{{fhir.KindUpstream, "emr-answer-too-large"}, {fhir.KindUpstream, "emr-answer-too-large"}, unknown, unknown}},
		"another resource":  {body("application/fhir+json", `{"resourceType":"Patient","id":"`+marker+`"}`), [4]outcome{{fhir.KindUpstream, "emr-answer-wrong"}, {fhir.KindUpstream, "emr-answer-broken"}, unknown, unknown}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t, c.emr)
			conf := Config{Base: s.base(), MaxBody: 8000, Attempts: 2}
			if c.want[0].kind == fhir.KindTimeout {
				conf.Timeout = 400 * time.Millisecond // nothing but the limit ends these
			}
			for i, call := range calls(t) {
				a := open(t, conf) // a breaker of its own
				err := call(a)
				wantError(t, err, c.want[i].kind, c.want[i].code)
				if t.Failed() {
					t.Fatalf("call %d", i)
				}
				if e := fhir.AsError(err); name == "429" && e.RetryAfter != time.Minute {
					t.Errorf("RetryAfter %v", e.RetryAfter)
				}
			}
		})
	}
}

func bigChunks(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/fhir+json")
	for range 20 {
		_, _ = io.WriteString(w, strings.Repeat(marker, 100))
		_ = http.NewResponseController(w).Flush()
	}
}

// calls are a read, a search, a create and an update.
func calls(t *testing.T) []func(*Adapter) error {
	return []func(*Adapter) error{
		func(a *Adapter) error {
			_, err := a.Read(background, fhir.Ref{Type: "Appointment", ID: "a1"})
			return err
		},
		func(a *Adapter) error {
			_, err := a.Search(background, query(t, "Appointment", "status=booked"), "")
			return err
		},
		func(a *Adapter) error { _, err := a.Write(background, booking(t)); return err },
		func(a *Adapter) error { _, err := a.Write(background, change(t)); return err },
	}
}

func TestAnEMRThatIsNotThereIsUnavailableAndNothingHappened(t *testing.T) {
	s := newStub(t, hang)
	var all []*Adapter
	for range calls(t) {
		a := open(t, Config{Base: s.base(), Attempts: 2})
		if _, err := a.Capability(background); err != nil {
			t.Fatal(err)
		}
		all = append(all, a)
	}
	s.Close()
	for i, call := range calls(t) {
		wantError(t, call(all[i]), fhir.KindUnavailable, "emr-unreachable")
	}
	_, err := open(t, Config{Base: s.base(), Attempts: 1}).Capability(background)
	wantError(t, err, fhir.KindUnavailable, "emr-unreachable")
}

func TestReadsAreRepeatedWhereThatCanHelp(t *testing.T) {
	for code, want := range map[int]int32{502: 3, 503: 3, 504: 3, 429: 3, 500: 1, 404: 1, 409: 1, 400: 1, 403: 1} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			t.Parallel()
			var n atomic.Int32
			s := newStub(t, func(w http.ResponseWriter, r *http.Request) {
				n.Add(1)
				answerFHIR(w, code, "{}")
			})
			a := open(t, Config{Base: s.base()})
			if _, err := a.Read(background, fhir.Ref{Type: "Appointment", ID: "a1"}); err == nil || n.Load() != want {
				t.Errorf("%d requests, want %d; %v", n.Load(), want, err)
			}
		})
	}
}

func TestAReadSucceedsAfterTheEMRHasRecovered(t *testing.T) {
	var n atomic.Int32
	s := newStub(t, func(w http.ResponseWriter, r *http.Request) {
		switch n.Add(1) {
		case 1:
			reset(w, r)
		case 2:
			raw("HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nContent-Length: 500\r\n\r\n{")(w, r)
		default:
			answerFHIR(w, 200, appointment("a1", "7"))
		}
	})
	got, err := open(t, Config{Base: s.base()}).Read(background, fhir.Ref{Type: "Appointment", ID: "a1"})
	if err != nil || string(got.Bytes()) != appointment("a1", "7") {
		t.Errorf("%s %v", got.Bytes(), err)
	}
}

func TestALyingEMRIsNotBelieved(t *testing.T) {
	for _, lie := range []string{appointment("a2", "1"), `{"resourceType":"Task","id":"a1"}`, `{"resourceType":"Appointment"}`, `{"resourceType":"OperationOutcome","id":"a1"}`} {
		s := newStub(t, body("application/fhir+json", lie))
		_, err := open(t, Config{Base: s.base()}).Read(background, fhir.Ref{Type: "Appointment", ID: "a1"})
		wantError(t, err, fhir.KindUpstream, "emr-answer-wrong")
	}
}

func TestH13AnIDThatIsNoneNeverReachesTheEMR(t *testing.T) {
	s := newStub(t, body("application/fhir+json", appointment("a1", "1")))
	a := open(t, Config{Base: s.base()})
	for _, id := range []string{"..", ".", "", "a/b", "a%2Fb", "a?b"} {
		_, err := a.Read(background, fhir.Ref{Type: "Appointment", ID: id})
		wantError(t, err, fhir.KindNotFound, "not-found")
	}
	if seen, _ := s.requests(); len(seen) != 0 {
		t.Errorf("%d requests", len(seen))
	}
}

func TestWhatTheStatementDoesNotOfferIsRefusedHere(t *testing.T) {
	s := newStub(t, hang)
	a := open(t, Config{Base: s.base()})
	_, err := a.Read(background, fhir.Ref{Type: "Encounter", ID: "1"})
	wantError(t, err, fhir.KindNotSupported, "emr-not-supported")
	_, err = a.Search(background, query(t, "DocumentReference", ""), "")
	wantError(t, err, fhir.KindNotSupported, "emr-not-supported")
	_, err = a.Write(background, fhir.Change{Kind: fhir.InteractionDelete, Operation: "x", Resource: resource(t, appointment("a1", "1"))})
	wantError(t, err, fhir.KindNotSupported, "emr-not-supported")
	_, err = a.Write(background, fhir.Change{Kind: fhir.InteractionCreate, Resource: resource(t, `{"resourceType":"Appointment"}`)})
	wantError(t, err, fhir.KindInternal, "internal")
}

func TestTheGatewaysTraceGoesAlong(t *testing.T) {
	s := newStub(t, body("application/fhir+json", appointment("a1", "1")))
	a := open(t, Config{Base: s.base()})
	for _, trace := range []adapters.Trace{{RequestID: "r-1", Traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}, {RequestID: "a b\r\nX: y"}} {
		if _, err := a.Read(adapters.WithTrace(background, trace), fhir.Ref{Type: "Appointment", ID: "a1"}); err != nil {
			t.Fatal(err)
		}
	}
	seen, _ := s.requests()
	if h := seen[0].Header; h.Get("X-Request-Id") != "r-1" || !strings.HasPrefix(h.Get("traceparent"), "00-0af7") {
		t.Errorf("%v", h)
	}
	if h := seen[1].Header; h.Get("X-Request-Id") != "" || h.Get("Traceparent") != "" || h.Get("X") != "" {
		t.Errorf("%v", h)
	}
}
