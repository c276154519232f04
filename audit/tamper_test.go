package audit_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"vestibule/audit"
)

// The tamper suite: for each way of changing a trail, in the database and in an export, verifying finds it and says which
// record it is, or between which checkpoints where whoever did it made the hashes fit.
func TestH26TheTamperSuite(t *testing.T) {
	for name, c := range map[string]struct {
		inDatabase []string                // done to the database, which is then verified
		inFile     func([]string) []string // done to the lines of an export, which is then verified
		rollBack   bool                    // an older database is put in its place
		says       string                  // of a problem, as a pattern
	}{
		"edit, in the database":   {inDatabase: []string{`UPDATE batch SET records = CAST(replace(CAST(records AS TEXT), 'Amara', 'Emery') AS BLOB) WHERE first = 17`}, says: `record 17: its bytes do not have the hash`},
		"edit, in a file":         {inFile: func(l []string) []string { return editLine(l, 17, swapName) }, says: `record 17: its bytes do not have the hash`},
		"edit with a hash to fit": {inFile: func(l []string) []string { return editLine(l, 17, forgedLine) }, says: `records 10 to 19 are not what was signed`},
		"delete, in the database": {inDatabase: []string{`DELETE FROM batch WHERE first = 17`}, says: `record 17: the next batch begins at 18`},
		"delete, in a file":       {inFile: func(l []string) []string { return cutLine(l, 17) }, says: `record 17: record 18 stands in its place`},
		"insert, in the database": {inDatabase: []string{`UPDATE batch SET records = CAST(CAST(records AS TEXT) || CAST(records AS TEXT) AS BLOB) WHERE first = 17`}, says: `record 1[78]: `},
		"insert, in a file":       {inFile: func(l []string) []string { return doubleLine(l, 17) }, says: `record 18: record 17 stands in its place`},
		"reorder, in the database": {inDatabase: []string{`UPDATE batch SET first = -1 WHERE first = 17`, `UPDATE batch SET first = 17 WHERE first = 18`, `UPDATE batch SET first = 18 WHERE first = -1`},
			says: `the tree stored with the records from 17 is not theirs`},
		"reorder, in a file":              {inFile: func(l []string) []string { return swapLines(l, 17, 18) }, says: `record 17: record 18 stands in its place`},
		"truncate, in the database":       {inDatabase: []string{`DELETE FROM batch WHERE first >= 35`}, says: `40 records were signed, but only 35 are here`},
		"truncate, checkpoint too":        {inDatabase: []string{`DELETE FROM batch WHERE first >= 30`, `DELETE FROM checkpoint WHERE size > 30`}, says: `you hold a checkpoint of 40 records, but only 30 are here`},
		"truncate, in a file":             {inFile: func(l []string) []string { return l[:len(l)-3] }, says: `does not end with a checkpoint of its last record`},
		"truncate at a checkpoint":        {inFile: func(l []string) []string { return l[:1+30+3] }, says: `you hold a checkpoint of 40 records, but only 30 are here`},
		"roll back the database":          {rollBack: true, says: `you hold a checkpoint of 40 records, but only 20 are here`},
		"swap two clinics' logs":          {inDatabase: []string{`UPDATE log SET clinic = 'x' WHERE clinic = 'maple'`, `UPDATE log SET clinic = 'maple' WHERE clinic = 'birch'`, `UPDATE log SET clinic = 'birch' WHERE clinic = 'x'`}, says: `record 0: it belongs to another clinic`},
		"swap the header":                 {inFile: func(l []string) []string { l[0] = strings.Replace(l[0], "maple", "birch", 1); return l }, says: `record 0: it belongs to another clinic`},
		"another log's name":              {inFile: func(l []string) []string { l[0] = strings.Replace(l[0], "/log/", "/log/0", 1); return l }, says: `belongs to another log`},
		"sign with another key":           {inFile: func(l []string) []string { return signAgain(t, l, 2) }, says: `not signed by this key`},
		"bytes of a checkpoint":           {inFile: func(l []string) []string { l[11] = strings.Replace(l[11], "gateway", "gatewax", 1); return l }, says: `the checkpoint after 10 records is not signed by this key`},
		"no last checkpoint":              {inFile: func(l []string) []string { return l[:len(l)-1] }, says: `does not end with a checkpoint`},
		"another last checkpoint":         {inFile: func(l []string) []string { l[len(l)-1] = l[len(l)-12]; return l }, says: `30 records were signed where 40 are`},
		"a line that is none":             {inFile: func(l []string) []string { l[1+17+1] = "{}\n"; return l }, says: `record 17: the line where it should be`},
		"another history, same names":     {inFile: func(l []string) []string { return append(cutLine(l, 39)[:len(l)-2], l[len(l)-1]) }, says: `40 records were signed, but only 39 are here`},
		"a body deleted, in the database": {inDatabase: []string{`UPDATE batch SET records = x'0a' WHERE first = 17`}, says: `record 17: its body is missing and no record says why`},
		"a body deleted, in a file":       {inFile: func(l []string) []string { return editLine(l, 17, bodiless) }, says: `record 17: its body is missing and no record says why`},
		"bodies deleted, in a file":       {inFile: func(l []string) []string { return editLine(editLine(l, 17, bodiless), 18, bodiless) }, says: `record 17: its body and those up to record 18 are missing`},
		"a body and its hash deleted": {inFile: func(l []string) []string {
			return editLine(l, 17, func(string) string { return `{"index":17}` + "\n" })
		}, says: `record 17: neither its body nor its hash`},
		"another hash for a deleted body": {inFile: func(l []string) []string {
			return editLine(l, 17, func(text string) string { return bodiless(forgedLine(text)) })
		}, says: `records 10 to 19 are not what was signed`},
	} {
		t.Run(name, func(t *testing.T) {
			h, held, old := hours(t)
			var reports []*audit.Report
			switch {
			case c.inFile != nil:
				text := strings.Join(c.inFile(strings.SplitAfter(strings.TrimSuffix(h.export("maple"), "\n")+"\n", "\n")[:45]), "")
				reports = append(reports, verified(t, text, testVKey(t), held))
			case c.rollBack:
				h.restore(old)
				reports = verifyDB(t, h, held)
			default:
				h.Close()
				for _, tamper := range c.inDatabase {
					h.exec(tamper)
				}
				reports = verifyDB(t, h, held)
			}
			found := ""
			for _, r := range reports {
				if !r.OK() {
					found += r.String()
				}
			}
			if !regexp.MustCompile(`(?m)^PROBLEM +` + `.*` + c.says).MatchString(found) {
				t.Errorf("want %q in\n%s", c.says, found)
			}
		})
	}
}

