package audit_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"vestibule/audit"
	"vestibule/fhir"
)

// ids makes ids of records that say what was deleted.
func ids() func() string {
	var n atomic.Int64
	return func() string { return fmt.Sprintf("0193e5a0-1111-7000-8000-%012x", n.Add(1)) }
}

// erasure is of a patient.
func erasure(patient string) audit.Forgetting {
	return audit.Forgetting{Clinic: "maple", Action: audit.ActionErasure, Naming: patient, Why: "asked in writing, file K", By: "ann", NewID: ids()}
}

func (h *house) forget(f audit.Forgetting) audit.Forgotten {
	h.t.Helper()
	done, err := h.Forget(context.Background(), f)
	if err != nil {
		h.t.Fatal(err)
	}
	return done
}

// reported verifies the database and an export, which have to agree that all is well, and gives the export's report.
func (h *house) reported() *audit.Report {
	h.t.Helper()
	reports, err := audit.VerifyDB(context.Background(), h.db, testVKey(h.t))
	if err != nil {
		h.t.Fatal(err)
	}
	report, err := audit.Verify(strings.NewReader(h.export("maple")), testVKey(h.t))
	if err != nil {
		h.t.Fatal(err)
	}
	for _, r := range append(reports, report) {
		if !r.OK() {
			h.t.Fatalf("not in order:\n%s", r)
		}
	}
	return report
}

// secret is a patient whose id stands nowhere else.
const secret = "Patient/q7x-4411"

// about is a read of somebody's appointment.
func about(n int, patient string) audit.Record {
	r := read(n)
	r.Patients = []string{patient}
	r.Released = []audit.ReleasedItem{{Ref: r.Resource, Patients: []string{patient}}}
	return r
}

// crowd writes n accesses of which every tenth is about the secret patient: reads, and updates with their intents.
func (h *house) crowd(n int) {
	h.t.Helper()
	for i := range n {
		patient := fmt.Sprintf("Patient/%d", i%50)
		if i%10 == 3 {
			patient = secret
		}
		r := about(i, patient)
		if i%7 == 3 {
			start := r
			start.Phase, start.Interaction, start.Outcome, start.Released = audit.PhaseIntent, "update", "", nil
			at := h.append(start).Index()
			r.Interaction, r.Intent = "update", &at
		}
		h.append(r)
	}
}

