// Package reporttest makes trails for tests of reports: real ledgers in a folder of the test.
package reporttest

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	"vestibule/audit"
	"vestibule/internal/report"
	"vestibule/internal/store"
)

// Began is when the first record of every trail is dated; each next one is a minute later, unless it has a time.
var Began = time.Date(2026, 11, 2, 14, 0, 0, 0, time.UTC)

// Trail is a signed trail of clinic maple with records, and the public key that verifies it. What a record leaves out of its id,
// phase, time, clinic and outcome is filled in.
func Trail(t testing.TB, records ...audit.Record) (trail report.Trail, key string) {
	t.Helper()
	l, reader, key := Ledger(t)
	Append(t, l, records...)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	trail, err := report.Open(t.Context(), reader, "maple", time.Time{}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return trail, key
}

// Ledger is an empty ledger, what reads it, and the public key that verifies it.
func Ledger(t testing.TB) (l *audit.Ledger, reader *audit.Reader, key string) {
	t.Helper()
	db, err := store.CreateFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if key, err = audit.VerifierKey("gate.test", public); err != nil {
		t.Fatal(err)
	}
	if l, err = audit.Open(t.Context(), db, audit.Options{Key: private, Deployment: "gate.test"}); err != nil {
		t.Fatal(err)
	}
	return l, audit.NewReader(db), key
}

// Append puts records into a ledger, filled in as those of Trail.
func Append(t testing.TB, l *audit.Ledger, records ...audit.Record) {
	t.Helper()
	for i, r := range records {
		if _, err := l.Append(t.Context(), filled(r, i)); err != nil {
			t.Fatal(err)
		}
	}
}

func filled(r audit.Record, i int) audit.Record {
	if r.ID == "" {
		r.ID = fmt.Sprintf("01930000-0000-7000-8000-%012d", i)
	}
	if r.Phase == "" {
		r.Phase = audit.PhaseOutcome
	}
	if r.Time.IsZero() {
		r.Time = Began.Add(time.Duration(i) * time.Minute)
	}
	if r.Clinic == "" {
		r.Clinic, r.Title, r.Zone = "maple", "Maple Family Practice", "America/Toronto"
	}
	if r.Outcome == "" && r.Phase != audit.PhaseIntent {
		r.Outcome = audit.OutcomeSuccess
		if r.Phase == audit.PhaseDenial {
			r.Outcome = audit.OutcomeSerious
		}
	}
	return r
}

// Amara is an assistant.
func Amara() audit.Agent {
	return audit.Agent{Issuer: "https://id.assistco.example", Subject: "amara", Name: "Amara Okafor", Platform: "assistco", ClientID: "assistco-desktop", Address: "203.0.113.9", Team: "assistco/front-desk"}
}

// Rows are a section's rows as text, by the columns' ids.
func Rows(t testing.TB, r report.Report, section string, l report.Language) []map[string]string {
	t.Helper()
	zone := r.Head.Zone
	if zone == nil {
		zone = time.UTC
	}
	for _, s := range r.Sections {
		if s.ID != section {
			continue
		}
		var out []map[string]string
		err := s.Rows(func(row []report.Value) error {
			m := map[string]string{}
			for i, c := range s.Columns {
				m[c.ID] = row[i].In(report.Voice{Language: l, Zone: zone})
			}
			out = append(out, m)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	t.Fatalf("report has no section %s", section)
	return nil
}
