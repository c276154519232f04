package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 123_000_000, time.UTC)

func newStore(t *testing.T) (*Store, *sql.DB) {
	t.Helper()
	db, err := CreateFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	s, err := New(db)
	if err != nil {
		t.Fatal(err)
	}
	return s, db
}

func grant(name, body string) Document {
	return Document{Kind: "Grant", Clinic: "maple", Name: name, Body: []byte(body)}
}

func apply(t *testing.T, s *Store, docs ...Document) []Document {
	t.Helper()
	out, err := s.Apply(t.Context(), "root", noon, docs)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestOnlyAChangedDocumentGetsANewVersion(t *testing.T) {
	s, _ := newStore(t)
	steps := []struct {
		body    string
		version int
		change  Change
	}{{"a", 1, Created}, {"a", 1, Unchanged}, {"b", 2, Changed}, {"a", 3, Changed}}
	for _, step := range steps {
		got := apply(t, s, grant("amara", step.body))[0]
		if got.Version != step.version || got.Change != step.change {
			t.Errorf("body %q: version %d, %s; want %d, %s", step.body, got.Version, got.Change, step.version, step.change)
		}
	}
	versions, err := s.Versions(t.Context(), "Grant", "maple", "amara")
	if err != nil {
		t.Fatal(err)
	}
	var bodies []string
	for i, v := range versions {
		if v.Version != i+1 || v.By != "root" || !v.At.Equal(noon) {
			t.Errorf("version %d: %+v", i+1, v)
		}
		bodies = append(bodies, string(v.Body))
	}
	if diff := cmp.Diff([]string{"a", "b", "a"}, bodies); diff != "" {
		t.Error(diff)
	}
}

func TestAWithdrawnDocumentIsGoneAndItsVersionsStay(t *testing.T) {
	s, _ := newStore(t)
	apply(t, s, grant("amara", "a"))
	if err := s.Withdraw(t.Context(), "it", noon, "Grant", "maple", "amara"); err != nil {
		t.Fatal(err)
	}
	if err := s.Withdraw(t.Context(), "it", noon, "Grant", "maple", "amara"); !errors.Is(err, ErrNotApplied) {
		t.Errorf("second withdrawal: %v", err)
	}
	if current, err := s.Current(t.Context()); err != nil || len(current) != 0 {
		t.Errorf("current: %v, %v", current, err)
	}
	if got := apply(t, s, grant("amara", "a"))[0]; got.Version != 3 || got.Change != Created {
		t.Errorf("applied again: %+v", got)
	}
	versions, err := s.Versions(t.Context(), "Grant", "maple", "amara")
	if err != nil || len(versions) != 3 || !versions[1].Withdrawn || versions[1].By != "it" {
		t.Errorf("versions: %+v, %v", versions, err)
	}
}

func TestApplyIsAllOrNone(t *testing.T) {
	s, db := newStore(t)
	if _, err := db.Exec(`CREATE TRIGGER refuse BEFORE INSERT ON document WHEN NEW.name = 'third'
		BEGIN SELECT RAISE(ABORT, 'injected'); END`); err != nil {
		t.Fatal(err)
	}
	_, err := s.Apply(t.Context(), "root", noon, []Document{grant("first", "1"), grant("second", "2"), grant("third", "3")})
	if err == nil || !strings.Contains(err.Error(), "third") {
		t.Fatalf("error %v, want one that names the document", err)
	}
	current, err := s.Current(t.Context())
	if err != nil || len(current) != 0 {
		t.Errorf("current: %+v, %v", current, err)
	}
	events, err := s.Unrecorded(t.Context())
	if err != nil || len(events) != 0 {
		t.Errorf("events: %+v, %v", events, err)
	}
}

func TestEveryChangeHasItsEventAndTakesEffectOnceThatIsOnRecord(t *testing.T) {
	s, _ := newStore(t)
	ctx := t.Context()
	apply(t, s, grant("amara", "a"))
	settle(t, s)
	apply(t, s, grant("amara", "b"), grant("lee", "x"))
	if got := effective(t, s); got != "amara@1=a" {
		t.Errorf("before the record: %s", got)
	}
	events := settle(t, s)
	want := []Event{
		{ID: 2, At: noon, By: "root", Action: "grant-apply", Clinic: "maple", Subject: "amara", Version: 2},
		{ID: 3, At: noon, By: "root", Action: "grant-apply", Clinic: "maple", Subject: "lee", Version: 1},
	}
	if diff := cmp.Diff(want, events); diff != "" {
		t.Error(diff)
	}
	if got := effective(t, s); got != "amara@2=b lee@1=x" {
		t.Errorf("after the record: %s", got)
	}
	if err := s.Withdraw(ctx, "it", noon, "Grant", "maple", "amara"); err != nil {
		t.Fatal(err)
	}
	if got := effective(t, s); got != "amara@2=b lee@1=x" {
		t.Errorf("revoked, not on record: %s", got)
	}
	if events := settle(t, s); len(events) != 1 || events[0].Action != "grant-revoke" {
		t.Errorf("events: %+v", events)
	}
	if got := effective(t, s); got != "lee@1=x" {
		t.Errorf("revoked, on record: %s", got)
	}
}

// settle records what is unrecorded, as a serving process does.
func settle(t *testing.T, s *Store) []Event {
	t.Helper()
	events, err := s.Unrecorded(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if err := s.Recorded(t.Context(), e.ID, fmt.Sprintf("log/%d", e.ID)); err != nil {
			t.Fatal(err)
		}
	}
	return events
}

func effective(t *testing.T, s *Store) string {
	t.Helper()
	docs, err := s.Effective(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, d := range docs {
		out = append(out, fmt.Sprintf("%s@%d=%s", d.Name, d.Version, d.Body))
	}
	return strings.Join(out, " ")
}

func TestAnEventIsRecordedOnce(t *testing.T) {
	s, _ := newStore(t)
	if err := s.Report(t.Context(), Event{At: noon, By: "it", Action: "audit-search", Clinic: "maple"}); err != nil {
		t.Fatal(err)
	}
	settle(t, s)
	if err := s.Recorded(t.Context(), 1, "log/9"); err == nil {
		t.Error("an event was recorded twice")
	}
	if err := s.Recorded(t.Context(), 7, "log/9"); err == nil {
		t.Error("an event that does not exist was recorded")
	}
}

func TestAChangeByAnotherProcessIsSeen(t *testing.T) {
	dir := t.TempDir()
	one, two := openStore(t, dir), openStore(t, dir)
	before, err := one.Changed(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	apply(t, two, grant("amara", "a"))
	after, err := one.Changed(t.Context())
	if err != nil || after == before {
		t.Errorf("token %d, then %d, %v", before, after, err)
	}
	apply(t, two, grant("amara", "a"))
	if again, _ := one.Changed(t.Context()); again != after {
		t.Errorf("nothing changed, but the token did: %d, then %d", after, again)
	}
}

func openStore(t *testing.T, dir string) *Store {
	t.Helper()
	db, err := CreateFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	s, err := New(db)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestProcessesThatApplyAtOnceLoseNothing(t *testing.T) {
	dir := t.TempDir()
	stores := []*Store{openStore(t, dir), openStore(t, dir)}
	const each = 20
	var wg sync.WaitGroup
	for i, s := range stores {
		wg.Go(func() {
			for n := range each {
				if _, err := s.Apply(context.Background(), "root", noon, []Document{grant("amara", fmt.Sprint(i, n))}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	versions, err := stores[0].Versions(t.Context(), "Grant", "maple", "amara")
	if err != nil || len(versions) != 2*each || versions[len(versions)-1].Version != 2*each {
		t.Errorf("%d versions, %v", len(versions), err)
	}
	events, err := stores[1].Unrecorded(t.Context())
	if err != nil || len(events) != 2*each {
		t.Errorf("%d events, %v", len(events), err)
	}
}

func TestADatabaseOfANewerProgramIsRefused(t *testing.T) {
	_, db := newStore(t)
	if _, err := db.Exec(`UPDATE migration SET version = 99 WHERE component = 'store'`); err != nil {
		t.Fatal(err)
	}
	if _, err := New(db); err == nil || !strings.Contains(err.Error(), "newer program") {
		t.Errorf("error %v", err)
	}
}

func TestTheDatabaseIsItsOwnersOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s := openStore(t, dir)
	apply(t, s, grant("amara", "a"))
	files, err := os.ReadDir(dir)
	if err != nil || len(files) < 2 {
		t.Fatalf("%v, %v: want the database and its write-ahead log", files, err)
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v", f.Name(), info.Mode(), err)
		}
	}
}

// What is settled when a database is made: once it is written, it cannot be changed.
func TestANewDatabaseHasItsPagesAndItsLog(t *testing.T) {
	_, db := newStore(t)
	var size int
	var mode string
	if err := db.QueryRow(`PRAGMA page_size`).Scan(&size); err != nil || size != 8192 {
		t.Errorf("pages of %d bytes, %v", size, err)
	}
	if err := db.QueryRow(`PRAGMA journal_mode`).Scan(&mode); err != nil || mode != "wal" {
		t.Errorf("journal mode %s, %v", mode, err)
	}
}

func TestAFolderWithoutDataIsNotAnEmptyTrail(t *testing.T) {
	dir := t.TempDir()
	if _, err := OpenFolder(dir); !errors.Is(err, ErrNoData) {
		t.Errorf("error %v, want ErrNoData", err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 0 {
		t.Errorf("looking made %v", files)
	}
	openStore(t, dir)
	db, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
}

func TestOneProcessServesAFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	unlock, err := Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if served, err := Served(dir); err != nil || !served {
		t.Errorf("served: %v, %v", served, err)
	}
	_, err = Lock(dir)
	if !errors.Is(err, ErrServed) || !strings.Contains(err.Error(), fmt.Sprintf("process %d", os.Getpid())) {
		t.Errorf("second lock: %v; want ErrServed, naming the process", err)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	if served, err := Served(dir); err != nil || served {
		t.Errorf("served after unlock: %v, %v", served, err)
	}
	unlock, err = Lock(dir)
	if err != nil {
		t.Fatalf("after unlock: %v", err)
	}
	unlock()
}
