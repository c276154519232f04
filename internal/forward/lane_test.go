package forward

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vestibule"
	"vestibule/audit"
	"vestibule/fhir"
)

func TestEveryEventArrivesOnceInTheOrderOfItsLog(t *testing.T) {
	h := newHouse(t)
	h.grow("maple", 150)
	h.grow("cedar", 30)
	s := new(stub)
	f := h.forwarder(s.sink("s"))
	h.start(f)
	arrived(t, f)
	h.grow("maple", 10)
	h.grow("birch", 10) // a clinic that is new
	want := h.want("maple", "cedar", "birch")
	until(t, "the rest", func() bool { return len(s.all()) == len(want) })
	if diff := cmp.Diff(want, ofLogs(s.all(), want)); diff != "" {
		t.Error(diff)
	}
	if st := f.States()[0]; st.Sent != int64(len(want)) || st.Failing || st.Failed != 0 {
		t.Errorf("%+v", st)
	}
}

func TestAnEventKeepsItsBytesButForItsNameAndTag(t *testing.T) {
	for body, want := range map[string]string{
		`{"resourceType":"AuditEvent","id":"7","meta":{"profile":["p"]},"x":1.50}`: `{"resourceType":"AuditEvent","id":"ab-7","meta":{"profile":["p"],"tag":[{"system":"urn:vestibule:event","code":"ab-7"}]},"x":1.50}`,
		`{"resourceType":"AuditEvent","id":"7","type":{"code":"\u00e9"}}`:          `{"resourceType":"AuditEvent","id":"ab-7","meta":{"tag":[{"system":"urn:vestibule:event","code":"ab-7"}]},"type":{"code":"\u00e9"}}`,
		`{"resourceType":"AuditEvent","meta":{"tag":[{"code":"t"}]}}`:              `{"resourceType":"AuditEvent","id":"ab-7","meta":{"tag":[{"system":"urn:vestibule:event","code":"ab-7"},{"code":"t"}]}}`,
	} {
		got, err := name([]byte(body), "ab-7")
		if err != nil || string(got) != want {
			t.Errorf("%v\n%s\nwant\n%s", err, got, want)
		}
	}
}

func TestATrailGoesOnlyWhereTheOperatorSays(t *testing.T) {
	h := newHouse(t)
	h.grow("maple", 8)
	h.grow("cedar", 8)
	all, maple, fresh := new(stub), new(stub), new(stub)
	only, fromNow := maple.sink("maple"), fresh.sink("now")
	only.Clinics, fromNow.FromNow = []string{"maple"}, true
	f := h.forwarder(all.sink("all"), only, fromNow)
	stop := h.start(f)
	until(t, "both know the trail", func() bool {
		st := f.States()
		return st[0].Sent > 0 && st[0].LagRecords == 0 && st[1].Sent > 0 && st[1].LagRecords == 0
	})
	until(t, "the third has its places", func() bool { rows, err := f.places.of(t.Context(), "now"); return err == nil && len(rows) == 2 })
	stop()
	before := len(h.want("maple", "cedar"))
	h.grow("maple", 4)
	h.grow("birch", 4)
	f = h.forwarder(all.sink("all"), only, fromNow)
	h.start(f)
	want := h.want("maple", "cedar", "birch")
	until(t, "all", func() bool {
		return len(all.all()) == len(want) && len(maple.all()) == len(h.want("maple")) && len(fresh.all()) == len(want)-before
	})
	if diff := cmp.Diff(h.want("maple"), maple.all()); diff != "" {
		t.Error(diff)
	}
}

// A clean end waits a moment for what is under way, so that the next start need not send it again.
func TestACleanEndSendsNothingTwice(t *testing.T) {
	h := newHouse(t)
	h.grow("maple", 80)
	var r *repository
	var stop func()
	stopped := make(chan struct{})
	var n atomic.Int64
	r = newRepository(t, func(http.ResponseWriter, *http.Request) bool {
		if n.Add(1) == 30 {
			go func() { stop(); close(stopped) }()
			time.Sleep(20 * time.Millisecond) // the end has begun
		}
		return false
	})
	create := r.sink(func(c *FHIRConfig) { c.Way = Create })
	ready := make(chan struct{})
	open := create.Open
	create.Open = func() (Receiver, error) { <-ready; return open() }
	stop = h.start(h.forwarder(create))
	close(ready)
	<-stopped
	f := h.forwarder(create)
	h.start(f)
	arrived(t, f)
	if diff := cmp.Diff(h.want("maple"), r.all()); diff != "" {
		t.Error(diff)
	}
}

