package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"vestibule"
	"vestibule/audit"
	"vestibule/internal/store"
)

// patient is a gateway under load whose disk or database has an accident.
type patient struct {
	*folder
	g    *gateway
	stop context.CancelFunc
	work sync.WaitGroup

	metricsAt string
}

// admit starts a gateway on the folder dir.
func admit(t *testing.T, dir string) *patient {
	t.Helper()
	address, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	h, err := newHouse("http://" + address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.server.Close() })
	f, err := newFolder(filepath.Join(dir, "data"), address, h, (&campaign{seed: 1}).source())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.close() })
	if err := f.apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	p := &patient{folder: f}
	if p.metricsAt, err = freeAddress(); err != nil {
		t.Fatal(err)
	}
	f.starts++
	if p.g, err = launch(order{Data: f.dir, Address: address, Metrics: p.metricsAt}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.g.kill(); <-p.g.done })
	if err := p.g.ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.served++
	return p
}

// smallDisk carries on in a process of the same test that has mounts of its own, and returns a disk of that many bytes there. In
// the first process, whose test then has passed or failed with the other's, it returns "".
func smallDisk(t *testing.T, size int) string {
	t.Helper()
	if os.Getenv("VESTIBULE_TORTURE_MOUNTS") != "" {
		dir := t.TempDir()
		if err := mountDisk(dir, size); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
		return dir
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), "VESTIBULE_TORTURE_MOUNTS=1")
	cmd.SysProcAttr = ownMounts()
	out, err := cmd.CombinedOutput()
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) {
		t.Skipf("this machine lets nobody have mounts of his own (%v): run it as root, or allow user namespaces", err)
	}
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("%v\n%s", err, out)
	}
	return ""
}

// until waits until something is so.
func (p *patient) until(t *testing.T, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s\n%s", what, p.g.log.String())
		}
		select {
		case <-p.g.done:
			t.Fatalf("the gateway is dead, not so: %s\n%s", what, p.g.log.String())
		default:
		}
	}
}

// read is one read beside the load.
func (p *patient) read(t *testing.T) attempt {
	t.Helper()
	c := http.Client{Timeout: 20 * time.Second}
	defer c.CloseIdleConnections()
	a, _ := p.callers[0].ask(t.Context(), &c, doRead, "", http.MethodGet, "/Appointment/apt-00", nil, "")
	return a
}

// burden has the callers but the first work until relieve.
func (p *patient) burden(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	p.stop = stop
	for _, c := range p.callers[1:] {
		p.work.Go(func() { c.work(ctx) })
	}
	before := len(p.emr.told())
	p.until(t, "writes reach the EMR", func() bool { return len(p.emr.told()) > before+5 })
}

func (p *patient) relieve() {
	p.stop()
	p.work.Wait()
}

// get is a page of the gateway's that needs no token.
func (p *patient) get(t *testing.T, path string) (int, string) {
	t.Helper()
	return p.page(t, p.g.url+path)
}

// metrics are the gateway's, on a listener of their own.
func (p *patient) metrics(t *testing.T) (int, string) {
	return p.page(t, "http://"+p.metricsAt+"/metrics")
}

