package daemon_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vestibule"
	"vestibule/audit"
	"vestibule/internal/daemon"
	"vestibule/internal/keep"
	"vestibule/internal/store"
)

// keptPatient is somebody whose id stands nowhere else.
const keptPatient = "Patient/q7x-4411"

// visits writes a trail into a folder: n accesses of which every third names the patient, dated at.
func visits(t *testing.T, dir string, at time.Time, n int) {
	t.Helper()
	db, err := store.CreateFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	key, err := audit.LoadOrGenerateKey(daemon.LogKey(dir), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	l, err := audit.Open(t.Context(), db, audit.Options{Key: key, Deployment: options(dir).Deployment})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	public, err := l.VerifierKey()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, daemon.KeysFile), []byte(public+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		patient := fmt.Sprintf("Patient/%d", i)
		if i%3 == 0 {
			patient = keptPatient
		}
		_, err := l.Append(t.Context(), audit.Record{ID: vestibule.NewID(), Phase: audit.PhaseOutcome, Clinic: "maple", Time: at, Outcome: audit.OutcomeSuccess,
			Interaction: "read", Type: "Task", Resource: "Task/1", Patients: []string{patient}})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// serving serves a folder until the test ends.
func serving(t *testing.T, dir string) {
	t.Helper()
	t.Cleanup(running(t, options(dir)))
}

// reading opens a folder's database beside whoever serves it.
func reading(t *testing.T, dir string) *sql.DB {
	t.Helper()
	db, err := store.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// awaited asks until it holds.
func awaited(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatal("never: ", what)
		case <-tick.C:
		}
	}
}

func TestAServingGatewayErasesWhenItIsAsked(t *testing.T) {
	dir := t.TempDir()
	visits(t, dir, time.Now(), 30)
	serving(t, dir)
	s := beside(t, dir)
	looked := store.Event{At: time.Now(), By: "ann", Action: "audit-search", Clinic: "maple", Subject: "patient=q7x-4411"}
	if err := s.Report(t.Context(), looked); err != nil {
		t.Fatal(err)
	}
	id, err := s.Ask(t.Context(), store.Errand{At: time.Now(), By: "ann", Action: audit.ActionErasure, Clinic: "maple", Patient: keptPatient, Because: "file 7"})
	if err != nil {
		t.Fatal(err)
	}
	var e store.Errand
	awaited(t, "the errand is done", func() bool {
		if e, err = s.Errand(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		return !e.Done.IsZero()
	})
	if e.Failed || e.Patient != "" || !strings.Contains(e.Progress, "11 of 31 records: their bodies were deleted") {
		t.Errorf("errand: %+v", e)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		if text, err := os.ReadFile(path); err != nil || bytes.Contains(text, []byte("q7x-4411")) {
			t.Errorf("%s holds the patient (%v)", filepath.Base(path), err)
		}
	}
	verifiedFolder(t, dir)
	again, err := s.Ask(t.Context(), store.Errand{At: time.Now(), By: "ann", Action: "something-newer", Clinic: "maple"})
	if err != nil {
		t.Fatal(err)
	}
	awaited(t, "an errand that is none is refused", func() bool {
		e, err = s.Errand(t.Context(), again)
		return err == nil && e.Failed && strings.Contains(e.Progress, "use the newer program")
	})
}

// A gateway that ends in the middle goes on at its next start.
func TestAnErrandThatWasCutShortIsFinishedAtTheNextStart(t *testing.T) {
	dir := t.TempDir()
	visits(t, dir, time.Now(), 6000)
	s := beside(t, dir)
	id, err := s.Ask(t.Context(), store.Errand{At: time.Now(), By: "ann", Action: audit.ActionErasure, Clinic: "maple", Patient: keptPatient, Because: "file 7"})
	if err != nil {
		t.Fatal(err)
	}
	db := reading(t, dir)
	t.Run("first", func(t *testing.T) {
		serving(t, dir)
		awaited(t, "something is deleted", func() bool {
			gone, err := audit.NewReader(db).Deletions(t.Context(), "maple")
			return err == nil && len(gone) > 0
		})
	})
	if e, err := s.Errand(t.Context(), id); err != nil || !e.Done.IsZero() {
		t.Logf("it was done before it could be cut short: %+v, %v", e, err)
	}
	serving(t, dir)
	var e store.Errand
	awaited(t, "the errand is done", func() bool {
		e, err = s.Errand(t.Context(), id)
		return err == nil && !e.Done.IsZero()
	})
	if plan, err := audit.NewReader(db).PlanForgetting(t.Context(), audit.Forgetting{Clinic: "maple", Action: audit.ActionErasure, Naming: keptPatient,
		Why: "x", NewID: vestibule.NewID}); err != nil || plan.Bodies != 0 || e.Failed {
		t.Errorf("left: %+v, %v; %+v", plan, err, e)
	}
	verifiedFolder(t, dir)
}

func TestTheRuleIsAppliedWithoutBeingAsked(t *testing.T) {
	dir := t.TempDir()
	visits(t, dir, time.Now().AddDate(-11, 0, 0), 5)
	visits(t, dir, time.Now().AddDate(-9, 0, 0), 4)
	serving(t, dir)
	db := reading(t, dir)
	var gone []audit.Deletion
	awaited(t, "old bodies are deleted", func() bool {
		var err error
		gone, err = audit.NewReader(db).Deletions(t.Context(), "maple")
		return err == nil && len(gone) > 0
	})
	if gone[0].Bodies != 5 || gone[0].By != "the gateway" || !strings.Contains(gone[0].Why, "accesses 10y") || !gone[0].Covers(4) || gone[0].Covers(5) {
		t.Errorf("deleted: %+v", gone[0])
	}
	verifiedFolder(t, dir)
}

// keeping is for a folder that nobody serves.
func keeping(t *testing.T, dir string, do func(*keep.Keeper)) {
	t.Helper()
	err := daemon.Keep(t.Context(), daemon.Options{Data: dir}, func(k *keep.Keeper) error {
		do(k)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

const holdText = "kind: LegalHold\nclinic: maple\nname: file-31\nbecause: a complaint\n"

func TestAHoldThatCannotBeReadKeepsEverything(t *testing.T) {
	dir := t.TempDir()
	visits(t, dir, time.Now().AddDate(-11, 0, 0), 5)
	s := beside(t, dir)
	if _, err := s.Apply(t.Context(), "ann", time.Now(), []store.Document{{Kind: "LegalHold", Clinic: "maple", Name: "x", Body: []byte("kind: LegalHold\nnewer: true\n")}}); err != nil {
		t.Fatal(err)
	}
	keeping(t, dir, func(k *keep.Keeper) {
		if done, err := k.Retain(t.Context(), "maple", "ann", false); err == nil || done.Bodies != 0 || !strings.Contains(err.Error(), "everything is kept") {
			t.Errorf("retained: %+v, %v", done, err)
		}
		if done, err := k.Erase(t.Context(), "maple", keptPatient, "file 7", "ann", false, func() error { return nil }); err == nil || done.Bodies != 0 {
			t.Errorf("erased: %+v, %v", done, err)
		}
	})
}

func TestAHoldCountsUntilItsWithdrawalIsOnRecord(t *testing.T) {
	dir := t.TempDir()
	visits(t, dir, time.Now().AddDate(-11, 0, 0), 5)
	s := beside(t, dir)
	apply(t, s, "kind: Clinic\nname: maple\ntitle: Maple\nzone: America/Toronto\n")
	apply(t, s, holdText)
	held := func(want int64) func(*keep.Keeper) {
		return func(k *keep.Keeper) {
			t.Helper()
			if done, err := k.Retain(t.Context(), "maple", "ann", true); err != nil || done.HeldBodies() != want || done.Bodies != 5-want {
				t.Errorf("held %d, deleted %d (%v), want %d held", done.HeldBodies(), done.Bodies, err, want)
			}
		}
	}
	db := reading(t, dir)
	beforeItIsRead := &keep.Keeper{DB: db, Store: s, Now: time.Now, NewID: vestibule.NewID}
	held(5)(beforeItIsRead) // applied, and not on record yet
	keeping(t, dir, held(5))
	withdraw(t, s, "LegalHold", "maple", "file-31")
	held(5)(beforeItIsRead) // withdrawn, and not on record yet
	keeping(t, dir, held(0))
	apply(t, s, holdText+"until: "+time.Now().AddDate(0, 0, 1).Format(time.DateOnly)+"\n")
	keeping(t, dir, func(k *keep.Keeper) {
		held(5)(k)
		k.Now = func() time.Time { return time.Now().AddDate(0, 0, 3) }
		held(0)(k)
	})
}

// A hold that is applied while bodies are deleted keeps those that are still there.
func TestAHoldIsHeardInTheMiddle(t *testing.T) {
	dir := t.TempDir()
	visits(t, dir, time.Now().AddDate(-11, 0, 0), 2500)
	s := beside(t, dir)
	keeping(t, dir, func(k *keep.Keeper) {
		k.Told = func(string) error {
			k.Told = nil
			apply(t, s, holdText)
			return nil
		}
		done, err := k.Retain(t.Context(), "maple", "ann", false)
		if err != nil || done.Bodies == 0 || done.HeldBodies() == 0 || done.Bodies+done.HeldBodies() != 2500 {
			t.Errorf("deleted %d, held %d: %v", done.Bodies, done.HeldBodies(), err)
		}
	})
	verifiedFolder(t, dir)
}

func TestPastTextsAreBlankedAndStandingOnesAreInTheWay(t *testing.T) {
	dir := t.TempDir()
	visits(t, dir, time.Now(), 3)
	s := beside(t, dir)
	apply(t, s, "kind: Clinic\nname: maple\ntitle: Maple\nzone: America/Toronto\n")
	lock := "kind: Directive\nclinic: maple\nname: lock-1\nbecause: asked\npatient: "
	apply(t, s, lock+keptPatient+"\n")
	erase := func(k *keep.Keeper) (keep.Result, error) {
		return k.Erase(t.Context(), "maple", keptPatient, "file 7", "ann", false, func() error { return nil })
	}
	keeping(t, dir, func(k *keep.Keeper) {
		if done, err := erase(k); err == nil || done.Bodies != 0 || !strings.Contains(err.Error(), "Directive lock-1 in force, or waiting for approval, names the patient; withdraw or change it first") {
			t.Errorf("%+v, %v", done, err)
		}
	})
	apply(t, s, lock+"Patient/5\n")
	keeping(t, dir, func(k *keep.Keeper) {
		if done, err := erase(k); err != nil || done.Bodies != 1 || done.Texts != 1 || !done.Complete() {
			t.Errorf("%+v, %v", done, err)
		}
	})
	versions, err := s.Versions(t.Context(), "Directive", "maple", "lock-1")
	if err != nil || len(versions) != 2 || len(versions[0].Body) != 0 || versions[0].Erased.IsZero() || versions[0].Readable() == nil || versions[1].Readable() != nil {
		t.Errorf("versions: %+v, %v", versions, err)
	}
	withdraw(t, s, "Directive", "maple", "lock-1")
	keeping(t, dir, func(k *keep.Keeper) {
		done, err := k.Erase(t.Context(), "maple", "Patient/5", "file 8", "ann", false, func() error { return nil })
		if err != nil || done.Bodies != 0 || done.Texts != 2 {
			t.Errorf("the text and its withdrawal: %+v, %v", done, err)
		}
		if gone, err := audit.NewReader(k.DB).Deletions(t.Context(), "maple"); err != nil || len(gone) != 2 || gone[1].Bodies != 0 {
			t.Errorf("an erasure of texts alone is not on record: %+v, %v", gone, err)
		}
	})
	verifiedFolder(t, dir)
}