func TestWhatASinkLosesHoldOfIsSentAgainAndNothingLeftOut(t *testing.T) {
	h := newHouse(t)
	h.grow("maple", 120)
	s := new(stub)
	random := rand.New(rand.NewPCG(1, 2))
	s.send = func(_ context.Context, events []Event) ([]Verdict, error) {
		switch random.IntN(4) {
		case 0:
			return nil, faultf("answered 503")
		case 1: // it took some, and died
			n := random.IntN(len(events) + 1)
			return s.take(events[:n]), faultf("the connection ended early")
		case 2: // it took some, and nobody heard of it
			s.take(events[:random.IntN(len(events)+1)])
			return nil, faultf("did not answer in time")
		}
		return s.take(events), nil
	}
	for range 6 { // and the gateway is stopped now and then
		f := h.forwarder(s.sink("s"))
		stop := h.start(f)
		before := len(s.all())
		until(t, "some more", func() bool { return len(s.all()) > before+20 || f.States()[0].LagRecords == 0 })
		stop()
	}
	f := h.forwarder(s.sink("s"))
	h.start(f)
	until(t, "all", func() bool { st := f.States()[0]; return st.Sent > 0 && st.LagRecords == 0 })
	if diff := cmp.Diff(h.want("maple"), s.first()); diff != "" {
		t.Error(diff)
	}
}

