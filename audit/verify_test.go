package audit_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"vestibule/audit"
	"vestibule/fhir"
)

// story writes a log with a bit of everything: 0 read, 1 denial, 2 intent, 3 its outcome, 4 an intent left open, an hour
// later 5 to 9 reads.
func story(t testing.TB) *house {
	t.Helper()
	return storyIn(newHouse(t))
}

func storyIn(h *house) *house {
	h.append(read(0))
	h.append(denial(1))
	at := h.append(intent(2)).Index()
	h.append(settle(2, at))
	h.append(intent(4))
	h.clock.Advance(time.Hour)
	for n := 5; n < 10; n++ {
		h.append(read(n))
	}
	return h
}

func (h *house) export(clinic string) string {
	h.t.Helper()
	var b bytes.Buffer
	if err := h.Export(context.Background(), clinic, &b); err != nil {
		h.t.Fatal(err)
	}
	return b.String()
}

func TestAnExportVerifiesWithNothingButThePublicKey(t *testing.T) {
	h := story(t)
	report, err := audit.Verify(strings.NewReader(h.export("maple")), testVKey(t))
	if err != nil {
		t.Fatal(err)
	}
	if !report.OK() || report.Records != 10 || report.Signed != 10 || report.Checkpoints != 2 || report.Clinic != "maple" {
		t.Errorf("report:\n%s", report)
	}
	if report.Phases[audit.PhaseDenial] != 1 || report.Outcomes[audit.OutcomeSuccess] != 7 {
		t.Errorf("counts: %v %v", report.Phases, report.Outcomes)
	}
	if len(report.Open) != 1 || report.Open[0] != 4 {
		t.Errorf("open intents %v, want [4]", report.Open)
	}
	text := report.String()
	for _, want := range []string{"VERIFIED", "records      10", "the intent at 4 has no outcome", "2026-11-23T14:00:00.000Z"} {
		if !strings.Contains(text, want) {
			t.Errorf("the verdict does not say %q:\n%s", want, text)
		}
	}
}

func TestTheExportedBytesAreTheStoredOnes(t *testing.T) {
	h := story(t)
	stored := h.lines("maple")
	lines := strings.Split(h.export("maple"), "\n")
	n := 0
	for _, line := range lines[1:] {
		var x struct{ Record json.RawMessage }
		if err := json.Unmarshal([]byte(line+"\n"), &x); line == "" || err != nil || x.Record == nil {
			continue
		}
		if string(x.Record) != stored[n] {
			t.Errorf("record %d was exported as %s, stored as %s", n, x.Record, stored[n])
		}
		n++
	}
	if n != len(stored) {
		t.Errorf("%d records were exported, %d are stored", n, len(stored))
	}
}

// forge makes the line of a record as an export has it, with the hash that fits.
func forge(index string, record string) string {
	leaf := tlog.RecordHash([]byte(record))
	return `{"index":` + index + `,"leaf":"` + base64.StdEncoding.EncodeToString(leaf[:]) + `","record":` + record + "}\n"
}

func recordOf(t *testing.T, line string) string {
	t.Helper()
	var x struct{ Record json.RawMessage }
	if err := json.Unmarshal([]byte(line), &x); err != nil {
		t.Fatal(err)
	}
	return string(x.Record)
}

