package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"time"

	"vestibule/adapters/oscar"
	"vestibule/adapters/oscar/oscartest"
	"vestibule/fhir"
	"vestibule/policy"
)

// What the day sheet has.
const (
	sheetRows      = 200
	sheetProvider  = "42"
	sheetPatients  = 150
	oscarClient    = "vestibule"
	oscarSecret    = "made-up"
	oscarBaseURL   = "http://127.0.0.1:1/oscar"
	oscarZone      = "America/Regina"
	oscarDaySearch = "practitioner=Practitioner/" + sheetProvider + "&_count=500"
)

// daySheet is a practitioner's day of 200 appointments out of an OSCAR: its answers, taken once, and the adapter over them.
type daySheet struct {
	adapter *oscar.Adapter
	emr     *cannedOSCAR
	query   fhir.Query
	set     *policy.Set
	request policy.Request
}

// cannedOSCAR is the wire to an OSCAR: while native is nil it asks the stand-in, after that it gives the same bytes again.
type cannedOSCAR struct {
	mu      sync.Mutex
	server  http.Handler
	answers map[string][]byte // by method, path, query and body
	taken   map[string]bool   // asked for since the last forget
	canned  bool
}

func (c *cannedOSCAR) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var sent []byte
	if r.Body != nil {
		var err error
		if sent, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	name := r.Method + " " + r.URL.RequestURI() + " " + string(sent)
	body, ok := c.answers[name]
	if !ok {
		if c.canned {
			return nil, fmt.Errorf("%s was not asked for before", name)
		}
		w, asked := httptest.NewRecorder(), r.Clone(r.Context())
		asked.Host = r.URL.Host
		asked.Body = io.NopCloser(bytes.NewReader(sent))
		c.server.ServeHTTP(w, asked)
		if w.Code != http.StatusOK {
			return nil, fmt.Errorf("%s: the stand-in answers %d: %s", name, w.Code, w.Body)
		}
		body = w.Body.Bytes()
		c.answers[name] = body
	}
	c.taken[name] = true
	return &http.Response{StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r, ContentLength: int64(len(body)),
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(body))}, nil
}

// native is what one search reads: the bytes of the answers that it asked for.
func (c *cannedOSCAR) native() (out [][]byte) {
	for name := range c.taken {
		out = append(out, c.answers[name])
	}
	return out
}

func newDaySheet(now time.Time) (*daySheet, error) {
	zone, err := time.LoadLocation(oscarZone)
	if err != nil {
		return nil, err
	}
	server, err := oscartest.New(oscartest.Config{Zone: zone, Now: func() time.Time { return now }, KeepRequests: 1,
		Clients: []oscartest.Client{{Key: oscarClient, Secret: oscarSecret, Name: "Vestibule"}}})
	if err != nil {
		return nil, err
	}
	server.AddProviders(oscartest.Provider{No: sheetProvider, FirstName: "Minh", LastName: "Lee", Type: "doctor"})
	for i := range sheetPatients {
		server.AddPatients(oscartest.Patient{No: i + 1, FirstName: fmt.Sprint("GIVEN", i), LastName: fmt.Sprint("FAMILY", i)})
	}
	day := now.In(zone).AddDate(0, 0, 1).Format(time.DateOnly)
	server.SeedDay(sheetProvider, day, sheetRows)
	token := server.Issue(oscarClient, sheetProvider)
	d := &daySheet{emr: &cannedOSCAR{server: server, answers: map[string][]byte{}, taken: map[string]bool{}}}
	d.adapter, err = oscar.Open(oscar.Config{Base: oscarBaseURL, Dialect: oscar.OpenO, Zone: zone, Now: func() time.Time { return now }, Transport: d.emr,
		Client: oscar.Credential{Key: oscarClient, Secret: oscarSecret}, Token: oscar.Credential{Key: token.Key, Secret: token.Secret}})
	if err != nil {
		return nil, err
	}
	values, err := url.ParseQuery(oscarDaySearch + "&date=" + day)
	if err != nil {
		return nil, err
	}
	if d.query, err = fhir.ParseQuery("Appointment", values, zone); err != nil {
		return nil, err
	}
	w := world{now: now.In(zone)}
	if d.set, d.request, err = w.question(1, 1, bookings(42)); err != nil {
		return nil, err
	}
	d.request.Interaction.Query = d.query
	return d, nil
}

// page is what the gateway does between OSCAR's bytes and its own: signing, reading, translating, releasing, writing.
func (d *daySheet) page(ctx context.Context, dst []byte) (out []byte, entries int, err error) {
	decision := d.set.Decide(d.request)
	if !decision.Permitted() {
		return nil, 0, decision.Err()
	}
	set := fhir.Searchset{ID: "in-process", Base: "http://gateway.example.test", Self: "http://gateway.example.test/Appointment", Total: -1}
	for cursor, first := "", true; first || cursor != ""; first = false {
		page, err := d.adapter.Search(ctx, d.query, cursor)
		if err != nil {
			return nil, 0, err
		}
		for _, r := range page.Resources {
			if released, _ := decision.Release(r); !released.IsZero() {
				set.Entries = append(set.Entries, released.Cut())
			}
		}
		cursor = page.Next
	}
	return set.AppendTo(dst), len(set.Entries), nil
}

// measureDaySheet is the CPU of a day sheet, beside reading the same native bytes.
func (r *inProcess) measureDaySheet(now time.Time) error {
	d, err := newDaySheet(now)
	if err != nil {
		return fmt.Errorf("in-process: day sheet: %w", err)
	}
	defer d.adapter.Close()
	ctx := context.Background()
	out, _, err := d.page(ctx, nil) // asks for the code tables, too
	if err != nil {
		return fmt.Errorf("in-process: day sheet: %w", err)
	}
	clear(d.emr.taken)
	d.emr.canned = true
	var entries int
	if out, entries, err = d.page(ctx, out[:0]); err != nil || entries != sheetRows {
		return fmt.Errorf("in-process: day sheet: %d of %d appointments: %w", entries, sheetRows, err)
	}
	native := d.emr.native()
	size := 0
	for _, b := range native {
		size += len(b)
	}
	beside := step{what: fmt.Sprintf("read an OSCAR's day sheet of %d, %d kB, with encoding/json (json.Valid)", sheetRows, size/1000)}
	if beside.cpu, err = leastCPU(8, 20, func() error {
		for _, b := range native {
			if !json.Valid(b) {
				return errors.New("the day sheet is no JSON")
			}
		}
		return nil
	}); err != nil {
		return err
	}
	whole := step{what: fmt.Sprintf("translate and release it: %d kB of FHIR", len(out)/1000)}
	if whole.cpu, err = leastCPU(8, 10, func() error {
		out, _, err = d.page(ctx, out[:0])
		return err
	}); err != nil {
		return err
	}
	for _, s := range []step{beside, whole} {
		s.beside, s.ratio = beside.what, float64(s.cpu)/float64(beside.cpu)
		r.steps = append(r.steps, s)
	}
	return nil
}
