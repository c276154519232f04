package forward

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vestibule"
	"vestibule/audit"
	"vestibule/fhir"
	"vestibule/internal/store"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("VESTIBULE_FORWARD_FROM"); dir != "" { // see TestKilledBetweenSendingAndSaving
		sendUntilKilled(dir, os.Getenv("VESTIBULE_FORWARD_TO"))
	}
	goleak.VerifyTestMain(m)
}

// house is a ledger to be sent on. Everybody in it is made up.
type house struct {
	t      *testing.T
	dir    string
	db     *sql.DB
	ledger *audit.Ledger
	log    *locked

	mu    sync.Mutex
	notes []Note
}

// locked is a buffer that several write to.
type locked struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newHouse(t *testing.T) *house {
	t.Helper()
	dir := t.TempDir()
	db, err := store.CreateFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.New(db); err != nil {
		t.Fatal(err)
	}
	ledger, err := audit.Open(t.Context(), db, audit.Options{Key: ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)), Deployment: "gateway.test"})
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, dir: dir, db: db, ledger: ledger, log: new(locked)}
	t.Cleanup(func() { h.ledger.Close(); h.db.Close() })
	return h
}

// grow records n accesses of each kind at a clinic: an intent and its outcome, a refusal, one to three patients.
func (h *house) grow(clinic string, n int) {
	h.t.Helper()
	var all sync.WaitGroup
	next := make(chan int)
	for range 16 {
		all.Go(func() {
			for i := range next {
				h.append(clinic, i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	all.Wait()
}

func (h *house) append(clinic string, i int) {
	r := audit.Record{ID: vestibule.NewID(), Phase: audit.PhaseOutcome, Clinic: clinic, Interaction: "read", Outcome: audit.OutcomeSuccess,
		Agent: audit.Agent{Issuer: "https://id.test", Subject: "amara"}, Type: "Task"}
	switch i % 4 {
	case 0:
		r.Phase, r.Interaction, r.Outcome = audit.PhaseIntent, "update", ""
	case 1:
		r.Patients = []string{"Patient/secret-1", "Patient/secret-2", "Patient/secret-3"}
	case 2:
		r.Phase, r.Outcome = audit.PhaseDenial, audit.OutcomeSerious
	default:
		r.Patients = []string{"Patient/secret-4"}
	}
	if _, err := h.ledger.Append(h.t.Context(), r); err != nil {
		h.t.Error(err)
	}
}

// want are the ids of all events of the clinics, each log's in its order.
func (h *house) want(clinics ...string) (out []string) {
	h.t.Helper()
	for _, clinic := range clinics {
		err := h.ledger.Walk(h.t.Context(), clinic, time.Time{}, time.Time{}, func(e audit.Entry) error {
			all := e.AuditEvents()
			for i := range all {
				id := fmt.Sprintf("%s-%d", e.Log, e.Index)
				if len(all) > 1 {
					id += fmt.Sprintf("-%d", i+1)
				}
				out = append(out, id)
			}
			return nil
		})
		if err != nil {
			h.t.Fatal(err)
		}
	}
	return out
}

// record keeps a note.
func (h *house) record(_ context.Context, n Note) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.notes = append(h.notes, n)
	return nil
}

// noted are the actions on record, with what they are about.
func (h *house) noted() (out []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, n := range h.notes {
		out = append(out, n.Action+" "+n.Subject)
	}
	return out
}

// forwarder sends to the sinks, fast.
func (h *house) forwarder(sinks ...Sink) *Forwarder {
	f := New(Options{DB: h.db, Sinks: sinks, Record: h.record, Log: slog.New(slog.NewTextHandler(h.log, nil))})
	f.tick = 2 * time.Millisecond
	f.pause = func(int, time.Duration) time.Duration { return 2 * time.Millisecond }
	return f
}

// start runs f until the test ends, or stop is called.
func (h *house) start(f *Forwarder) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { f.Run(ctx) })
	stop = func() { cancel(); done.Wait() }
	h.t.Cleanup(stop)
	return stop
}

// until waits for something that happens soon.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(); {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

// arrived waits until a sink has everything.
func arrived(t *testing.T, f *Forwarder) {
	t.Helper()
	until(t, "everything arrives", func() bool {
		for _, s := range f.States() {
			if s.LagRecords != 0 || s.Sent == 0 {
				return false
			}
		}
		return true
	})
}

// shelf is what arrived somewhere.
type shelf struct {
	mu  sync.Mutex
	ids []string
}

func (s *shelf) put(ids ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ids = append(s.ids, ids...)
}

func (s *shelf) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.ids...)
}

// first are the ids without repeats, in the order in which each came first.
func (s *shelf) first() (out []string) {
	seen := map[string]bool{}
	for _, id := range s.all() {
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}

// ofLogs are the ids of each log in turn, as want lists them.
func ofLogs(ids, want []string) (out []string) {
	logs := map[string]bool{}
	for _, id := range want {
		log, _, _ := strings.Cut(id, "-")
		if logs[log] {
			continue
		}
		logs[log] = true
		for _, id := range ids {
			if strings.HasPrefix(id, log+"-") {
				out = append(out, id)
			}
		}
	}
	return out
}

// stub is a receiver that does as a test says.
type stub struct {
	shelf
	send func(ctx context.Context, events []Event) ([]Verdict, error)
}

func (s *stub) sink(name string) Sink {
	return Sink{Name: name, Kind: "stub", Open: func() (Receiver, error) { return s, nil }}
}

func (s *stub) Send(ctx context.Context, events []Event) ([]Verdict, error) {
	if s.send != nil {
		return s.send(ctx, events)
	}
	return s.take(events), nil
}

func (s *stub) take(events []Event) []Verdict {
	out := make([]Verdict, len(events))
	for i, e := range events {
		out[i].Taken = true
		s.put(e.ID)
	}
	return out
}

func (s *stub) Settled(time.Time) (int, error) { return math.MaxInt, nil }
func (s *stub) Close() error                   { return nil }

// idOf is the id that an event's tag gives it.
func idOf(t *testing.T, body []byte) string {
	t.Helper()
	r, err := fhir.ParseResource(body, fhir.Limits{})
	if err != nil {
		t.Errorf("%v in %s", err, body)
		return ""
	}
	for tag := range r.Value().Path("meta.tag") {
		if tag.Get("system").Text() == TagSystem {
			return tag.Get("code").Text()
		}
	}
	t.Errorf("no tag in %s", body)
	return ""
}

func sendUntilKilled(dir, to string) {
	db, err := store.OpenFolder(dir)
	if err != nil {
		panic(err)
	}
	f := New(Options{DB: db, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Record: func(context.Context, Note) error { return nil },
		Sinks: []Sink{{Name: "file", Kind: "file", Open: func() (Receiver, error) { return OpenFile(filepath.Clean(to)) }}}})
	f.tick = 2 * time.Millisecond
	f.Run(context.Background())
}