// TestKilledBetweenSendingAndSaving: kill -9, again and again, of a process that sends to a file: repeats, never a gap.
func TestKilledBetweenSendingAndSaving(t *testing.T) {
	h := newHouse(t)
	h.grow("maple", 3000)
	to := filepath.Join(t.TempDir(), "trail.ndjson")
	lines := func() (ids []string) {
		b, _ := os.ReadFile(to)
		for line := range bytes.Lines(b) {
			if bytes.HasSuffix(line, []byte("\n")) {
				ids = append(ids, idOf(t, line[:len(line)-1]))
			}
		}
		return ids
	}
	for _, target := range []int{40, 700, 1500} {
		cmd := exec.Command(os.Args[0], "-test.run=^$")
		cmd.Env = append(os.Environ(), "VESTIBULE_FORWARD_FROM="+h.dir, "VESTIBULE_FORWARD_TO="+to)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		until(t, fmt.Sprintf("%d lines", target), func() bool { return len(lines()) >= target })
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	f := h.forwarder(Sink{Name: "file", Kind: "file", Open: func() (Receiver, error) { return OpenFile(to) }})
	h.start(f)
	until(t, "all", func() bool { st := f.States()[0]; return st.Sent > 0 && st.LagRecords == 0 })
	var s shelf
	s.put(lines()...)
	want := h.want("maple")
	if diff := cmp.Diff(want, s.first()); diff != "" {
		t.Error(diff)
	}
	if len(s.all()) == len(want) {
		t.Error("nothing came twice: no process was killed between sending and saving")
	}
}

func TestARefusedEventIsLeftOutOnRecordAndTheRestGoesOn(t *testing.T) {
	h := newHouse(t)
	h.grow("maple", 40)
	want := h.want("maple")
	poison := want[7]
	s := new(stub)
	tries := 0
	s.send = func(_ context.Context, events []Event) (out []Verdict, _ error) {
		for _, e := range events {
			if e.ID == poison {
				tries++
				return append(out, Verdict{Refused: "answered 422"}), nil
			}
			out = append(out, s.take([]Event{e})...)
		}
		return out, nil
	}
	f := h.forwarder(s.sink("repository"))
	stop := h.start(f)
	arrived(t, f)
	stop()
	if diff := cmp.Diff(slices.DeleteFunc(slices.Clone(want), func(id string) bool { return id == poison }), s.all()); diff != "" {
		t.Error(diff)
	}
	log, rest, _ := strings.Cut(poison, "-")
	index, _, _ := strings.Cut(rest, "-")
	if diff := cmp.Diff([]string{"forward-parked repository: " + log + "/" + index + " answered 422"}, h.noted()); diff != "" {
		t.Error(diff)
	}
	if st := f.States()[0]; tries != 5 || st.Parked != 1 || st.Failed != 5 || st.LagRecords != 0 {
		t.Errorf("%d tries, %+v", tries, st)
	}
}

func TestWhatRefusesEverythingIsNotMendedByLeavingEverythingOut(t *testing.T) {
	h := newHouse(t)
	h.grow("maple", 80)
	s := new(stub)
	var mended atomic.Bool
	s.send = func(_ context.Context, events []Event) (out []Verdict, _ error) {
		if mended.Load() {
			return s.take(events), nil
		}
		return []Verdict{{Refused: "answered 400"}}, nil
	}
	f := h.forwarder(s.sink("repository"))
	h.start(f)
	stopped := func() int {
		return strings.Count(strings.Join(h.noted(), "\n"), ActionStopped)
	}
	until(t, "it stops", func() bool { return stopped() > 0 })
	failed := f.States()[0].Failed
	until(t, "it is tried on", func() bool { return f.States()[0].Failed > failed+10 })
	if st := f.States()[0]; st.Parked != 9 || st.LagRecords < 60 || stopped() != 1 {
		t.Errorf("%+v, %d", st, stopped())
	}
	mended.Store(true)
	arrived(t, f)
	if want := h.want("maple"); !slices.Equal(s.all(), want[9:]) {
		t.Errorf("%d arrived, want %d", len(s.all()), len(want)-9)
	}
}

func TestALogIsSentAgainOnceThatIsOnRecord(t *testing.T) {
	h := newHouse(t)
	h.grow("maple", 20)
	s := new(stub)
	f := h.forwarder(s.sink("siem"))
	h.start(f)
	arrived(t, f)
	want := h.want("maple")
	log, _, _ := strings.Cut(want[0], "-")
	until(t, "the place is saved", func() bool { rows, err := f.places.of(t.Context(), "siem"); return err == nil && rows[log].Next == 20 })
	if err := Again(t.Context(), h.db, "siem", "maple", 10, "ivan"); err != nil {
		t.Fatal(err)
	}
	var from []string
	for _, id := range want {
		var index int
		if _, err := fmt.Sscanf(strings.TrimPrefix(id, log+"-"), "%d", &index); err == nil && index >= 10 {
			from = append(from, id)
		}
	}
	until(t, "it comes again", func() bool { return len(s.all()) == len(want)+len(from) })
	if diff := cmp.Diff(slices.Concat(want, from), s.all()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Note{{ActionAgain, "siem: " + log + " from record 10", "ivan"}}, h.notes); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []struct {
		sink, clinic string
		from         int64
		want         string
	}{
		{"seim", "maple", 0, "no sink seim"}, {"siem", "mapel", 0, `no clinic "mapel"`}, {"siem", "maple", 99, "has 20 records"},
	} {
		if err := Again(t.Context(), h.db, bad.sink, bad.clinic, bad.from, "ivan"); err == nil || !strings.Contains(err.Error(), bad.want) {
			t.Errorf("%v, want %s", err, bad.want)
		}
	}
}

// TestADeletedBodyIsSkippedAndCounted: what the retention has taken is not there to be sent.
func TestADeletedBodyIsSkippedAndCounted(t *testing.T) {
	c := &cursor{}
	c.gap(0, 3)
	if err := c.add(audit.Entry{Log: "ab", Index: 3, Record: audit.Record{Phase: audit.PhaseDenial, Clinic: "maple"}}); err != nil {
		t.Fatal(err)
	}
	c.gap(4, 6)
	l := newLane(New(Options{}), Sink{})
	l.cursors["ab"], c.log = c, "ab"
	if !l.advance(c) || c.row.skipped != 3 || c.ahead.Next != 3 {
		t.Errorf("%+v", c)
	}
	c.window[0].taken = true
	if !l.advance(c) || c.row.skipped != 5 || c.ahead.Next != 6 {
		t.Errorf("%+v", c)
	}
}

func TestPausesGrowAndAreKept(t *testing.T) {
	random := bytes.NewReader(make([]byte, 1<<10)) // the least that chance gives
	for n, want := range map[int]time.Duration{1: 500 * time.Millisecond, 2: time.Second, 5: 8 * time.Second, 9: 128 * time.Second, 10: 150 * time.Second, 99: 150 * time.Second} {
		if got := pause(random, n, 0); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{"120": 2 * time.Minute, "Mon, 23 Nov 2026 12:00:30 GMT": 30 * time.Second, "99999999999": 15 * time.Minute, "soon": 0, "-5": 0, "": 0} {
		if got := retryAfter(header, now); got != want {
			t.Errorf("%s: %s, want %s", header, got, want)
		}
	}
	if got := pause(random, 1, time.Minute); got != time.Minute {
		t.Errorf("asked for a minute: %s", got)
	}
}

func TestNoEventIsTooOddToBeNamed(t *testing.T) {
	h := newHouse(t)
	if _, err := h.ledger.Append(t.Context(), audit.Record{ID: vestibule.NewID(), Phase: audit.PhaseDenial, Clinic: "maple", Query: "\x00\xff<>", Reasons: []string{"\u2028"}}); err != nil {
		t.Fatal(err)
	}
	s := new(stub)
	s.send = func(_ context.Context, events []Event) ([]Verdict, error) {
		for _, e := range events {
			if _, err := fhir.ParseResource(e.Body, fhir.Limits{}); err != nil || bytes.ContainsAny(e.Body, "\n\r") {
				t.Errorf("%v in %q", err, e.Body)
			}
		}
		return s.take(events), nil
	}
	f := h.forwarder(s.sink("s"))
	h.start(f)
	arrived(t, f)
}

// The place within a record is kept: of one with several patients only the events behind it are sent.
func TestARecordIsContinuedInItsMiddle(t *testing.T) {
	c := &cursor{ahead: Place{Next: 3, Part: 1}}
	e := audit.Entry{Log: "ab", Index: 3, Record: audit.Record{Phase: audit.PhaseOutcome, Clinic: "maple", Interaction: "read", Outcome: audit.OutcomeSuccess,
		Patients: []string{"Patient/1", "Patient/2", "Patient/3"}}}
	if err := c.add(e); err != nil {
		t.Fatal(err)
	}
	e.Index = 4
	if err := c.add(e); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, it := range c.window {
		got = append(got, fmt.Sprintf("%s %d+%d", it.ID, it.after.Next, it.after.Part))
	}
	if diff := cmp.Diff([]string{"ab-3-2 3+2", "ab-3-3 4+0", "ab-4-1 4+1", "ab-4-2 4+2", "ab-4-3 5+0"}, got); diff != "" {
		t.Error(diff)
	}
}
