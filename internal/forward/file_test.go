package forward

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func fileSink(path string) Sink {
	return Sink{Name: "file", Kind: "file", Open: func() (Receiver, error) { return OpenFile(path) }}
}

// linesOf are the ids in the files, in order; every line has to be a whole event.
func linesOf(t *testing.T, paths ...string) (ids []string) {
	t.Helper()
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(b) {
			ids = append(ids, idOf(t, bytes.TrimSuffix(line, []byte("\n"))))
		}
	}
	return ids
}

func TestAFileMayBeRenamedAtAnyTime(t *testing.T) {
	for _, created := range []bool{false, true} {
		renamed(t, created)
	}
}

// renamed renames the file, and makes a new one where created is true, between two parts of a trail.
func renamed(t *testing.T, created bool) {
	h := newHouse(t)
	dir := t.TempDir()
	path, old := filepath.Join(dir, "trail.ndjson"), filepath.Join(dir, "trail.ndjson.1")
	h.grow("maple", 8)
	f := h.forwarder(fileSink(path))
	h.start(f)
	arrived(t, f)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	if err := os.Rename(path, old); err != nil { // as logrotate does
		t.Fatal(err)
	}
	if created {
		if err := os.WriteFile(path, nil, 0o600); err != nil { // as logrotate does with `create`
			t.Fatal(err)
		}
	}
	h.grow("maple", 8)
	want := h.want("maple")
	until(t, "the rest", func() bool { return f.States()[0].Sent == int64(len(want)) })
	if diff := cmp.Diff(want, linesOf(t, old, path)); diff != "" {
		t.Error(diff)
	}
	if n := len(linesOf(t, path)); n == 0 || n == len(want) {
		t.Errorf("%d lines in the new file", n)
	}
}

func TestALineThatACrashToreIsTakenOutAndSentAgain(t *testing.T) {
	h := newHouse(t)
	h.grow("maple", 6)
	path := filepath.Join(t.TempDir(), "trail.ndjson")
	whole := `{"resourceType":"AuditEvent","id":"x","meta":{"tag":[{"system":"urn:vestibule:event","code":"before"}]}}` + "\n"
	for _, torn := range []string{"", "{", `{"resourceType":"Aud`, `{"resourceType":"AuditEvent","id":"ab-1","meta` + strings.Repeat("x", 200_000)} {
		if err := os.WriteFile(path, []byte(whole+torn), 0o600); err != nil {
			t.Fatal(err)
		}
		s, _ := OpenFile(path)
		if _, err := s.Send(t.Context(), []Event{{ID: "after", Body: []byte(strings.Replace(strings.TrimSpace(whole), "before", "after", 1))}}); err != nil {
			t.Errorf("%.30s: %v", torn, err)
		}
		s.Close()
		if diff := cmp.Diff([]string{"before", "after"}, linesOf(t, path)); diff != "" {
			t.Errorf("%.30s: %s", torn, diff)
		}
	}
}

func TestWhatTheGatewayDidNotWriteIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	other, pipe := filepath.Join(dir, "notes.txt"), filepath.Join(dir, "pipe")
	if err := os.WriteFile(other, []byte("a\nsomebody's notes"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{other: "was not written by this gateway", pipe: "is not a file", dir: "is a directory", filepath.Join(dir, "no", "x"): "no such file"} {
		s, _ := OpenFile(path)
		_, err := s.Send(t.Context(), []Event{{Body: []byte("{}")}})
		if err == nil || !strings.Contains(described(err), want) {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
		s.Close()
	}
	if b, err := os.ReadFile(other); err != nil || string(b) != "a\nsomebody's notes" {
		t.Errorf("%q %v", b, err)
	}
}

// A full disk: nothing of what did not fit stays behind, and nothing is left out once there is room.
func TestAFullDiskLosesNothing(t *testing.T) {
	h := newHouse(t)
	h.grow("maple", 60)
	path := filepath.Join(t.TempDir(), "trail.ndjson")
	f := h.forwarder(fileSink(path))
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	full := limit
	full.Cur = 4 << 20 // more than the database has
	if info, err := os.Stat(filepath.Join(h.dir, "vestibule.db-wal")); err == nil && info.Size() > 3<<20 {
		t.Fatalf("the database's log has %d bytes", info.Size())
	}
	filler := strings.Repeat(`{"resourceType":"AuditEvent","meta":{"tag":[{"system":"urn:vestibule:event","code":"filler"}]}}`+"\n", 1)
	fill := bytes.Repeat([]byte(filler), (4<<20-20_000)/len(filler))
	if err := os.WriteFile(path, fill, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &full); err != nil {
		t.Fatal(err)
	}
	restore := func() { _ = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit) }
	t.Cleanup(restore)
	h.start(f)
	until(t, "the disk is full", func() bool { return f.States()[0].Failing })
	restore()
	arrived(t, f)
	got := slices.DeleteFunc(linesOf(t, path), func(id string) bool { return id == "filler" })
	var s shelf
	s.put(got...)
	if diff := cmp.Diff(h.want("maple"), s.first()); diff != "" {
		t.Error(diff)
	}
}

// A disk on a network that hangs: the sink fails, the end is prompt.
func TestH24ADiskThatHangsHoldsUpNothing(t *testing.T) {
	s, _ := OpenFile(filepath.Join(t.TempDir(), "x"))
	s.busy <- struct{}{} // a write that has not come back
	began := time.Now()
	_, err := s.Send(t.Context(), []Event{{Body: []byte("{}")}})
	if err == nil || described(err) != "the disk has not answered yet" || time.Since(began) > 20*time.Second {
		t.Error(err)
	}
	if err := s.Close(); err != nil || time.Since(began) > 20*time.Second {
		t.Error(err)
	}
}
