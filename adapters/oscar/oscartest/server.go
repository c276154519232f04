package oscartest

import (
	"bytes"
	"encoding/hex"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
)

const maxBody = 32 << 20

// Server is one clinic's OSCAR. It is an http.Handler, safe for concurrent use; requests are carried out one at a time.
type Server struct {
	cfg      Config
	mu       sync.Mutex
	switches Switches
	data     data
	oauth    oauthState
	sessions sessions
	log      []Request
	burst    burst
	sticky   includes
	soapKeys map[int]string // of log-ins, by security number
}

// New starts an OSCAR without people or rows.
func New(cfg Config) (*Server, error) {
	settled, err := cfg.settled()
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: settled, data: newData()}
	s.oauth.settle()
	return s, nil
}

// Request is a request that the server had, for tests to look at.
type Request struct {
	At        time.Time
	Method    string
	Path      string // below the context
	Query     string
	Header    http.Header
	Body      []byte
	Status    int    // of the answer
	Provider  string // on whose behalf, if anybody's
	Operation string // SOAP: the name of the operation
}

// Switch changes how the server behaves from the next request on.
func (s *Server) Switch(change func(*Switches)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.switches)
}

// Requests lists what was asked since the start or the last Forget, oldest first.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kept()
}

// Forget empties the list of requests.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = nil
}

// now is the server's own clock in the clinic's zone.
func (s *Server) now() time.Time {
	return s.cfg.Now().Add(s.switches.ClockOffset).In(s.cfg.Zone)
}

// token is a new unguessable text.
func (s *Server) token() string {
	var b [16]byte
	if _, err := io.ReadFull(s.cfg.Random, b[:]); err != nil {
		panic("oscartest: no randomness: " + err.Error())
	}
	return hex.EncodeToString(b[:])
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.cfg.LoopbackOnly && !fromHere(r) {
		http.Error(w, "This stand-in answers on loopback only.", http.StatusForbidden)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
		return
	}
	a, sw := s.answer(r, body)
	w.Header().Set("Date", s.cfg.Now().Add(sw.ClockOffset).UTC().Format(http.TimeFormat)) // of its own clock
	a.send(w, sw)
}

// answer carries the request out.
func (s *Server) answer(r *http.Request, body []byte) (answer, Switches) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &call{Server: s, r: r, body: body, query: r.URL.Query(), at: s.now()}
	path, ok := strings.CutPrefix(r.URL.Path, s.cfg.Context+"/")
	c.path = path
	a := c.text(http.StatusNotFound, "")
	if ok {
		a = c.dispatch()
	}
	s.remember(c, a.status)
	return a, s.switches
}

func (s *Server) remember(c *call, status int) {
	q := Request{At: c.at, Method: c.r.Method, Path: "/" + c.path, Query: c.r.URL.RawQuery, Header: c.r.Header.Clone(),
		Body: bytes.Clone(c.body), Status: status, Provider: c.provider.No, Operation: c.operation}
	if s.log = append(s.log, q); len(s.log) >= 2*s.cfg.KeepRequests { // not for every request: a copy of all costs more than most answers
		s.log = s.kept()
	}
}

// kept are the requests that are remembered.
func (s *Server) kept() []Request {
	return append([]Request(nil), s.log[max(0, len(s.log)-s.cfg.KeepRequests):]...)
}

// call is one request on its way.
type call struct {
	*Server
	r         *http.Request
	path      string // below the context, without the leading slash
	query     map[string][]string
	body      []byte
	at        time.Time
	provider  Provider // whom the caller acts as
	params    map[string]string
	operation string
}

func (c *call) get(name string) string {
	if v := c.query[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// dispatch finds the part of the server that answers.
func (c *call) dispatch() answer {
	switch {
	case c.switches.LoginPage:
		return c.html(http.StatusOK, loginPage)
	case len(c.cfg.AllowFrom) > 0 && c.cfg.Dialect == Juno && !c.allowed():
		return c.text(http.StatusForbidden, "Forbidden")
	case strings.HasPrefix(c.path, "ws/oauth/"):
		return c.handshake(strings.TrimPrefix(c.path, "ws/oauth/"))
	case strings.HasPrefix(c.path, "ws/services/"):
		return c.rest(strings.TrimPrefix(c.path, "ws/services/"), c.authenticate)
	case strings.HasPrefix(c.path, "ws/rs/"):
		return c.rest(strings.TrimPrefix(c.path, "ws/rs/"), c.browserSession)
	case strings.HasPrefix(c.path, "ws/") && strings.HasSuffix(c.path, "Service"):
		return c.soap(strings.TrimPrefix(c.path, "ws/"))
	}
	return c.text(http.StatusNotFound, "")
}

// allowed says whether Juno's list of addresses has the caller's.
func (c *call) allowed() bool {
	from, err := netip.ParseAddrPort(c.r.RemoteAddr)
	if err != nil {
		return false
	}
	for _, p := range c.cfg.AllowFrom {
		if p.Contains(from.Addr().Unmap()) {
			return true
		}
	}
	return false
}

// fromHere is true of requests that never left this machine and did not come through a browser's rebound name.
func fromHere(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !peer.Addr().Unmap().IsLoopback() {
		return false
	}
	host := r.Host
	if h, _, found := strings.Cut(host, ":"); found && !strings.HasPrefix(host, "[") {
		host = h
	}
	return host == "127.0.0.1" || host == "localhost" || strings.HasPrefix(host, "[::1]")
}
