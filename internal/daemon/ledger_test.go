package daemon_test

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vestibule"
	"vestibule/audit"
	"vestibule/internal/daemon"
	"vestibule/internal/store"
)

func keysIn(t *testing.T, dir string) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, daemon.KeysFile))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(b))
}

// verifiedFolder checks every trail of a folder with its own keys.
func verifiedFolder(t *testing.T, dir string) {
	t.Helper()
	db := reading(t, dir)
	reports, err := audit.VerifyDB(t.Context(), db, strings.Join(keysIn(t, dir), "\n"))
	if err != nil || len(reports) == 0 {
		t.Fatal(reports, err)
	}
	for _, r := range reports {
		if !r.OK() {
			t.Errorf("report:\n%s", r)
		}
	}
}

func TestARunningGatewayTakesANewKeyUp(t *testing.T) {
	dir := t.TempDir()
	o := options(dir)
	o.LogKey = filepath.Join(t.TempDir(), "elsewhere.key")
	d, err := daemon.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "log.key")); err == nil {
		t.Error("the key lies in the data folder although another file was named")
	}
	next, err := audit.GenerateKey(o.LogKey+daemon.NextKey, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Store().Report(t.Context(), store.Event{At: time.Now(), By: "ivan", Action: "key-rotate"}); err != nil {
		t.Fatal(err)
	}
	if err := d.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if keys := keysIn(t, dir); len(keys) != 2 {
		t.Errorf("log.pub holds %d keys", len(keys))
	}
	if key, err := audit.LoadKey(o.LogKey); err != nil || !key.Equal(next) {
		t.Errorf("the new key is not the key: %v", err)
	}
	if _, err := os.Stat(o.LogKey + daemon.NextKey); err == nil {
		t.Error("the new key still waits")
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	verifiedFolder(t, dir)
	if d, err = daemon.Open(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil || len(keysIn(t, dir)) != 2 {
		t.Errorf("after another start: %v", err)
	}
	verifiedFolder(t, dir)
}

// A process that ends between the hand-over and the last file leaves two keys; the next start knows which one it is.
func TestARotationThatWasCutShortIsFinishedAtTheNextStart(t *testing.T) {
	for name, handedOver := range map[string]bool{"before the ledger was handed over": false, "after it": true} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			o := options(dir)
			d, err := daemon.Open(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			path := daemon.LogKey(dir)
			next, err := audit.GenerateKey(path+daemon.NextKey, rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			if handedOver {
				handOver(t, dir, path)
			}
			if d, err = daemon.Open(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			if key, err := audit.LoadKey(path); err != nil || !key.Equal(next) || len(keysIn(t, dir)) != 2 {
				t.Errorf("the new key is not the key: %v, %v", err, keysIn(t, dir))
			}
			verifiedFolder(t, dir)
		})
	}
}

// handOver hands the ledger over and does nothing of what comes after that.
func handOver(t *testing.T, dir, path string) {
	t.Helper()
	db := reading(t, dir)
	old, err := audit.LoadKey(path)
	if err != nil {
		t.Fatal(err)
	}
	next, err := audit.LoadKey(path + daemon.NextKey)
	if err != nil {
		t.Fatal(err)
	}
	l, err := audit.Open(t.Context(), db, audit.Options{Key: old, Deployment: "gateway.test"})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Rotate(t.Context(), next, vestibule.NewID); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// H26: a data folder put back from a backup, with all that belongs to it, is not served beside a newer copy of its checkpoints.
func TestH26AFolderPutBackIsNotServed(t *testing.T) {
	dir := t.TempDir()
	o := options(dir)
	o.CheckpointCopy = filepath.Join(t.TempDir(), "copy")
	start := func() error {
		d, err := daemon.Open(t.Context(), o)
		if err != nil {
			if d != nil {
				t.Error("what did not open is given to be closed again")
			}
			return err
		}
		return d.Close()
	}
	if err := start(); err != nil {
		t.Fatal(err)
	}
	backup := t.TempDir()
	if err := os.CopyFS(filepath.Join(backup, "b"), os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	for range 2 { // with the copy of the run before
		if err := start(); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(backup, "b"))); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"log.key", "secret"} {
		if err := os.Chmod(filepath.Join(dir, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := start(); err == nil || !strings.Contains(err.Error(), "ledger-rolled-back") || !strings.Contains(err.Error(), "audit recover") {
		t.Errorf("a folder put back was served: %v", err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := start(); err == nil {
		t.Error("an empty folder was served beside the copy of a full one")
	}
}
