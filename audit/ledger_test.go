package audit_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"vestibule/audit"
	"vestibule/fhir"
)

func TestAReceiptMeansTheRecordIsOnDisk(t *testing.T) {
	h := newHouse(t)
	other := openDB(t, h.path) // sees only what was committed
	for n := range 20 {
		receipt := h.append(read(n))
		if !receipt.Valid() || receipt.Index() != int64(n) {
			t.Fatalf("receipt %v, want index %d", receipt, n)
		}
		if want := receipt.Log() + "/" + strconv.Itoa(n); receipt.String() != want {
			t.Errorf("receipt is written %q, want %q", receipt, want)
		}
		var records string
		err := other.QueryRow(`SELECT records FROM batch JOIN log ON log.id = batch.log WHERE name = $1 AND first = $2`, receipt.Log(), n).Scan(&records)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(records, access(n)) {
			t.Errorf("the row behind receipt %v holds another record", receipt)
		}
	}
}

func TestTheZeroReceiptIsNoReceipt(t *testing.T) {
	var none audit.Receipt
	if none.Valid() || none.String() != "" || none.Index() != -1 {
		t.Errorf("the zero receipt looks like one: %v %q %d", none.Valid(), none, none.Index())
	}
}

func TestManyCallersGetContiguousPlacesInOneConsistentTree(t *testing.T) {
	h := newHouse(t)
	const callers, each = 64, 40
	var mu sync.Mutex
	seen := make(map[string]bool)
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for i := range each {
				r := read(c*each + i)
				r.Clinic = []string{"maple", "birch"}[c%2]
				receipt, err := h.Append(context.Background(), r)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if seen[receipt.String()] {
					t.Errorf("receipt %v was given twice", receipt)
				}
				seen[receipt.String()] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for _, clinic := range []string{"maple", "birch"} {
		checkTree(t, h, clinic, callers*each/2)
	}
	if n := h.count(`SELECT count(*) FROM batch`); n >= callers*each {
		t.Errorf("%d commits for %d records: nothing was grouped", n, callers*each)
	}
}

// checkTree recomputes a clinic's tree with tlog from the records alone and compares it with the signed checkpoint.
func checkTree(t *testing.T, h *house, clinic string, size int64) {
	t.Helper()
	signed, err := h.Checkpoint(context.Background(), clinic)
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(testVKey(t))
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open(signed, note.VerifierList(v))
	if err != nil {
		t.Fatal(err)
	}
	var hashes []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) (out []tlog.Hash, err error) {
		for _, i := range indexes {
			out = append(out, hashes[i])
		}
		return out, nil
	})
	next := int64(0)
	for _, line := range h.lines(clinic) {
		stored, err := tlog.StoredHashes(next, []byte(line), reader)
		if err != nil {
			t.Fatal(err)
		}
		hashes = append(hashes, stored...)
		next++
	}
	root, err := tlog.TreeHash(next, reader)
	if err != nil {
		t.Fatal(err)
	}
	var log string
	if err := h.db.QueryRow(`SELECT name FROM log WHERE clinic = $1`, clinic).Scan(&log); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("%s/log/%s\n%d\n%s\n", deployment, log, size, root)
	if n.Text != want {
		t.Errorf("checkpoint of %s is\n%swant\n%s", clinic, n.Text, want)
	}
}

// lines are the records of a clinic as they are stored, in order.
func (h *house) lines(clinic string) []string {
	h.t.Helper()
	rows, err := h.db.Query(`SELECT first, records FROM batch JOIN log ON log.id = batch.log WHERE clinic = $1 ORDER BY first`, clinic)
	if err != nil {
		h.t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var first int64
		var records string
		if err := rows.Scan(&first, &records); err != nil {
			h.t.Fatal(err)
		}
		if first != int64(len(out)) {
			h.t.Fatalf("a batch begins at %d, want %d", first, len(out))
		}
		out = append(out, strings.Split(strings.TrimSuffix(records, "\n"), "\n")...)
	}
	return out
}

func TestARestartGoesOnWhereTheLogEnded(t *testing.T) {
	h := newHouse(t)
	for n := range 13 {
		h.append(read(n))
	}
	h.reopen()
	if got := h.append(read(13)).Index(); got != 13 {
		t.Errorf("the first record after a restart has index %d, want 13", got)
	}
	checkTree(t, h, "maple", 14)
}

func TestCheckpointsAreSignedAtMostASecondLate(t *testing.T) {
	h := newHouse(t)
	h.append(read(0))
	if n := h.count(`SELECT max(size) FROM checkpoint`); n != 1 {
		t.Errorf("the first record's commit signed size %d, want 1", n)
	}
	h.clock.Advance(time.Second)
	h.append(read(1))
	if n := h.count(`SELECT max(size) FROM checkpoint`); n != 2 {
		t.Errorf("a commit a second later signed size %d, want 2", n)
	}
	h.append(read(2))
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if n := h.count(`SELECT max(size) FROM checkpoint`); n != 3 {
		t.Errorf("closing signed size %d, want 3", n)
	}
	h.clock.Advance(time.Hour)
	h.open()
	h.append(read(3))
	if n := h.count(`SELECT count(*) FROM checkpoint`); n != 2 {
		t.Errorf("%d checkpoints are kept of two hours, want 2", n)
	}
}

