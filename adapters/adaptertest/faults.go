package adaptertest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"vestibule/adapters"
	"vestibule/fhir"
)

func faultPromises() []promise {
	return []promise{
		{name: "an EMR's fault becomes the right kind of error on a read, in time, and its text stays there",
			needs: []need{does(fhir.InteractionRead)}, keep: func(t T, s *suite, h subject) { s.faults(t, h, readCall) }},
		{name: "an EMR's fault becomes the right kind of error on a search, in time, and its text stays there",
			needs: []need{does(fhir.InteractionSearch)}, keep: func(t T, s *suite, h subject) { s.faults(t, h, searchCall) }},
		{name: "an EMR's fault becomes the right kind of error on a create, in time, and its text stays there",
			needs: []need{does(fhir.InteractionCreate)}, keep: func(t T, s *suite, h subject) { s.faults(t, h, createCall) }},
		{name: "an EMR's fault becomes the right kind of error on an update, in time, and its text stays there",
			needs: []need{does(fhir.InteractionUpdate)}, keep: func(t T, s *suite, h subject) { s.faults(t, h, updateCall) }},
		{name: "after a fault the EMR is served again", needs: []need{does(fhir.InteractionRead)}, keep: recovers},
	}
}

// The calls that faults are tried with.
const (
	readCall = iota
	searchCall
	createCall
	updateCall
)

// An adapter's time limit while faults are tried: for those that last, it is what ends them; for the others it is long enough
// for a busy machine.
const (
	shortTime = 400 * time.Millisecond
	longTime  = 20 * time.Second
)

// faultRow is a fault and what it may become.
type faultRow struct {
	name       string
	fault      fault
	read       []outcome // of reads
	search     []outcome // of searches; nil: as reads
	write      []outcome // of writes; nil: as reads
	retryAfter time.Duration
	lasts      bool // until the time limit
}

// faultRows is the table of package adapters as faults. A write may also end as a read of the same fault where the adapter
// looks before it writes: nothing has been sent by then, and its error may say so.
func faultRows() []faultRow {
	one := func(kind fhir.Kind, codes ...string) []outcome { return []outcome{is(kind, codes...)} }
	unknown := is(fhir.KindTimeout, "emr-write-unknown")
	or := func(o ...outcome) []outcome { return append([]outcome{unknown}, o...) }
	up := fhir.KindUpstream
	login, failed, refused := is(up, "emr-login-refused"), is(up, "emr-failed"), is(up, "emr-request-refused")
	timeout, gone := is(fhir.KindTimeout, "emr-timeout"), is(fhir.KindUnavailable, "emr-unreachable")
	useless := is(up, "emr-answer-not-fhir", "emr-answer-broken", "emr-answer-wrong")
	absent := is(fhir.KindNotFound, "not-found")
	page := "<!DOCTYPE html><html><title>" + canary + "</title><form action=/login></html>"
	rows := []faultRow{
		{name: "401", fault: status(401), read: []outcome{login}},
		{name: "403", fault: status(403), read: []outcome{login}},
		{name: "404", fault: status(404), read: []outcome{absent, refused}, search: []outcome{refused}, write: []outcome{absent, refused}},
		{name: "405", fault: status(405), read: []outcome{refused}},
		{name: "409", fault: status(409), read: one(fhir.KindConflict, "emr-conflict")},
		{name: "423", fault: status(423), read: one(fhir.KindConflict, "emr-locked")},
		{name: "400", fault: status(400), read: []outcome{refused}, write: []outcome{is(fhir.KindUnprocessable, "emr-refused"), refused}},
		{name: "422", fault: status(422), read: []outcome{refused}, write: []outcome{is(fhir.KindUnprocessable, "emr-refused"), refused}},
		{name: "429", fault: status(429, "Retry-After", "60"), read: one(fhir.KindUnavailable, "emr-busy"), retryAfter: time.Minute},
		{name: "500", fault: status(500), read: []outcome{failed}, write: or(failed)},
		{name: "502", fault: status(502), read: []outcome{failed}, write: or(failed)},
		{name: "503", fault: status(503, "Retry-After", "60"), read: []outcome{failed, is(fhir.KindUnavailable, "emr-busy")}, write: or(failed, is(fhir.KindUnavailable, "emr-busy"))},
		{name: "reset", fault: reset, read: []outcome{gone}, write: or(gone)},
		{name: "no HTTP", fault: raw(canary + " is no status line\r\n\r\n"), read: []outcome{gone, useless}, write: or(gone, useless)},
		{name: "slow headers", fault: silence, read: []outcome{timeout}, write: or(timeout), lasts: true},
		{name: "slow body", fault: drip, read: []outcome{timeout}, write: or(timeout), lasts: true},
		{name: "endless body", fault: endless, read: []outcome{is(up, "emr-answer-too-large"), timeout}, write: or(is(up, "emr-answer-too-large"), timeout)},
		{name: "half a body", fault: halfAnswer, read: one(up, "emr-answer-broken"), write: or(is(up, "emr-answer-broken"))},
	}
	for name, f := range map[string]fault{
		"a page for people": instead("text/html; charset=utf-8", page), "a log-in page": instead("text/html", page), "a page said to be JSON": instead("application/json", page),
		"XML":      instead("application/xml", "<?xml version=\"1.0\"?><Patient xmlns=\"http://hl7.org/fhir\"><name value=\""+canary+"\"/></Patient>"),
		"an image": instead("image/png", "\x89PNG\r\n\x1a\n"+canary), "nothing": instead("application/json", ""), "half a JSON": instead("application/fhir+json", `{"resourceType":"`+canary),
		"another JSON": instead("application/json", `"`+canary+`"`), "bad UTF-8": instead("application/fhir+json", `{"resourceType":"`+canary+"\xff\xfe\"}"),
		"a gzip that is none": func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
			w.Header().Set("Content-Encoding", "gzip")
			instead("application/fhir+json", canary)(w, r, pass)
		},
		"many answers in one": instead("application/fhir+json", strings.Repeat(`{"resourceType":"Patient","id":"x"}`, 3)),
	} {
		rows = append(rows, faultRow{name: name, fault: f, read: []outcome{useless}, write: or(useless)})
	}
	return rows
}

