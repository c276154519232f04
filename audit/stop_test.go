package audit_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"vestibule/audit"
	"vestibule/fhir"
)

// A stopped ledger takes nothing but what says what becomes of the ledger itself, says why to whoever runs it and not to whoever
// calls, and is not ready.
func TestAStoppedLedgerTakesNoAccess(t *testing.T) {
	h := newHouse(t)
	h.append(read(1))
	h.Stop(audit.Stopped{Because: audit.BecauseFull, Since: h.clock.Now()})
	for _, r := range []audit.Record{read(2), intent(3), denial(4), {ID: access(5), Phase: audit.PhaseAdmin, Clinic: "maple", Admin: audit.Admin{Action: "grant-apply"}},
		{ID: access(6), Phase: audit.PhaseAdmin, Clinic: "maple", Admin: audit.Admin{Action: "audit-stopped"}}} {
		receipt, err := h.Append(context.Background(), r)
		wantUnavailable(t, receipt, err)
		if e := fhir.AsError(err); e.Code != "ledger-stopped" || e.RetryAfter == 0 || strings.Contains(e.Text, audit.BecauseFull) {
			t.Errorf("the caller hears %q, %q", e.Code, e.Text)
		}
		if stopped, ok := errors.AsType[*audit.Stopped](err); !ok || stopped.Because != audit.BecauseFull {
			t.Errorf("whoever runs it sees %v", err)
		}
	}
	if err := h.Ping(context.Background()); err == nil {
		t.Error("it is ready")
	}
	if err := h.Probe(context.Background()); err != nil {
		t.Errorf("it cannot be tried: %v", err)
	}
	for _, action := range []string{"audit-stopped", "audit-resumed", "start", "stop"} {
		h.append(audit.Record{ID: access(7), Phase: audit.PhaseSystem, Clinic: "_gateway", Outcome: audit.OutcomeSuccess, Admin: audit.Admin{Action: action}})
	}
	h.Resume()
	h.append(read(8))
	if err := h.Ping(context.Background()); err != nil {
		t.Error(err)
	}
}

// Hazard H24: a record is durable only if the file that took it is the one that will be found, before the commit and after it.
func TestH24ARecordInAFileThatIsGoneIsNotDurable(t *testing.T) {
	h := newHouse(t)
	h.append(read(1))
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	gone := func(int) bool { return false } // by how often it was asked
	asked := 0
	o := h.options()
	o.Intact = func() error {
		asked++
		if gone(asked) {
			return audit.ErrReplaced
		}
		return nil
	}
	l, err := audit.Open(t.Context(), h.db, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	size := func() int64 { return h.count(`SELECT COALESCE(SUM(count), 0) FROM batch`) }
	for name, c := range map[string]struct {
		gone func(n int) bool
		more int64 // records that came into the file all the same
	}{
		"before the commit": {func(int) bool { return true }, 0},
		"during the commit": {func(n int) bool { return n > 1 }, 1},
	} {
		asked, gone = 0, c.gone
		before := size()
		receipt, err := l.Append(t.Context(), read(2))
		wantUnavailable(t, receipt, err)
		if now, failed := l.Trouble(); now == nil || now.Because != audit.BecauseReplaced || failed == 0 {
			t.Errorf("%s: trouble %v, %d", name, now, failed)
		}
		if got := size() - before; got != c.more {
			t.Errorf("%s: %d records in the file, want %d", name, got, c.more)
		}
		gone = func(int) bool { return false }
		if receipt, err := l.Append(t.Context(), read(3)); err != nil || receipt.Index() != before+c.more {
			t.Errorf("%s: once it is back: %v, %v", name, receipt, err)
		}
		if now, _ := l.Trouble(); now != nil {
			t.Errorf("%s: still %v", name, now)
		}
	}
}

// What the database says becomes one of a few causes.
func TestTroubleSaysWhy(t *testing.T) {
	for code, want := range map[int]string{13: audit.BecauseFull, 8: audit.BecauseReadOnly, 1032: audit.BecauseReadOnly, 14: audit.BecauseReadOnly,
		778: audit.BecauseFailing, 1034: audit.BecauseFailing, 5: audit.BecauseSlow, 1: audit.BecauseSlow} {
		h := newHouse(t)
		f := openFaulty(t, h)
		f.code.Store(int32(code))
		_, err := h.Append(t.Context(), read(1))
		if now, failed := h.Trouble(); err == nil || now == nil || now.Because != want || failed != 1 || !now.Since.Equal(h.clock.Now()) {
			t.Errorf("code %d: %v, trouble %v after %d, want %s", code, err, now, failed, want)
		}
	}
}
