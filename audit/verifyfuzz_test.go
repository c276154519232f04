package audit_test

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vestibule/audit"
)

// sameHouse is a house whose logs and salts are the same in each process of a fuzzer.
func sameHouse(f *testing.F) *house {
	f.Helper()
	h := &house{t: f, path: filepath.Join(f.TempDir(), "vestibule.db"), clock: newClock(), random: rand.NewChaCha8([32]byte{1})}
	h.db = openDB(f, h.path)
	h.open()
	return h
}

// Whatever an export becomes, it is refused, or what it holds is what was signed, up to one of its checkpoints.
func FuzzVerify(f *testing.F) {
	h := storyIn(sameHouse(f))
	whole, stored := h.export("maple"), h.lines("maple")
	lines := strings.SplitAfter(whole, "\n")
	for i := range lines {
		f.Add(strings.Join(lines[:i], ""))
		f.Add(strings.Join(slices.Delete(slices.Clone(lines), i, i+1), ""))
	}
	f.Add("\ufeff" + whole)
	f.Add(strings.ReplaceAll(whole, "\n", "\r\n"))
	f.Fuzz(func(t *testing.T, text string) {
		r, err := audit.Verify(strings.NewReader(text), testVKey(t))
		if err != nil || !r.OK() {
			return
		}
		if r.Records != 1 && r.Records != int64(len(stored)) {
			t.Fatalf("%d records were verified, which nobody signed:\n%s", r.Records, text)
		}
		for i, line := range stored[:r.Records] {
			if !strings.Contains(text, line) {
				t.Fatalf("record %d was verified and is not there:\n%s", i, text)
			}
		}
	})
}

// Whatever a proof becomes, it is refused, or it proves what is stored at its place.
func FuzzCheckProof(f *testing.F) {
	h := logIn(sameHouse(f), 6)
	stored := h.lines("maple")
	for i := range int64(len(stored)) {
		for _, whole := range []bool{true, false} {
			proof, err := h.Proof(context.Background(), "maple", i, whole)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(proof))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := audit.CheckProof([]byte(text), testVKey(t), nil)
		if err == nil && !p.Deleted() && string(p.Line) != stored[p.Index] {
			t.Fatalf("record %d was proved to be %s", p.Index, p.Line)
		}
	})
}

// Whatever is asked of a witness, it cosigns only the checkpoint that was signed.
func FuzzAddCheckpoint(f *testing.F) {
	h := logIn(sameHouse(f), 6)
	f.Add(h.addition(0))
	f.Add(h.addition(3))
	f.Add(h.addition(6))
	signed, err := h.SignedCheckpoint(context.Background(), "maple")
	if err != nil {
		f.Fatal(err)
	}
	text, _, _ := strings.Cut(string(signed), "\n\n")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, body string) {
		w, err := audit.OpenWitness(dir, "witness.example", testKey(9), testVKey(t), newClock().Now)
		if err != nil {
			t.Fatal(err)
		}
		if status, _, answer := w.AddCheckpoint([]byte(body)); status == 200 && !strings.Contains(body, text) {
			t.Fatalf("%s for %s", answer, body)
		}
	})
}
