package keep_test

import (
	"crypto/ed25519"
	"strings"
	"testing"
	"time"

	"vestibule"
	"vestibule/audit"
	"vestibule/internal/keep"
	"vestibule/internal/store"
)

// keeperOf is a keeper of a folder whose trail holds one access for each clinic, to the patient that it names.
func keeperOf(t *testing.T, patients map[string]string) *keep.Keeper {
	t.Helper()
	db, err := store.CreateFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.New(db)
	if err != nil {
		t.Fatal(err)
	}
	l, err := audit.Open(t.Context(), db, audit.Options{Key: ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)), Deployment: "gateway.example"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	for clinic, patient := range patients {
		_, err := l.Append(t.Context(), audit.Record{ID: vestibule.NewID(), Phase: audit.PhaseOutcome, Clinic: clinic, Outcome: audit.OutcomeSuccess,
			Interaction: "read", Type: "Task", Resource: "Task/1", Patients: []string{patient}})
		if err != nil {
			t.Fatal(err)
		}
	}
	return &keep.Keeper{DB: db, Store: s, Ledger: l, Now: time.Now, NewID: vestibule.NewID}
}

// Two clinics' EMRs count their patients from one: that another clinic has a patient of the same number does not make an erasure
// fail, and takes nothing from theirs.
func TestAnErasureMindsNotThatAnotherClinicHasThatNumber(t *testing.T) {
	k := keeperOf(t, map[string]string{"maple": "Patient/11", "birch": "Patient/11"})
	done, err := k.Erase(t.Context(), "maple", "Patient/11", "file 7", "ann", false, func() error { return nil })
	if err != nil || done.Bodies != 1 || !done.Complete() {
		t.Errorf("%+v, %v", done, err)
	}
	found, err := audit.NewReader(k.DB).Search(t.Context(), "birch", audit.Search{Patients: []string{"Patient/11"}})
	if err != nil || len(found.Entries) != 1 {
		t.Errorf("the other clinic's record: %v, %v", found.Entries, err)
	}
}

// Two who ask for the same erasure at once both get it.
func TestAnErasureMindsNotThatItIsAskedForTwice(t *testing.T) {
	k := keeperOf(t, map[string]string{"maple": "Patient/11"})
	_, err := k.Store.Ask(t.Context(), store.Errand{At: time.Now(), By: "bob", Action: audit.ActionErasure, Clinic: "maple", Patient: "Patient/11", Because: "file 7"})
	if err != nil {
		t.Fatal(err)
	}
	if done, err := k.Erase(t.Context(), "maple", "Patient/11", "file 7", "ann", false, func() error { return nil }); err != nil || done.Bodies != 1 {
		t.Errorf("%+v, %v", done, err)
	}
}

// What was recorded of the patient while they were erased is said, so that it is erased again and nobody takes it for done.
func TestAnErasureSaysThatThePatientWasAskedForMeanwhile(t *testing.T) {
	k := keeperOf(t, map[string]string{"maple": "Patient/11"})
	_, err := k.Erase(t.Context(), "maple", "Patient/11", "file 7", "ann", false, func() error {
		_, err := k.Ledger.Append(t.Context(), audit.Record{ID: vestibule.NewID(), Phase: audit.PhaseOutcome, Clinic: "maple", Outcome: audit.OutcomeSuccess,
			Interaction: "read", Type: "Task", Resource: "Task/1", Patients: []string{"Patient/11"}})
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "1 more record names the patient since; run it again") {
		t.Errorf("it was said: %v", err)
	}
	if done, err := k.Erase(t.Context(), "maple", "Patient/11", "file 7", "ann", false, func() error { return nil }); err != nil || done.Bodies != 1 {
		t.Errorf("again: %+v, %v", done, err)
	}
}