func TestAfterAnErasureNoFileHoldsThePatient(t *testing.T) {
	h := newHouse(t)
	for i := range 20 { // that found nothing, so that only the search names the patient
		r := search(3000 + i)
		r.Query, r.Raw, r.Patients, r.Released = "patient="+url.QueryEscape(secret), "/Appointment?patient="+secret, nil, nil
		h.append(r)
	}
	h.crowd(1600)
	receipts, proofs := []int64{3, 13, 100, 800}, map[int64][]byte{}
	for _, at := range receipts {
		proof, err := h.Proof(context.Background(), "maple", at, true)
		if fhir.AsError(err).Reason() == "not-signed-yet" {
			if _, err = h.Checkpoint(context.Background(), "maple"); err == nil {
				proof, err = h.Proof(context.Background(), "maple", at, true)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		proofs[at] = proof
	}
	held, err := h.Checkpoint(context.Background(), "maple")
	if err != nil {
		t.Fatal(err)
	}
	before := h.lines("maple")
	done := h.forget(erasure(secret))
	if done.Bodies < 160 {
		t.Fatalf("%d bodies were deleted", done.Bodies)
	}
	if _, err := h.db.Exec(`PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		t.Fatal(err)
	}
	for _, end := range []string{"", "-wal", "-shm"} {
		if text, err := os.ReadFile(h.path + end); err == nil && bytes.Contains(text, []byte("q7x-4411")) {
			t.Errorf("vestibule.db%s still holds the patient, %d times", end, bytes.Count(text, []byte("q7x-4411")))
		}
	}
	export := h.export("maple")
	if strings.Contains(export, "q7x-4411") {
		t.Error("a fresh export holds the patient")
	}
	for _, held := range [][][]byte{nil, {held}} {
		if report, err := audit.Verify(strings.NewReader(export), testVKey(t), held...); err != nil || !report.OK() {
			t.Errorf("with %d checkpoints: %v\n%s", len(held), err, report)
		}
	}
	for at, proof := range proofs {
		if p, err := audit.CheckProof(proof, testVKey(t), nil); err != nil || string(p.Line) != before[at] {
			t.Errorf("the old proof of record %d: %v", at, err)
		}
	}
	for at, line := range h.lines("maple")[:len(before)] {
		if line != before[at] && (line != "" || !strings.Contains(before[at], "q7x-4411")) {
			t.Fatalf("record %d, which does not name the patient, was changed", at)
		}
	}
	h.reported()
}

// The index names the rows that it is packed into by the first value of each; that goes with the body, too.
func TestAnErasureLeavesNoNameOfARow(t *testing.T) {
	h := newHouse(t)
	for n := range 1500 {
		h.append(about(n, fmt.Sprintf("Patient/made-up-%d", n*7919%100000)))
	}
	for range 3 {
		var key []byte
		if err := h.db.QueryRow(`SELECT key FROM posting WHERE instr(key, 'pPatient/') = 1 LIMIT 1`).Scan(&key); err != nil {
			t.Fatal(err)
		}
		patient, _, _ := strings.Cut(string(key[1:]), "\x00")
		if done := h.forget(erasure(patient)); done.Bodies == 0 {
			t.Fatalf("%s is in nothing", patient)
		}
		if n := h.count(`SELECT COUNT(*) FROM posting WHERE instr(key, $1) > 0 OR instr(entries, $1) > 0`, []byte(patient+"\x00")); n > 0 {
			t.Errorf("%d rows of the index still hold %s", n, patient)
		}
		h.reported()
	}
}

func TestADeletedRecordIsStillProved(t *testing.T) {
	h := newHouse(t)
	h.append(about(1, "Patient/1"))
	at := h.append(about(2, secret)).Index()
	line := h.lines("maple")[at]
	h.forget(erasure(secret))
	proof, err := h.Proof(context.Background(), "maple", at, true)
	if err != nil {
		t.Fatal(err)
	}
	p, err := audit.CheckProof(proof, testVKey(t), nil)
	if err != nil || !p.Deleted() || p.Index != at {
		t.Errorf("proof of a deleted record: %+v, %v", p, err)
	}
	if p, err := audit.CheckProof(proof, testVKey(t), []byte(line)); err != nil || p.Deleted() || p.Record.Patients[0] != secret {
		t.Errorf("whoever kept the bytes cannot prove them: %v", err)
	}
	if _, err := audit.CheckProof(proof, testVKey(t), []byte(strings.Replace(line, "Amara", "Emery", 1))); err == nil {
		t.Error("other bytes were believed")
	}
	forged := bytes.Replace(proof, []byte("index 1\n"), []byte("index 0\n"), 1)
	if _, err := audit.CheckProof(forged, testVKey(t), nil); err == nil {
		t.Error("a hash was believed at another place")
	}
	if _, err := h.Read(context.Background(), "maple", at); fhir.AsError(err).Reason() != "body-deleted" || !strings.Contains(err.Error(), "deleted on 2026-11-23 by an erasure: asked in writing") {
		t.Errorf("reading it: %v", err)
	}
	deletions, err := h.Deletions(context.Background(), "maple")
	if err != nil || len(deletions) != 1 || !deletions[0].Covers(at) || deletions[0].Covers(0) || !strings.Contains(deletions[0].String(), "by an erasure: asked in writing, file K") {
		t.Errorf("deletions: %+v, %v", deletions, err)
	}
}

// A reader that looks anywhere in the log finds what is there and nothing else, whatever was deleted.
func TestReadersAgreeAboutWhatIsLeft(t *testing.T) {
	h := newHouse(t)
	h.crowd(1500)
	h.forget(erasure("Patient/7"))
	h.crowd(100)
	h.forget(erasure(secret))
	lines := h.lines("maple")
	left := map[string]int{}
	for _, line := range lines {
		if line == "" {
			continue
		}
		r, err := audit.DecodeRecord([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range r.Patients {
			left[p]++
		}
	}
	for _, p := range []string{"Patient/7", secret, "Patient/8", "Patient/23", "Patient/49"} {
		for _, up := range []bool{false, true} {
			found, err := h.Search(context.Background(), "maple", audit.Search{Patients: []string{p}, Count: 1000, Ascending: up})
			if err != nil || len(found.Entries) != left[p] {
				t.Errorf("%s: %d found, %d are there (%v)", p, len(found.Entries), left[p], err)
			}
		}
	}
	if left[secret] > 0 || left["Patient/8"] == 0 {
		t.Errorf("left: %v", left)
	}
	n := 0
	if err := h.Walk(context.Background(), "maple", time.Time{}, time.Time{}, func(audit.Entry) error { n++; return nil }); err != nil {
		t.Fatal(err)
	}
	want := 0
	for _, line := range lines {
		if line != "" {
			want++
		}
	}
	if n != want {
		t.Errorf("a walk met %d records, %d are there", n, want)
	}
	if open, err := h.Orphans(context.Background(), "maple"); err != nil || len(open) != 0 {
		t.Errorf("open intents: %v, %v", open, err)
	}
	h.reported()
	h.reopen()
	h.reported()
}

// Deleting at random, with appends between, never breaks a proof, a search or the verdict.
func TestWhateverIsDeletedTheLogStaysProvable(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 2))
	for range 3 {
		h := newHouse(t)
		for step := range 6 {
			h.crowd(100 + random.IntN(500))
			h.forget(erasure(fmt.Sprintf("Patient/%d", random.IntN(50))))
			if step == 3 {
				h.reopen()
			}
			if step == 4 {
				if err := h.Reindex(context.Background()); err != nil {
					t.Fatal(err)
				}
			}
		}
		report := h.reported()
		for range 20 {
			at := random.Int64N(report.Records)
			proof, err := h.Proof(context.Background(), "maple", at, true)
			if err != nil {
				t.Fatal(err)
			}
			if p, err := audit.CheckProof(proof, testVKey(t), nil); err != nil || p.Index != at {
				t.Fatalf("record %d: %v", at, err)
			}
		}
	}
}

// What a deletion left is held to what its record says.
func TestH26TamperingWithADeletionIsFound(t *testing.T) {
	deleted := func(t *testing.T) (h *house, before []string, at int64) {
		h = newHouse(t)
		for n := range 4 {
			h.append(about(n, "Patient/1"))
		}
		at = h.append(about(4, secret)).Index()
		h.append(about(5, "Patient/1"))
		before = h.lines("maple")
		h.forget(erasure(secret))
		return h, before, at
	}
	for name, c := range map[string]struct {
		tamper string
		says   string
	}{
		"another body deleted with it":       {`UPDATE batch SET records = x'0a' WHERE first = 2`, `record 2: its body is missing and no record says why`},
		"the record of the deletion emptied": {`UPDATE batch SET records = x'0a' WHERE first = 6`, `record 4: its body is missing and no record says why`},
		"the record of the deletion widened": {`UPDATE batch SET records = CAST(replace(CAST(records AS TEXT), '"forgotten":["4"]', '"forgotten":["2-4"]') AS BLOB) WHERE first = 6`, `record 6: its bytes do not have the hash`},
		"the record of the deletion removed": {`DELETE FROM batch WHERE first = 6`, `7 records were signed, but only 6 are here`},
		"an altered body put back":           {`UPDATE batch SET records = CAST('{"v":1}' || x'0a' AS BLOB) WHERE first = 4`, `record 4: its bytes do not have the hash`},
	} {
		t.Run(name, func(t *testing.T) {
			h, _, _ := deleted(t)
			h.Close()
			h.exec(c.tamper)
			if report := verifyDB(t, h)[0]; !strings.Contains(report.String(), c.says) {
				t.Errorf("want %q in\n%s", c.says, report)
			}
		})
	}
	h, before, at := deleted(t)
	h.exec(`UPDATE batch SET records = $1 WHERE first = $2`, []byte(before[at]+"\n"), at)
	if report := verifyDB(t, h)[0]; !report.OK() || report.Returned != 1 || !strings.Contains(report.String(), "an older copy was put back") {
		t.Errorf("the body itself put back:\n%s", report)
	}
}
