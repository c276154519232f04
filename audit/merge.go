package audit

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"math"
	"slices"
)

// tidyStep does one bounded piece of work on a log's segments: it goes on with a merge, begins one, or removes rows that nobody
// needs any more. Every step is a transaction of its own that leaves a whole index behind; nothing is kept in memory between
// two of them, so that a merge goes on where it stopped after any end of the program. A log under load is merged only when
// twice as many segments wait, so that accesses go first.
func (l *Ledger) tidyStep(ctx context.Context, s *logState, waiting int) (did bool, err error) {
	if tidied := s.index.tidied; tidied > 0 && tidied <= waiting {
		return false, nil
	}
	all, err := readSegments(ctx, l.db, `ORDER BY first, level DESC`, s.id)
	if err != nil {
		return false, err
	}
	m, ok := nextMerge(all, l.sizes, waiting)
	dead := slices.IndexFunc(all, func(r segmentRow) bool { return r.state == segmentDead })
	switch {
	case ok:
		err = l.inTx(ctx, func(tx *sql.Tx) error { return m.step(ctx, tx, s.id) })
	case dead >= 0:
		err = l.inTx(ctx, func(tx *sql.Tx) error { return clean(ctx, tx, s.id, all[dead].id, l.sizes.clean) })
	default:
		s.index.tidied = waiting
		return false, nil
	}
	return true, err
}

func (l *Ledger) inTx(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := l.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// merge makes one segment out of the oldest of one size.
type merge struct {
	from  []segmentRow
	into  segmentRow
	new   bool // into is to be begun
	bytes int  // that one step writes
}

// nextMerge finds the merge to go on with, the smallest first, where at least so many segments of a size wait for it. all is in
// the order of the log.
func nextMerge(all []segmentRow, sizes indexSizes, waiting int) (merge, bool) {
	byLevel := make(map[int64][]segmentRow)
	next, highest := int64(1), int64(0)
	for _, s := range all {
		next = max(next, s.id+1)
		if s.state == segmentLive {
			byLevel[s.level] = append(byLevel[s.level], s)
			highest = max(highest, s.level)
		}
	}
	for level := range highest + 1 {
		from := byLevel[level]
		if len(from) < waiting {
			continue
		}
		from = from[:sizes.fanOut]
		at := slices.IndexFunc(all, func(s segmentRow) bool { return s.state == segmentGrows && s.level == level+1 })
		if at >= 0 {
			return merge{from: from, into: all[at], bytes: sizes.merge}, true
		}
		into := segmentRow{id: next, first: from[0].first, level: level + 1, state: segmentGrows, minTime: math.MaxInt64, maxTime: math.MinInt64}
		for _, s := range from {
			into.count += s.count
			into.minTime, into.maxTime = min(into.minTime, s.minTime), max(into.maxTime, s.maxTime)
		}
		return merge{from: from, into: into, new: true, bytes: sizes.merge}, true
	}
	return merge{}, false
}

// step writes the next rows of the merged segment, behind those it has. When there are no more it takes the place of the others.
func (m *merge) step(ctx context.Context, tx *sql.Tx, log int64) error {
	if m.new {
		if err := m.into.insert(ctx, tx, log); err != nil {
			return err
		}
	}
	name, from, err := m.reached(ctx, tx, log)
	if err != nil {
		return err
	}
	cursors := make([]*cursor, 0, len(m.from))
	for i := range m.from {
		c := &cursor{ctx: ctx, q: tx, log: log, segment: m.from[i].id, base: m.from[i].first - m.into.first}
		if err := c.seek(name, from-c.base); err != nil {
			return err
		}
		cursors = append(cursors, c)
	}
	var p packer
	more, err := mergeInto(&p, cursors, m.bytes)
	if err != nil {
		return err
	}
	if err := insertRows(ctx, tx, log, m.into.id, p.finish()); err != nil || more {
		return err
	}
	for _, s := range m.from {
		if _, err := tx.ExecContext(ctx, `UPDATE segment SET state = $1 WHERE log = $2 AND id = $3`, segmentDead, log, s.id); err != nil {
			return err
		}
	}
	_, err = tx.ExecContext(ctx, `UPDATE segment SET state = $1 WHERE log = $2 AND id = $3`, segmentLive, log, m.into.id)
	return err
}

// reached is the last name that the merged segment has, and the offset behind its last record.
func (m *merge) reached(ctx context.Context, q querier, log int64) (name []byte, behind int64, err error) {
	if m.new {
		return nil, 0, nil
	}
	var b block
	err = q.QueryRowContext(ctx, `SELECT entries FROM posting WHERE log = $1 AND segment = $2 ORDER BY key DESC LIMIT 1`, log, m.into.id).Scan(&b.rest)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, 0, nil
	}
	for err == nil && b.next() {
		for _, more := b.body.next(); more; _, more = b.body.next() {
		}
	}
	return b.name, b.body.end, firstOf(err, b.err)
}

