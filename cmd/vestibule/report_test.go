package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"testing"

	"vestibule/audit"
	"vestibule/internal/store"
)

// A clinic that was withdrawn is reported in its own time, and under its own name, as its records say.
func TestAClinicThatIsNotThereAnyMoreKeepsItsZone(t *testing.T) {
	dir := t.TempDir()
	db, err := store.CreateFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	l, err := audit.Open(t.Context(), db, audit.Options{Key: key, Deployment: "gate.test"})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []audit.Record{
		{Phase: audit.PhaseOutcome, Clinic: "maple", Title: "Maple, of old", Zone: "America/Toronto", Outcome: audit.OutcomeSuccess},
		{Phase: audit.PhaseOutcome, Clinic: "maple", Title: "Maple", Zone: "America/St_Johns", Outcome: audit.OutcomeSuccess},
		{Phase: audit.PhaseAdmin, Clinic: "maple", Admin: audit.Admin{Action: "clinic-withdraw", Subject: "maple"}, Outcome: audit.OutcomeSuccess},
	} {
		r.ID = permitted
		if _, err := l.Append(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	err = dataFlags{Data: dir}.within(func(d *data) error {
		m, err := d.making(t.Context(), "maple")
		if err == nil && (m.head.Zone.String() != "America/St_Johns" || m.head.ClinicTitle != "Maple" || !m.withdrawn) {
			t.Errorf("%s %q %v", m.head.Zone, m.head.ClinicTitle, m.withdrawn)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