// raw answers with bytes that need not be HTTP.
func raw(text string) fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		conn := hijack(w)
		_, _ = conn.Write([]byte(text))
		_ = conn.Close()
	}
}

// faults breaks every request of a call in every way, with an adapter of its own for each.
func (s *suite) faults(t T, h subject, call int) {
	var lured atomic.Int32
	trap := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { lured.Add(1) }))
	t.Cleanup(func() {
		trap.Close()
		if n := lured.Load(); n > 0 {
			t.Errorf("%d requests followed the EMR to another address", n)
		}
	})
	elsewhere := faultRow{name: "302", fault: status(302, "Location", trap.URL+"/"+canary), read: []outcome{is(fhir.KindUpstream, "emr-redirected")}}
	for _, row := range append(faultRows(), elsewhere, faultRow{name: "nobody there", read: []outcome{is(fhir.KindUnavailable, "emr-unreachable")},
		write: []outcome{is(fhir.KindUnavailable, "emr-unreachable"), is(fhir.KindTimeout, "emr-write-unknown")}}) {
		t.Run(row.name, func(t T) {
			p := s.proxy(t, s.world)
			limit := longTime
			if row.lasts {
				limit = shortTime
			}
			a := s.open(t, Opening{Base: p.base(s.world), Timeout: limit, MaxBody: 1 << 20})
			ask := s.prepare(t, h, a, call)
			wanted := row.read
			switch {
			case call == searchCall && row.search != nil:
				wanted = row.search
			case call >= createCall && row.write != nil:
				wanted = row.write
			}
			rows := len(h.IDs(t))
			if row.fault == nil {
				p.server.CloseClientConnections()
				p.server.Close()
			}
			p.always(row.fault)
			began := time.Now()
			err := ask(background())
			if took := time.Since(began); took > limit+patience {
				t.Errorf("it took %s, with a limit of %s", took, limit)
			}
			e := wantError(t, row.name, err, wanted...)
			if e.RetryAfter != row.retryAfter && row.retryAfter != 0 {
				t.Errorf("the EMR says to come back after %s, the error %s", row.retryAfter, e.RetryAfter)
			}
			if created := len(h.IDs(t)) - rows; created > 1 || created > 0 && e.Code != "emr-write-unknown" {
				t.Errorf("%d rows came to be, and the error is %s", created, e.Code)
			}
		})
	}
}

// prepare warms an adapter up, so that it is logged in and knows what the EMR can do, and returns the call.
func (s *suite) prepare(t T, h subject, a adapters.EMR, call int) func(context.Context) error {
	t.Helper()
	d := s.draft(t)
	id := h.Seed(t, d)
	ref, warm := fhir.Ref{Type: h.Name, ID: id}, func() error { _, err := a.Capability(background()); return err }
	if slices.Contains(h.Interactions, fhir.InteractionRead) {
		warm = func() error { _, err := a.Read(background(), ref); return err }
	}
	inTime(t, warm)
	switch call {
	case readCall:
		return func(ctx context.Context) error { _, err := a.Read(ctx, ref); return err }
	case searchCall:
		q := s.query(t, h, "patient=Patient/"+d.Patient)
		return func(ctx context.Context) error { _, err := a.Search(ctx, q, ""); return err }
	case createCall:
		c := s.creation(t, h, s.draft(t))
		return func(ctx context.Context) error { _, err := a.Write(ctx, c); return err }
	}
	c := s.edit(t, h, s.read(t, s.direct(t), h, id), 1)
	return func(ctx context.Context) error { _, err := a.Write(ctx, c); return err }
}

// inTime makes a call whose outcome is not what is tried. On a busy machine an adapter with a short limit may need several
// tries.
func inTime(t T, call func() error) {
	t.Helper()
	err := call()
	tick := time.NewTicker(250 * time.Millisecond) // an adapter may leave a log-in alone for a moment that took too long
	defer tick.Stop()
	late := func() bool {
		return fhir.KindOf(err) == fhir.KindTimeout || err != nil && fhir.AsError(err).Code == "emr-circuit-open"
	}
	for began := time.Now(); late() && time.Since(began) < 12*patience; err = call() {
		<-tick.C
	}
	if err != nil {
		t.Fatalf("before anything is broken: %v", err)
	}
}

// recovers has an EMR fail and come back: one request that fails is not held against it.
func recovers(t T, s *suite, h subject) {
	p := s.proxy(t, s.world)
	a := s.open(t, Opening{Base: p.base(s.world), Timeout: longTime, MaxBody: 1 << 20})
	ask := s.prepare(t, h, a, readCall)
	for _, f := range []fault{reset, status(500), halfAnswer, instead("text/html", canary)} {
		p.always(f)
		if err := ask(background()); err == nil {
			t.Errorf("a read succeeded though every answer was broken")
		}
		p.always(nil)
		if err := ask(background()); err != nil {
			t.Errorf("after a fault: %v", err)
		}
	}
}
