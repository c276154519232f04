package audit_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"vestibule/audit"
)

// passes reports whether an export, as it is, is said to be what was signed.
func passes(t *testing.T, text string) bool {
	t.Helper()
	r, err := audit.Verify(strings.NewReader(text), testVKey(t))
	return err == nil && r.OK()
}

// No byte of an export is there for nothing: whichever is another one, is missing or stands there twice, it is found.
func TestH26EveryByteOfAnExportCounts(t *testing.T) {
	h := newHouse(t)
	h.append(read(0))
	whole := h.export("maple")
	if !passes(t, whole) {
		t.Fatal("the export itself does not pass")
	}
	for i := range len(whole) {
		for _, flip := range []byte{1, 2, 4, 8, 32, 128} {
			b := []byte(whole)
			b[i] ^= flip
			if passes(t, string(b)) {
				t.Errorf("byte %d, %q for %q, passes: %s", i, b[i], whole[i], b[max(0, i-30):min(len(b), i+30)])
			}
		}
		if passes(t, whole[:i]+whole[i+1:]) && whole[i] != '\n' {
			t.Errorf("without byte %d, %q, it passes: %s", i, whole[i], whole[max(0, i-30):min(len(whole), i+30)])
		}
		if passes(t, whole[:i]) {
			t.Errorf("cut at %d it passes", i)
		}
	}
}

// A proof is written in one way only, so that whoever compares files finds what whoever verifies them finds.
func TestH27EveryByteOfAProofCounts(t *testing.T) {
	h := logOf(t, 11)
	text, err := h.Proof(context.Background(), "maple", 5, true)
	if err != nil {
		t.Fatal(err)
	}
	proof := string(text)
	for i := range len(proof) {
		for what, changed := range map[string]string{
			"without":        proof[:i] + proof[i+1:],
			"with CR before": proof[:i] + "\r" + proof[i:],
			"flipped":        proof[:i] + string(rune(proof[i]^1)) + proof[i+1:],
			"flipped by two": proof[:i] + string(rune(proof[i]^2)) + proof[i+1:],
		} {
			if _, err := audit.CheckProof([]byte(changed), testVKey(t), nil); err == nil {
				t.Errorf("%s byte %d, %q, it passes:\n%s", what, i, proof[i], changed)
			}
		}
	}
}

// lines are those of an export of forty records, four of its checkpoints among them.
func fortyLines(t *testing.T) []string {
	t.Helper()
	h, _, _ := hours(t)
	return strings.SplitAfter(strings.TrimSuffix(h.export("maple"), "\n")+"\n", "\n")[:45]
}

