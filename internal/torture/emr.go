package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"sync"
	"time"

	"vestibule/internal/demo/emr"
)

// asked is one write that reached the EMR.
type asked struct {
	request   string // X-Request-Id of the access that it belongs to
	operation string // of a create
	comment   string // names what its caller meant to write
	applied   bool   // the EMR changed something for it
}

// standIn is the EMR behind the gateway: the demo's, with a memory of what it was asked and a finger on the gateway.
type standIn struct {
	inner  *emr.EMR
	server *http.Server
	url    string

	mu     sync.Mutex
	writes []asked
	at     point  // where to kill, atRandom: nowhere
	nth    int    // the how manieth time
	kill   func() // kills the gateway
	open   map[net.Conn]bool
	empty  *sync.Cond // no connection is open
}

func newStandIn(now time.Time) (*standIn, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &standIn{url: "http://" + l.Addr().String() + "/fhir", open: map[net.Conn]bool{}}
	s.empty = sync.NewCond(&s.mu)
	if s.inner, err = emr.New(emr.Config{Base: s.url, Name: "made-up EMR"}); err != nil {
		return nil, err
	}
	for i := range appointments {
		if err := s.inner.Load(appointment(i, now)); err != nil {
			return nil, err
		}
	}
	s.server = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second, ConnState: s.track}
	go func() { _ = s.server.Serve(l) }() // until it is closed
	return s, nil
}

// appointments is how many the EMR begins with; each caller changes its own.
const appointments = 24

func appointment(i int, now time.Time) []byte {
	start := now.Add(time.Duration(24+i) * time.Hour).UTC()
	return fmt.Appendf(nil, `{"resourceType":"Appointment","id":"apt-%02d","status":"booked","start":"%s","end":"%s","comment":"as it was",`+
		`"description":"%s","participant":[{"actor":{"reference":"Patient/pat-%d"},"status":"accepted"},{"actor":{"reference":"Practitioner/42"},"status":"accepted"}]}`,
		i, start.Format(time.RFC3339), start.Add(15*time.Minute).Format(time.RFC3339), bytes.Repeat([]byte("Made up. "), 40*(i%4)), i%7)
}

func (s *standIn) track(c net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch state {
	case http.StateNew:
		s.open[c] = true
	case http.StateClosed, http.StateHijacked:
		delete(s.open, c)
	}
	s.empty.Broadcast()
}

// quiet waits until everything that a dead gateway had sent is carried out.
func (s *standIn) quiet() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.open) > 0 {
		s.empty.Wait()
	}
}

// arm has the nth write at p kill the gateway.
func (s *standIn) arm(p point, nth int, kill func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at, s.nth, s.kill = p, nth, kill
}

// dies reports whether the gateway dies at what, having killed it.
func (s *standIn) dies(what string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at.What != what {
		return false
	}
	if s.nth--; s.nth != 0 {
		return false
	}
	s.kill()
	return true
}

var (
	commentOf   = regexp.MustCompile(`"comment":\s*"([^"]*)"`)
	operationOf = regexp.MustCompile(`"system":\s*"urn:vestibule:operation",\s*"value":\s*"([^"]*)"`)
)

// ServeHTTP carries out what the inner EMR does. A gateway that is killed at a write gets no answer any more.
func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPut && r.Method != http.MethodPost {
		s.inner.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the gateway died while it sent it
	}
	a := asked{request: r.Header.Get("X-Request-Id"), operation: first(operationOf, body), comment: first(commentOf, body)}
	if s.dies(atAsked) {
		s.remember(a)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	rec := httptest.NewRecorder()
	s.inner.ServeHTTP(rec, r)
	a.applied = r.Method == http.MethodPost && rec.Code == http.StatusCreated || r.Method == http.MethodPut && rec.Code == http.StatusOK
	s.remember(a)
	if s.dies(atDone) {
		return
	}
	for name, values := range rec.Header() {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Length", strconv.Itoa(rec.Body.Len()))
	w.WriteHeader(rec.Code)
	_, _ = w.Write(rec.Body.Bytes()) // it may be dead
	_ = http.NewResponseController(w).Flush()
	s.dies(atAnswer)
}

func first(re *regexp.Regexp, b []byte) string {
	if m := re.FindSubmatch(b); m != nil {
		return string(m[1])
	}
	return ""
}

func (s *standIn) remember(a asked) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes = append(s.writes, a)
}

// told is everything the EMR was asked to write, so far.
func (s *standIn) told() []asked {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]asked(nil), s.writes...)
}

// version is the one that an appointment has in the EMR now.
func (s *standIn) version(id string) string {
	rec := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, s.url+"/Appointment/"+id, nil)
	r.RemoteAddr = "127.0.0.1:1"
	s.inner.ServeHTTP(rec, r)
	return first(versionOf, []byte(rec.Header().Get("ETag")))
}

var versionOf = regexp.MustCompile(`W/"([^"]*)"`)
