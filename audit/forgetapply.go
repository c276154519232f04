package audit

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	"vestibule/fhir"
)

// Forget deletes the bodies that f means and no hold keeps, in steps of bounded work. Each step is one transaction with the
// record that says which bodies it deleted, and a checkpoint over that record; accesses are recorded between two steps. What was
// deleted stays deleted when Forget ends early, and the next one goes on from there.
//
// A record keeps its place and its hash. The index is made again from what is left; it holds nothing of a deleted body. Intents
// without an outcome are kept, and so are the records without which a log cannot be verified. Bytes that were deleted may be in
// the database's files until its owner has overwritten them: see the store.
func (l *Ledger) Forget(ctx context.Context, f Forgetting) (Forgotten, error) {
	l.forgetting.Lock()
	defer l.forgetting.Unlock()
	return l.sweep(ctx, f, func(w *sweep, c *chunk) error { return l.forget(w, c, &f) })
}

// errMoved says that the index changed between the making of a change and its writing.
var errMoved = errors.New("the index changed meanwhile")

// forget deletes a chunk. Where the index moved on meanwhile the change is made again; where that does not help, the index is
// thrown away, and is made again from what is left.
func (l *Ledger) forget(w *sweep, c *chunk, f *Forgetting) error {
	for range 3 {
		made, err := w.make(c)
		if err != nil {
			return err
		}
		err = l.do(context.WithoutCancel(w.ctx), func() error { return l.writeForgotten(made, f) })
		if !errors.Is(err, errMoved) {
			return err
		}
		if err := w.readSpans(); err != nil {
			return err
		}
		c.segments = map[int64]bool{}
		for i := range c.gone {
			if at := w.segmentOf(i); at >= 0 {
				c.segments[at] = true
			}
		}
	}
	w.spans, w.indexed, c.segments = nil, 0, map[int64]bool{}
	made, err := w.make(c)
	if err != nil {
		return err
	}
	made.noIndex = true
	return l.do(context.WithoutCancel(w.ctx), func() error { return l.writeForgotten(made, f) })
}

// change is what is written for a chunk.
type change struct {
	*chunk
	log      int64
	indexed  int64            // where the segments ended when it was made
	noIndex  bool             // the index is thrown away first
	rows     map[int64][]byte // new records of batches, by where they begin
	old, new []*segment       // of the segments that change
}