// mergeInto packs what the cursors have, in order, until a step's worth is packed; more says whether something is left.
func mergeInto(p *packer, cursors []*cursor, limit int) (more bool, err error) {
	for p.bytes < limit {
		var least []byte
		for _, c := range cursors {
			if !c.done && (least == nil || bytes.Compare(c.name(), least) < 0) {
				least = c.name()
			}
		}
		if least == nil {
			return false, nil
		}
		least = slices.Clone(least)
		for _, c := range cursors { // in the order of the log, so that offsets grow
			if err := c.take(p, least, limit); err != nil {
				return false, err
			}
			if p.bytes >= limit {
				return true, nil
			}
		}
	}
	return true, nil
}

// cursor walks the postings of one segment, in order.
type cursor struct {
	ctx     context.Context
	q       querier
	log     int64
	segment int64
	base    int64 // what its offsets are behind those of the merged segment
	key     []byte
	block   block
	from    int64 // offsets of the entry under way before it are passed over
	done    bool
}

func (c *cursor) name() []byte { return c.block.name }

// seek moves to the first entry that holds the name from an offset on, or comes behind it.
func (c *cursor) seek(name []byte, from int64) error {
	if len(name) == 0 {
		return c.nextRow(`key >= $3 ORDER BY key LIMIT 1`, []byte{})
	}
	err := c.nextRow(`key <= $3 ORDER BY key DESC LIMIT 1`, keyOf(value{string(name[:1]), string(name[1:])}, max(0, from)))
	if c.done { // nothing so early
		c.done = false
		err = c.nextRow(`key >= $3 ORDER BY key LIMIT 1`, []byte{})
	}
	for err == nil && !c.done && bytes.Compare(c.name(), name) < 0 {
		err = c.next()
	}
	if err == nil && !c.done && bytes.Equal(c.name(), name) {
		c.from = from
	}
	return err
}

// nextRow reads a row and moves to its first entry.
func (c *cursor) nextRow(where string, key []byte) error {
	var r row
	err := c.q.QueryRowContext(c.ctx, `SELECT key, entries FROM posting WHERE log = $1 AND segment = $2 AND `+where, c.log, c.segment, key).Scan(&r.key, &r.entries)
	if errors.Is(err, sql.ErrNoRows) {
		c.done = true
		return nil
	}
	if err != nil {
		return err
	}
	c.key, c.block = r.key, block{rest: r.entries}
	return c.next()
}

// next moves to the next entry.
func (c *cursor) next() error {
	c.from = 0
	if c.block.next() {
		return nil
	}
	if c.block.err != nil {
		return c.block.err
	}
	return c.nextRow(`key > $3 ORDER BY key LIMIT 1`, c.key)
}

// take packs what the cursor has of the name and moves on.
func (c *cursor) take(p *packer, name []byte, limit int) error {
	from := c.from
	for !c.done && bytes.Equal(c.name(), name) {
		for r, ok := c.block.body.next(); ok; r, ok = c.block.body.next() {
			if r.end() <= from {
				continue
			}
			if r.start < from {
				r = run{from, r.end() - from}
			}
			p.add(name, run{r.start + c.base, r.n})
			if p.bytes >= limit { // the next step goes on behind this run
				return nil
			}
		}
		if c.block.body.bad {
			return errPosting
		}
		if err := c.next(); err != nil {
			return err
		}
	}
	return nil
}

// clean removes some rows of a dead segment, and then the segment.
func clean(ctx context.Context, tx *sql.Tx, log, id int64, rows int) error {
	var last []byte
	err := tx.QueryRowContext(ctx, `SELECT key FROM posting WHERE log = $1 AND segment = $2 ORDER BY key LIMIT 1 OFFSET $3`, log, id, rows).Scan(&last)
	if errors.Is(err, sql.ErrNoRows) {
		if _, err := tx.ExecContext(ctx, `DELETE FROM posting WHERE log = $1 AND segment = $2`, log, id); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM segment WHERE log = $1 AND id = $2`, log, id)
		return err
	}
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM posting WHERE log = $1 AND segment = $2 AND key < $3`, log, id, last)
	return err
}
