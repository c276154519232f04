package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"vestibule/internal/store"
)

// ledgerCheck is what the ledger holds for what was answered.
type ledgerCheck struct {
	answered int
	recorded int
	verified string        // what `vestibule audit verify` says
	took     time.Duration // it to say so
}

// records counts the clinic's records in the data folder, as they are on disk.
func (g *gateway) records(ctx context.Context) (int, error) {
	db, err := store.OpenFolder(g.data)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	var n int
	err = db.QueryRowContext(ctx, `SELECT coalesce(sum(count), 0) FROM batch WHERE log IN (SELECT id FROM log WHERE clinic = $1)`, clinicName).Scan(&n)
	return n, err
}

// checkLedger stops the gateway, wants one record for each answer, and has the program verify them.
func (b *bench) checkLedger(ctx context.Context, r *report) error {
	b.gateway.stop()
	n, err := b.gateway.records(ctx)
	if err != nil {
		return err
	}
	l := &r.ledger
	l.answered, l.recorded = b.target("gateway").answered, n-b.gateway.before
	if l.answered != l.recorded {
		return fmt.Errorf("the gateway answered %d requests and its ledger has %d records of them", l.answered, l.recorded)
	}
	begin := time.Now()
	out, err := b.gateway.output(ctx, "audit", "verify", "--data", b.gateway.data) // fails when anything is off
	l.took = time.Since(begin)
	l.verified, _, _ = strings.Cut(out, "\n")
	return err
}
