// Package nodetest runs software that this project did not write, in Node.js, beside a test.
package nodetest

import (
	"bufio"
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// FHIRServer starts a FHIR server and returns its base. It serves until the test ends, a test of a package two folders below the
// module's.
func FHIRServer(t *testing.T) (base string) {
	t.Helper()
	return string(bytes.TrimSpace(Run(t, "../../testdata/node", nil, true, "--experimental-websocket", "fhir-server.mjs")))
}

// Run starts a script of a folder with Node packages, gives it stdin and returns the first line that it prints. With keep its
// stdin stays open, at the end of which scripts end, until the test ends. Where the packages are promised
// (VESTIBULE_REQUIRE_NODE=1, as make test sets it) their absence is a failure, so that a skip cannot hide a hole.
func Run(t *testing.T, folder string, stdin []byte, keep bool, args ...string) []byte {
	t.Helper()
	absent := t.Skipf
	if os.Getenv("VESTIBULE_REQUIRE_NODE") == "1" {
		absent = t.Fatalf
	}
	if _, err := exec.LookPath("node"); err != nil {
		absent("node is not installed (Debian: apt install nodejs npm)")
	}
	if _, err := os.Stat(filepath.Join(folder, "node_modules")); errors.Is(err, fs.ErrNotExist) {
		absent("the packages are not installed: make test does it, or npm ci in %s", folder)
	}
	cmd := exec.CommandContext(t.Context(), "node", args...)
	cmd.Dir, cmd.WaitDelay = folder, 5*time.Second
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close(); _ = cmd.Wait() })
	_, _ = in.Write(stdin) // a script that died says so by printing nothing
	if !keep {
		_ = in.Close()
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		_ = in.Close()
		_ = cmd.Wait()
		t.Fatalf("%v printed no result (%v): %s", args, err, &stderr)
	}
	return line
}
