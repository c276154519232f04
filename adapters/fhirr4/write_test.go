package fhirr4

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vestibule/adapters"
	"vestibule/fhir"
)

// notes is an EMR that keeps what is created, by operation, and does what a test wants beside it.
type notes struct {
	mu       sync.Mutex
	byOp     map[string]string
	creates  int
	ignores  bool // If-None-Exist
	disturb  func(n int, w http.ResponseWriter, r *http.Request) bool
	requests int
}

const twoNotes = `"emr-holds-two"`

func (n *notes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.byOp == nil {
		n.byOp = map[string]string{}
	}
	if r.Method == http.MethodGet {
		var all []string
		for _, res := range n.byOp {
			all = append(all, res)
		}
		answerFHIR(w, 200, searchset("", all...))
		return
	}
	var b strings.Builder
	buf := make([]byte, 4096)
	m, _ := r.Body.Read(buf)
	b.Write(buf[:m])
	n.requests++
	op := operationOf(b.String())
	old, there := n.byOp[op]
	if there && !n.ignores && r.Header.Get("If-None-Exist") == "identifier="+adapters.OperationSystem+"%7C"+op {
		answerFHIR(w, 200, old)
		return
	}
	keep := func() {
		n.creates++
		n.byOp[op] = strings.Replace(b.String(), `{`, fmt.Sprintf(`{"id":"n%d","meta":{"versionId":"1"},`, n.creates), 1)
		if n.creates > 1 && there {
			n.byOp[op] = twoNotes
		}
	}
	if n.disturb != nil {
		if !n.disturb(n.requests, w, r) {
			return
		}
		keep()
		if n.disturb(-n.requests, w, r) {
			answerFHIR(w, 201, n.byOp[op])
		}
		return
	}
	keep()
	answerFHIR(w, 201, n.byOp[op])
}

func operationOf(body string) string {
	_, rest, _ := strings.Cut(body, adapters.OperationSystem+`","value":"`)
	op, _, _ := strings.Cut(rest, `"`)
	return op
}

func TestH30ACreateHappensOnceHoweverOftenItIsRepeated(t *testing.T) {
	for name, disturb := range map[string]func(int, http.ResponseWriter, *http.Request) bool{
		"nothing goes wrong":                           nil,
		"the answer is lost":                           func(n int, w http.ResponseWriter, r *http.Request) bool { return n != -1 || lose(w, r) },
		"the EMR fails after it has created":           func(n int, w http.ResponseWriter, r *http.Request) bool { return n != -1 || fail(w, 500) },
		"the connection is lost before it has created": func(n int, w http.ResponseWriter, r *http.Request) bool { return n != 1 || lose(w, r) },
		"the EMR fails before it has created":          func(n int, w http.ResponseWriter, r *http.Request) bool { return n != 1 || fail(w, 503) },
		"the answer is no FHIR": func(n int, w http.ResponseWriter, r *http.Request) bool {
			if n == -1 {
				body("text/html", marker)(w, r)
			}
			return n != -1
		},
		"the answer is empty": func(n int, w http.ResponseWriter, r *http.Request) bool {
			if n == -1 {
				w.WriteHeader(201)
			}
			return n != -1
		},
		"the answer is another": func(n int, w http.ResponseWriter, r *http.Request) bool {
			if n == -1 {
				answerFHIR(w, 200, appointment("other", "1"))
			}
			return n != -1
		},
	} {
		t.Run(name, func(t *testing.T) {
			emr := &notes{disturb: disturb}
			s := newStub(t, emr.ServeHTTP)
			a := open(t, Config{Base: s.base()})
			for range 3 {
				r, err := a.Write(background, booking(t))
				if err != nil || r.ID() != "n1" || emr.creates != 1 {
					t.Fatalf("%s %v after %d creates", r.Bytes(), err, emr.creates)
				}
			}
		})
	}
}

func lose(w http.ResponseWriter, r *http.Request) bool { reset(w, r); return false }

func fail(w http.ResponseWriter, code int) bool {
	w.WriteHeader(code)
	return false
}

