package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

func draft(name, body string) Document {
	d := grant(name, body)
	d.Draft = true
	return d
}

func approve(t *testing.T, s *Store, by, name string, version int) Document {
	t.Helper()
	d, err := s.Approve(t.Context(), by, noon, "Grant", "maple", name, version)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestADraftHasNoEffectBeforeItsApprovalIsOnRecord(t *testing.T) {
	s, _ := newStore(t)
	apply(t, s, grant("amara", "a"))
	settle(t, s)
	apply(t, s, draft("amara", "b"))
	settle(t, s)
	if got := effective(t, s); got != "amara@1=a" {
		t.Errorf("with a draft: %s", got)
	}
	if current, err := s.Current(t.Context()); err != nil || len(current) != 1 || current[0].Version != 1 {
		t.Errorf("the draft counts as applied: %+v, %v", current, err)
	}
	if drafts, err := s.Drafts(t.Context()); err != nil || len(drafts) != 1 || drafts[0].Version != 2 || !drafts[0].Waits() {
		t.Errorf("drafts: %+v, %v", drafts, err)
	}
	approved := approve(t, s, "Dr. Lee", "amara", 0)
	if got := effective(t, s); got != "amara@1=a" {
		t.Errorf("approved, not on record: %s", got)
	}
	events := settle(t, s)
	if len(events) != 1 || events[0].ID != approved.Event || events[0].Action != "grant-approve" || events[0].By != "Dr. Lee" || events[0].Version != 2 {
		t.Errorf("events: %+v", events)
	}
	if got := effective(t, s); got != "amara@2=b" {
		t.Errorf("approved, on record: %s", got)
	}
	docs, err := s.Effective(t.Context())
	if err != nil || docs[0].By != "root" || docs[0].Approved().By != "Dr. Lee" || !docs[0].Approved().OnRecord {
		t.Errorf("who: %+v, %v", docs, err)
	}
}

func TestNobodyApprovesWhatTheyApplied(t *testing.T) {
	s, _ := newStore(t)
	apply(t, s, draft("amara", "a"))
	for _, by := range []string{"root", "Root", " root "} {
		if _, err := s.Approve(t.Context(), by, noon, "Grant", "maple", "amara", 0); !errors.Is(err, ErrSamePerson) || !strings.Contains(err.Error(), "applied by root") {
			t.Errorf("%q approves: %v", by, err)
		}
	}
	approve(t, s, "lee", "amara", 1)
	if _, err := s.Review(t.Context(), "ROOT", noon, "Grant", "maple", "amara"); !errors.Is(err, ErrSamePerson) {
		t.Errorf("whoever applied it reviews it: %v", err)
	}
	if events, err := s.Unrecorded(t.Context()); err != nil || len(events) != 2 {
		t.Errorf("refusals left events: %+v, %v", events, err)
	}
}

func TestOnlyADraftThatWouldHaveAnEffectIsApproved(t *testing.T) {
	for name, c := range map[string]struct {
		before  []Document
		approve []int // approved first
		revoke  bool
		version int
		want    string // part of the error; empty: it is approved
	}{
		"the newest":             {before: []Document{draft("amara", "a"), draft("amara", "b")}},
		"an older one":           {before: []Document{draft("amara", "a"), draft("amara", "b")}, version: 1},
		"none there":             {want: "the newest version is no draft"},
		"no such version":        {before: []Document{draft("amara", "a")}, version: 7, want: "there is none"},
		"what was never a draft": {before: []Document{grant("amara", "a")}, version: 1, want: "version 1 is no draft"},
		"approved before":        {before: []Document{draft("amara", "a")}, approve: []int{1}, version: 1, want: "approve by lee"},
		"a newer one approved":   {before: []Document{draft("amara", "a"), draft("amara", "b")}, approve: []int{2}, version: 1, want: "version 2 came after it"},
		"a newer one applied":    {before: []Document{draft("amara", "a"), grant("amara", "b")}, want: "no draft"},
		"revoked since":          {before: []Document{draft("amara", "a")}, revoke: true, want: "no draft"},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := newStore(t)
			for _, d := range c.before {
				apply(t, s, d)
			}
			for _, v := range c.approve {
				approve(t, s, "lee", "amara", v)
			}
			if c.revoke {
				if err := s.Withdraw(t.Context(), "root", noon, "Grant", "maple", "amara"); err != nil {
					t.Fatal(err)
				}
			}
			_, err := s.Approve(t.Context(), "ann", noon, "Grant", "maple", "amara", c.version)
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (!errors.Is(err, ErrNoDraft) || !strings.Contains(err.Error(), c.want)):
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestARejectedDraftStaysOnRecordAndWithoutEffect(t *testing.T) {
	s, _ := newStore(t)
	apply(t, s, grant("amara", "a"), draft("lee", "x"))
	apply(t, s, draft("amara", "b"))
	if _, err := s.Reject(t.Context(), "root", noon, "Grant", "maple", "amara", 0); err != nil {
		t.Fatal(err)
	}
	settle(t, s)
	if got := effective(t, s); got != "amara@1=a" {
		t.Errorf("in force: %s", got)
	}
	if _, err := s.Approve(t.Context(), "lee", noon, "Grant", "maple", "amara", 2); !errors.Is(err, ErrNoDraft) || !strings.Contains(err.Error(), "reject by root") {
		t.Errorf("approved after all: %v", err)
	}
	if drafts, err := s.Drafts(t.Context()); err != nil || len(drafts) != 1 || drafts[0].Name != "lee" {
		t.Errorf("drafts: %+v, %v", drafts, err)
	}
	if again := apply(t, s, draft("amara", "b"))[0]; again.Version != 3 || again.Change != Changed {
		t.Errorf("applied again: %+v", again)
	}
}

func TestADraftWithTheSameTextIsPutInForceByApplyingIt(t *testing.T) {
	s, _ := newStore(t)
	apply(t, s, draft("amara", "a"))
	if again := apply(t, s, draft("amara", "a"))[0]; again.Change != Unchanged || !again.Waits() {
		t.Errorf("the same draft again: %+v", again)
	}
	if got := apply(t, s, grant("amara", "a"))[0]; got.Version != 2 || got.Waits() {
		t.Errorf("applied, no draft: %+v", got)
	}
	settle(t, s)
	if got := effective(t, s); got != "amara@2=a" {
		t.Errorf("in force: %s", got)
	}
}

func TestAReviewRenewsTheApprovalOfWhatIsInForce(t *testing.T) {
	s, _ := newStore(t)
	if _, err := s.Review(t.Context(), "lee", noon, "Grant", "maple", "amara"); !errors.Is(err, ErrNotApplied) {
		t.Errorf("nothing there: %v", err)
	}
	apply(t, s, grant("amara", "a"), draft("lee", "x"))
	apply(t, s, draft("amara", "b"))
	later := noon.AddDate(0, 0, 80)
	if d, err := s.Review(t.Context(), "root", later, "Grant", "maple", "amara"); err != nil || d.Version != 1 {
		t.Fatalf("reviewed %+v, %v", d, err)
	}
	if _, err := s.Review(t.Context(), "ann", later, "Grant", "maple", "lee"); !errors.Is(err, ErrNotApplied) {
		t.Errorf("a draft was reviewed: %v", err)
	}
	events := settle(t, s)
	if last := events[len(events)-1]; last.Action != "grant-review" || last.Version != 1 {
		t.Errorf("event: %+v", last)
	}
	docs, err := s.Effective(t.Context())
	if err != nil || len(docs) != 1 || !docs[0].Reviewed().At.Equal(later) || !docs[0].Approved().At.Equal(noon) {
		t.Errorf("in force: %+v, %v", docs, err)
	}
}

// What was in force at a moment is told for ever by when the serving process began to act on each change.
func TestWhatWasInForceAtAMomentIsKnownForEver(t *testing.T) {
	s, _ := newStore(t)
	minute := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }
	takeUp := func(n int) {
		settle(t, s)
		if err := s.TookUp(t.Context(), minute(n)); err != nil {
			t.Fatal(err)
		}
	}
	apply(t, s, grant("amara", "a"))
	takeUp(10)
	apply(t, s, grant("amara", "b"), draft("amara", "c"))
	takeUp(20)
	approve(t, s, "lee", "amara", 0)
	settle(t, s) // on record, but the process ended before it acted on it
	takeUp(30)
	if err := s.Withdraw(t.Context(), "it", noon, "Grant", "maple", "amara"); err != nil {
		t.Fatal(err)
	}
	takeUp(40)
	takeUp(50)
	for n, want := range map[int]string{5: "", 10: "amara@1", 19: "amara@1", 20: "amara@2", 29: "amara@2", 30: "amara@3", 39: "amara@3", 40: "", 60: ""} {
		docs, err := s.AsOf(t.Context(), minute(n))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, d := range docs {
			got += fmt.Sprintf("%s@%d", d.Name, d.Version)
		}
		if got != want {
			t.Errorf("minute %d: %q, want %q", n, got, want)
		}
	}
	e, err := s.Event(t.Context(), 1)
	if err != nil || !e.Effective.Equal(minute(10)) || e.Receipt != "log/1" || e.Action != "grant-apply" {
		t.Errorf("event 1: %+v, %v", e, err)
	}
}

func TestOfTwoWhoApproveAtOnceOneDoes(t *testing.T) {
	dir := t.TempDir()
	stores := []*Store{openStore(t, dir), openStore(t, dir)}
	apply(t, stores[0], draft("amara", "a"))
	errs := make([]error, len(stores))
	var wg sync.WaitGroup
	for i, s := range stores {
		wg.Go(func() {
			_, errs[i] = s.Approve(context.Background(), fmt.Sprint("person ", i), noon, "Grant", "maple", "amara", 1)
		})
	}
	wg.Wait()
	if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs...), ErrNoDraft) {
		t.Errorf("approved: %v", errs)
	}
}

