package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Walk calls each for every entry of a clinic's log that is dated in [from, until), in the order of the log, and ends with the
// error that each returns, if any; a record whose body was deleted is no entry any more, see Deletions. A zero time is no bound. It holds one batch at a time and no transaction: the log only
// grows, and Walk ends where the log ended when it began. A clinic without a log has no entries.
func (r *Reader) Walk(ctx context.Context, clinic string, from, until time.Time, each func(Entry) error) error {
	const op = "audit.Walk"
	s := &searcher{ctx: ctx, q: r.db, want: Search{From: from, Until: until}}
	err := s.open(clinic)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return readFailed(op, err)
	}
	first, err := s.firstSince(from)
	if err != nil {
		return readFailed(op, err)
	}
	for index := first; index < s.size; index++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		body, err := s.body(index)
		if err != nil {
			return readFailed(op, err)
		}
		record, ok, err := body.record()
		if err != nil {
			return readFailed(op, fmt.Errorf("record %d: %w", index, err))
		}
		if !ok || !s.matches(index, &record) {
			continue
		}
		if err := each(Entry{Deployment: s.owner, Log: s.name, Index: index, Record: record}); err != nil {
			return err
		}
	}
	return nil
}

// Began is when the oldest record of a clinic's log is dated whose body is still there; zero for a clinic without a log.
func (r *Reader) Began(ctx context.Context, clinic string) (time.Time, error) {
	found, err := r.Search(ctx, clinic, Search{Ascending: true, Count: 1})
	if err != nil || len(found.Entries) == 0 {
		return time.Time{}, err
	}
	return found.Entries[0].Record.Time, nil
}

// firstSince is an index before which no record is dated at from or later. Records are dated when their access began, so that
// neighbours may change places; a segment knows the latest time in it.
func (s *searcher) firstSince(from time.Time) (int64, error) {
	if from.IsZero() {
		return 0, nil
	}
	var first sql.NullInt64
	err := s.q.QueryRowContext(s.ctx, `SELECT MIN(first) FROM segment WHERE log = $1 AND max_time >= $2`, s.log, from.UnixMilli()).Scan(&first)
	if err != nil || first.Valid {
		return first.Int64, err
	}
	return s.indexed, nil
}
