package daemon_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"vestibule"
	"vestibule/internal/config"
	"vestibule/internal/daemon"
)

// running serves a folder until stop is called, which returns when it has ended.
func running(t *testing.T, o daemon.Options) (stop func()) {
	t.Helper()
	d, err := daemon.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.Serve(ctx, daemon.Listeners{Public: l}) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestTheTrailIsSentOnWhileServing: each start and stop of the gateway is an event; a sink that hangs or cannot even be opened
// holds up neither the others nor the end.
func TestTheTrailIsSentOnWhileServing(t *testing.T) {
	hang := make(chan struct{})
	var asked atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		select {
		case <-hang:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(func() { close(hang); s.Close() })
	path := filepath.Join(t.TempDir(), "trail.ndjson")
	o := options(t.TempDir())
	o.Forward = []config.Forward{
		{Name: "hangs", Clinics: config.Clinics{"all"}, FHIR: &config.ForwardFHIR{URL: s.URL, Login: config.Login{Mode: "bearer", Token: "env:VESTIBULE_TEST_TOKEN"}}},
		{Name: "no-secret", Clinics: config.Clinics{"all"}, FHIR: &config.ForwardFHIR{URL: s.URL, Login: config.Login{Mode: "bearer", Token: "env:VESTIBULE_NO_SUCH"}}},
		{Name: "no-ca", Clinics: config.Clinics{"all"}, Syslog: &config.ForwardSyslog{Address: "127.0.0.1:1", TLS: &config.ForwardTLS{CA: "/nonexistent.pem"}}},
		{Name: "file", Clinics: config.Clinics{vestibule.GatewayLog}, File: &config.ForwardFile{Path: path}},
		{Name: "nothing", Clinics: config.Clinics{"cedar"}, File: &config.ForwardFile{Path: path + ".cedar"}},
	}
	t.Setenv("VESTIBULE_TEST_TOKEN", "t")
	lines := func() int {
		b, _ := os.ReadFile(path)
		return strings.Count(string(b), "\n")
	}
	for run := range 3 {
		stop := running(t, o)
		for end := time.Now().Add(time.Minute); lines() < 1+2*run || asked.Load() <= int64(run); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("run %d: %d events arrived, %d requests", run, lines(), asked.Load())
			}
		}
		if n := lines(); n != 1+2*run { // what came before was not sent again
			t.Errorf("run %d: %d events", run, n)
		}
		began := time.Now()
		stop()
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("the end took %s", took)
		}
	}
	if _, err := os.Stat(path + ".cedar"); err == nil {
		t.Error("a trail went where nobody sent it")
	}
}
