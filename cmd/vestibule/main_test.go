package main

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"vestibule"
	"vestibule/audit"
	"vestibule/internal/store"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"vestibule": main, "trail": makeTrail, "receipt": printReceipt, "copied": copyCheckpoints, "witnessed": askWitness})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "../../testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("UNTIL", time.Now().AddDate(0, 0, 80).Format(time.DateOnly))        // grants end in the future, at most 90 days ahead, or there is advice
			e.Setenv("SOON", time.Now().AddDate(0, 0, 2).Format(time.DateOnly))          // well after what is applied now
			e.Setenv("CLOSED", time.Now().AddDate(0, 0, 3).Format("Mon")+" 09:00-17:00") // hours of another day than this one, anywhere
			e.Setenv("MONTH", time.Now().Add(-5*time.Hour).UTC().Format("2006-01"))      // Toronto's, also in the first hours of a month in UTC
			e.Setenv("NOW", time.Now().UTC().Format(time.RFC3339))
			return nil
		},
	})
}

// The accesses that makeTrail puts on record.
const (
	permitted = "01930000-0000-7000-8000-000000000001"
	denied    = "01930000-0000-7000-8000-000000000002"
)

// makeTrail is the program `trail DIR`: what a serving process would have left in a data folder after two accesses, with
// everything recorded that others reported. `trail DIR idle` is one to which nobody came.
func makeTrail() {
	if err := writeTrail(context.Background(), os.Args[1], os.Args[2:]...); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// printReceipt is the program `receipt DIR`: the receipt that the first caller of makeTrail got.
func printReceipt() {
	db, err := store.OpenFolder(os.Args[1])
	if err == nil {
		var found audit.Result
		found, err = audit.NewReader(db).Search(context.Background(), "maple", audit.Search{IDs: []string{permitted}, Count: 1})
		if err == nil {
			fmt.Printf("%s/%d", found.Entries[0].Log, found.Entries[0].Index)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// copyCheckpoints is the program `copied DATA COPY`: what a serving process does every second.
func copyCheckpoints() {
	db, err := store.OpenFolder(os.Args[1])
	if err == nil {
		var kept *audit.Copy
		var signed []audit.Signed
		kept, err = audit.OpenCopy(os.Args[2])
		if err == nil {
			signed, err = audit.NewReader(db).Checkpoints(context.Background())
		}
		if err == nil {
			err = kept.Save(signed)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func writeTrail(ctx context.Context, dir string, idle ...string) (err error) {
	unlock, err := store.Lock(dir)
	if err != nil {
		return err
	}
	db, err := store.CreateFolder(dir)
	if err != nil {
		return err
	}
	s, err := store.New(db)
	if err != nil {
		return err
	}
	key, err := audit.LoadOrGenerateKey(filepath.Join(dir, "log.key"), rand.Reader)
	if err != nil {
		return err
	}
	public, err := audit.VerifierKey("gate.test", key.Public().(ed25519.PublicKey))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, keyFile), []byte(public+"\n"), 0o644); err != nil {
		return err
	}
	l, err := audit.Open(ctx, db, audit.Options{Key: key, Deployment: "gate.test"})
	if err != nil {
		return err
	}
	if len(idle) == 0 {
		err = visited(ctx, l)
	}
	err = errors.Join(err, record(ctx, l, s), l.Close())
	return errors.Join(err, db.Close(), unlock())
}

// visited records two accesses.
func visited(ctx context.Context, l *audit.Ledger) error {
	amara := audit.Agent{Issuer: "https://id.assistco.example", Subject: "amara", Name: "Amara Okafor", Platform: "assistco", ClientID: "assistco-desktop"}
	for _, r := range []audit.Record{
		{ID: permitted, Phase: audit.PhaseOutcome, Clinic: "maple", Agent: amara, Interaction: "read", Type: "Appointment", Resource: "Appointment/7", Status: 200,
			Outcome: audit.OutcomeSuccess, Reasons: []string{"granted"}, Grants: []string{"front-desk@1"}, Patients: []string{"Patient/11"},
			Released: []audit.ReleasedItem{{Ref: "Appointment/7/_history/1", Patients: []string{"Patient/11"}, Removed: 2}}},
		{ID: denied, Phase: audit.PhaseDenial, Clinic: "maple", Agent: amara, Interaction: "update", Type: "Task", Resource: "Task/3", Status: 403,
			Outcome: audit.OutcomeSerious, Reasons: []string{"type-not-granted"}},
	} {
		if _, err := l.Append(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// record records what others reported.
func record(ctx context.Context, l *audit.Ledger, s *store.Store) error {
	events, err := s.Unrecorded(ctx)
	if err != nil {
		return err
	}
	for i, e := range events {
		receipt, err := l.Append(ctx, audit.Record{ID: fmt.Sprintf("01930000-0000-7000-8000-0000000001%02d", i), Phase: audit.PhaseAdmin, Time: e.At,
			Clinic: cmp.Or(e.Clinic, vestibule.GatewayLog), Outcome: audit.OutcomeSuccess, Admin: audit.Admin{Action: e.Action, Subject: e.Subject, By: e.By, Version: fmt.Sprint(e.Version)}})
		if err != nil {
			return err
		}
		if err := s.Recorded(ctx, e.ID, receipt.String()); err != nil {
			return err
		}
	}
	return s.TookUp(ctx, time.Now())
}

// TestAnExportHoldsWhatWasOnRecordWhenItBegan: records that the serving process has not signed yet are waited for.
func TestAnExportHoldsWhatWasOnRecordWhenItBegan(t *testing.T) {
	dir := t.TempDir()
	if err := writeTrail(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	db, err := store.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	key, err := audit.LoadKey(filepath.Join(dir, "log.key"))
	if err != nil {
		t.Fatal(err)
	}
	l, err := audit.Open(t.Context(), db, audit.Options{Key: key, Deployment: "gate.test"}) // the serving process
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for range 3 {
		if _, err := l.Append(t.Context(), audit.Record{ID: permitted, Phase: audit.PhaseOutcome, Clinic: "maple", Outcome: audit.OutcomeSuccess}); err != nil {
			t.Fatal(err)
		}
	}
	var out, wrong strings.Builder
	file := filepath.Join(dir, "maple.ndjson")
	args := []string{"audit", "export", "--data", dir, "--clinic", "maple", "-o", file, "--by", "ann"}
	if code := run(t.Context(), args, &terminal{Out: &out, Err: &wrong, Now: time.Now}); code != 0 || wrong.Len() > 0 {
		t.Fatalf("exit code %d: %s", code, wrong.String())
	}
	args = []string{"audit", "verify", "--export", file, "--key", filepath.Join(dir, keyFile)}
	if code := run(t.Context(), args, &terminal{Out: &out, Err: &wrong, Now: time.Now}); code != 0 || !strings.Contains(out.String(), "records      5\n") {
		t.Errorf("exit code %d, want 5 records:\n%s%s", code, out.String(), wrong.String())
	}
}