func TestADraftIsWrittenWithItsEventOrNotAtAll(t *testing.T) {
	s, db := newStore(t)
	apply(t, s, draft("amara", "a"))
	if _, err := db.Exec(`CREATE TRIGGER full BEFORE INSERT ON approval BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END`); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Approve(t.Context(), "lee", noon, "Grant", "maple", "amara", 0); err == nil {
		t.Error("approved on a full disk")
	}
	if events := settle(t, s); len(events) != 1 || events[0].Action != "grant-draft" {
		t.Errorf("events: %+v", events)
	}
}

// A folder of the program before drafts keeps what was in force, and since when.
func TestAFolderOfTheFirstVersionKeepsWhatWasInForce(t *testing.T) {
	db, err := CreateFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	first, err := migrations.ReadFile("migrations/0001_documents.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{string(first), `CREATE TABLE migration (component TEXT NOT NULL PRIMARY KEY, version BIGINT NOT NULL)`,
		`INSERT INTO migration VALUES ('store', 1)`,
		`INSERT INTO event VALUES (1, 1000, 'root', 'grant-apply', 'maple', 'amara', 1, 'maple/0')`,
		`INSERT INTO document VALUES ('Grant', 'maple', 'amara', 1, 'a', 'root', 1000, 0, 1)`} {
		if _, err := db.Exec(text); err != nil {
			t.Fatal(err)
		}
	}
	s, err := New(db)
	if err != nil {
		t.Fatal(err)
	}
	if got := effective(t, s); got != "amara@1=a" {
		t.Errorf("in force: %s", got)
	}
	if docs, err := s.AsOf(t.Context(), time.UnixMilli(1000)); err != nil || len(docs) != 1 {
		t.Errorf("as of then: %+v, %v", docs, err)
	}
}
