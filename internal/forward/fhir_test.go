package forward

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// repository is an audit record repository that keeps what it is given, unless a fault says what it does instead.
type repository struct {
	*httptest.Server
	t *testing.T
	shelf
	known map[string]bool // of conditional creates
	asked atomic.Int64
	fault func(w http.ResponseWriter, r *http.Request) (done bool)
}

func newRepository(t *testing.T, fault func(http.ResponseWriter, *http.Request) bool) *repository {
	r := &repository{t: t, known: map[string]bool{}, fault: fault}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *repository) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.asked.Add(1)
	if r.fault != nil && r.fault(w, req) {
		return
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return
	}
	w.Header().Set("Content-Type", "application/fhir+json")
	if req.URL.Path != "/fhir" && req.URL.Path != "/fhir/AuditEvent" && !strings.HasPrefix(req.URL.Path, "/fhir/AuditEvent/") || req.Header.Get("Content-Type") != "application/fhir+json; charset=utf-8" {
		r.t.Errorf("%s %s %v", req.Method, req.URL, req.Header)
	}
	if req.URL.Path == "/fhir" {
		fmt.Fprint(w, r.batch(body))
		return
	}
	id := idOf(r.t, body)
	if req.Method == http.MethodPut && req.URL.Path != "/fhir/AuditEvent/"+id {
		r.t.Errorf("%s with %s", req.URL.Path, id)
	}
	w.WriteHeader(r.keep(id, req.Header.Get("If-None-Exist") != ""))
}

// keep keeps an event, once where that is asked for.
func (r *repository) keep(id string, once bool) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if once && r.known[id] {
		return http.StatusOK
	}
	r.known[id] = true
	r.ids = append(r.ids, id)
	return http.StatusCreated
}

func (r *repository) batch(body []byte) string {
	var bundle struct {
		Type  string
		Entry []struct {
			Resource json.RawMessage
			Request  struct{ Method, URL, IfNoneExist string }
		}
	}
	if err := json.Unmarshal(body, &bundle); err != nil || bundle.Type != "batch" {
		r.t.Errorf("%v in %s", err, body)
	}
	var out []string
	for _, e := range bundle.Entry {
		id := idOf(r.t, e.Resource)
		if e.Request.Method == "POST" && e.Request.URL != "AuditEvent" || e.Request.Method == "PUT" && e.Request.URL != "AuditEvent/"+id {
			r.t.Errorf("%+v", e.Request)
		}
		out = append(out, fmt.Sprintf(`{"response":{"status":"%d Whatever"}}`, r.keep(id, e.Request.IfNoneExist != "")))
	}
	return `{"resourceType":"Bundle","type":"batch-response","entry":[` + strings.Join(out, ",") + `]}`
}

// sink sends to the repository.
func (r *repository) sink(change func(*FHIRConfig)) Sink {
	return Sink{Name: "repository", Kind: "fhir", Open: func() (Receiver, error) {
		conf := FHIRConfig{URL: r.URL + "/fhir", Transport: &http.Transport{MaxResponseHeaderBytes: 64 << 10, DisableCompression: true}, Timeout: 20 * time.Second}
		if change != nil {
			change(&conf)
		}
		return OpenFHIR(conf)
	}}
}

func TestARepositoryGetsEveryEventByEveryWay(t *testing.T) {
	for _, way := range []string{CreateOnce, Create, Update} {
		for _, batch := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, batch %v", way, batch), func(t *testing.T) {
				h := newHouse(t)
				h.grow("maple", 70)
				r := newRepository(t, nil)
				f := h.forwarder(r.sink(func(c *FHIRConfig) { c.Way, c.Batch = way, batch }))
				h.start(f)
				arrived(t, f)
				if diff := cmp.Diff(h.want("maple"), r.all()); diff != "" {
					t.Error(diff)
				}
				if n := r.asked.Load(); batch && n > 5 {
					t.Errorf("%d requests", n)
				}
			})
		}
	}
}

