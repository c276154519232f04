package audit_test

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"fmt"
	"io"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vestibule/audit"
	"vestibule/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const deployment = "gateway.example"

// testKey is a fixed key: two runs sign alike.
func testKey(seed byte) ed25519.PrivateKey {
	b := make([]byte, ed25519.SeedSize)
	b[0] = seed
	return ed25519.NewKeyFromSeed(b)
}

func testVKey(t testing.TB) string {
	t.Helper()
	v, err := audit.VerifierKey(deployment, testKey(1).Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// clock is a time that only the test moves.
type clock struct{ millis atomic.Int64 }

func newClock() *clock {
	c := new(clock)
	c.millis.Store(time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC).UnixMilli())
	return c
}

func (c *clock) Now() time.Time          { return time.UnixMilli(c.millis.Load()).UTC() }
func (c *clock) Advance(d time.Duration) { c.millis.Add(d.Milliseconds()) }

// house is a ledger with everything around it that a test wants to touch.
type house struct {
	*audit.Ledger
	t      testing.TB
	db     *sql.DB
	path   string
	clock  *clock
	seed   byte      // of the key in force; 0: the first
	small  bool      // the index is made of small segments
	random io.Reader // of log names and salts; nil: the system's
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{t: t, path: filepath.Join(t.TempDir(), "vestibule.db"), clock: newClock()}
	h.db = openDB(t, h.path)
	h.open()
	return h
}

func openDB(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := store.OpenSQLite(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func (h *house) open() {
	h.t.Helper()
	l, err := audit.Open(context.Background(), h.db, h.options())
	if err != nil {
		h.t.Fatal(err)
	}
	h.Ledger = l
	h.t.Cleanup(func() { l.Close() })
}

func (h *house) options() audit.Options {
	o := audit.Options{Key: testKey(max(1, h.seed)), Deployment: deployment, Now: h.clock.Now, Random: h.random}
	if h.small {
		o.SmallIndex()
	}
	return o
}

// reopen closes the ledger and opens it again, as a restart does.
func (h *house) reopen() {
	h.t.Helper()
	if err := h.Close(); err != nil {
		h.t.Fatal(err)
	}
	h.open()
}

// reopenWith is reopen where keys signed before.
func (h *house) reopenWith(keys string) {
	h.t.Helper()
	if err := h.Close(); err != nil {
		h.t.Fatal(err)
	}
	o := h.options()
	o.Keys = keys
	l, err := audit.Open(context.Background(), h.db, o)
	if err != nil {
		h.t.Fatal(err)
	}
	h.Ledger = l
	h.t.Cleanup(func() { l.Close() })
}

func (h *house) append(r audit.Record) audit.Receipt {
	h.t.Helper()
	receipt, err := h.Append(context.Background(), r)
	if err != nil {
		h.t.Fatal(err)
	}
	return receipt
}

func (h *house) exec(query string, args ...any) {
	h.t.Helper()
	if _, err := h.db.Exec(query, args...); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) count(query string, args ...any) (n int64) {
	h.t.Helper()
	if err := h.db.QueryRow(query, args...).Scan(&n); err != nil {
		h.t.Fatal(err)
	}
	return n
}

// access is the n-th made-up id of an access.
func access(n int) string { return fmt.Sprintf("0193e5a0-0000-7000-8000-%012x", n) }

// read is a permitted single read of a made-up patient's appointment.
func read(n int) audit.Record {
	patient := fmt.Sprintf("Patient/%d", n%7)
	ref := fmt.Sprintf("Appointment/%d/_history/3", n)
	return audit.Record{
		ID: access(n), Phase: audit.PhaseOutcome, Clinic: "maple", Zone: "America/St_Johns",
		Agent: audit.Agent{Issuer: "https://id.assistco.example", Subject: "amara", Name: "Amara Okafor", Platform: "assistco",
			ClientID: "assistco-desk", TokenID: "jti-1", Role: "front desk", Address: "203.0.113.7"},
		Purposes: []string{"PATADMIN"}, Interaction: "read", Type: "Appointment", Resource: ref, Status: 200,
		Outcome: audit.OutcomeSuccess, Reasons: []string{"granted"}, Grants: []string{"front-desk-amara@3"}, Upstream: "ok",
		Patients: []string{patient}, Released: []audit.ReleasedItem{{Ref: ref, Patients: []string{patient}, Removed: 4}},
		RequestID: "4a8dca3c-2205-4dc7-90e1-db877781d7cc", Traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
	}
}

// denial is a refused read by somebody else.
func denial(n int) audit.Record {
	return audit.Record{
		ID: access(n), Phase: audit.PhaseDenial, Clinic: "maple",
		Agent:       audit.Agent{Issuer: "https://id.assistco.example", Subject: "zoe", Name: "Zoë Tremblay", Address: "203.0.113.8"},
		Interaction: "read", Type: "DocumentReference", Resource: "DocumentReference/9", Status: 403, Outcome: audit.OutcomeSerious,
		Reasons: []string{"no-grant"},
	}
}

// intent and settle are the two halves of an update.
func intent(n int) audit.Record {
	r := read(n)
	r.Phase, r.Interaction, r.Outcome, r.Status, r.Released = audit.PhaseIntent, "update", "", 0, nil
	return r
}

func settle(n int, intent int64) audit.Record {
	r := read(n)
	r.Interaction, r.Intent, r.Changed = "update", &intent, []string{"start", "end"}
	r.Before, r.After = fmt.Sprintf("%064d", 1), fmt.Sprintf("%064d", 2)
	r.Operation = "0123456789abcdef"
	return r
}
