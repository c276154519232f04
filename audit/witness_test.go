package audit_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"vestibule/audit"
)

func witness(t testing.TB, dir string, logs ...string) *audit.Witness {
	t.Helper()
	w, err := audit.OpenWitness(dir, "witness.example", testKey(9), strings.Join(append(logs, testVKey(t)), "\n"), newClock().Now)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// addition is the body of an add-checkpoint request for a house's newest checkpoint.
func (h *house) addition(old int64) string {
	h.t.Helper()
	body, err := h.Addition(context.Background(), "maple", old)
	if err != nil {
		h.t.Fatal(err)
	}
	return string(body)
}

func TestAWitnessCosignsOnlyWhatFollowsFromWhatItHasSeen(t *testing.T) {
	h, dir := logOf(t, 3), t.TempDir()
	w := witness(t, dir)
	fork := logOf(t, 9) // another log under the same key
	ask := func(what, body string, status int, media, want string) string {
		t.Helper()
		got, m, answer := w.AddCheckpoint([]byte(body))
		if got != status || !strings.HasPrefix(m, media) || !strings.Contains(string(answer), want) {
			t.Errorf("%s: %d %s %q, want %d %s %q", what, got, m, answer, status, media, want)
		}
		return string(answer)
	}
	key, err := audit.WitnessKey("witness.example", testKey(9).Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int64{0, 3, 3, 8} {
		if size == 8 {
			for n := range 5 {
				h.append(read(n))
			}
			if _, err := h.Checkpoint(context.Background(), "maple"); err != nil {
				t.Fatal(err)
			}
			size = 3
		}
		line := ask(fmt.Sprint("from ", size), h.addition(size), 200, "text/plain", "— witness.example ")
		signed, err := h.SignedCheckpoint(context.Background(), "maple")
		if err != nil {
			t.Fatal(err)
		}
		if seconds, err := audit.CheckCosignature(append(signed, line...), key); err != nil || !seconds.Equal(newClock().Now()) {
			t.Errorf("the cosignature: %v, %v", seconds, err)
		}
	}
	good := h.addition(8)
	ask("stale", h.addition(3), 409, audit.SizeMedia, "8\n")
	ask("never seen", strings.Replace(good, "old 8", "old 0", 1), 409, audit.SizeMedia, "8\n")
	ask("too old a size", strings.Replace(good, "old 8", "old 9", 1), 400, "text/plain", "larger")
	ask("another history", fork.addition(0), 200, "", "") // another log's name: a history of its own
	ask("an unknown log", strings.Replace(good, "gateway.example/", "gateway.elsewhere/", 1), 404, "", "")
	ask("not signed", strings.Replace(good, "\n8\n", "\n9\n", 1), 403, "", "")
	for _, body := range []string{"", "old", "old x\n\n", "old 08\n\n", "old -1\n\n", "new 8\n\n", strings.Replace(good, "old 8\n", "old 8\nnonsense\n", 1),
		strings.Replace(good, "old 8\n", "old 8\n"+strings.Repeat(tlog.Hash{}.String()+"\n", 64), 1)} {
		ask("malformed", body, 400, "", "malformed")
	}
	ask("a proof of nothing", strings.Replace(good, "old 8\n", "old 8\n"+tlog.Hash{}.String()+"\n", 1), 422, "", "")

	w = witness(t, dir) // what was seen survives the process
	ask("after a restart", h.addition(3), 409, audit.SizeMedia, "8\n")
	ask("after a restart", good, 200, "", "")
	for n := range 4 {
		h.append(read(n))
	}
	if _, err := h.Checkpoint(context.Background(), "maple"); err != nil {
		t.Fatal(err)
	}
	next := h.addition(8)
	ask("a proof that does not hold", strings.Replace(next, "\n", "\n"+tlog.Hash{}.String()+"\n", 1), 422, "", "")
	ask("no proof", "old 8\n"+next[strings.Index(next, "\n\n")+1:], 422, "", "")
	ask("the next", next, 200, "", "")
}

// A history that was put back and went on another way gets no cosignature: neither for what was seen nor for more.
func TestH26AWitnessCosignsNoSecondHistory(t *testing.T) {
	h, w := logOf(t, 5), witness(t, t.TempDir())
	old := h.backup()
	for n := range 5 {
		h.append(read(n))
	}
	if _, err := h.Checkpoint(context.Background(), "maple"); err != nil {
		t.Fatal(err)
	}
	if status, _, _ := w.AddCheckpoint([]byte(h.addition(0))); status != 200 {
		t.Fatal(status)
	}
	h.restore(old)
	h.open()
	forked := false
	for n := range 20 {
		h.append(read(100 + n))
		if _, err := h.Checkpoint(context.Background(), "maple"); err != nil {
			t.Fatal(err)
		}
		if size := int64(6 + n); size >= 10 {
			status, _, answer := w.AddCheckpoint([]byte(h.addition(10)))
			if status == 200 {
				t.Fatalf("a second history of %d records was cosigned: %s", size, answer)
			}
			forked = forked || size == 10 && status == 422 && strings.Contains(string(answer), "another root")
		}
	}
	if !forked {
		t.Error("another root of the size that was seen is not told apart from another size")
	}
}

func TestAWitnessThatCannotRememberCosignsNothing(t *testing.T) {
	h, dir := logOf(t, 3), filepath.Join(t.TempDir(), "seen")
	w := witness(t, dir)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if status, _, answer := w.AddCheckpoint([]byte(h.addition(0))); status != 500 || strings.Contains(string(answer), "—") {
		t.Errorf("it cosigned what it cannot remember: %d %s", status, answer)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "x.checkpoint"), []byte("torn"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := audit.OpenWitness(dir, "witness.example", testKey(9), testVKey(t), time.Now); err == nil {
		t.Error("a witness opened that does not know what it has seen")
	}
	for _, logs := range []string{"nonsense", testVKey(t) + "x"} {
		if _, err := audit.OpenWitness(t.TempDir(), "witness.example", testKey(9), logs, time.Now); err == nil {
			t.Errorf("%q was taken for a log's key", logs)
		}
	}
	if _, err := audit.OpenWitness(t.TempDir(), "two words", testKey(9), testVKey(t), time.Now); err == nil {
		t.Error("a witness with a name that no signature line can carry")
	}
}