// TestNothingIsLostWhateverARepositoryDoes: for a while it does something wrong; then everything has arrived, in order. What it
// says meanwhile is nowhere to be read.
func TestNothingIsLostWhateverARepositoryDoes(t *testing.T) {
	elsewhere := newRepository(t, nil)
	status := func(code int) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) {
			b, _ := io.ReadAll(r.Body)
			w.Header().Set("Retry-After", "120")
			w.WriteHeader(code)
			w.Write(b) // as servers do that quote what they were sent
		}
	}
	raw := func(text string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				io.WriteString(conn, text)
				conn.Close()
			}
		}
	}
	faults := map[string]struct {
		do   func(http.ResponseWriter, *http.Request)
		want string
	}{
		"500":     {status(500), "answered 500"},
		"503":     {status(503), "answered 503"},
		"429":     {status(429), "answered 429"},
		"401":     {status(401), "answered 401: it does not accept the gateway's log-in"},
		"404":     {status(404), "answered 404"},
		"slow":    {func(_ http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body); <-r.Context().Done() }, "did not answer in time"},
		"dies":    {raw(""), "the connection ended early"},
		"half":    {raw("HTTP/1.1 201 Created\r\nContent-Type: application/fhir+json\r\nContent-Length: 100\r\n\r\n{\"resourceType\""), "the connection ended early"},
		"no HTTP": {raw("Patient/secret-1 was not found here\r\n\r\n"), "answered with something that could not be read"},
		"HTML":    {raw("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 16\r\n\r\nPatient/secret-1"), "answered 200 with something other than FHIR, perhaps a log-in page"},
		"denied":  {raw("HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nContent-Length: 118\r\n\r\n" + `{"resourceType":"OperationOutcome","issue":[{"severity":"warning"},{"severity":"error","diagnostics":"Patient/secr"}]}`), "answered 200, but with an OperationOutcome that says it failed"},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+"/fhir/AuditEvent", http.StatusTemporaryRedirect)
		}, "answered 307: a redirect is not followed"},
	}
	for name, fault := range faults {
		for _, batch := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, batch %v", name, batch), func(t *testing.T) {
				h := newHouse(t)
				h.grow("maple", 30)
				var wrong atomic.Bool
				var good atomic.Int64
				r := newRepository(t, func(w http.ResponseWriter, r *http.Request) bool {
					if wrong.Load() {
						fault.do(w, r)
						return true
					}
					return good.Add(1) > 9 && wrong.CompareAndSwap(false, true) && func() bool { fault.do(w, r); return true }()
				})
				wrong.Store(batch)
				f := h.forwarder(r.sink(func(c *FHIRConfig) {
					c.Batch = batch
					if name == "slow" {
						c.Timeout = 300 * time.Millisecond
					}
				}))
				h.start(f)
				until(t, "it fails", func() bool { return f.States()[0].Failed >= 2 })
				if s, err := Read(t.Context(), h.db); err != nil || !strings.HasPrefix(s[0].Fault, fault.want) || s[0].Failing.IsZero() {
					t.Errorf("%+v %v", s, err)
				}
				good.Store(-1 << 40)
				wrong.Store(false)
				arrived(t, f)
				if diff := cmp.Diff(h.want("maple"), r.first()); diff != "" {
					t.Error(diff)
				}
				if len(r.all()) != len(r.first()) {
					t.Error("an event that came again was kept twice")
				}
				if log := h.log.String(); strings.Contains(log, "secret") || !strings.Contains(log, fault.want[:12]) {
					t.Errorf("the log:\n%s", log)
				}
			})
		}
	}
	if n := elsewhere.asked.Load(); n != 0 {
		t.Errorf("%d requests followed a redirect", n)
	}
}

func TestASinkThatIsDownAtTheStartGetsEverythingLater(t *testing.T) {
	h := newHouse(t)
	h.grow("maple", 30)
	r := newRepository(t, nil)
	address := r.Listener.Addr().String()
	r.Server.Close()
	f := h.forwarder(r.sink(nil))
	h.start(f)
	until(t, "it fails", func() bool { return f.States()[0].Failed >= 3 })
	if s, err := Read(t.Context(), h.db); err != nil || !strings.Contains(s[0].Fault, "connection refused") || s[0].Logs[0].Waiting.IsZero() {
		t.Errorf("%+v %v", s, err)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	back := &http.Server{Handler: r}
	go back.Serve(l)
	t.Cleanup(func() { back.Close() })
	arrived(t, f)
	if diff := cmp.Diff(h.want("maple"), r.all()); diff != "" {
		t.Error(diff)
	}
}

// An answer of a gigabyte is not read.
func TestAnAnswerIsReadNoFurtherThanItIsUsed(t *testing.T) {
	for _, batch := range []bool{false, true} {
		var written atomic.Int64
		r := newRepository(t, func(w http.ResponseWriter, r *http.Request) bool {
			io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Type", "application/fhir+json")
			w.WriteHeader(http.StatusCreated)
			part := make([]byte, 1<<20)
			for range 1 << 10 {
				n, err := w.Write(part)
				written.Add(int64(n))
				if err != nil {
					break
				}
			}
			return true
		})
		s, err := r.sink(func(c *FHIRConfig) { c.Batch = batch }).Open()
		if err != nil {
			t.Fatal(err)
		}
		verdicts, err := s.Send(t.Context(), []Event{{ID: "ab-1", Body: []byte(`{}`)}})
		if taken := err == nil && verdicts[0].Taken; taken == batch { // one event was taken; of a batch nobody knows
			t.Errorf("batch %v: %v %v", batch, verdicts, err)
		}
		s.Close()
		if n := written.Load(); n > 64<<20 {
			t.Errorf("%d bytes were taken", n)
		}
	}
}

func TestASinksPauseIsKept(t *testing.T) {
	r := newRepository(t, func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Retry-After", "120")
		w.WriteHeader(http.StatusTooManyRequests)
		return true
	})
	s, _ := r.sink(nil).Open()
	_, err := s.Send(t.Context(), []Event{{ID: "ab-1", Body: []byte(`{}`)}})
	if f, ok := errors.AsType[*Fault](err); !ok || f.Wait != 2*time.Minute {
		t.Errorf("%v", err)
	}
	asked := make(chan time.Duration, 1)
	f := New(Options{})
	f.pause = func(_ int, d time.Duration) time.Duration { asked <- d; return 0 }
	l := newLane(f, Sink{})
	l.faults = 1
	l.rest(t.Context(), false, errors.Join(err))
	if d := <-asked; d != 2*time.Minute {
		t.Errorf("asked for %s", d)
	}
}