// make makes the change of a chunk, outside of the committer's goroutine: batches and segments that are written do not change
// but for this.
func (w *sweep) make(c *chunk) (*change, error) {
	out := &change{chunk: c, log: w.log, indexed: w.indexed, rows: make(map[int64][]byte, len(c.batches))}
	for _, first := range slices.Sorted(maps.Keys(c.batches)) {
		b, err := readBatch(w.ctx, w.q, w.log, first)
		if err != nil {
			return nil, err
		}
		out.rows[first] = b.without(c.gone)
	}
	for _, first := range slices.Sorted(maps.Keys(c.segments)) {
		at, _ := slices.BinarySearchFunc(w.spans, first, func(s span, first int64) int { return int(min(1, max(-1, s.first-first))) })
		if err := w.rebuild(out, w.spans[at]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// without is a batch's records where some bodies are gone.
func (b *batch) without(gone map[int64]bool) []byte {
	var out []byte
	for i := range b.count {
		if line, ok := b.body(i).text(); ok && !gone[b.first+i] {
			out = append(out, line...)
		}
		out = append(out, '\n')
	}
	return out
}

// rebuild makes a segment as it is and as it will be.
func (w *sweep) rebuild(out *change, s span) error {
	was, will := &segment{first: s.first}, &segment{first: s.first}
	for index := s.first; index < s.first+s.count; index++ {
		body, err := w.body(index)
		if err != nil {
			return err
		}
		r, ok, err := body.record()
		if err != nil {
			return fmt.Errorf("record %d: %w", index, err)
		}
		if !ok {
			was.skip()
			will.skip()
			continue
		}
		f := factsOf(&r)
		was.add(&f)
		if out.gone[index] {
			will.skip()
		} else {
			will.add(&f)
		}
	}
	out.old, out.new = append(out.old, was), append(out.new, will)
	return nil
}

// writeForgotten writes a change and its record, in the committer's goroutine.
func (l *Ledger) writeForgotten(c *change, f *Forgetting) error {
	if err := l.ensureLoaded(); err != nil {
		return unavailable("ledger-unavailable", err)
	}
	s := l.logs[f.Clinic]
	if s == nil || s.id != c.log {
		return fhir.E("audit.Forget", fhir.KindUnavailable, "ledger-unavailable", "The clinic's trail is another one now. Try again.")
	}
	if c.noIndex {
		if err := clearIndex(context.Background(), l.db, s.id); err != nil {
			return unavailable("ledger-unavailable", err)
		}
		s.index.reset(0)
	}
	end := s.index.segment.first
	if !c.noIndex && (end < c.indexed || end > c.indexed && c.furthest() >= c.indexed) {
		return errMoved
	}
	r := Record{ID: f.NewID(), Phase: PhaseSystem, Clinic: f.Clinic, Outcome: OutcomeSuccess,
		Admin: Admin{Action: f.Action, Subject: f.Why, By: f.By}, Forgotten: c.set().texts()}
	it, err := l.encode(&r)
	if err != nil {
		return err
	}
	l.signNow = true // so that no export holds a body's absence without its reason
	err = l.commit(&flight{items: []item{it}, done: make(chan struct{}), with: c.write})
	l.signNow = false
	if errors.Is(err, errMoved) {
		return err
	}
	l.noteCommit(err)
	if err != nil {
		return unavailable("ledger-unavailable", err)
	}
	if c.furthest() >= end {
		s.index.reset(end) // the builder holds values of what is gone
	}
	return nil
}

// set is what is gone as ranges.
func (c *chunk) set() indexSet {
	var out indexSet
	for _, i := range slices.Sorted(maps.Keys(c.gone)) {
		out.add(indexRange{i, i})
	}
	return out
}

// write writes the change into the transaction that puts it on record.
func (c *change) write(ctx context.Context, tx *sql.Tx) error {
	for _, first := range slices.Sorted(maps.Keys(c.rows)) {
		res, err := tx.ExecContext(ctx, `UPDATE batch SET records = $1 WHERE log = $2 AND first = $3`, c.rows[first], c.log, first)
		if err := one(res, err); err != nil {
			return err
		}
	}
	for i := range c.new {
		if err := c.writeSegment(ctx, tx, c.old[i], c.new[i]); err != nil {
			return err
		}
	}
	for _, i := range c.intents {
		if _, err := tx.ExecContext(ctx, `DELETE FROM open_intent WHERE log = $1 AND idx = $2`, c.log, i); err != nil {
			return err
		}
	}
	return nil
}

// writeSegment changes the rows of a segment that differ.
func (c *change) writeSegment(ctx context.Context, tx *sql.Tx, was, will *segment) error {
	res, err := tx.ExecContext(ctx, `UPDATE segment SET min_time = $1, max_time = $2, min_id = $3, max_id = $4 WHERE log = $5 AND first = $6 AND count = $7`,
		will.minTime, will.maxTime, will.minID, will.maxID, c.log, will.first, will.count)
	if err := one(res, err); err != nil {
		return err
	}
	left := make(map[string][]byte)
	for _, b := range will.buckets() {
		left[b.name] = b.entries
	}
	for _, b := range was.buckets() {
		entries, ok := left[b.name]
		switch {
		case !ok:
			res, err = tx.ExecContext(ctx, `DELETE FROM posting WHERE log = $1 AND bucket = $2 AND first = $3`, c.log, b.name, was.first)
		case bytes.Equal(entries, b.entries):
			continue
		default:
			res, err = tx.ExecContext(ctx, `UPDATE posting SET entries = $1 WHERE log = $2 AND bucket = $3 AND first = $4`, entries, c.log, b.name, was.first)
		}
		if err := one(res, err); err != nil {
			return err
		}
	}
	return nil
}

// one is errMoved where a statement did not change the one row that it was for.
func one(res sql.Result, err error) error {
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err == nil && n != 1 {
		err = errMoved
	}
	return err
}
