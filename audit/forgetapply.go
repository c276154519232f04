package audit

import (
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
	if sealed(f.Clinic) {
		return Forgotten{}, fhir.E("audit.Forget", fhir.KindNotSupported, "log-sealed",
			"This trail is sealed: nothing can be put on record in it, so nothing can be deleted from it.")
	}
	l.forgetting.Lock()
	defer l.forgetting.Unlock()
	return l.sweep(ctx, f, func(w *sweep, c *chunk) error { return l.forget(w, c, &f) })
}

// errMoved says that a batch is another one than the change was made from.
var errMoved = errors.New("a batch changed meanwhile")

// forget deletes a chunk. A damaged index is thrown away with it, and is made again from what is left.
func (l *Ledger) forget(w *sweep, c *chunk, f *Forgetting) error {
	made, err := w.make(c)
	if err != nil {
		return err
	}
	write := func() error { return l.writeForgotten(made, f) }
	if err = l.do(context.WithoutCancel(w.ctx), write); !errors.Is(err, errPosting) {
		return err
	}
	made.noIndex = true
	return l.do(context.WithoutCancel(w.ctx), write)
}

// change is what is written for a chunk.
type change struct {
	*chunk
	log     int64
	noIndex bool             // the index is thrown away first
	rows    map[int64][]byte // new records of batches, by where they begin
	facts   []withdrawn      // what the index has of the bodies
}

// make makes the change of a chunk, outside of the committer's goroutine: batches that are written do not change but for this.
func (w *sweep) make(c *chunk) (*change, error) {
	out := &change{chunk: c, log: w.log, rows: make(map[int64][]byte, len(c.batches))}
	for _, first := range slices.Sorted(maps.Keys(c.batches)) {
		b, err := readBatch(w.ctx, w.q, w.log, first)
		if err != nil {
			return nil, err
		}
		for i := range b.count {
			r, ok, err := b.body(i).record()
			if !c.gone[b.first+i] || !ok {
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("record %d: %w", b.first+i, err)
			}
			out.facts = append(out.facts, withdrawn{b.first + i, factsOf(&r)})
		}
		out.rows[first] = b.without(c.gone)
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
		if err := dropIndex(context.Background(), l.db, s.id); err != nil {
			return unavailable("ledger-unavailable", err)
		}
		s.index.reset(0)
	}
	end := s.index.segment.first
	r := Record{ID: f.NewID(), Phase: PhaseSystem, Clinic: f.Clinic, Outcome: OutcomeSuccess,
		Admin: Admin{Action: f.Action, Subject: f.Why, By: f.By}, Forgotten: c.set().texts()}
	it, err := l.encode(&r)
	if err != nil {
		return err
	}
	l.signNow = true // so that no export holds a body's absence without its reason
	err = l.commit(&flight{items: []item{it}, done: make(chan struct{}), with: c.write})
	l.signNow = false
	if errors.Is(err, errPosting) {
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
	if err := withdraw(ctx, tx, c.log, c.facts); err != nil {
		return err
	}
	for _, i := range c.intents {
		if _, err := tx.ExecContext(ctx, `DELETE FROM open_intent WHERE log = $1 AND idx = $2`, c.log, i); err != nil {
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
