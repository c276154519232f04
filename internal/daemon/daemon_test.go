package daemon_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vestibule/audit"
	"vestibule/internal/config"
	"vestibule/internal/daemon"
	"vestibule/internal/store"
)

const documents = `kind: Clinic
name: maple
title: Maple
zone: America/Toronto
---
kind: Connection
clinic: maple
adapter: fhirr4
base: http://127.0.0.1:1/fhir
login: {mode: none}
---
kind: Platform
name: assistco
title: AssistCo
issuer: http://127.0.0.1:1
clients: [desk]
---
kind: Grant
clinic: maple
name: front-desk
to: {platform: assistco}
because: Covers the front desk
until: %s
permissions:
  - scope: user/Task.rs
`

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func options(dir string) daemon.Options {
	return daemon.Options{Data: dir, Deployment: "gateway.test", PublicURL: "http://127.0.0.1:8080", Version: "test", Log: quiet()}
}

func open(t *testing.T, dir string) *daemon.Daemon {
	t.Helper()
	d, err := daemon.Open(t.Context(), options(dir))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// beside opens the folder's documents as another process would.
func beside(t *testing.T, dir string) *store.Store {
	t.Helper()
	db, err := store.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	s, err := store.New(db)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func apply(t *testing.T, s *store.Store, text string) {
	t.Helper()
	docs, err := config.Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Apply(t.Context(), "ivan", time.Now(), daemon.Stored(docs...)); err != nil {
		t.Fatal(err)
	}
}

func grants() string {
	return fmt.Sprintf(documents, time.Now().AddDate(0, 0, 30).Format(time.DateOnly))
}

// What another process applies takes effect in a running gateway, but is on record first, with who did it; a revocation
// likewise.
func TestWhatOthersApplyIsRecordedThenTakenUp(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir)
	s := beside(t, dir)
	apply(t, s, grants())
	if d.Gateway().Clinic("maple") != nil {
		t.Fatal("the clinic is served before it was taken up")
	}
	if err := d.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := d.Gateway().Clinic("maple")
	if c == nil || c.Zone.String() != "America/Toronto" {
		t.Fatalf("the clinic is not served: %+v", c)
	}
	if err := s.Withdraw(t.Context(), "ivan", time.Now(), config.KindGrant, "maple", "front-desk"); err != nil {
		t.Fatal(err)
	}
	before := c.Policy
	if err := d.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d.Gateway().Clinic("maple").Policy == before {
		t.Error("the revocation was not taken up")
	}
	if left, err := s.Unrecorded(t.Context()); err != nil || len(left) > 0 {
		t.Errorf("not on record: %v (%v)", left, err)
	}
	var export strings.Builder
	db := reading(t, dir)
	rows, err := db.QueryContext(t.Context(), "SELECT records FROM batch ORDER BY log, first")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			t.Fatal(err)
		}
		export.Write(b)
	}
	for _, action := range []string{`"action":"start"`, `"action":"clinic-apply"`, `"action":"grant-apply"`, `"action":"grant-revoke","subject":"front-desk","version":"2","by":"ivan"`,
		`"clinic":"maple","title":"Maple","zone":"America/Toronto","outcome":"0","admin":{"action":"grant-revoke"`} {
		if !strings.Contains(export.String(), action) {
			t.Errorf("the ledger lacks %s:\n%s", action, export.String())
		}
	}
}

// What cannot be on record does not take effect.
func TestNothingTakesEffectWithoutARecord(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir)
	s := beside(t, dir)
	apply(t, s, grants())
	db := reading(t, dir)
	if _, err := db.Exec(`CREATE TRIGGER full BEFORE INSERT ON batch BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END`); err != nil {
		t.Fatal(err)
	}
	if err := d.Refresh(t.Context()); err == nil || d.Gateway().Clinic("maple") != nil {
		t.Fatalf("the documents took effect without a record (%v)", err)
	}
	if _, err := db.Exec(`DROP TRIGGER full`); err != nil {
		t.Fatal(err)
	}
	if err := d.Refresh(t.Context()); err != nil || d.Gateway().Clinic("maple") == nil {
		t.Errorf("they were not taken up once the ledger could write (%v)", err)
	}
}

// One clinic that cannot be served does not keep the others from being served.
func TestAClinicThatCannotBeServedIsLeftOut(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir)
	s := beside(t, dir)
	apply(t, s, grants()+`---
kind: Clinic
name: oak
title: Oak
zone: America/Regina
---
kind: Connection
clinic: oak
adapter: fhirr4
base: https://emr.example/fhir
login: {mode: bearer, token: "env:VESTIBULE_TEST_NO_SUCH_VARIABLE"}
`)
	if err := d.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d.Gateway().Clinic("maple") == nil || d.Gateway().Clinic("oak") != nil {
		t.Errorf("served: %v", d.Gateway().Clinics())
	}
}

// Promise 7: nothing listens in clear text beyond loopback.
func TestClearTextStaysOnLoopback(t *testing.T) {
	d := open(t, t.TempDir())
	l, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Serve(ctx, daemon.Listeners{Public: l}); err == nil || !strings.Contains(err.Error(), "clear text") {
		t.Errorf("it serves: %v", err)
	}
}

// A folder is served by one process, and its keys are nobody else's to read.
func TestAFolderIsServedOnce(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	if d, err := daemon.Open(t.Context(), options(dir)); err == nil {
		d.Close()
		t.Error("the folder is served twice")
	}
	for _, name := range []string{"log.key", "secret", "vestibule.db"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	key, err := os.ReadFile(filepath.Join(dir, "log.pub"))
	if err != nil || !strings.HasPrefix(string(key), "gateway.test+") {
		t.Errorf("log.pub: %q, %v", key, err)
	}
	if _, err := audit.LoadKey(filepath.Join(dir, "log.key")); err != nil {
		t.Error(err)
	}
}
