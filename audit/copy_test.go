package audit_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vestibule/audit"
)

// kept is a Copy of the house's newest checkpoints.
func (h *house) kept(dir string) *audit.Copy {
	h.t.Helper()
	c, err := audit.OpenCopy(dir)
	if err != nil {
		h.t.Fatal(err)
	}
	signed, err := h.Checkpoints(context.Background())
	if err != nil {
		h.t.Fatal(err)
	}
	if err := c.Save(signed); err != nil {
		h.t.Fatal(err)
	}
	return c
}

func held(t testing.TB, c *audit.Copy) [][]byte {
	t.Helper()
	out, err := c.Held()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// backup is a copy of a closed house's database.
func (h *house) backup() []byte {
	h.t.Helper()
	h.exec(`PRAGMA wal_checkpoint(TRUNCATE)`)
	b, err := os.ReadFile(h.path)
	if err != nil {
		h.t.Fatal(err)
	}
	return b
}

// restore puts a database back, as an administrator would: with nothing of the newer one left.
func (h *house) restore(b []byte) {
	h.t.Helper()
	if err := errors.Join(h.Close(), h.db.Close()); err != nil {
		h.t.Fatal(err)
	}
	for _, end := range []string{"-wal", "-shm"} {
		if err := os.Remove(h.path + end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			h.t.Fatal(err)
		}
	}
	if err := os.WriteFile(h.path, b, 0o600); err != nil {
		h.t.Fatal(err)
	}
	h.db = openDB(h.t, h.path)
}

// H26: a database put back from a backup, which is without fault in itself, is not served beside a copy that knows better.
func TestH26ADatabasePutBackIsNotOpened(t *testing.T) {
	h := story(t)
	old := h.backup()
	h.append(read(30))
	h.clock.Advance(time.Second)
	h.append(read(31))
	dir := filepath.Join(t.TempDir(), "copy")
	c := h.kept(dir)
	o := h.options()
	o.Held = held(t, c)
	h.Close()
	l, err := audit.Open(context.Background(), h.db, o)
	if err != nil {
		t.Fatalf("the newest database: %v", err)
	}
	l.Close()
	h.restore(old)
	if l, err := audit.Open(context.Background(), h.db, o); err == nil {
		l.Close()
		t.Fatal("a database put back was opened")
	} else if !strings.Contains(err.Error(), "ledger-rolled-back") || !strings.Contains(err.Error(), "12 records were signed, only 10 are here") {
		t.Errorf("the error does not say what is wrong: %v", err)
	}
	o.Held = nil
	if l, err = audit.Open(context.Background(), h.db, o); err != nil {
		t.Fatalf("without the copy the old database is without fault: %v", err)
	}
	l.Close()
}

func TestALedgerWithoutWhatWasSignedElsewhereIsNotOpened(t *testing.T) {
	for name, c := range map[string]struct {
		tamper []string
		change func(string) string // of the copy
		want   string
	}{
		"another history": {[]string{`UPDATE batch SET hashes = zeroblob(length(hashes)) WHERE first = 7`}, nil, "are not those that were signed"},
		"no such log":     {[]string{`DELETE FROM checkpoint`, `DELETE FROM batch`, `DELETE FROM log`}, nil, "the log is not here"},
		"not signed":      {nil, func(string) string { return "nonsense" }, "signed by no key known here"},
		"another gateway": {nil, func(s string) string { return strings.ReplaceAll(s, "gateway.", "gatewax.") }, "signed by no key known here"},
	} {
		t.Run(name, func(t *testing.T) {
			h := story(t)
			h.Close()
			o := h.options()
			for _, text := range held(t, h.kept(filepath.Join(t.TempDir(), "copy"))) {
				if c.change != nil {
					text = []byte(c.change(string(text)))
				}
				o.Held = append(o.Held, text)
			}
			for _, tamper := range c.tamper {
				h.exec(tamper)
			}
			l, err := audit.Open(context.Background(), h.db, o)
			if err == nil {
				l.Close()
				t.Fatal("it was opened")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// What is lost is put on record: the old log is kept as it is, the new one begins with what was signed and what is here.
func TestALossIsOnRecordAndNotHidden(t *testing.T) {
	h := story(t)
	r := read(20)
	r.Clinic = "birch" // nothing is lost there
	h.append(r)
	h.reopen()
	old := h.backup()
	h.append(read(30))
	h.clock.Advance(time.Second)
	lost := h.append(read(31))
	c := h.kept(filepath.Join(t.TempDir(), "copy"))
	signed := held(t, c)
	h.restore(old)
	losses, err := audit.Losses(context.Background(), h.db, testVKey(t), signed)
	if err != nil || len(losses) != 1 || losses[0].Clinic != "maple" || losses[0].Size != 12 || losses[0].Here != 10 {
		t.Fatalf("lost: %+v, %v", losses, err)
	}
	say := audit.Discontinuity{By: "ivan", Because: "a disk failed", Gateway: "_gateway", NewID: func() string { return access(77) }}
	if err := audit.Recover(context.Background(), h.db, h.options(), losses, audit.Discontinuity{By: "ivan", NewID: say.NewID}); err == nil {
		t.Error("a loss was put on record without a reason")
	}
	for range 2 { // twice: as after an end before the copy was put aside
		if err := audit.Recover(context.Background(), h.db, h.options(), losses, say); err != nil {
			t.Fatal(err)
		}
		if losses, err = audit.Losses(context.Background(), h.db, testVKey(t), signed); err != nil || len(losses) != 1 || losses[0].Clinic != "maple#1" {
			t.Fatalf("lost: %+v, %v", losses, err)
		}
	}
	if err := c.Lose(losses[0].Log); err != nil {
		t.Fatal(err)
	}
	o := h.options()
	o.Held = held(t, c)
	l, err := audit.Open(context.Background(), h.db, o)
	if err != nil {
		t.Fatalf("after the recovery: %v", err)
	}
	h.Ledger = l
	t.Cleanup(func() { l.Close() })
	if open, err := h.Unresolved(context.Background()); err != nil || len(open) != 0 {
		t.Errorf("intents of a sealed log wait for an outcome that cannot be added there: %v, %v", open, err)
	}
	h.append(read(40))
	h.rotate(2) // nor does a new key touch it
	h.append(read(41))
	h.reopenWith(publicOf(t, 1))
	both := publicOf(t, 1) + "\n" + publicOf(t, 2)
	reports, err := audit.VerifyDB(context.Background(), h.db, both)
	if err != nil || len(reports) != 3 {
		t.Fatal(reports, err)
	}
	for _, report := range reports {
		if !report.OK() || report.Clinic == "maple#1" && report.Records != 10 || report.Clinic == "maple" && report.Records != 5 {
			t.Errorf("report:\n%s", report)
		}
	}
	found, err := h.Search(context.Background(), "maple", audit.Search{Indexes: []int64{0}})
	if err != nil || len(found.Entries) != 1 {
		t.Fatal(found, err)
	}
	first := found.Entries[0].Record.Admin
	if first.Action != "discontinuity" || first.By != "ivan" || !strings.Contains(first.Subject, lost.Log()+": signed 12 ") ||
		!strings.Contains(first.Subject, "here 10 ") || !strings.HasSuffix(first.Subject, "; a disk failed") {
		t.Errorf("the new log begins with %+v", first)
	}
	if reports, err = audit.VerifyDB(context.Background(), h.db, both, signed[0], signed[1]); err != nil || reports[0].OK() {
		t.Errorf("who holds the old checkpoint is not told of the loss: %v %v", reports, err)
	}
}

// Whatever names a sealed log, such as a look into it, is on record in the log that goes on: to add to it would be to sign a
// second history under its name.
func TestASealedLogTakesNoRecord(t *testing.T) {
	h := story(t)
	r := read(20)
	r.Clinic = "maple#1"
	if at := h.append(r).Index(); at != 10 {
		t.Errorf("it became record %d of a log, want 10 of maple's", at)
	}
	clinics, err := h.Clinics(context.Background())
	if err != nil || len(clinics) != 1 {
		t.Errorf("logs: %v, %v", clinics, err)
	}
	h.reported()
}

func TestADamagedCopyIsNamed(t *testing.T) {
	h := story(t)
	dir := t.TempDir()
	c := h.kept(dir)
	paths, err := filepath.Glob(filepath.Join(dir, "*.checkpoint"))
	if err != nil || len(paths) != 1 {
		t.Fatal(paths, err)
	}
	for _, text := range []string{"", "junk", "a\nb\nc\n"} {
		if err := os.WriteFile(paths[0], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Held(); err == nil || !strings.Contains(err.Error(), paths[0]+" was damaged") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestACopyIsReplacedWholeAndOnlyByWhatIsNewer(t *testing.T) {
	h := story(t)
	dir := filepath.Join(t.TempDir(), "a", "copy")
	c := h.kept(dir)
	before := held(t, c)
	if len(before) != 1 {
		t.Fatalf("%d checkpoints are kept", len(before))
	}
	name := filepath.Join(dir, strings.TrimPrefix(strings.SplitN(string(before[0]), "\n", 2)[0], deployment+"/log/")+".checkpoint")
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	signed, err := h.Checkpoints(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Save(signed); err != nil || len(held(t, c)) != 0 {
		t.Errorf("a checkpoint that was written before was written again: %v", err)
	}
	h.clock.Advance(time.Second)
	h.append(read(50))
	if signed, err = h.Checkpoints(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := c.Save(signed); err != nil || len(held(t, c)) != 1 {
		t.Errorf("a newer checkpoint was not written: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.new")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := audit.OpenCopy(filepath.Join(dir, "file")); err == nil {
		t.Error("a file was taken for a folder")
	}
}