func TestH26EveryChangeOfAnExportIsFound(t *testing.T) {
	h := story(t)
	whole := strings.SplitAfter(strings.TrimSuffix(h.export("maple"), "\n"), "\n")
	whole[len(whole)-1] += "\n"
	// whole: 0 header, 1 record 0, 2 checkpoint, 3.. records 1 to 9, last checkpoint
	cut := func(from, to int) func([]string) []string {
		return func(l []string) []string { return append(append([]string{}, l[:from]...), l[to:]...) }
	}
	other := newHouse(t)
	other.append(read(0))
	foreign := strings.SplitAfter(other.export("maple"), "\n")
	for name, c := range map[string]struct {
		tamper func([]string) []string
		index  int64 // of the record that has to be named; -1: any problem will do
	}{
		"a record edited": {func(l []string) []string {
			l[5] = strings.Replace(l[5], "Amara", "Emery", 1)
			return l
		}, 3},
		"a record edited and its hash with it": {func(l []string) []string {
			l[5] = forge("3", strings.Replace(recordOf(t, l[5]), "Amara", "Emery", 1))
			return l
		}, -1},
		"a hash edited":    {func(l []string) []string { l[5] = strings.Replace(l[5], `"leaf":"`, `"leaf":"AA`, 1); return l }, 3},
		"a record deleted": {cut(5, 6), 3},
		"a record deleted, the rest renumbered": {func(l []string) []string {
			l = cut(11, 12)(l)
			return l
		}, -1},
		"a record inserted": {func(l []string) []string {
			return append(append(append([]string{}, l[:5]...), l[4]), l[5:]...)
		}, 3},
		"two records changed places": {func(l []string) []string { l[5], l[6] = l[6], l[5]; return l }, 3},
		"two records changed places and numbers": {func(l []string) []string {
			a, b := recordOf(t, l[8]), recordOf(t, l[9])
			l[8], l[9] = forge("6", b), forge("7", a)
			return l
		}, -1},
		"the tail cut off":                       {func(l []string) []string { return l[:len(l)-3] }, -1},
		"the tail cut off before the checkpoint": {func(l []string) []string { return append(l[:len(l)-2], l[len(l)-1]) }, -1},
		"the end of the file lost":               {func(l []string) []string { l[len(l)-1] = l[len(l)-1][:40]; return l }, -1},
		"the last checkpoint lost":               {func(l []string) []string { return l[:len(l)-1] }, -1},
		"a checkpoint of another log":            {func(l []string) []string { l[2] = foreign[2]; return l }, -1},
		"a checkpoint edited":                    {func(l []string) []string { l[2] = strings.Replace(l[2], `\n1\n`, `\n2\n`, 1); return l }, -1},
		"presented as another clinic's":          {func(l []string) []string { l[0] = strings.Replace(l[0], "maple", "birch", 1); return l }, 0},
		"a line that is no line":                 {func(l []string) []string { l[5] = "nonsense\n"; return l }, 3},
		"a member added":                         {func(l []string) []string { l[5] = `{"note":1,` + l[5][1:]; return l }, 3},
		"an object that is neither":              {func(l []string) []string { l[5] = "{}\n"; return l }, 3},
	} {
		t.Run(name, func(t *testing.T) {
			lines := c.tamper(append([]string{}, whole...))
			report, err := audit.Verify(strings.NewReader(strings.Join(lines, "")), testVKey(t))
			if err != nil {
				t.Fatal(err)
			}
			if report.OK() || !strings.Contains(report.String(), "NOT VERIFIED") {
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

func TestALogSignedWithAnotherKeyIsFound(t *testing.T) {
	h := story(t)
	stranger, err := audit.VerifierKey(deployment, testKey(2).Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	report, err := audit.Verify(strings.NewReader(h.export("maple")), stranger)
	if err != nil {
		t.Fatal(err)
	}
	if report.OK() {
		t.Error("a log signed with another key was believed")
	}
}

func TestH26ACutLogIsFoundByACheckpointHeldElsewhere(t *testing.T) {
	h := story(t)
	held, err := h.Checkpoint(context.Background(), "maple")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(h.export("maple"), "\n")
	old := strings.Join(lines[:3], "") // header, one record, the checkpoint of one record: in itself without fault
	if report, err := audit.Verify(strings.NewReader(old), testVKey(t)); err != nil || !report.OK() {
		t.Fatalf("the old export: %v\n%s", err, report)
	}
	report, err := audit.Verify(strings.NewReader(old), testVKey(t), held)
	if err != nil {
		t.Fatal(err)
	}
	if report.OK() {
		t.Error("an old copy passes although a newer checkpoint is held")
	}
	if report, err := audit.Verify(strings.NewReader(strings.Join(lines, "")), testVKey(t), held); err != nil || !report.OK() {
		t.Errorf("the whole export with the held checkpoint: %v\n%s", err, report)
	}
	rewritten := newHouse(t)
	rewritten.append(read(3))
	report, err = audit.Verify(strings.NewReader(rewritten.export("maple")), testVKey(t), held)
	if err != nil || report.OK() {
		t.Errorf("another log passes as the one of the held checkpoint: %v", err)
	}
}

func TestARewrittenHistoryIsFoundByACheckpointHeldElsewhere(t *testing.T) {
	h := story(t)
	lines := h.lines("maple")
	signer, err := note.NewSigner(noteKey(t, testKey(1)))
	if err != nil {
		t.Fatal(err)
	}
	// Whoever holds the key signs another history of the same log and hands it out as held.
	var log string
	if err := h.db.QueryRow(`SELECT name FROM log`).Scan(&log); err != nil {
		t.Fatal(err)
	}
	leaf := tlog.RecordHash([]byte(lines[1]))
	held, err := note.Sign(&note.Note{Text: deployment + "/log/" + log + "\n1\n" + leaf.String() + "\n"}, signer)
	if err != nil {
		t.Fatal(err)
	}
	report, err := audit.Verify(strings.NewReader(h.export("maple")), testVKey(t), held)
	if err != nil || report.OK() {
		t.Errorf("two histories under one key were not told apart: %v", err)
	}
}

// noteKey is a key in note's own private form.
func noteKey(t testing.TB, key ed25519.PrivateKey) string {
	t.Helper()
	vkey, err := audit.VerifierKey(deployment, key.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	var hash [4]byte
	for i := range hash {
		hash[i] = byte(v.KeyHash() >> (24 - 8*i))
	}
	const hex = "0123456789abcdef"
	text := ""
	for _, b := range hash {
		text += string([]byte{hex[b>>4], hex[b&15]})
	}
	return "PRIVATE+KEY+" + deployment + "+" + text + "+" + base64.StdEncoding.EncodeToString(append([]byte{1}, key.Seed()...))
}

func TestAFileThatIsNoExportIsAnError(t *testing.T) {
	for _, text := range []string{"", "{}\n", "\x00\x01", `{"format":"something-else/1"}` + "\n"} {
		if _, err := audit.Verify(strings.NewReader(text), testVKey(t)); err == nil {
			t.Errorf("%q was verified", text)
		}
	}
	if _, err := audit.Verify(strings.NewReader(""), "not a key"); err == nil {
		t.Error("a key that is none was accepted")
	}
	if _, err := audit.Verify(strings.NewReader(""), testVKey(t), []byte("not signed")); err == nil {
		t.Error("a held checkpoint that nobody signed was accepted")
	}
}

func TestAnOutcomeThatSettlesNothingIsNamed(t *testing.T) {
	h := newHouse(t)
	h.append(read(0))
	h.append(settle(1, 0)) // 0 is no intent
	h.append(intent(2))
	h.append(settle(3, 2)) // another access's intent
	report, err := audit.Verify(strings.NewReader(h.export("maple")), testVKey(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Problems) != 2 || report.Problems[0].Index != 1 || report.Problems[1].Index != 3 {
		t.Errorf("report:\n%s", report)
	}
}

func TestOnlyALogThatExistsIsExported(t *testing.T) {
	h := newHouse(t)
	if err := h.Export(context.Background(), "maple", &bytes.Buffer{}); fhir.KindOf(err) != fhir.KindNotFound {
		t.Errorf("exporting no log: %v", err)
	}
	h.append(read(0))
	if err := h.Export(context.Background(), "maple", brokenPipe{}); err != errPipe {
		t.Errorf("the writer's error became %v", err)
	}
}

type brokenPipe struct{}

var errPipe = &fhir.Error{Text: "pipe"}

func (brokenPipe) Write([]byte) (int, error) { return 0, errPipe }
