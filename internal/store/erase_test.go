package store

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func names(text string) bool { return strings.Contains(text, "q7x") }

func TestOnlyPastTextsAreErased(t *testing.T) {
	s, _ := newStore(t)
	apply(t, s, grant("amara", "for q7x"))
	settle(t, s)
	if _, _, err := s.Erase(t.Context(), noon, "maple", names); !errors.Is(err, ErrStanding) || !strings.Contains(err.Error(), "Grant amara") {
		t.Errorf("one in force: %v", err)
	}
	apply(t, s, grant("amara", "for nobody"))
	if _, _, err := s.Erase(t.Context(), noon, "maple", names); !errors.Is(err, ErrStanding) {
		t.Errorf("one that is in force until what replaces it is on record: %v", err)
	}
	settle(t, s)
	apply(t, s, draft("amara", "for q7x again"))
	if _, _, err := s.Erase(t.Context(), noon, "maple", names); !errors.Is(err, ErrStanding) {
		t.Errorf("a draft that waits: %v", err)
	}
	if _, err := s.Reject(t.Context(), "lee", noon, "Grant", "maple", "amara", 0); err != nil {
		t.Fatal(err)
	}
	if err := s.Report(t.Context(), Event{At: noon, By: "ann", Action: "audit-search", Clinic: "maple", Subject: "patient=q7x"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Report(t.Context(), Event{At: noon, By: "ann", Action: "audit-search", Clinic: "birch", Subject: "patient=q7x"}); err != nil {
		t.Fatal(err)
	}
	if texts, events, err := s.Erase(t.Context(), noon, "birch", names); err != nil || texts != 0 || events != 0 {
		t.Errorf("another clinic, nothing on record: %d %d %v", texts, events, err)
	}
	settle(t, s)
	texts, events, err := s.Erase(t.Context(), noon, "maple", names)
	if err != nil || texts != 2 || events != 1 {
		t.Fatalf("%d texts, %d events, %v", texts, events, err)
	}
	versions, err := s.Versions(t.Context(), "Grant", "maple", "amara")
	if err != nil || len(versions) != 3 {
		t.Fatal(versions, err)
	}
	for i, erased := range []bool{true, false, true} {
		v := versions[i]
		if errors.Is(v.Readable(), ErrErased) != erased || (len(v.Body) == 0) != erased || erased && !v.Erased.Equal(noon) {
			t.Errorf("version %d: %+v", i+1, v)
		}
	}
	if e, err := s.Event(t.Context(), 5); err != nil || e.Subject != ErasedSubject || e.By != "ann" {
		t.Errorf("event: %+v, %v", e, err)
	}
	if got := effective(t, s); got != "amara@2=for nobody" {
		t.Errorf("in force: %s", got)
	}
	if texts, events, err := s.Erase(t.Context(), noon, "maple", names); err != nil || texts+events != 0 {
		t.Errorf("again: %d %d %v", texts, events, err)
	}
}

// A database that was written by a program that does not overwrite what it deletes is written anew.
func TestAFileThatIsNotCleanIsWrittenAnew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "old.db")
	old, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	for _, stmt := range []string{`PRAGMA journal_mode = WAL`, `CREATE TABLE note (text TEXT)`} {
		if _, err := old.Exec(stmt); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 200 {
		if _, err := old.Exec(`INSERT INTO note VALUES ($1)`, fmt.Sprintf("%d about Patient/q7x. %s", i, strings.Repeat("x", 300))); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := old.Exec(`DELETE FROM note`); err != nil {
		t.Fatal(err)
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := OpenSQLite(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s, err := New(db)
	if err != nil {
		t.Fatal(err)
	}
	holds := func() bool {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Contains(text, []byte("Patient/q7x"))
	}
	if !holds() {
		t.Fatal("the old program overwrote it; this test shows nothing")
	}
	if err := s.Scrub(t.Context(), "Patient/q7"); err != nil || !holds() {
		t.Errorf("looking for another: %v", err)
	}
	if err := s.Scrub(t.Context(), "Patient/q7x"); err != nil || holds() {
		t.Errorf("the file still holds it: %v", err)
	}
	if _, err := db.Exec(`INSERT INTO note VALUES ('Patient/q7x')`); err != nil {
		t.Fatal(err)
	}
	if err := s.Scrub(t.Context(), "Patient/q7x"); !errors.Is(err, ErrRemains) {
		t.Errorf("one that is still there: %v", err)
	}
}

func TestTextsAreFoundAcrossTheEdgesOfWhatIsReadAtOnce(t *testing.T) {
	for _, at := range []int{0, 1<<20 - 5, 1 << 20, 1<<20 + 1, 1<<20 + 2, 1<<20 + 3, 1<<20 + 4, 1<<20 + 5, 1<<20 + 7, 2<<20 - 3, 2<<20 + 1} {
		text := append(bytes.Repeat([]byte(" "), at), "Patient/q7x"...)
		for tail, want := range map[string]bool{"": true, `"`: true, "0": false, "-1": false, strings.Repeat(" ", 3<<20): true} {
			if got, err := holdsText(bytes.NewReader(append(bytes.Clone(text), tail...)), []string{"Patient/other", "Patient/q7x"}); err != nil || got != want {
				t.Errorf("at %d, before %.3q: %v, %v", at, tail, got, err)
			}
		}
	}
}

func TestAnErrandIsDoneOnceAndForgetsThePatient(t *testing.T) {
	s, _ := newStore(t)
	id, err := s.Ask(t.Context(), Errand{At: noon, By: "ann", Action: "erasure", Clinic: "maple", Patient: "Patient/q7x", Because: "file 7"})
	if err != nil {
		t.Fatal(err)
	}
	open, err := s.Errands(t.Context())
	if err != nil || len(open) != 1 || open[0].ID != id || open[0].Patient != "Patient/q7x" || !open[0].At.Equal(noon) {
		t.Fatalf("%+v, %v", open, err)
	}
	if cancelled, err := s.Advance(t.Context(), id, "half"); err != nil || cancelled {
		t.Error(cancelled, err)
	}
	if err := s.Cancel(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if cancelled, err := s.Advance(t.Context(), id, "more"); err != nil || !cancelled {
		t.Error(cancelled, err)
	}
	if err := s.Finish(t.Context(), id, noon, "done", true); err != nil {
		t.Fatal(err)
	}
	e, err := s.Errand(t.Context(), id)
	if err != nil || e.Patient != "" || e.Progress != "done" || !e.Failed || !e.Done.Equal(noon) {
		t.Errorf("%+v, %v", e, err)
	}
	if open, err := s.Errands(t.Context()); err != nil || len(open) != 0 {
		t.Errorf("%+v, %v", open, err)
	}
	if next, err := s.Ask(t.Context(), Errand{At: noon}); err != nil || next != id+1 {
		t.Error(next, err)
	}
}
