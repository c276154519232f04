package audit_test

import (
	"context"
	"strings"
	"testing"

	"vestibule/audit"
)

// verifyDB gives the one report of a ledger with one log.
func verifyDB(t *testing.T, h *house, held ...[]byte) []*audit.Report {
	t.Helper()
	reports, err := audit.VerifyDB(context.Background(), h.db, testVKey(t), held...)
	if err != nil {
		t.Fatal(err)
	}
	return reports
}

func TestALiveDatabaseVerifies(t *testing.T) {
	h := story(t)
	r := read(20)
	r.Clinic = "birch"
	h.append(r)
	reports := verifyDB(t, h)
	if len(reports) != 2 {
		t.Fatalf("%d reports, want one for each of two logs", len(reports))
	}
	for _, report := range reports {
		if !report.OK() {
			t.Errorf("report:\n%s", report)
		}
	}
	if unsigned := reports[0].Records - reports[0].Signed; unsigned != 4 || !strings.Contains(reports[0].String(), "the last 4 records") {
		t.Errorf("the records since the last checkpoint are not told:\n%s", reports[0])
	}
}

func TestH26EveryChangeOfTheDatabaseIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		tamper string
		index  int64
	}{
		"a record edited":     {`UPDATE batch SET records = CAST(replace(CAST(records AS TEXT), 'Amara', 'Emery') AS BLOB) WHERE first = 3`, 3},
		"a hash edited":       {`UPDATE batch SET hashes = zeroblob(length(hashes)) WHERE first = 4`, 4},
		"a hash lost":         {`UPDATE batch SET hashes = x'' WHERE first = 4`, 4},
		"a root edited":       {`UPDATE batch SET root = zeroblob(32) WHERE first = 3`, -1},
		"a batch deleted":     {`DELETE FROM batch WHERE first = 3`, 3},
		"the tail cut off":    {`DELETE FROM batch WHERE first > 6`, -1},
		"everything deleted":  {`DELETE FROM batch`, -1},
		"a record added":      {`UPDATE batch SET records = CAST(CAST(records AS TEXT) || CAST(records AS TEXT) AS BLOB) WHERE first = 3`, 3},
		"a record torn":       {`UPDATE batch SET records = substr(records, 1, 20) WHERE first = 3`, 3},
		"batches swapped":     {`UPDATE batch SET records = (SELECT records FROM batch b WHERE b.first = 5), hashes = (SELECT hashes FROM batch b WHERE b.first = 5) WHERE first = 3`, -1},
		"a checkpoint edited": {`UPDATE checkpoint SET note = replace(note, 'gateway', 'gatewax')`, -1},
		"checkpoints deleted": {`DELETE FROM checkpoint`, -1},
		"the clinic renamed":  {`UPDATE log SET clinic = 'birch'`, 0},
		"the log renamed":     {`UPDATE log SET name = 'other'`, -1},
		"a record unreadable": {`UPDATE batch SET records = CAST('{}' || x'0a' AS BLOB) WHERE first = 3`, 3},
	} {
		t.Run(name, func(t *testing.T) {
			h := story(t)
			if err := h.Close(); err != nil {
				t.Fatal(err)
			}
			h.exec(c.tamper)
			report := verifyDB(t, h)[0]
			if report.OK() {
				t.Fatalf("nothing was found:\n%s", report)
			}
			named := c.index < 0
			for _, p := range report.Problems {
				named = named || p.Index == c.index
			}
			if !named {
				t.Errorf("record %d is not named:\n%s", c.index, report)
			}
		})
	}
}

func TestSwappedLogsAreFound(t *testing.T) {
	h := story(t)
	r := read(20)
	r.Clinic = "birch"
	h.append(r)
	h.Close()
	h.exec(`UPDATE log SET clinic = 'x' WHERE clinic = 'maple'`)
	h.exec(`UPDATE log SET clinic = 'maple' WHERE clinic = 'birch'`)
	h.exec(`UPDATE log SET clinic = 'birch' WHERE clinic = 'x'`)
	for _, report := range verifyDB(t, h) {
		if report.OK() {
			t.Errorf("a swapped log passed:\n%s", report)
		}
	}
}

func TestALostLogIsFoundByACheckpointHeldElsewhere(t *testing.T) {
	h := story(t)
	held, err := h.Checkpoint(context.Background(), "maple")
	if err != nil {
		t.Fatal(err)
	}
	h.Close()
	if reports := verifyDB(t, h, held); len(reports) != 1 || !reports[0].OK() {
		t.Fatalf("the whole log with the held checkpoint: %v", reports)
	}
	h.exec(`DELETE FROM checkpoint`)
	h.exec(`DELETE FROM batch`)
	h.exec(`DELETE FROM log`)
	if reports := verifyDB(t, h, held); len(reports) != 1 || reports[0].OK() {
		t.Errorf("the lost log was not missed: %v", reports)
	}
}

func TestAnInconsistentLedgerDoesNotOpen(t *testing.T) {
	for name, tamper := range map[string]string{
		"a rewritten tree":          `UPDATE batch SET hashes = zeroblob(length(hashes)) WHERE first = 7`,
		"a rewritten root":          `UPDATE batch SET root = zeroblob(32) WHERE first = 9`,
		"a cut tail":                `DELETE FROM batch WHERE first > 6`,
		"a gap":                     `DELETE FROM batch WHERE first = 7`,
		"another log's checkpoint":  `UPDATE log SET name = 'other'`,
		"an edited checkpoint":      `UPDATE checkpoint SET note = replace(note, 'gateway', 'gatewax')`,
		"another deployment's data": `UPDATE ledger SET deployment = 'elsewhere'`,
		"a later layout":            `UPDATE ledger SET format = 99`,
	} {
		t.Run(name, func(t *testing.T) {
			h := story(t)
			if err := h.Close(); err != nil {
				t.Fatal(err)
			}
			h.exec(tamper)
			l, err := audit.Open(context.Background(), h.db, h.options())
			if err == nil {
				l.Close()
				t.Fatal("it opened")
			}
			if !strings.Contains(err.Error(), "ledger-") {
				t.Errorf("the error does not say what is wrong: %v", err)
			}
		})
	}
}

func TestAnotherKeyDoesNotOpenTheLedger(t *testing.T) {
	h := story(t)
	h.Close()
	o := h.options()
	o.Key = testKey(2)
	if l, err := audit.Open(context.Background(), h.db, o); err == nil {
		l.Close()
		t.Error("a ledger opened with a key that did not sign it")
	}
	o.Key = nil
	if _, err := audit.Open(context.Background(), h.db, o); err == nil {
		t.Error("a ledger opened without a key")
	}
	o = h.options()
	o.Deployment = "two words"
	if _, err := audit.Open(context.Background(), h.db, o); err == nil {
		t.Error("a ledger opened under a name that no checkpoint can carry")
	}
}
