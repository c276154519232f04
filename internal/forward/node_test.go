package forward

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"vestibule/fhir"
	"vestibule/internal/nodetest"
)

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
	base := nodetest.FHIRServer(t)
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