func TestAFailedCommitGivesNoReceiptAndLeavesTheTreeWhole(t *testing.T) {
	for name, inject := range map[string]func(*faults){
		"rolled back":   func(f *faults) { f.refuse.Store(2) },
		"done in doubt": func(f *faults) { f.doubt.Store(2) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			f := openFaulty(t, h)
			h.append(read(0))
			inject(f)
			for n := range 2 {
				receipt, err := h.Append(context.Background(), read(100+n))
				wantUnavailable(t, receipt, err)
				if fhir.KindOf(err) != fhir.KindUnavailable {
					t.Errorf("kind %v, want unavailable", fhir.KindOf(err))
				}
			}
			next := h.append(read(1))
			if durable := int64(len(h.lines("maple"))); next.Index() != durable-1 {
				t.Errorf("index %d after recovery, want %d", next.Index(), durable-1)
			}
			checkTree(t, h, "maple", next.Index()+1)
		})
	}
}

func TestAfterAFailedFsyncNothingIsWrittenUntilTheNextStart(t *testing.T) {
	h := newHouse(t)
	f := openFaulty(t, h)
	h.append(read(0))
	f.fsync.Store(1)
	for n := range 3 {
		receipt, err := h.Append(context.Background(), read(1+n))
		wantUnavailable(t, receipt, err)
	}
	if err := h.Ping(context.Background()); err == nil {
		t.Error("a ledger that lost an fsync says it is well")
	}
	h.Close()
	h.open()
	if got := h.append(read(9)).Index(); got != 1 {
		t.Errorf("index %d after the restart, want 1", got)
	}
}

func TestAClosedDatabaseRefusesEveryAccess(t *testing.T) {
	h := newHouse(t)
	h.append(read(0))
	h.db.Close()
	receipt, err := h.Append(context.Background(), read(1))
	wantUnavailable(t, receipt, err)
	if err := h.Ping(context.Background()); err == nil {
		t.Error("a ledger without a database says it is well")
	}
}

func TestAFullDiskRefusesAndSpaceMendsIt(t *testing.T) {
	h := newHouse(t)
	h.append(read(0))
	h.Close()
	h.db.SetMaxOpenConns(1) // the limit below holds for one connection
	h.exec(`PRAGMA max_page_count = 30`)
	h.open()
	full := -1
	for n := 1; n < 400 && full < 0; n++ {
		if receipt, err := h.Append(context.Background(), read(n)); err != nil {
			wantUnavailable(t, receipt, err)
			full = n
		}
	}
	if full < 0 {
		t.Fatal("the disk never filled")
	}
	h.Close()
	h.db.Close()
	h.db = openDB(t, h.path)
	h.open()
	receipt := h.append(read(500))
	if receipt.Index() != int64(full) {
		t.Errorf("index %d after space was made, want %d", receipt.Index(), full)
	}
	checkTree(t, h, "maple", receipt.Index()+1)
}

func TestH24AStuckDiskRefusesInsteadOfFreezing(t *testing.T) {
	h := newHouse(t)
	f := openFaulty(t, h)
	h.Close()
	gate := make(chan struct{})
	o := h.options()
	o.Patience = 20 * time.Millisecond
	db := openStuck(t, f)
	l, err := audit.Open(context.Background(), db, o)
	if err != nil {
		t.Fatal(err)
	}
	f.block.Store(&gate)
	receipt, err := l.Append(context.Background(), read(0))
	wantUnavailable(t, receipt, err)
	var e *fhir.Error
	if !errors.As(err, &e) || e.RetryAfter == 0 {
		t.Errorf("the refusal does not say when to try again: %v", err)
	}
	f.block.Store(nil)
	close(gate)
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func TestAClosedLedgerAndAGivenUpCallerAreRefused(t *testing.T) {
	h := newHouse(t)
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	receipt, err := h.Append(gone, read(0))
	wantUnavailable(t, receipt, err)
	h.Close()
	receipt, err = h.Append(context.Background(), read(0))
	wantUnavailable(t, receipt, err)
	if err := h.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
	if _, err := h.Checkpoint(context.Background(), "maple"); err == nil {
		t.Error("a closed ledger signs")
	}
	if n := h.count(`SELECT count(*) FROM batch`); n != 0 {
		t.Errorf("%d batches of refused records", n)
	}
}

func TestIncompleteRecordsAreRefused(t *testing.T) {
	h := newHouse(t)
	for name, spoil := range map[string]func(*audit.Record){
		"clinic": func(r *audit.Record) { r.Clinic = "" },
		"id":     func(r *audit.Record) { r.ID = "7" },
		"form":   func(r *audit.Record) { r.ID = strings.ToUpper(r.ID) },
		"phase":  func(r *audit.Record) { r.Phase = "" },
		"time":   func(r *audit.Record) { r.Time = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
	} {
		r := read(0)
		spoil(&r)
		if _, err := h.Append(context.Background(), r); fhir.AsError(err).Reason() != "record-incomplete" {
			t.Errorf("without %s: got %v, want record-incomplete", name, err)
		}
	}
}