func (p *patient) page(t *testing.T, url string) (int, string) {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// actions are the gateway's own records, in order.
func (p *patient) actions(t *testing.T) (out []string) {
	t.Helper()
	db, err := store.OpenFolder(p.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = audit.NewReader(db).Walk(t.Context(), vestibule.GatewayLog, time.Time{}, time.Time{}, func(e audit.Entry) error {
		if a := e.Record.Admin; strings.HasPrefix(a.Action, "audit-") {
			out = append(out, a.Action+": "+a.Subject)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// stopped waits until every access is refused, and checks what callers, probes and the EMR see meanwhile.
func (p *patient) stopped(t *testing.T, because string) {
	t.Helper()
	p.until(t, "it says that it stopped, and why", func() bool {
		status, text := p.get(t, "/readyz")
		return status == http.StatusServiceUnavailable && strings.Contains(text, because)
	})
	if status, _ := p.get(t, "/healthz"); status != http.StatusOK {
		t.Errorf("healthz says %d: the process lives, and restarting it would not help", status)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.g.url+"/fhir/maple/Appointment/apt-00", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+p.house.token)
	req.Header.Set("X-Request-Id", "while-stopped")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" || res.Header.Get("Audit-Receipt") != "" {
		t.Errorf("status %d, headers %v (%v); want 503 with Retry-After and without a receipt", res.StatusCode, res.Header, err)
	}
	if text := string(body); !strings.Contains(text, "OperationOutcome") || !strings.Contains(text, "ledger-stopped") || strings.Contains(text, "Patient/") || strings.Contains(text, p.dir) {
		t.Errorf("the refusal says %s", text)
	}
	p.drained(t)
	before := len(p.emr.told())
	for range 20 {
		if a := p.read(t); a.status != http.StatusServiceUnavailable || a.receipt != "" {
			t.Fatalf("while it is stopped: %+v", a)
		}
	}
	if after := len(p.emr.told()); after != before {
		t.Errorf("%d writes reached the EMR while nothing could be recorded", after-before)
	}
	if _, text := p.metrics(t); !strings.Contains(text, "\nvestibule_recording 0\n") {
		t.Error("the metric does not say that recording has stopped")
	}
	if log := p.g.log.String(); !strings.Contains(log, "RECORDING HAS STOPPED") || !strings.Contains(log, because) || strings.Contains(log, "Patient/") {
		t.Errorf("the log says %s", log)
	}
}

// drained waits until nothing is under way that began before: a write whose intent is on record may still reach the EMR.
func (p *patient) drained(t *testing.T) {
	t.Helper()
	from := len(p.diary.all())
	p.until(t, "every caller has heard the end of what it had asked", func() bool {
		heard := map[string]bool{}
		for _, a := range p.diary.all()[from:] {
			heard[a.request[:strings.LastIndex(a.request, "-")]] = true
		}
		return len(heard) == len(p.callers)-1
	})
}

// refusedAtOnce wants nothing answered from this moment on, and not only once the gateway has had time to look.
func (p *patient) refusedAtOnce(t *testing.T) {
	t.Helper()
	for range 10 {
		if a := p.read(t); a.status != http.StatusServiceUnavailable || a.receipt != "" {
			t.Errorf("answered with %d under receipt %q, though the record will not be found", a.status, a.receipt)
		}
	}
}

// recovered waits until it goes on by itself, and holds everything that happened against everything.
func (p *patient) recovered(t *testing.T, because string) {
	t.Helper()
	p.until(t, "it goes on by itself", func() bool { return p.read(t).status == http.StatusOK })
	if status, text := p.get(t, "/readyz"); status != http.StatusOK {
		t.Errorf("readyz: %d %s", status, text)
	}
	if _, text := p.metrics(t); !strings.Contains(text, "\nvestibule_recording 1\n") {
		t.Error("the metric does not say that recording goes on")
	}
	before := len(p.emr.told())
	p.until(t, "writes reach the EMR again", func() bool { return len(p.emr.told()) > before+5 })
	p.relieve()
	found, records, err := p.check(t.Context(), false)
	if err != nil || records == 0 {
		t.Fatal(err, records)
	}
	for _, f := range found {
		t.Error(f)
	}
	got := p.actions(t)
	if len(got) < 2 || len(got)%2 != 0 {
		t.Fatalf("on record: %q, want pairs of audit-stopped and audit-resumed", got)
	}
	for i := 0; i < len(got); i += 2 {
		if !strings.HasPrefix(got[i], "audit-stopped: "+because+", since 2") || !strings.HasPrefix(got[i+1], "audit-resumed: nothing could be recorded for ") {
			t.Errorf("on record: %q", got[i:i+2])
		}
	}
}

// Hazard H24: a full disk. Nothing leaves, nothing reaches the EMR; that recording stopped is on record while the disk is still
// full, in the space kept for it; and once there is room the gateway goes on by itself.
func TestH24AFullDiskStopsEverythingAndItGoesOnByItself(t *testing.T) {
	dir := smallDisk(t, 24<<20)
	if dir == "" {
		return
	}
	p := admit(t, dir)
	p.until(t, "space is kept", store.NewReserve(p.dir).Kept)
	p.burden(t)
	ballast := filepath.Join(p.dir, "ballast")
	full := func(so func() bool) func() bool { // what a checkpoint of the write-ahead log frees is filled up again
		return func() bool {
			if err := fillUp(ballast); err != nil {
				t.Fatal(err)
			}
			return so()
		}
	}
	p.until(t, "it meets the full disk", full(func() bool {
		status, _ := p.get(t, "/readyz")
		return status == http.StatusServiceUnavailable
	}))
	p.stopped(t, audit.BecauseFull)
	p.until(t, "it is on record, the disk still full and the space given up", full(func() bool {
		return slices.ContainsFunc(p.actions(t), func(a string) bool { return strings.HasPrefix(a, "audit-stopped: "+audit.BecauseFull) }) &&
			!store.NewReserve(p.dir).Kept()
	}))
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	p.recovered(t, audit.BecauseFull)
	p.until(t, "space is kept again", store.NewReserve(p.dir).Kept)
}

// Hazard H24: the database, or what it has written ahead, is moved away or replaced under the running gateway. SQLite does not
// see it and goes on writing; the gateway sees it before it answers.
func TestH24ADatabaseThatIsMovedAwayIsNoticed(t *testing.T) {
	for _, file := range []string{"vestibule.db", "vestibule.db-wal"} {
		for _, replaced := range []bool{false, true} {
			p := admit(t, t.TempDir())
			p.burden(t)
			path := filepath.Join(p.dir, file)
			if err := os.Rename(path, path+".away"); err != nil {
				t.Fatal(err)
			}
			if replaced {
				copied, err := os.ReadFile(path + ".away") // as somebody does who puts a backup back
				if err == nil {
					err = os.WriteFile(path, copied, 0o600)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			p.refusedAtOnce(t)
			p.stopped(t, audit.BecauseReplaced)
			if err := os.Rename(path+".away", path); err != nil {
				t.Fatal(err)
			}
			p.recovered(t, audit.BecauseReplaced)
			p.g.kill()
		}
	}
}

// A database that was deleted is noticed too, and does not come back; and the next start does not take the empty folder for a
// new one.
func TestH24ADeletedDatabaseIsNoticedAndNoNewTrailBeginsInItsPlace(t *testing.T) {
	p := admit(t, t.TempDir())
	p.burden(t)
	if err := os.Remove(filepath.Join(p.dir, store.DatabaseFile)); err != nil {
		t.Fatal(err)
	}
	p.refusedAtOnce(t)
	p.stopped(t, audit.BecauseReplaced)
	p.relieve()
	p.g.kill()
	<-p.g.done
	for range 2 {
		g, err := launch(order{Data: p.dir, Address: p.address})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(g.kill)
		if err := g.ready(t.Context()); !errors.Is(err, errDead) || !strings.Contains(err.Error(), "its trail is not there") {
			t.Errorf("the next start: %v", err)
		}
	}
}
