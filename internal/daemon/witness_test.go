package daemon

import (
	"crypto/ed25519"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"vestibule"
	"vestibule/audit"
)

// witnessed is a served folder and a witness that knows it.
type witnessed struct {
	*Daemon
	asked   *asked
	key     string
	refuses atomic.Bool
}

func withWitness(t *testing.T) *witnessed {
	t.Helper()
	dir := t.TempDir()
	d, err := Open(t.Context(), Options{Data: dir, Deployment: "gateway.test", PublicURL: "http://127.0.0.1:8080", Version: "test",
		Log: slog.New(slog.DiscardHandler), RequireWitness: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	logs, err := os.ReadFile(filepath.Join(dir, KeysFile))
	if err != nil {
		t.Fatal(err)
	}
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	w, err := audit.OpenWitness(t.TempDir(), "witness.test", key, string(logs), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	out := &witnessed{Daemon: d}
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		status, media, answer := w.AddCheckpoint(body)
		if out.refuses.Load() {
			status, answer = http.StatusInternalServerError, nil
		}
		rw.Header().Set("Content-Type", media)
		rw.WriteHeader(status)
		rw.Write(answer)
	}))
	t.Cleanup(s.Close)
	if out.key, err = audit.WitnessKey("witness.test", key.Public().(ed25519.PublicKey)); err != nil {
		t.Fatal(err)
	}
	g, err := audit.NewGather(d.db, out.key, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	out.asked = &asked{Gather: g, url: s.URL + "/add-checkpoint", client: s.Client()}
	return out
}

// grow records something and has it signed.
func (w *witnessed) grow(t *testing.T) {
	t.Helper()
	if err := w.record(t.Context(), "start", "again"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.ledger.Checkpoint(t.Context(), vestibule.GatewayLog); err != nil {
		t.Fatal(err)
	}
}

func TestAGatewaysCheckpointsAndProofsCarryItsWitnesssSignature(t *testing.T) {
	w := withWitness(t)
	for range 3 {
		w.grow(t)
		if err := w.askOne(t.Context(), w.asked); err != nil {
			t.Fatal(err)
		}
		checkpoint, err := w.ledger.SignedCheckpoint(t.Context(), vestibule.GatewayLog)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := audit.CheckCosignature(checkpoint, w.key); err != nil {
			t.Error(err)
		}
	}
	proof, err := w.ledger.Proof(t.Context(), vestibule.GatewayLog, 0, true)
	if err != nil {
		t.Fatal(err)
	}
	_, checkpoint, _ := strings.Cut(string(proof), "\n\n")
	if _, err := audit.CheckCosignature([]byte(checkpoint), w.key); err != nil {
		t.Error(err)
	}
	public, err := w.ledger.VerifierKey()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := audit.CheckProof(proof, public, nil); err != nil {
		t.Error(err)
	}
}

// What is known here of the witness can be lost, or older than what it has seen: it says so, and is asked from there.
func TestAWitnessThatHasSeenMoreIsAskedFromThere(t *testing.T) {
	w := withWitness(t)
	w.grow(t)
	if err := w.askOne(t.Context(), w.asked); err != nil {
		t.Fatal(err)
	}
	if _, err := w.db.Exec(`DELETE FROM cosigned`); err != nil {
		t.Fatal(err)
	}
	w.grow(t)
	if err := w.askOne(t.Context(), w.asked); err != nil {
		t.Error(err)
	}
}

func TestTheSilenceOfARequiredWitnessIsOnRecordAndStopsNothing(t *testing.T) {
	w := withWitness(t)
	w.grow(t)
	w.refuses.Store(true)
	now := time.Now()
	said := func() (out []string) {
		t.Helper()
		found, err := w.ledger.Search(t.Context(), vestibule.GatewayLog, audit.Search{})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range found.Entries {
			if a := e.Record.Admin; strings.HasPrefix(a.Action, "witness-") && a.Subject == "witness.test" {
				out = append(out, a.Action)
			}
		}
		return out
	}
	for _, after := range []time.Duration{0, 14 * time.Minute, 15 * time.Minute, 16 * time.Minute} {
		w.noteWitness(t.Context(), w.asked, w.askOne(t.Context(), w.asked), now.Add(after))
		if want := map[bool]int{true: 1}[after >= 15*time.Minute]; len(said()) != want {
			t.Errorf("after %s: %v", after, said())
		}
	}
	w.grow(t) // it goes on
	w.refuses.Store(false)
	for range 2 {
		w.noteWitness(t.Context(), w.asked, w.askOne(t.Context(), w.asked), now)
	}
	if got := strings.Join(said(), " "); got != "witness-back witness-missing" {
		t.Errorf("on record: %s", got)
	}
}

func TestWhatIsNoCosignatureIsNotKept(t *testing.T) {
	w := withWitness(t)
	w.grow(t)
	other, err := audit.WitnessKey("other.test", ed25519.NewKeyFromSeed(make([]byte, 32)).Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	if w.asked.Gather, err = audit.NewGather(w.db, other, time.Now); err != nil {
		t.Fatal(err)
	}
	if err := w.askOne(t.Context(), w.asked); err == nil || !strings.Contains(err.Error(), "no cosignature by its key") {
		t.Errorf("another witness's answer: %v", err)
	}
	if _, err := audit.NewGather(w.db, "nonsense", time.Now); err == nil {
		t.Error("nonsense was taken for a witness's key")
	}
}
