package audit

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"vestibule/fhir"
)

// segmentRecords is the least number of records of a segment. Larger: fewer rows per record, a longer tail to read.
const segmentRecords = 512

// builder gathers the next segment of one log. It is either in step with the log (next is the log's size) or behind it,
// after a start or a failure; then it reads the batches it missed.
type builder struct {
	segment segment
	next    int64     // the record to come
	retry   time.Time // after a failure: not before
}

// reset forgets what was gathered and goes on at first.
func (b *builder) reset(first int64) {
	*b = builder{segment: segment{first: first}, next: first}
}

// follow takes in what a commit has just made durable, if b is in step.
func (b *builder) follow(p *part) {
	if b.next != p.first {
		return
	}
	for _, it := range p.items {
		b.add(&it.facts)
	}
}

func (b *builder) add(f *facts) {
	b.segment.add(f)
	b.next++
}

// skip takes in a record whose body was deleted.
func (b *builder) skip() {
	b.segment.skip()
	b.next++
}

// indexStep does one bounded piece of index work, if there is one: it lets a builder that is behind catch up, or writes a
// segment of at least threshold records. It reports whether it did something. A failure costs nobody a receipt: it is
// tried again a second later, from what the index holds.
func (l *Ledger) indexStep(threshold int64) bool {
	now := l.now()
	for _, s := range l.logs {
		b := &s.index
		behind := b.next < s.edge.size
		if now.Before(b.retry) || !behind && b.segment.count < threshold || behind && threshold != segmentRecords {
			continue
		}
		err := error(nil)
		if behind {
			err = l.catchUp(context.Background(), s)
		}
		if err == nil && b.segment.count >= segmentRecords {
			err = l.writeSegment(context.Background(), s)
		}
		if err != nil {
			b.reset(b.segment.first)
			b.retry = now.Add(time.Second)
		}
		return true
	}
	return false
}

// catchUp reads batches until the segment is full or the log's end is reached.
func (l *Ledger) catchUp(ctx context.Context, s *logState) error {
	b := &s.index
	for b.next < s.edge.size && b.segment.count < segmentRecords {
		batch, err := readBatch(ctx, l.db, s.id, b.next)
		if err != nil {
			return err
		}
		for i := b.next - batch.first; i < batch.count; i++ {
			r, ok, err := batch.body(i).record()
			if err != nil {
				return err
			}
			if !ok {
				b.skip()
				continue
			}
			f := factsOf(&r)
			b.add(&f)
		}
	}
	return nil
}

// writeSegment writes the gathered segment in a transaction of its own.
func (l *Ledger) writeSegment(ctx context.Context, s *logState) error {
	tx, err := l.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := s.index.segment.insert(ctx, tx, s.id); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	s.index.reset(s.index.next)
	return nil
}

// indexedTo is the first record that no segment covers.
func indexedTo(ctx context.Context, q querier, log int64) (int64, error) {
	var end sql.NullInt64
	err := q.QueryRowContext(ctx, `SELECT MAX(first + count) FROM segment WHERE log = $1`, log).Scan(&end)
	return end.Int64, err
}

// indexFormat changes whenever facts do: an index made of other facts would miss records. It stands in the table of postings,
// in a row of no log.
const indexFormat = 4

// currentIndex reports whether the index in the database is made of today's facts.
func currentIndex(ctx context.Context, q querier) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM posting WHERE log = 0 AND bucket = 'format' AND first = $1`, indexFormat).Scan(&n)
	return n > 0, err
}

// renewIndex throws an index away that is made of other facts than today's.
func renewIndex(ctx context.Context, db *sql.DB) error {
	current, err := currentIndex(ctx, db)
	if err != nil || current {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, table := range indexTables {
		if _, err := tx.ExecContext(ctx, "DELETE FROM "+table); err != nil {
			return err
		}
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO posting (log, bucket, first, entries) VALUES (0, 'format', $1, $2)`, indexFormat, []byte{})
	if err != nil {
		return err
	}
	return tx.Commit()
}

// sweepIndex removes the index of each log whose segments have gaps between them or reach beyond the log: what is left
// behind is made again from the batches.
func sweepIndex(ctx context.Context, db *sql.DB) error {
	if err := renewIndex(ctx, db); err != nil {
		return err
	}
	rows, err := db.QueryContext(ctx, `SELECT log FROM segment GROUP BY log HAVING SUM(count) <> MAX(first + count)
		OR MAX(first + count) > (SELECT MAX(b.first + b.count) FROM batch b WHERE b.log = segment.log)
		UNION SELECT log FROM posting WHERE log <> 0 AND log NOT IN (SELECT log FROM segment)`)
	if err != nil {
		return err
	}
	var broken []int64
	for rows.Next() {
		var log int64
		if err := rows.Scan(&log); err != nil {
			return errors.Join(err, rows.Close())
		}
		broken = append(broken, log)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, log := range broken {
		if err := clearIndex(ctx, db, log); err != nil {
			return err
		}
	}
	return nil
}

var indexTables = [...]string{"segment", "posting", "open_intent"} // never written to

// clearIndex removes the index of one log.
func clearIndex(ctx context.Context, db *sql.DB, log int64) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, table := range indexTables {
		if _, err := tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE log = $1", log); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// Reindex throws the index of every log away and makes it again from the batches. It returns when the old one is gone;
// searches stay complete while the new one grows.
func (l *Ledger) Reindex(ctx context.Context) error {
	return l.do(ctx, func() error {
		if err := l.ensureLoaded(); err != nil {
			return unavailable("ledger-unavailable", err)
		}
		for _, s := range l.logs {
			if err := clearIndex(context.Background(), l.db, s.id); err != nil {
				return fhir.E("audit.Reindex", fhir.KindUnavailable, "ledger-unavailable", "The index could not be cleared.").Because(err)
			}
			s.index.reset(0)
		}
		return nil
	})
}
