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
	s, stretches, err := r.stretches(ctx, clinic, from, until)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return readFailed(op, err)
	}
	for _, part := range stretches {
		for index := part.start; index < part.end(); index++ {
			e, ok, err := s.entryAt(index)
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case err != nil:
				return readFailed(op, err)
			case !ok:
				continue
			}
			if err := each(e); err != nil {
				return err
			}
		}
	}
	return nil
}

// entryAt is the entry at an index, if it is what is wanted and its body is there.
func (s *searcher) entryAt(index int64) (Entry, bool, error) {
	body, err := s.body(index)
	if err != nil {
		return Entry{}, false, err
	}
	record, ok, err := body.record()
	if err != nil {
		return Entry{}, false, fmt.Errorf("record %d: %w", index, err)
	}
	if !ok || !s.matches(index, &record) {
		return Entry{}, false, nil
	}
	return s.entry(index, &record), true, nil
}

// Began is when the oldest record of a clinic's log is dated whose body is still there; zero for a clinic without a log.
func (r *Reader) Began(ctx context.Context, clinic string) (time.Time, error) {
	found, err := r.Search(ctx, clinic, Search{Ascending: true, Count: 1})
	if err != nil || len(found.Entries) == 0 {
		return time.Time{}, err
	}
	return found.Entries[0].Record.Time, nil
}
