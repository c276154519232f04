package forward

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule/fhir"
)

const nodeFolder = "../../testdata/node"

// startNode starts a FHIR server that this project did not write and returns its base. Where it is promised
// (VESTIBULE_REQUIRE_NODE=1, as make test sets it) its absence is a failure.
func startNode(t *testing.T) string {
	t.Helper()
	absent := t.Skipf
	if os.Getenv("VESTIBULE_REQUIRE_NODE") == "1" {
		absent = t.Fatalf
	}
	if _, err := exec.LookPath("node"); err != nil {
		absent("node is not installed (Debian: apt install nodejs npm)")
	}
	if _, err := os.Stat(nodeFolder + "/node_modules/@medplum"); errors.Is(err, fs.ErrNotExist) {
		absent("the server is not installed: make test does it, or npm ci --prefix testdata/node")
	}
	cmd := exec.CommandContext(t.Context(), "node", "--experimental-websocket", "fhir-server.mjs")
	cmd.Dir, cmd.WaitDelay = nodeFolder, 5*time.Second
	stdin, err := cmd.StdinPipe() // it ends when this does
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stdin.Close(); _ = cmd.Wait() })
	base, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(base)
}

// kept are the events that a server has, by their tags.
func kept(t *testing.T, base string) (ids []string) {
	t.Helper()
	resp, err := http.Get(base + "/AuditEvent?_count=1000")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	v, err := fhir.Parse(b, fhir.Limits{})
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%d %v %s", resp.StatusCode, err, b)
	}
	for entry := range v.Get("entry").Items() {
		ids = append(ids, idOf(t, entry.Get("resource").Raw()))
	}
	return ids
}

// TestAgainstAFHIRServerThatIsNotOurs: events arrive in a server that checks resources, and what comes again is there once.
func TestAgainstAFHIRServerThatIsNotOurs(t *testing.T) {
	base := startNode(t)
	h := newHouse(t)
	h.grow("maple", 40)
	want := h.want("maple")
	for _, run := range []struct {
		way   string
		batch bool
		more  int // events there are after it; the server itself keeps what a batch creates again a second time
	}{{CreateOnce, false, len(want)}, {CreateOnce, true, 0}, {Create, true, len(want)}} {
		before := len(kept(t, base))
		f := h.forwarder(Sink{Name: fmt.Sprintf("%s-%v", run.way, run.batch), Kind: "fhir", Open: func() (Receiver, error) {
			return OpenFHIR(FHIRConfig{URL: base, Way: run.way, Batch: run.batch, Transport: &http.Transport{}})
		}})
		stop := h.start(f)
		arrived(t, f)
		stop()
		if got := len(kept(t, base)); got != before+run.more {
			t.Errorf("%s, batch %v: %d events, want %d more than %d; %+v\n%s", run.way, run.batch, got, run.more, before, f.States(), h.log)
		}
	}
	seen := kept(t, base)
	for _, id := range want {
		if !slices.Contains(seen, id) {
			t.Errorf("%s is missing", id)
		}
	}
	resp, err := http.Get(base + "/AuditEvent?_tag=" + url.QueryEscape(TagSystem+"|"+want[0]))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, err := io.ReadAll(resp.Body); err != nil || !strings.Contains(string(b), want[0]) {
		t.Errorf("not found by its tag: %v %s", err, b)
	}
}
