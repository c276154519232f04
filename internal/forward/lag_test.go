package forward

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vestibule/audit"
)

// TestH24ADeadSinkHoldsUpNothing: neither appends nor the other sinks, nor the end.
func TestH24ADeadSinkHoldsUpNothing(t *testing.T) {
	h := newHouse(t)
	hanging := make(chan struct{})
	var once atomic.Bool
	dead, good := new(stub), new(stub)
	dead.send = func(ctx context.Context, _ []Event) ([]Verdict, error) {
		if once.CompareAndSwap(false, true) {
			close(hanging)
		}
		<-ctx.Done()
		return nil, ctx.Err()
	}
	h.grow("maple", 4)
	f := h.forwarder(dead.sink("dead"), good.sink("good"))
	stop := h.start(f)
	<-hanging // from here on it answers nothing
	h.grow("maple", 400)
	want := h.want("maple")
	until(t, "the good one has all", func() bool { return len(good.all()) == len(want) })
	if st := f.States(); st[0].LagRecords < 400 || st[0].Lag <= 0 || st[1].LagRecords != 0 {
		t.Errorf("%+v", st)
	}
	began := time.Now()
	stop()
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("the end took %s", took)
	}
}

func TestWhatADeadSinkNeverCameToIsShownAsBehind(t *testing.T) {
	h := newHouse(t)
	h.append("maple", 3) // something to send at once: an intent is passed over
	h.append("cedar", 3)
	dead := new(stub)
	dead.send = func(context.Context, []Event) ([]Verdict, error) { return nil, faultf("dead") }
	f := h.forwarder(dead.sink("dead"))
	h.start(f)
	until(t, "both trails are behind", func() bool {
		sinks, err := Read(t.Context(), h.db)
		return err == nil && len(sinks) == 1 && len(sinks[0].Logs) == 2
	})
}

func TestALateSinkIsOnRecordAndSoIsItsReturn(t *testing.T) {
	h := newHouse(t)
	h.grow("maple", 4)
	s := new(stub)
	var works atomic.Bool
	s.send = func(_ context.Context, events []Event) ([]Verdict, error) {
		if works.Load() {
			return s.take(events), nil
		}
		return nil, faultf("answered 503")
	}
	sink := s.sink("siem")
	sink.AlarmAfter = time.Second
	f := h.forwarder(sink)
	stop := h.start(f)
	until(t, "it is late, and that is kept", func() bool {
		s, err := Read(t.Context(), h.db)
		return err == nil && len(s) == 1 && s[0].Late
	})
	stop()
	f = h.forwarder(sink) // a restart does not make it late a second time
	h.start(f)
	until(t, "it is known to fail", func() bool { return f.States()[0].Failing })
	works.Store(true)
	until(t, "it is back", func() bool { return len(h.noted()) == 2 })
	if diff := cmp.Diff([]string{"forward-late siem", "forward-back siem"}, h.noted()); diff != "" {
		t.Error(diff)
	}
}

// A sink that is new to an old trail has not been late for years.
func TestASinkLagsNoLongerThanItIsConfigured(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	l := newLane(New(Options{}), Sink{})
	l.row.began = now.Add(-time.Minute)
	c := &cursor{log: "ab", window: []*item{{Event: Event{Time: now.AddDate(-2, 0, 0)}}}}
	l.cursors["ab"] = c
	l.show()
	l.see([]audit.Head{{Log: "ab", Clinic: "maple", Size: 7}}, now)
	if s := l.state(now); s.Lag != time.Minute || s.LagRecords != 7 {
		t.Errorf("%+v", s)
	}
	c.window[0].Time = now.Add(-20 * time.Second)
	l.show()
	if s := l.state(now); s.Lag != 20*time.Second {
		t.Errorf("%+v", s)
	}
}
