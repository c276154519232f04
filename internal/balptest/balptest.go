// Package balptest has AuditEvents validated by software that this project did not write: as FHIR R4, and against the IHE BALP
// profiles that they claim. It is for tests; testdata/node/validate.mjs says what validates, and how.
package balptest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vestibule/audit"
	"vestibule/internal/store"
)

// Verdict is what the validators found.
type Verdict struct {
	Events   int
	Profiles map[string]int // how many events claim each, without "IHE.BasicAudit."
	Problems []string
}

// ErrAbsent says that the validators are not installed.
var ErrAbsent = errors.New("the validators are not installed: make test does it, or npm ci --prefix testdata/node")

// Validate has events validated. Where the validators are promised (VESTIBULE_REQUIRE_NODE=1, as make test sets it) their
// absence is a failure.
func Validate(t testing.TB, events [][]byte) Verdict {
	t.Helper()
	v, err := validate(events)
	switch {
	case errors.Is(err, ErrAbsent) && os.Getenv("VESTIBULE_REQUIRE_NODE") != "1":
		t.Skip(err)
	case err != nil:
		t.Fatal(err)
	}
	return v
}

func validate(events [][]byte) (v Verdict, err error) {
	folder, err := nodeFolder()
	if err != nil {
		return v, err
	}
	cmd := exec.Command("node", "--experimental-websocket", "validate.mjs")
	cmd.Dir, cmd.WaitDelay = folder, time.Minute
	cmd.Stdin = bytes.NewReader(append(bytes.Join(events, []byte("\n")), '\n'))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return v, fmt.Errorf("validate.mjs: %w: %s", err, &stderr)
	}
	if err := json.Unmarshal(out, &v); err != nil {
		return v, fmt.Errorf("validate.mjs: %w", err)
	}
	if v.Events != len(events) {
		return v, fmt.Errorf("validate.mjs looked at %d of %d events", v.Events, len(events))
	}
	return v, nil
}

// nodeFolder is the module's testdata/node, if all is there.
func nodeFolder() (string, error) {
	if _, err := exec.LookPath("node"); err != nil {
		return "", ErrAbsent
	}
	at, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			break
		}
		if at == filepath.Dir(at) {
			return "", errors.New("not inside the module")
		}
	}
	folder := filepath.Join(at, "testdata", "node")
	for _, name := range []string{"@medplum", "fhir"} {
		if _, err := os.Stat(filepath.Join(folder, "node_modules", name)); errors.Is(err, fs.ErrNotExist) {
			return "", ErrAbsent
		}
	}
	return folder, nil
}

// alike is how many events of one shape a Collection keeps.
const alike = 3

// Collection gathers the AuditEvents of many tests, to have them validated together when the tests are over: a few of each
// shape, so that a long run costs no more than a short one.
type Collection struct {
	mu     sync.Mutex
	seen   map[string]int
	events [][]byte
	total  int
}

// Take takes in every event of every clinic's log that r reads. Tests call it in their clean-up, while the ledger is open.
func (c *Collection) Take(t testing.TB, r *audit.Reader) {
	t.Helper()
	ctx := context.Background() // the test's own has ended
	clinics, err := r.Clinics(ctx)
	if err != nil {
		return // the test took the ledger away
	}
	for _, clinic := range clinics {
		_ = r.Walk(ctx, clinic, time.Time{}, time.Time{}, func(e audit.Entry) error {
			for _, event := range e.AuditEvents() {
				c.add(event)
			}
			return nil
		})
	}
}

// TakeFolder takes in every event of the ledger in a data folder.
func (c *Collection) TakeFolder(t testing.TB, folder string) {
	t.Helper()
	db, err := store.OpenSQLite(filepath.Join(folder, "vestibule.db"))
	if err != nil {
		return
	}
	defer db.Close()
	c.Take(t, audit.NewReader(db))
}

func (c *Collection) add(event []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.total++
	if c.seen == nil {
		c.seen = map[string]int{}
	}
	shape := shapeOf(event)
	if c.seen[shape]++; c.seen[shape] <= alike {
		c.events = append(c.events, event)
	}
}

// shapeOf is the names of all members and the codes: events of one shape are valid or not together, but for a value.
func shapeOf(event []byte) string {
	var v any
	if err := json.Unmarshal(event, &v); err != nil {
		return string(event)
	}
	paths := map[string]bool{}
	walk(v, "", paths)
	names := make([]string, 0, len(paths))
	for p := range paths {
		names = append(names, p)
	}
	slices.Sort(names)
	return strings.Join(names, "\n")
}

func walk(v any, at string, paths map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			walk(member, at+"."+name, paths)
		}
	case []any:
		for _, item := range v {
			walk(item, at, paths)
		}
	case string:
		if strings.HasSuffix(at, ".code") || strings.HasSuffix(at, ".profile") || strings.HasSuffix(at, "outcome") {
			at += "=" + v
		}
		paths[at] = true
	default:
		paths[at] = true
	}
}

// Main runs a package's tests and then has what they collected validated; it returns the exit code. Without the validators it
// says so, and fails where they are promised.
func (c *Collection) Main(m *testing.M) int {
	code := m.Run()
	if code != 0 || c.total == 0 {
		return code
	}
	v, err := validate(c.events)
	switch {
	case errors.Is(err, ErrAbsent) && os.Getenv("VESTIBULE_REQUIRE_NODE") != "1":
		fmt.Println(err)
		return 0
	case err != nil:
		fmt.Println(err)
		return 1
	}
	fmt.Printf("%d AuditEvents of these tests, %d shapes validated as R4 and as the profiles they claim: %d problems\n", c.total, len(c.seen), len(v.Problems))
	for i, p := range v.Problems {
		if i < 20 {
			fmt.Println("\t" + p)
		}
	}
	return min(1, len(v.Problems))
}