// hours is a log of 40 records with a checkpoint after every ten, one of another clinic beside it, the last checkpoint as
// somebody else holds it, and the database as it was after twenty.
func hours(t *testing.T) (h *house, held []byte, old []byte) {
	t.Helper()
	h = newHouse(t)
	for n := range 40 {
		if n == 20 {
			r := read(99)
			r.Clinic = "birch"
			h.append(r)
			old = h.backup()
		}
		h.append(read(n))
		if n%10 == 9 {
			if _, err := h.Checkpoint(context.Background(), "maple"); err != nil {
				t.Fatal(err)
			}
			h.clock.Advance(time.Hour)
		}
	}
	held, err := h.SignedCheckpoint(context.Background(), "maple")
	if err != nil {
		t.Fatal(err)
	}
	return h, held, old
}

// line is where record n stands in an export of hours: behind the header, and a checkpoint for every ten before it.
func line(l []string, n int) int {
	for i, text := range l {
		if strings.HasPrefix(text, fmt.Sprintf(`{"index":%d,`, n)) {
			return i
		}
	}
	panic("no such record")
}

func editLine(l []string, n int, edit func(string) string) []string {
	i := line(l, n)
	l[i] = edit(l[i])
	return l
}

func swapName(text string) string { return strings.Replace(text, "Amara", "Emery", 1) }

// forgedLine is the line of an edited record, with the hash that fits.
func forgedLine(text string) string {
	_, record, _ := strings.Cut(text, `"record":`)
	record = strings.TrimSuffix(record, "}\n")
	index, _, _ := strings.Cut(strings.TrimPrefix(text, `{"index":`), ",")
	return forge(index, swapName(record))
}

// bodiless is the line of a record whose body was deleted.
func bodiless(text string) string {
	leaf, _, _ := strings.Cut(text, `,"record":`)
	return leaf + "}\n"
}

func cutLine(l []string, n int) []string {
	i := line(l, n)
	return append(append([]string{}, l[:i]...), l[i+1:]...)
}

func doubleLine(l []string, n int) []string {
	i := line(l, n)
	return append(append([]string{}, l[:i+1]...), l[i:]...)
}

func swapLines(l []string, a, b int) []string {
	i, j := line(l, a), line(l, b)
	l[i], l[j] = l[j], l[i]
	return l
}

// signAgain signs every checkpoint of an export with another key that goes by the same name.
func signAgain(t *testing.T, l []string, seed byte) []string {
	t.Helper()
	signer, err := note.NewSigner(noteKey(t, testKey(seed)))
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range l {
		size, rest, ok := strings.Cut(text, `,"checkpoint":"`)
		if !ok {
			continue
		}
		body, _, _ := strings.Cut(rest, `\n\n`)
		signed, err := note.Sign(&note.Note{Text: strings.ReplaceAll(body, `\n`, "\n") + "\n"}, signer)
		if err != nil {
			t.Fatal(err)
		}
		l[i] = size + `,"checkpoint":"` + strings.ReplaceAll(string(signed), "\n", `\n`) + "\"}\n"
	}
	return l
}
