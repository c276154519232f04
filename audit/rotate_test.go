package audit_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"vestibule/audit"
)

func publicOf(t testing.TB, seed byte) string {
	t.Helper()
	v, err := audit.VerifierKey(deployment, testKey(seed).Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// rotate hands the house's ledger over to another key.
func (h *house) rotate(seed byte) {
	h.t.Helper()
	n := 0
	if err := h.Rotate(context.Background(), testKey(seed), func() string { n++; return access(9000 + int(seed)*10 + n) }); err != nil {
		h.t.Fatal(err)
	}
	h.seed = seed
}

func verified(t testing.TB, export, keys string, held ...[]byte) *audit.Report {
	t.Helper()
	report, err := audit.Verify(strings.NewReader(export), keys, held...)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestOneKeyHandsOverToAnotherInTheLogItself(t *testing.T) {
	h := story(t)
	r := read(20)
	r.Clinic = "birch"
	h.append(r)
	before, err := h.Checkpoint(context.Background(), "maple")
	if err != nil {
		t.Fatal(err)
	}
	h.rotate(2)
	if key, err := h.VerifierKey(); err != nil || key != publicOf(t, 2) {
		t.Errorf("the key is %s, %v", key, err)
	}
	h.append(read(30)) // in the same hour: the checkpoint that both signed must survive it
	h.clock.Advance(time.Second)
	h.append(read(31))
	h.reopen()
	h.append(read(32))
	both := publicOf(t, 1) + "\n" + publicOf(t, 2) + "\n"
	for _, clinic := range []string{"maple", "birch"} {
		report := verified(t, h.export(clinic), both)
		if !report.OK() || report.Key != 2 || report.Keys != 2 {
			t.Errorf("after the handing over:\n%s", report)
		}
	}
	if report := verified(t, h.export("maple"), both, before); !report.OK() {
		t.Errorf("with a checkpoint of before:\n%s", report)
	}
	reports, err := audit.VerifyDB(context.Background(), h.db, both)
	if err != nil || len(reports) != 2 || !reports[0].OK() || !reports[1].OK() {
		t.Errorf("the database: %v %v", reports, err)
	}
	proof, err := h.Proof(context.Background(), "maple", 0, true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := audit.CheckProof(proof, both, nil); err != nil {
		t.Error(err)
	}
}

func TestWhoDoesNotKnowTheNewKeyIsToldWhichRecordNamesIt(t *testing.T) {
	h := story(t)
	h.rotate(2)
	h.append(read(30))
	report := verified(t, h.export("maple"), publicOf(t, 1))
	if report.OK() || report.Problems[0].Index != 10 || !strings.Contains(report.String(), "not on your list") {
		t.Errorf("with the old key alone:\n%s", report)
	}
	if report := verified(t, h.export("maple"), publicOf(t, 2)); report.OK() {
		t.Errorf("with the new key alone everything before is unsigned:\n%s", report)
	}
}

func TestAKeyThatTheOldOneDidNotSignIsFound(t *testing.T) {
	h := story(t)
	h.rotate(2)
	h.append(read(30))
	lines := strings.SplitAfter(h.export("maple"), "\n")
	cut := 0
	for i, line := range lines { // the old key's signature off every checkpoint that has both
		if parts := strings.Split(line, `\n— `); len(parts) == 3 {
			lines[i] = parts[0] + `\n— ` + parts[2]
			cut++
		}
	}
	report := verified(t, strings.Join(lines, ""), publicOf(t, 1)+"\n"+publicOf(t, 2))
	if cut != 1 || report.OK() || report.Problems[0].Index != 10 {
		t.Errorf("%d checkpoints changed:\n%s", cut, report)
	}
}

func TestAReplacedKeySignsNothingMore(t *testing.T) {
	h := story(t)
	h.rotate(2)
	both := publicOf(t, 1) + "\n" + publicOf(t, 2)
	if report := verified(t, h.export("maple"), both); !report.OK() {
		t.Fatalf("report:\n%s", report)
	}
	h.append(read(30))
	forged := h.export("maple")
	forged = strings.TrimSuffix(forged, lastLine(forged)) + checkpointLine(t, h, 1)
	report := verified(t, forged, both)
	if report.OK() || !strings.Contains(report.String(), "another key than the one in force") {
		t.Errorf("a checkpoint by the old key passes:\n%s", report)
	}
	old := story(t) // a log that never heard of the new key, as a thief of the old one would make it
	report = verified(t, old.export("maple"), both)
	if !report.OK() || !strings.Contains(report.String(), "since replaced") {
		t.Errorf("it is not said that the key was replaced:\n%s", report)
	}
}

func TestAfterAnEndInTheMiddleItIsKnownWhoseTheLedgerIs(t *testing.T) {
	h := story(t)
	by := func(seed byte) bool {
		t.Helper()
		signed, err := audit.SignedBy(context.Background(), h.db, deployment, testKey(seed))
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	if !by(1) || by(2) {
		t.Error("before: not the first key's")
	}
	h.rotate(2)
	if !by(2) || by(3) {
		t.Error("after: not the second key's")
	}
}

func TestAHandingOverThatCannotBeWrittenLeavesTheOldKeyInForce(t *testing.T) {
	h := story(t)
	h.exec(`CREATE TRIGGER full BEFORE INSERT ON batch BEGIN SELECT RAISE(ABORT, 'disk full'); END`)
	if err := h.Rotate(context.Background(), testKey(2), func() string { return access(1) }); err == nil {
		t.Fatal("it was handed over without a record")
	}
	h.exec(`DROP TRIGGER full`)
	if key, err := h.VerifierKey(); err != nil || key != publicOf(t, 1) {
		t.Errorf("the key is %s, %v", key, err)
	}
	h.append(read(40))
	if report := verified(t, h.export("maple"), publicOf(t, 1)); !report.OK() {
		t.Errorf("report:\n%s", report)
	}
	if err := h.Rotate(context.Background(), nil, func() string { return access(1) }); err == nil {
		t.Error("it was handed over to no key")
	}
}

func TestAListOfKeysGrowsAtItsEnd(t *testing.T) {
	list := ""
	for _, seed := range []byte{1, 1, 2, 2, 3} {
		list = audit.AddKey(list, publicOf(t, seed))
	}
	if want := fmt.Sprintf("%s\n%s\n%s\n", publicOf(t, 1), publicOf(t, 2), publicOf(t, 3)); list != want {
		t.Errorf("got\n%swant\n%s", list, want)
	}
	foreign, err := audit.VerifierKey("elsewhere.example", testKey(4).Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	for what, list := range map[string]string{"nothing": "", "a comment": "# keys\n", "two deployments'": list + foreign, "rubbish": list + "x"} {
		if _, err := audit.Verify(strings.NewReader(""), list); err == nil || !strings.Contains(err.Error(), "key") {
			t.Errorf("%s keys: %v", what, err)
		}
	}
}

func lastLine(text string) string {
	lines := strings.SplitAfter(text, "\n")
	return lines[len(lines)-2]
}

// checkpointLine is the line of an export with the checkpoint of its whole log, signed with another key than the ledger's.
func checkpointLine(t testing.TB, h *house, seed byte) string {
	t.Helper()
	signed, err := h.Checkpoint(context.Background(), "maple")
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ := strings.Cut(string(signed), "\n\n")
	signer, err := note.NewSigner(noteKey(t, testKey(seed)))
	if err != nil {
		t.Fatal(err)
	}
	again, err := note.Sign(&note.Note{Text: text + "\n"}, signer)
	if err != nil {
		t.Fatal(err)
	}
	quoted, err := json.Marshal(string(again))
	if err != nil {
		t.Fatal(err)
	}
	return `{"size":` + strings.Split(text, "\n")[1] + `,"checkpoint":` + string(quoted) + "}\n"
}