func TestABatchIsJudgedEntryByEntry(t *testing.T) {
	answer := func(statuses ...string) []byte {
		return []byte(`{"resourceType":"Bundle","type":"batch-response","entry":[{"response":{"status":"` + strings.Join(statuses, `"}},{"response":{"status":"`) + `"}}]}`)
	}
	taken, refused := Verdict{Taken: true}, Verdict{Refused: "answered 422"}
	for _, test := range []struct {
		answer []byte
		n      int
		want   []Verdict
		fault  string
	}{
		{answer("201 Created", "200"), 2, []Verdict{taken, taken}, ""},
		{answer("201", "422 Unprocessable Entity", "201"), 3, []Verdict{taken, refused, taken}, ""},
		{answer("201", "503", "201"), 3, []Verdict{taken, {}, taken}, "answered 503"},
		{answer("201", `201","outcome":{"resourceType":"OperationOutcome","issue":[{"severity":"fatal"}]},"x":"`), 2, []Verdict{taken, {}}, "answered 201 in a batch, but"},
		{answer("201"), 2, nil, "answered a batch of 2 with 1 entries"},
		{answer("fine"), 1, nil, "entries that have no status"},
		{[]byte(`{"resourceType":"OperationOutcome"}`), 1, nil, "something other than a Bundle"},
		{nil, 1, nil, "something other than a Bundle"},
	} {
		got, err := verdicts(test.answer, test.n)
		if !slices.Equal(got, test.want) && test.want != nil || (err == nil) != (test.fault == "") || err != nil && !strings.Contains(err.Error(), test.fault) {
			t.Errorf("%s: %v %v", test.answer, got, err)
		}
	}
}

// In a Bundle that is refused as a whole the one that spoils it is found.
func TestOneBadEventSpoilsNoBundle(t *testing.T) {
	h := newHouse(t)
	h.grow("maple", 40)
	want := h.want("maple")
	poison := want[5]
	r := newRepository(t, func(w http.ResponseWriter, r *http.Request) bool {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if strings.Contains(string(body), `"`+poison+`"`) {
			w.WriteHeader(http.StatusBadRequest)
			return true
		}
		return false
	})
	f := h.forwarder(r.sink(func(c *FHIRConfig) { c.Batch = true }))
	h.start(f)
	arrived(t, f)
	if !slices.Equal(r.all(), slices.DeleteFunc(want, func(id string) bool { return id == poison })) || f.States()[0].Parked != 1 {
		t.Errorf("%v %+v", r.all(), f.States())
	}
}

func TestTheLogInIsFetchedAnewWhenItIsRefused(t *testing.T) {
	var drops, asked int
	r := newRepository(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Authorization") != "Bearer new" {
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}
		return false
	})
	token := "Bearer old"
	s, _ := r.sink(func(c *FHIRConfig) {
		c.Authorize = func(context.Context) (string, func(), error) {
			asked++
			return token, func() { drops++; token = "Bearer new" }, nil
		}
	}).Open()
	event := []Event{{ID: "ab-1", Body: []byte(`{"resourceType":"AuditEvent","meta":{"tag":[{"system":"urn:vestibule:event","code":"ab-1"}]}}`)}}
	if _, err := s.Send(t.Context(), event); err == nil || drops != 1 {
		t.Errorf("%v, %d", err, drops)
	}
	if v, err := s.Send(t.Context(), event); err != nil || !v[0].Taken || asked != 2 {
		t.Errorf("%v %v", v, err)
	}
}

func TestACertificateIsHeldToWhoItIsAndWhoSignedIt(t *testing.T) {
	s := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	s.Config.ErrorLog = nil
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	for want, c := range map[string]*tls.Config{
		"its TLS certificate is not accepted: x509: certificate signed by unknown authority": {},
		"its TLS certificate is not accepted: x509: certificate is valid for":                {RootCAs: pool, ServerName: "wrong.test"},
		"answered 404": {RootCAs: pool},
	} {
		sink, _ := OpenFHIR(FHIRConfig{URL: s.URL, Transport: &http.Transport{TLSClientConfig: c}})
		_, err := sink.Send(t.Context(), []Event{{ID: "ab-1", Body: []byte(`{}`)}})
		if err == nil || !strings.HasPrefix(described(err), want) {
			t.Errorf("%s, want %s", described(err), want)
		}
		sink.Close()
	}
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	sink, _ := OpenFHIR(FHIRConfig{URL: strings.Replace(plain.URL, "http:", "https:", 1), Transport: &http.Transport{}})
	if _, err := sink.Send(t.Context(), []Event{{ID: "ab-1", Body: []byte(`{}`)}}); err == nil {
		t.Error("it spoke clear text")
	}
}