func TestH30TwoAtOnceWriteOnce(t *testing.T) {
	emr := &notes{ignores: true} // as servers do whose conditional creates race
	s := newStub(t, emr.ServeHTTP)
	quirk := Config{Base: s.base()}
	a := open(t, quirk)
	c := booking(t)
	c.Resource = resource(t, `{"resourceType":"Task","for":{"reference":"Patient/p1"}}`) // no conditional create: looks first
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if r, err := a.Write(background, c); err != nil || r.ID() != "n1" {
				t.Errorf("%s %v", r.Bytes(), err)
			}
		})
	}
	all.Wait()
	if emr.creates != 1 {
		t.Errorf("%d creates", emr.creates)
	}
}

func TestAnEMRInWhichAnOperationCannotBeFoundIsNotWrittenTo(t *testing.T) {
	s := newStub(t, hang)
	a := open(t, Config{Base: s.base()})
	for _, r := range []string{`{"resourceType":"DocumentReference","subject":{"reference":"Patient/p1"}}`, `{"resourceType":"Task"}`} {
		_, err := a.Write(background, fhir.Change{Kind: fhir.InteractionCreate, Operation: "x", Resource: resource(t, r)})
		wantError(t, err, fhir.KindNotSupported, "emr-not-supported")
	}
	if seen, _ := s.requests(); len(seen) != 0 {
		t.Errorf("%d requests", len(seen))
	}
}

func TestACreateWithAnIDOrABrokenIdentifierIsRefused(t *testing.T) {
	s := newStub(t, hang)
	a := open(t, Config{Base: s.base()})
	c := booking(t)
	c.Resource = resource(t, appointment("a1", "1"))
	_, err := a.Write(background, c)
	wantError(t, err, fhir.KindInvalid, "id-on-create")
	c.Resource = resource(t, `{"resourceType":"Appointment","identifier":{}}`)
	_, err = a.Write(background, c)
	wantError(t, err, fhir.KindUnprocessable, "emr-refused")
}

func TestH36TheOperationIsSplicedInAndEveryOtherByteStays(t *testing.T) {
	const id = `{"system":"urn:vestibule:operation","value":"op"}`
	for in, want := range map[string]string{
		`{ "resourceType":"Task", "x": 1.50 }`:                          `{"identifier":[` + id + `], "resourceType":"Task", "x": 1.50 }`,
		`{"resourceType":"Task","identifier":[ ]}`:                      `{"resourceType":"Task","identifier":[` + id + ` ]}`,
		`{"identifier":[{"value":"\u00e9"}],"resourceType":"Task"}`:     `{"identifier":[` + id + `,{"value":"\u00e9"}],"resourceType":"Task"}`,
		`{"resourceType":"Task","\u0069dentifier":[{"value":"e"}]}`:     `{"resourceType":"Task","\u0069dentifier":[` + id + `,{"value":"e"}]}`,
		`{"resourceType":"Task","note":[{"identifier":[]}],"_id":null}`: `{"identifier":[` + id + `],"resourceType":"Task","note":[{"identifier":[]}],"_id":null}`,
	} {
		got, err := withOperation(resource(t, in), "op")
		if err != nil || string(got) != want {
			t.Errorf("%v\n got %s\nwant %s", err, got, want)
		}
	}
	b, err := fhir.ParseBundle([]byte(`{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Task","identifier":[]}}]}`), fhir.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	entries, err := b.Entries()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := withOperation(entries[0].Resource, "op"); err != nil || string(got) != `{"resourceType":"Task","identifier":[`+id+`]}` {
		t.Errorf("inside a bundle: %s %v", got, err)
	}
}

func TestANewResourceIsFoundByItsLocation(t *testing.T) {
	for _, location := range []string{"/fhir/Appointment/n1", "Appointment/n1/_history/1", "%s/Appointment/n1"} {
		s := newStub(t, nil)
		s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.URL.Path == "/fhir/metadata":
				answerFHIR(w, 200, statement)
			case r.Method == http.MethodPost:
				w.Header().Set("Location", strings.Replace(location, "%s", "http://"+r.Host+"/fhir", 1))
				w.WriteHeader(201)
			case r.URL.Path == "/fhir/Appointment/n1":
				answerFHIR(w, 200, appointment("n1", "1"))
			default:
				answerFHIR(w, 404, "{}")
			}
		})
		if r, err := open(t, Config{Base: s.base()}).Write(background, booking(t)); err != nil || r.ID() != "n1" {
			t.Errorf("%s: %s %v", location, r.Bytes(), err)
		}
	}
}

