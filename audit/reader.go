package audit

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
)

// Reader reads the ledger in a database, also one that another process is writing. It appends nothing and signs nothing.
type Reader struct{ db *sql.DB }

// NewReader is a reader of the ledger in db.
func NewReader(db *sql.DB) *Reader { return &Reader{db: db} }

// Orphans are the intents of a clinic's log that no outcome or unresolved record has settled, oldest first. While the
// gateway serves, those of accesses under way are among them.
func (r *Reader) Orphans(ctx context.Context, clinic string) ([]Entry, error) {
	const op = "audit.Orphans"
	tx, err := r.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, readFailed(op, err)
	}
	defer tx.Rollback()
	s := &searcher{ctx: ctx, q: tx}
	out, err := s.orphans(clinic)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, readFailed(op, err)
	}
	return out, nil
}

// Unresolved are the Orphans of every clinic: after a start, before serving, each wants an unresolved record. Those of sealed
// logs, see Recover, stay open: nothing is added there.
func (r *Reader) Unresolved(ctx context.Context) ([]Entry, error) {
	clinics, err := r.Clinics(ctx)
	if err != nil {
		return nil, err
	}
	var out []Entry
	for _, clinic := range clinics {
		if sealed(clinic) {
			continue
		}
		entries, err := r.Orphans(ctx, clinic)
		if err != nil {
			return nil, err
		}
		out = append(out, entries...)
	}
	return out, nil
}

// Clinics are the clinics that have a log, in the order in which their logs began; "maple#1" is a sealed log of maple's.
func (r *Reader) Clinics(ctx context.Context) ([]string, error) {
	logs, err := readLogs(ctx, r.db)
	if err != nil {
		return nil, readFailed("audit.Clinics", err)
	}
	out := make([]string, 0, len(logs))
	for _, s := range logs {
		out = append(out, s.clinic)
	}
	return out, nil
}

// orphans are the open intents: those the index knows and those of the tail, less what the tail settles.
func (s *searcher) orphans(clinic string) ([]Entry, error) {
	if err := s.open(clinic); err != nil {
		return nil, err
	}
	open := make(map[int64]bool)
	rows, err := s.q.QueryContext(s.ctx, `SELECT idx FROM open_intent WHERE log = $1`, s.log)
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		var index int64
		if err := rows.Scan(&index); err != nil {
			return nil, firstOf(err, rows.Close())
		}
		open[index] = true
	}
	if err := firstOf(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	if err := s.tailIntents(open); err != nil {
		return nil, err
	}
	out := make([]Entry, 0, len(open))
	for _, index := range slices.Sorted(maps.Keys(open)) {
		body, err := s.body(index)
		if err != nil {
			return nil, err
		}
		r, ok, err := body.record()
		if err != nil {
			return nil, err
		}
		if !ok { // an open intent's body is never deleted; the index is behind
			continue
		}
		out = append(out, Entry{Deployment: s.owner, Log: s.name, Index: index, Record: r})
	}
	return out, nil
}

// tailIntents brings a set of open intents from the index's end to the log's.
func (s *searcher) tailIntents(open map[int64]bool) error {
	for index := s.indexed; index < s.size; index++ {
		body, err := s.body(index)
		if err != nil {
			return err
		}
		r, ok, err := body.record()
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		f := factsOf(&r)
		if f.intent {
			open[index] = true
		}
		if f.settles >= 0 {
			delete(open, f.settles)
		}
	}
	return nil
}
