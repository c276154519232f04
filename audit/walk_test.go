package audit_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"vestibule/audit"
)

// TestAWalkGivesTheEntriesOfATimeInTheirOrder: across what is indexed and what is not yet, and it ends when it is told to.
func TestAWalkGivesTheEntriesOfATimeInTheirOrder(t *testing.T) {
	l := newHouse(t)
	begin := time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)
	for i := range 700 {
		if _, err := l.Append(t.Context(), audit.Record{ID: fmt.Sprintf("01930000-0000-7000-8000-%012d", i), Phase: audit.PhaseOutcome, Clinic: "maple", Time: begin.Add(time.Duration(i) * time.Minute)}); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name        string
		from, until time.Time
		first, n    int64
	}{
		{"everything", time.Time{}, time.Time{}, 0, 700},
		{"since", begin.Add(432 * time.Minute), time.Time{}, 432, 268},
		{"between", begin.Add(100 * time.Minute), begin.Add(200 * time.Minute), 100, 100},
		{"before all", time.Time{}, begin, 0, 0},
		{"after all", begin.AddDate(1, 0, 0), time.Time{}, 0, 0},
	} {
		var got []int64
		err := l.Walk(t.Context(), "maple", c.from, c.until, func(e audit.Entry) error { got = append(got, e.Index); return nil })
		if err != nil || int64(len(got)) != c.n {
			t.Errorf("%s: %d entries, %v; want %d", c.name, len(got), err, c.n)
			continue
		}
		for i, index := range got {
			if index != c.first+int64(i) {
				t.Fatalf("%s: entry %d is record %d", c.name, i, index)
			}
		}
	}
	stop := errors.New("enough")
	seen := 0
	if err := l.Walk(t.Context(), "maple", time.Time{}, time.Time{}, func(audit.Entry) error { seen++; return stop }); !errors.Is(err, stop) || seen != 1 {
		t.Errorf("it went on: %d entries, %v", seen, err)
	}
	if err := l.Walk(t.Context(), "birch", time.Time{}, time.Time{}, func(audit.Entry) error { return stop }); err != nil {
		t.Errorf("a clinic without a log: %v", err)
	}
	if began, err := l.Began(t.Context(), "maple"); err != nil || !began.Equal(begin) {
		t.Errorf("the log began %v, %v", began, err)
	}
}