// one is an EMR with one Appointment, a1, whose answer to an update a test decides.
func one(t *testing.T, put func(w http.ResponseWriter, r *http.Request, set func(string))) (*stub, *Adapter) {
	var current atomic.Value // an update that timed out may still be under way when it is read back
	current.Store(appointment("a1", "1"))
	s := newStub(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			put(w, r, func(text string) { current.Store(text) })
			return
		}
		answerFHIR(w, 200, current.Load().(string))
	})
	return s, open(t, Config{Base: s.base(), Timeout: 3 * time.Second})
}

// first does one thing for the first update and another for those after it.
func first(once func(http.ResponseWriter, *http.Request), then func(http.ResponseWriter, func(string))) func(http.ResponseWriter, *http.Request, func(string)) {
	var n atomic.Int32
	return func(w http.ResponseWriter, r *http.Request, set func(string)) {
		if n.Add(1) == 1 {
			once(w, r)
			return
		}
		then(w, set)
	}
}

func TestAnUpdateReplacesExactlyTheVersionItNames(t *testing.T) {
	const done = `{"resourceType":"Appointment","status":"cancelled","id":"a1","meta":{"versionId":"2"}}`
	const other = `{"resourceType":"Appointment","status":"fulfilled","id":"a1","meta":{"versionId":"2"}}`
	for name, c := range map[string]struct {
		put  func(w http.ResponseWriter, r *http.Request, set func(string))
		want outcome // the zero outcome is success
		puts int
	}{
		"answered":        {func(w http.ResponseWriter, r *http.Request, set func(string)) { set(done); answerFHIR(w, 200, done) }, outcome{}, 1},
		"answered empty":  {func(w http.ResponseWriter, r *http.Request, set func(string)) { set(done); w.WriteHeader(200) }, outcome{}, 1},
		"answered 204":    {func(w http.ResponseWriter, r *http.Request, set func(string)) { set(done); w.WriteHeader(204) }, outcome{}, 1},
		"answer lost":     {func(w http.ResponseWriter, r *http.Request, set func(string)) { set(done); reset(w, r) }, outcome{}, 1},
		"failed after":    {func(w http.ResponseWriter, r *http.Request, set func(string)) { set(done); fail(w, 500) }, outcome{}, 1},
		"lost, then done": {first(reset, func(w http.ResponseWriter, set func(string)) { set(done); answerFHIR(w, 200, done) }), outcome{}, 2},
		"lost, late":      {first(reset, func(w http.ResponseWriter, set func(string)) { set(done); fail(w, 412) }), outcome{}, 2},
		"lost, overtaken": {first(reset, func(w http.ResponseWriter, set func(string)) { set(other); fail(w, 412) }), outcome{fhir.KindTimeout, "emr-write-unknown"}, 2},
		"always lost":     {func(w http.ResponseWriter, r *http.Request, _ func(string)) { reset(w, r) }, outcome{fhir.KindTimeout, "emr-write-unknown"}, 3},
		"timed out after": {func(w http.ResponseWriter, r *http.Request, set func(string)) { set(done); hang(w, r) }, outcome{}, 1},
		"timed out":       {func(w http.ResponseWriter, r *http.Request, set func(string)) { hang(w, r) }, outcome{fhir.KindTimeout, "emr-write-unknown"}, 1},
		"failed":          {func(w http.ResponseWriter, r *http.Request, set func(string)) { fail(w, 500) }, outcome{fhir.KindUpstream, "emr-failed"}, 1},
		"failed, overtaken": {func(w http.ResponseWriter, r *http.Request, set func(string)) { set(other); fail(w, 500) },
			outcome{fhir.KindTimeout, "emr-write-unknown"}, 1},
		"busy":  {func(w http.ResponseWriter, r *http.Request, set func(string)) { fail(w, 429) }, outcome{fhir.KindUnavailable, "emr-busy"}, 3},
		"stale": {func(w http.ResponseWriter, r *http.Request, set func(string)) { set(other); fail(w, 412) }, outcome{fhir.KindStale, "stale"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, a := one(t, c.put)
			r, err := a.Write(background, change(t))
			if c.want.code == "" && (err != nil || r.VersionID() != "2" || string(r.Bytes()) != done) {
				t.Errorf("%s %v", r.Bytes(), err)
			}
			if c.want.code != "" {
				wantError(t, err, c.want.kind, c.want.code)
			}
			puts := 0
			seen, sent := s.requests()
			for i, r := range seen {
				if r.Method != http.MethodPut {
					continue
				}
				puts++
				if r.Header.Get("If-Match") != `W/"1"` || sent[i] != string(change(t).Resource.Bytes()) {
					t.Errorf("%v %s", r.Header, sent[i])
				}
			}
			if puts != c.puts {
				t.Errorf("%d updates sent", puts)
			}
		})
	}
}

