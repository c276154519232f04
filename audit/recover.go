package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"

	"vestibule/fhir"
)

// actionDiscontinuity is the Admin.Action of the record that a log begins with whose predecessor lost its end.
const actionDiscontinuity = "discontinuity"

// Discontinuity is what somebody says of records that are lost.
type Discontinuity struct {
	By      string        // who says so
	Because string        // what happened
	Gateway string        // the clinic name of the log for what belongs to no clinic
	NewID   func() string // makes the ids of the records
}

// Recover puts losses on record so that the ledger can be served again. Each log that lost its end is sealed as it is: to go
// on with it would be to sign a second history under its name, which no witness and nobody who holds a receipt could tell
// from a forgery. The clinic gets a new log, which begins with a record that names both roots, what was signed and what is
// here. Lost records stay lost; their receipts prove from then on that they are missing. No Ledger may be open in db.
func Recover(ctx context.Context, db *sql.DB, o Options, losses []Loss, d Discontinuity) error {
	const op = "audit.Recover"
	if d.By == "" || d.Because == "" {
		return fhir.E(op, fhir.KindInternal, "record-incomplete", "Say who puts the loss on record, and what happened.")
	}
	if err := seal(ctx, db, losses); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	o.Held = nil
	l, err := Open(ctx, db, o)
	if err != nil {
		return err
	}
	for _, loss := range losses {
		clinic := clinicOf(loss.Clinic)
		if clinic == "" {
			clinic = d.Gateway
		}
		_, err := l.Append(ctx, Record{ID: d.NewID(), Phase: PhaseSystem, Clinic: clinic, Outcome: OutcomeSuccess, Admin: Admin{
			Action: actionDiscontinuity, By: d.By,
			Subject: fmt.Sprintf("%s: signed %d %s, here %d %s; %s", origin(o.Deployment, loss.Log), loss.Size, loss.Root, loss.Here, loss.Top, d.Because),
		}})
		if err != nil {
			return errors.Join(err, l.Close())
		}
	}
	return l.Close()
}

// seal renames the logs that lost their end, all or none.
func seal(ctx context.Context, db *sql.DB, losses []Loss) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, loss := range losses {
		if loss.Clinic == "" || sealed(loss.Clinic) {
			continue
		}
		var n int
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM log WHERE clinic LIKE $1`, loss.Clinic+"#%").Scan(&n); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE log SET clinic = $1 WHERE name = $2`, loss.Clinic+"#"+strconv.Itoa(n+1), loss.Log)
		if err != nil {
			return err
		}
	}
	return tx.Commit()
}

// Deployment is whose ledger is in db.
func (r *Reader) Deployment(ctx context.Context) (string, error) {
	var name string
	if err := r.db.QueryRowContext(ctx, `SELECT deployment FROM ledger WHERE one = 1`).Scan(&name); err != nil {
		return "", readFailed("audit.Deployment", err)
	}
	return name, nil
}
