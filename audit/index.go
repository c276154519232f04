package audit

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"vestibule/fhir"
)

// indexSizes is how large the parts of the index are made.
type indexSizes struct {
	segment int64 // the least number of records of a segment; larger: fewer rows per record, a longer tail to read
	fanOut  int   // how many segments of one size are merged into one of the next; a search asks fewer than that of each size
	merge   int   // about how many bytes of postings one step of a merge writes
	clean   int   // how many rows one step removes
}

// usualSizes keep a step between two commits to a few milliseconds.
func usualSizes() indexSizes {
	return indexSizes{segment: 512, fanOut: 16, merge: 128 << 10, clean: 96}
}

// builder gathers the next segment of one log. It is either in step with the log (next is the log's size) or behind it,
// after a start or a failure; then it reads the batches it missed.
type builder struct {
	segment segment
	next    int64     // the record to come
	retry   time.Time // after a failure: not before
	later   time.Time // after a failure to tidy up: not before; segments are written all the same
	tidied  int       // where so many segments of a size do not wait, there is nothing to tidy; 0: not known
}

// reset forgets what was gathered and goes on at first.
func (b *builder) reset(first int64) {
	*b = builder{segment: segment{first: first}, next: first, later: b.later}
}

// follow takes in what a commit has just made durable, if b is in step.
func (b *builder) follow(p *part) {
	if b.next != p.first {
		return
	}
	for _, it := range p.items {
		b.add(&it.leaf.facts)
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

// indexStep does one bounded piece of index work, if there is one: it lets a builder that is behind catch up, writes a
// segment, or tidies segments up. Under load, which is what busy says, segments are larger and less is tidied. It reports
// whether it did something. A failure costs nobody a receipt: it is tried again a second later, from what the index holds.
func (l *Ledger) indexStep(busy bool) bool {
	now := l.now()
	for _, s := range l.logs {
		b := &s.index
		if now.Before(b.retry) {
			continue
		}
		did, err := l.logStep(context.Background(), s, busy)
		if err != nil {
			b.reset(b.segment.first)
			b.retry = now.Add(time.Second)
		}
		if did || err != nil {
			return true
		}
	}
	return false
}

// logStep is indexStep for one log.
func (l *Ledger) logStep(ctx context.Context, s *logState, busy bool) (did bool, err error) {
	b := &s.index
	threshold, waiting := l.sizes.segment, l.sizes.fanOut
	if busy {
		threshold, waiting = 4*l.sizes.segment, 2*l.sizes.fanOut
	}
	if b.next < s.edge.size {
		if busy {
			return false, nil
		}
		if err := l.catchUp(ctx, s); err != nil {
			return false, err
		}
		did = true
	}
	if b.segment.count >= threshold {
		return true, l.writeSegment(ctx, s)
	}
	if now := l.now(); !did && !now.Before(b.later) {
		if did, err = l.tidyStep(ctx, s, waiting); err != nil {
			b.later = now.Add(time.Second)
		}
	}
	return did, nil
}

// catchUp reads batches until the segment is full or the log's end is reached.
func (l *Ledger) catchUp(ctx context.Context, s *logState) error {
	b := &s.index
	for b.next < s.edge.size && b.segment.count < l.sizes.segment {
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
	g := &s.index.segment
	err := l.inTx(ctx, func(tx *sql.Tx) error {
		r := segmentRow{first: g.first, count: g.count, state: segmentLive, minTime: g.minTime, maxTime: g.maxTime}
		if err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(id), 0) + 1 FROM segment WHERE log = $1`, s.id).Scan(&r.id); err != nil {
			return err
		}
		return g.insert(ctx, tx, s.id, r)
	})
	if err != nil {
		return err
	}
	s.index.reset(s.index.next)
	return nil
}

// indexedTo is the first record that no segment covers.
func indexedTo(ctx context.Context, q querier, log int64) (int64, error) {
	var end sql.NullInt64
	err := q.QueryRowContext(ctx, `SELECT MAX(first + count) FROM segment WHERE log = $1 AND state = $2`, log, segmentLive).Scan(&end)
	return end.Int64, err
}

// indexFormat changes whenever facts or the layout do: an index made of other facts would miss records. It stands in the table
// of segments, as where the one of no log begins.
const indexFormat = 6

// currentIndex reports whether the index in the database is made of today's facts.
func currentIndex(ctx context.Context, q querier) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM segment WHERE log = 0 AND first = $1`, indexFormat).Scan(&n)
	return n > 0, err
}

// renewIndex throws an index away that is made of other facts than today's, tables and all.
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
		if _, err := tx.ExecContext(ctx, "DROP TABLE "+table); err != nil {
			return err
		}
	}
	for _, stmt := range indexSchema {
		if _, err := tx.ExecContext(ctx, stmt); err != nil {
			return err
		}
	}
	if err := (&segmentRow{first: indexFormat, state: segmentDead}).insert(ctx, tx, 0); err != nil {
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
	rows, err := db.QueryContext(ctx, `SELECT log FROM segment WHERE log <> 0 AND state = $1 GROUP BY log HAVING SUM(count) <> MAX(first + count)
		OR MAX(first + count) > (SELECT MAX(b.first + b.count) FROM batch b WHERE b.log = segment.log)`, segmentLive)
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
		if err := dropIndex(ctx, db, log); err != nil {
			return err
		}
	}
	return nil
}

// dropIndex removes the index of one log at once: its segments do not say any more which postings there are.
func dropIndex(ctx context.Context, db *sql.DB, log int64) error {
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

var indexTables = [...]string{"segment", "posting", "open_intent"} // never written to

// clearIndex gives up the index of one log. Its rows are removed bit by bit, see tidyStep.
func clearIndex(ctx context.Context, db *sql.DB, log int64) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, `UPDATE segment SET state = $1 WHERE log = $2`, segmentDead, log); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM open_intent WHERE log = $1`, log); err != nil {
		return err
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
