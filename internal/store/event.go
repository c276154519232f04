package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Event is something that was done outside the serving process and has to be on record: a document was applied or
// withdrawn, the trail was searched, exported, verified on the command line. Apply and Withdraw write theirs themselves.
type Event struct {
	ID      int64     // grows; set by the store
	At      time.Time // whole milliseconds
	By      string    // who: the operating system's user, or as --by says
	Action  string    // e.g. "grant-apply", "grant-revoke", "audit-search"
	Clinic  string    // whose; empty for what concerns every clinic of the deployment
	Subject string    // what it was done to: a document's name, a search; no patient data beyond what the trail holds
	Version int       // the subject's version after it; 0: it has none

	Receipt   string    // under which it stands in the ledger; empty: not on record yet. Set by the store
	Effective time.Time // when the serving process first acted on it; zero: not yet. Set by the store
}

// Report writes e down for the serving process to record. ID, Receipt and Effective are ignored.
func (s *Store) Report(ctx context.Context, e Event) error {
	err := s.within(ctx, func(tx *sql.Tx) error {
		_, err := report(ctx, tx, e)
		return err
	})
	if err != nil {
		return fmt.Errorf("store.Report: %w", err)
	}
	return nil
}

// report inserts e. The id is counted by hand, in SQL that every engine understands; transactions that write are one
// after the other, so no two get the same.
func report(ctx context.Context, tx *sql.Tx, e Event) (id int64, err error) {
	if err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(id), 0) + 1 FROM event`).Scan(&id); err != nil {
		return 0, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO event (id, time, author, action, clinic, subject, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, id, e.At.UnixMilli(), e.By, e.Action, e.Clinic, e.Subject, e.Version)
	return id, err
}

// Unrecorded returns what is not on record yet, oldest first.
func (s *Store) Unrecorded(ctx context.Context) ([]Event, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, time, author, action, clinic, subject, version FROM event
		WHERE receipt IS NULL ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("store.Unrecorded: %w", err)
	}
	defer rows.Close()
	var out []Event
	for rows.Next() {
		var e Event
		var millis int64
		if err := rows.Scan(&e.ID, &millis, &e.By, &e.Action, &e.Clinic, &e.Subject, &e.Version); err != nil {
			return nil, fmt.Errorf("store.Unrecorded: %w", err)
		}
		e.At = time.UnixMilli(millis).UTC()
		out = append(out, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store.Unrecorded: %w", err)
	}
	return out, nil
}

// Recorded notes the receipt under which event id stands in the ledger. A crash between the ledger's commit and this one
// records the event a second time, which a reader of the trail can bear; the reverse order would lose it.
func (s *Store) Recorded(ctx context.Context, id int64, receipt string) error {
	res, err := s.db.ExecContext(ctx, `UPDATE event SET receipt = $1 WHERE id = $2 AND receipt IS NULL`, receipt, id)
	if err != nil {
		return fmt.Errorf("store.Recorded: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return fmt.Errorf("store.Recorded: event %d is unknown or on record already (%d rows, %v)", id, n, err)
	}
	return nil
}

// Receipts are, for each log that gave receipts for events, the largest index among them.
func (s *Store) Receipts(ctx context.Context) (map[string]int64, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT receipt FROM event WHERE receipt IS NOT NULL`)
	if err != nil {
		return nil, fmt.Errorf("store.Receipts: %w", err)
	}
	defer rows.Close()
	out := map[string]int64{}
	for rows.Next() {
		var receipt string
		if err := rows.Scan(&receipt); err != nil {
			return nil, fmt.Errorf("store.Receipts: %w", err)
		}
		log, number, _ := strings.Cut(receipt, "/")
		if index, err := strconv.ParseInt(number, 10, 64); err == nil {
			out[log] = max(out[log], index)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store.Receipts: %w", err)
	}
	return out, nil
}

// TookUp notes that the serving process acts on everything that is on record since now, so that AsOf can tell for ever what
// was in force when. Only the serving process calls it, after each time it has taken up what Effective returns.
func (s *Store) TookUp(ctx context.Context, now time.Time) error {
	_, err := s.db.ExecContext(ctx, `UPDATE event SET effective = $1 WHERE effective IS NULL AND receipt IS NOT NULL`, now.UnixMilli())
	if err != nil {
		return fmt.Errorf("store.TookUp: %w", err)
	}
	return nil
}

// Event returns one event, with how far it has come.
func (s *Store) Event(ctx context.Context, id int64) (Event, error) {
	e := Event{ID: id}
	var millis int64
	var receipt sql.NullString
	var effective sql.NullInt64
	err := s.db.QueryRowContext(ctx, `SELECT time, author, action, clinic, subject, version, receipt, effective FROM event WHERE id = $1`, id).
		Scan(&millis, &e.By, &e.Action, &e.Clinic, &e.Subject, &e.Version, &receipt, &effective)
	if err != nil {
		return Event{}, fmt.Errorf("store.Event: %d: %w", id, err)
	}
	e.At, e.Receipt = time.UnixMilli(millis).UTC(), receipt.String
	if effective.Valid {
		e.Effective = time.UnixMilli(effective.Int64).UTC()
	}
	return e, nil
}

// Changed returns a token that differs from an earlier one when a document or an event was written in between, by any
// process. It costs one look at an index.
func (s *Store) Changed(ctx context.Context) (token int64, err error) {
	if err := s.db.QueryRowContext(ctx, `SELECT COALESCE(MAX(id), 0) FROM event`).Scan(&token); err != nil {
		return 0, fmt.Errorf("store.Changed: %w", err)
	}
	return token, nil
}
