package audit

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"slices"
	"time"

	"vestibule/fhir"
)

// The bounds of what is deleted in one transaction, which is what an access may have to wait for.
const (
	chunkBodies  = 1024
	chunkBatches = 512
)

// sweep goes through a log and gathers what is to be deleted.
type sweep struct {
	*searcher
	choose *chooser
	worth  []run // what has to be looked at
	total  Forgotten
	next   *chunk
	flush  func(*chunk) error // nil: nothing is deleted, only counted
	told   func(Forgotten)
}

// chunk is what goes in one transaction.
type chunk struct {
	gone    map[int64]bool
	intents []int64 // of them, those of intents
	batches map[int64]bool
	counts  Forgotten
}

func newChunk() *chunk {
	return &chunk{gone: map[int64]bool{}, batches: map[int64]bool{}, counts: Forgotten{Classes: map[Class]int64{}}}
}

// PlanForgetting counts what Forget would delete, of a sealed log too.
func (r *Reader) PlanForgetting(ctx context.Context, f Forgetting) (Forgotten, error) {
	return r.sweep(ctx, f, nil)
}

// sweep runs through a clinic's log; a clinic without one has nothing to delete.
func (r *Reader) sweep(ctx context.Context, f Forgetting, flush func(*sweep, *chunk) error) (Forgotten, error) {
	const op = "audit.Forget"
	none := Forgotten{Classes: map[Class]int64{}, Held: map[string]int64{}}
	if err := f.check(); err != nil {
		return none, err
	}
	choose, err := f.chooser()
	if err != nil {
		return none, err
	}
	until := choose.newest // an erasure looks at everything, a retention at what is dated before the newest limit
	if choose.namer != nil {
		until = time.Time{}
	}
	w := &sweep{choose: choose, total: none, next: newChunk(), told: f.Told}
	if flush != nil {
		w.flush = func(c *chunk) error { return flush(w, c) }
	}
	if w.searcher, w.worth, err = r.stretches(ctx, f.Clinic, time.Time{}, until); err == nil {
		err = w.run(f.Clinic)
	}
	own := (*fhir.Error)(nil)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return none, nil
	case err == nil, errors.As(err, &own):
		return w.total, err
	case ctx.Err() != nil:
		return w.total, ctx.Err()
	}
	return w.total, readFailed(op, err)
}

func (w *sweep) run(clinic string) error {
	w.total.Size = w.size
	for _, part := range w.worth {
		for index := part.start; index < part.end(); index++ {
			if err := w.look(index); err != nil {
				return err
			}
			if w.total.Looked = index + 1; w.total.Looked%tellEvery == 0 {
				w.tell()
			}
		}
	}
	w.total.Looked = w.size
	w.tell()
	if err := w.release(); err != nil {
		return err
	}
	return w.openOnes(clinic)
}

// tellEvery is after how many records a sweep says how far it is.
const tellEvery = 512

func (w *sweep) tell() {
	if w.told != nil {
		w.told(w.total.clone())
	}
}

// look decides about one record. An intent is decided about with the record that settles it, and the two go together.
func (w *sweep) look(index int64) error {
	body, err := w.body(index)
	if err != nil {
		return err
	}
	line, ok := body.text()
	if !ok {
		return nil
	}
	var s sketch
	quick := s.read(line)
	if quick && string(s.phase) == string(PhaseIntent) {
		return nil
	}
	r, wanted := w.choose.wants(line)
	settles := int64(-1)
	switch {
	case quick:
		settles = s.intent
	default:
		full, err := DecodeRecord(line)
		if err != nil || full.Phase == PhaseIntent {
			return nil
		}
		if full.Intent != nil {
			settles = *full.Intent
		}
	}
	if settles >= 0 && settles < index {
		return w.pair(index, settles, slices.Clone(line))
	}
	if !wanted || w.keeps(&r, line) {
		return nil
	}
	return w.take(index, -1, &r)
}

// pair decides about a record and the intent that it settles: an erasure takes both where one of them names the patient, a
// retention where both are old.
func (w *sweep) pair(index, intent int64, line []byte) error {
	body, err := w.body(intent)
	if err != nil {
		return err
	}
	first, there := body.text()
	r, wanted := w.choose.wants(line)
	if there {
		r1, wanted1 := w.choose.wants(first)
		if w.choose.namer != nil {
			wanted = wanted || wanted1
		} else {
			wanted = wanted && wanted1
		}
		if !wanted {
			return nil
		}
		if r1.ID == "" {
			r1, _ = DecodeRecord(first)
		}
		if w.keeps(&r1, first) {
			return nil
		}
	}
	if !wanted {
		return nil
	}
	if r.ID == "" {
		if r, err = DecodeRecord(line); err != nil {
			return nil
		}
	}
	if w.keeps(&r, line) {
		return nil
	}
	if !there {
		intent = -1
	}
	return w.take(index, intent, &r)
}

// keeps reports whether a hold covers a record, and counts it.
func (w *sweep) keeps(r *Record, line []byte) bool {
	name, held := w.choose.heldBy(r, line)
	if held {
		w.total.Held[name]++
	}
	return held
}

// take puts a record and its intent, where there is one, into the chunk, and lets the chunk go when it is full.
func (w *sweep) take(index, intent int64, r *Record) error {
	class := classOf(r)
	for _, i := range []int64{index, intent} {
		if i < 0 {
			continue
		}
		body, err := w.body(i)
		if err != nil || len(body.line) == 0 {
			return err
		}
		w.next.gone[i] = true
		w.next.batches[w.batch.first] = true
		w.next.counts.Bodies++
		w.next.counts.Classes[class]++
	}
	if intent >= 0 {
		w.next.intents = append(w.next.intents, intent)
	}
	if len(w.next.gone) >= chunkBodies || len(w.next.batches) >= chunkBatches {
		return w.release()
	}
	return nil
}

// release deletes what the chunk holds, or only counts it.
func (w *sweep) release() error {
	c := w.next
	w.next = newChunk()
	if len(c.gone) == 0 {
		return nil
	}
	if w.flush != nil {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		if err := w.flush(c); err != nil {
			return err
		}
		w.batch = nil // it is another one now
	}
	w.total.add(&c.counts)
	w.tell()
	return nil
}

// openOnes finds the intents that would go if they had an outcome.
func (w *sweep) openOnes(clinic string) error {
	s := &searcher{ctx: w.ctx, q: w.q}
	entries, err := s.orphans(clinic)
	if err != nil {
		return err
	}
	for _, e := range entries {
		body, err := s.body(e.Index)
		if err != nil {
			return err
		}
		if line, ok := body.text(); ok {
			if _, wanted := w.choose.wants(line); wanted {
				w.total.Open = append(w.total.Open, e.Index)
			}
		}
	}
	return nil
}

// furthest is the last record of a chunk.
func (c *chunk) furthest() int64 {
	last := int64(math.MinInt64)
	for i := range c.gone {
		last = max(last, i)
	}
	return last
}