func TestAnUpdateWithoutWhatMakesItSafeIsRefused(t *testing.T) {
	s := newStub(t, hang)
	a := open(t, Config{Base: s.base()})
	c := change(t)
	c.Base.Version = ""
	_, err := a.Write(background, c)
	wantError(t, err, fhir.KindPreconditionRequired, "version-required")
	c = change(t)
	c.Base.ID = "a2"
	_, err = a.Write(background, c)
	wantError(t, err, fhir.KindInternal, "internal")
	c = change(t)
	c.Base.Type, c.Resource = "Task", resource(t, `{"resourceType":"Task","id":"a1"}`)
	_, err = a.Write(background, c)
	wantError(t, err, fhir.KindNotSupported, "emr-not-supported")
}

func TestWhoGoesAwayDuringAWriteIsToldThatNobodyKnows(t *testing.T) {
	started := make(chan struct{})
	s := newStub(t, func(w http.ResponseWriter, r *http.Request) { close(started); hang(w, r) })
	ctx, cancel := context.WithCancel(background)
	go func() { <-started; cancel() }()
	_, err := open(t, Config{Base: s.base()}).Write(ctx, booking(t))
	wantError(t, err, fhir.KindTimeout, "emr-write-unknown")
}

func TestWhatWasWrittenIsRecognised(t *testing.T) {
	sent := `{"resourceType":"Task","id":"t1","a":[1.50,{"b":"c"}],"d":null,"meta":{"versionId":"1"}}`
	for got, want := range map[string]bool{
		`{"meta":{"versionId":"2"},"text":{},"id":"t1","resourceType":"Task","d":null,"a":[1.50,{"\u0062":"\u0063"}]}`: true,
		`{"resourceType":"Task","id":"t1","a":[1.5,{"b":"c"}],"d":null}`:                                               false,
		`{"resourceType":"Task","id":"t1","a":[1.50],"d":null}`:                                                        false,
		`{"resourceType":"Task","id":"t1","a":[1.50,{"b":"c"},2],"d":null}`:                                            false,
		`{"resourceType":"Task","id":"t1","a":[1.50,{"b":"c","e":1}],"d":null}`:                                        false,
		`{"resourceType":"Task","id":"t1","a":[1.50,{"b":"x"}],"d":null}`:                                              false,
		`{"resourceType":"Task","id":"t1","a":[1.50,{"b":"c"}]}`:                                                       false,
		`{"resourceType":"Task","id":"t1","a":[1.50,{"b":"c"}],"d":null,"new":1}`:                                      false,
	} {
		if saysTheSame(resource(t, sent).Value(), resource(t, got).Value()) != want {
			t.Errorf("%s: want %v", got, want)
		}
	}
}
