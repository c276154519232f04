package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Errand is something that only the serving process can do, asked for by another: deleting bodies of records. It is carried out
// within seconds, or when a gateway is started next.
type Errand struct {
	ID        int64 // set by the store
	At        time.Time
	By        string
	Action    string // as the ledger calls it
	Clinic    string
	Patient   string // of an erasure; blanked once the ledger holds nothing of them
	Because   string
	Progress  string // how far it is, or what came of it, for people
	Cancelled bool
	Failed    bool
	Done      time.Time // zero: not yet
}

// Ask writes an errand down and gives it a number.
func (s *Store) Ask(ctx context.Context, e Errand) (id int64, err error) {
	err = s.within(ctx, func(tx *sql.Tx) error {
		if err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(id), 0) + 1 FROM errand`).Scan(&id); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO errand (id, time, author, action, clinic, patient, because, progress, cancelled, failed)
			VALUES ($1, $2, $3, $4, $5, $6, $7, '', 0, 0)`, id, e.At.UnixMilli(), e.By, e.Action, e.Clinic, e.Patient, e.Because)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("store.Ask: %w", err)
	}
	return id, nil
}

const selectErrand = `SELECT id, time, author, action, clinic, patient, because, progress, cancelled, failed, done FROM errand WHERE `

// Errands are those that are not done, oldest first.
func (s *Store) Errands(ctx context.Context) ([]Errand, error) {
	return s.errands(ctx, selectErrand+`done IS NULL ORDER BY id`)
}

// Errand is one errand, with how far it is.
func (s *Store) Errand(ctx context.Context, id int64) (Errand, error) {
	found, err := s.errands(ctx, selectErrand+`id = $1`, id)
	if err != nil {
		return Errand{}, err
	}
	if len(found) == 0 {
		return Errand{}, fmt.Errorf("store.Errand: there is no errand %d", id)
	}
	return found[0], nil
}

func (s *Store) errands(ctx context.Context, query string, args ...any) ([]Errand, error) {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("store.Errands: %w", err)
	}
	defer rows.Close()
	var out []Errand
	for rows.Next() {
		var e Errand
		var at int64
		var done sql.NullInt64
		if err := rows.Scan(&e.ID, &at, &e.By, &e.Action, &e.Clinic, &e.Patient, &e.Because, &e.Progress, &e.Cancelled, &e.Failed, &done); err != nil {
			return nil, fmt.Errorf("store.Errands: %w", err)
		}
		e.At = time.UnixMilli(at).UTC()
		if done.Valid {
			e.Done = time.UnixMilli(done.Int64).UTC()
		}
		out = append(out, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store.Errands: %w", err)
	}
	return out, nil
}

// Advance notes how far an errand is and says whether it is to stop.
func (s *Store) Advance(ctx context.Context, id int64, progress string) (cancelled bool, err error) {
	err = s.db.QueryRowContext(ctx, `UPDATE errand SET progress = $1 WHERE id = $2 RETURNING cancelled`, progress, id).Scan(&cancelled)
	if err != nil {
		return false, fmt.Errorf("store.Advance: %w", err)
	}
	return cancelled, nil
}

// Unname blanks the patient of an errand.
func (s *Store) Unname(ctx context.Context, id int64) error {
	if _, err := s.db.ExecContext(ctx, `UPDATE errand SET patient = '' WHERE id = $1`, id); err != nil {
		return fmt.Errorf("store.Unname: %w", err)
	}
	return nil
}

// Written is how many versions of documents of a kind were ever written: it differs when one was written in between.
func (s *Store) Written(ctx context.Context, kind string) (n int64, err error) {
	if err := s.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM document WHERE kind = $1`, kind).Scan(&n); err != nil {
		return 0, fmt.Errorf("store.Written: %w", err)
	}
	return n, nil
}

// Finish says what came of an errand, and blanks its patient.
func (s *Store) Finish(ctx context.Context, id int64, now time.Time, result string, failed bool) error {
	_, err := s.db.ExecContext(ctx, `UPDATE errand SET patient = '', progress = $1, failed = $2, done = $3 WHERE id = $4`, result, number(failed), now.UnixMilli(), id)
	if err != nil {
		return fmt.Errorf("store.Finish: %w", err)
	}
	return nil
}

// Cancel asks the serving process to stop an errand where it is.
func (s *Store) Cancel(ctx context.Context, id int64) error {
	if _, err := s.db.ExecContext(ctx, `UPDATE errand SET cancelled = 1 WHERE id = $1`, id); err != nil {
		return fmt.Errorf("store.Cancel: %w", err)
	}
	return nil
}
