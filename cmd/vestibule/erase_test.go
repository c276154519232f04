package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vestibule/internal/daemon"
)

// While a gateway serves the folder it is the one that erases; the command waits for it and says what it did.
func TestAServingGatewayErasesForTheCommand(t *testing.T) {
	dir := t.TempDir()
	if err := writeTrail(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	d, err := daemon.Open(t.Context(), daemon.Options{Data: dir, Deployment: "gate.test", PublicURL: "http://127.0.0.1:8080", Version: "test",
		Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	on, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.Serve(ctx, daemon.Listeners{Public: on}) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	command := func(in string, args ...string) (out string, code int) {
		var b bytes.Buffer
		code = run(t.Context(), append(args, "--data", dir, "--by", "ann"), &terminal{In: strings.NewReader(in), Out: &b, Err: &b, Now: time.Now})
		return b.String(), code
	}
	for _, c := range []struct {
		in, args, says string
		code           int
	}{
		{"n\n", "audit erase --clinic maple --patient Patient/11 --because file-7", "nothing was deleted", exitFailure},
		{"y\n", "audit erase --clinic maple --patient Patient/11 --because file-7", "records: their bodies were deleted\n    accesses        1", 0},
		{"", "audit erase --clinic maple --patient Patient/11 --because file-7 --yes", "0 of ", 0},
		{"", "audit retain --clinic maple --yes", "0 of ", 0},
		{"", "audit verify --key " + filepath.Join(dir, keyFile), "without their bodies, all accounted for", 0},
	} {
		if out, code := command(c.in, strings.Fields(c.args)...); code != c.code || !strings.Contains(out, c.says) {
			t.Errorf("%s: exit code %d, want %d and %q in\n%s", c.args, code, c.code, c.says, out)
		}
	}
	for _, name := range []string{"vestibule.db", "vestibule.db-wal"} {
		if text, err := os.ReadFile(filepath.Join(dir, name)); err != nil || bytes.Contains(text, []byte("Patient/11")) {
			t.Errorf("%s still holds the patient (%v)", name, err)
		}
	}
}