// Who reads the verdict has to see what is wrong, not how often it shows.
func TestAVerdictSaysEachThingOnce(t *testing.T) {
	for name, c := range map[string]struct {
		tamper func(l []string) []string
		want   []string // the problems, in order
	}{
		"cut inside a line": {func(l []string) []string { l[30] = l[30][:50]; return l[:31] },
			[]string{"the file ends in the middle of a line, behind 27 whole records: its end is missing"}},
		"cut inside the only checkpoint": {func(l []string) []string { l[11] = l[11][:50]; return l[:12] },
			[]string{"the file ends in the middle of a line, behind 10 whole records: its end is missing"}},
		"cut between two lines": {func(l []string) []string { return l[:30] },
			[]string{"the file does not end with a checkpoint of its last record, 26: its end is missing"}},
		"cut behind the first line": {func(l []string) []string { return l[:1] },
			[]string{"the file holds no record and no checkpoint: its end is missing"}},
		"a record edited": {func(l []string) []string { return editLine(l, 3, swapName) },
			[]string{"record 3: its bytes do not have the hash that was stored for it: one of the two was changed"}},
		"a record edited with its hash": {func(l []string) []string { return editLine(l, 13, forgedLine) },
			[]string{"records 10 to 19 are not what was signed", "so it is with the next 2 checkpoints"}},
		"a record deleted": {func(l []string) []string { return cutLine(l, 3) },
			[]string{"record 3: record 4 stands in its place: records are missing, added or moved",
				"10 records were signed, but only 9 are here: records are missing", "so it is with the next 3 checkpoints"}},
		"a record that stands there twice": {func(l []string) []string { return doubleLine(l, 3) },
			[]string{"record 4: record 3 stands in its place: records are missing, added or moved",
				"10 records were signed where 11 are: records were added", "so it is with the next 3 checkpoints"}},
		"a record that is none": {func(l []string) []string { return editLine(l, 3, func(string) string { return "nonsense\n" }) },
			[]string{"record 3: the line where it should be is not one of this format",
				"10 records were signed, but only 9 are here: records are missing", "so it is with the next 3 checkpoints"}},
		"garbage behind the end": {func(l []string) []string { return append(l, strings.SplitAfter(strings.Repeat("x\n", 200), "\n")...) },
			[]string{"record 40: the line where it should be is not one of this format; the same is so of those up to record 239"}},
		"two exports in one file": {func(l []string) []string { return append(l, l...) },
			[]string{"record 40: the line where it should be is not one of this format",
				"record 40: record 0 stands in its place: records are missing, added or moved",
				"10 records were signed where 50 are: records were added", "so it is with the next 3 checkpoints"}},
		"another clinic's": {func(l []string) []string { l[0] = strings.Replace(l[0], "maple", "birch", 1); return l },
			[]string{"record 0: it belongs to another clinic: logs were swapped; the same is so of those up to record 39"}},
		"another size beside a checkpoint": {func(l []string) []string { l[11] = strings.Replace(l[11], `{"size":10,`, `{"size":11,`, 1); return l },
			[]string{"the checkpoint after 10 records says that it is of 11 and signs 10"}},
		"a record in the line of a checkpoint": {func(l []string) []string { l[11] = `{"record":{"forged":true},` + l[11][1:]; return l },
			[]string{"record 10: the line where it should be is not one of this format"}},
		"another key in the first line": {func(l []string) []string { l[0] = strings.Replace(l[0], `"key":"`, `"key":"x`, 1); return l },
			[]string{"the key in the first line is none of this gateway's: the line was changed, or the file is another gateway's"}},
	} {
		t.Run(name, func(t *testing.T) {
			report, err := audit.Verify(strings.NewReader(strings.Join(c.tamper(fortyLines(t)), "")), testVKey(t))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range report.Problems {
				got = append(got, p.String())
			}
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// A line without an end, or one of many megabytes, is no line; nothing waits for it or keeps it.
func TestALineTooLongIsNone(t *testing.T) {
	l := fortyLines(t)
	l[4] = strings.Repeat("x", 65<<20) + "\n"
	report, err := audit.Verify(strings.NewReader(strings.Join(l, "")), testVKey(t))
	if err != nil || report.OK() || report.Problems[0].Index != 3 {
		t.Errorf("%v\n%s", err, report)
	}
}

// Lines that ends were put into by a program that writes CR LF are the same lines.
func TestLineEndsOfAnotherSystemChangeNothing(t *testing.T) {
	if text := strings.Join(fortyLines(t), ""); !passes(t, strings.ReplaceAll(text, "\n", "\r\n")) {
		t.Error("an export with CR LF does not pass")
	}
}

func TestH26WhatIsWrongWithADatabaseIsSaidOnce(t *testing.T) {
	for name, c := range map[string]struct {
		tamper []string
		want   []string
	}{
		"a record edited": {[]string{`UPDATE batch SET records = CAST(replace(CAST(records AS TEXT), 'Amara', 'Emery') AS BLOB) WHERE first = 17`},
			[]string{"record 17: its bytes do not have the hash that was stored for it: one of the two was changed"}},
		"a record deleted": {[]string{`DELETE FROM batch WHERE log = 1 AND first = 17`},
			[]string{"record 17: the next batch begins at 18: records are missing or added",
				"20 records were signed, but only 19 are here: records are missing", "so it is with the next 2 checkpoints"}},
		"a count that is none": {[]string{`UPDATE batch SET count = -5 WHERE log = 1 AND first = 17`},
			[]string{"record 17: its batch does not hold the records it counts"}},
		"a count beyond all memory": {[]string{`UPDATE batch SET count = 99999999999 WHERE log = 1 AND first = 17`},
			[]string{"record 17: its batch does not hold the records it counts"}},
		"a tree edited": {[]string{`UPDATE batch SET root = zeroblob(32) WHERE log = 1 AND first IN (17, 18, 30)`},
			[]string{"the tree stored with the records from 17 is not theirs", "so it is with the next 1 batches", "the tree stored with the records from 30 is not theirs"}},
		"the size beside a checkpoint": {[]string{`UPDATE checkpoint SET size = 15 WHERE log = 1 AND size = 20`},
			[]string{"the checkpoint after 15 records says that it is of 15 and signs 20"}},
		"the newest checkpoint taken away": {[]string{`DELETE FROM checkpoint WHERE log = 1 AND size > 20`},
			[]string{"record 20: it and those up to record 39 are not signed, although the gateway signs within a second: a checkpoint is missing, or they were added"}},
		"a log's records deleted": {[]string{`DELETE FROM batch WHERE log = 1`, `DELETE FROM checkpoint WHERE log = 1`},
			[]string{"it holds no record, although a log begins with one: they were removed"}},
		"a log's name deleted": {[]string{`PRAGMA foreign_keys = OFF; DELETE FROM log WHERE id = 1`},
			[]string{"a log was removed: of number 1 there are rows in the database, but not its name"}},
		"a log's checkpoints forgotten": {[]string{`PRAGMA foreign_keys = OFF; DELETE FROM log WHERE id = 1`, `PRAGMA foreign_keys = OFF; DELETE FROM batch WHERE log = 1`},
			[]string{"a log was removed: of number 1 there are rows in the database, but not its name"}},
	} {
		t.Run(name, func(t *testing.T) {
			h, _, _ := hours(t)
			h.Close()
			for _, tamper := range c.tamper {
				h.exec(tamper)
			}
			var got []string
			for _, r := range verifyDB(t, h) {
				for _, p := range r.Problems {
					got = append(got, p.String())
				}
			}
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// A log that is gone with all that tells of it is missed by the receipts that it gave.
func TestH26ALogThatIsGoneIsMissedByItsReceipts(t *testing.T) {
	h, _, _ := hours(t)
	receipts := map[string]int64{h.append(read(50)).Log(): 40}
	if reports := audit.Owed(verifyDB(t, h), receipts); len(reports) != 2 || !reports[0].OK() || !reports[1].OK() {
		t.Fatalf("nothing is missing: %v", reports)
	}
	h.Close()
	h.exec(`DELETE FROM batch WHERE log = 1 AND first >= 30; DELETE FROM checkpoint WHERE log = 1 AND size > 30`)
	if r := audit.Owed(verifyDB(t, h), receipts)[0]; r.OK() || r.Problems[0].Text != "there is a receipt of record 40, but only 30 are here: records are missing" {
		t.Errorf("cut back:\n%s", r)
	}
	h.exec(`DELETE FROM batch WHERE log = 1; DELETE FROM checkpoint WHERE log = 1; DELETE FROM log WHERE id = 1`)
	if reports := audit.Owed(verifyDB(t, h), receipts); len(reports) != 2 || reports[1].OK() {
		t.Errorf("gone: %v", reports)
	}
}
