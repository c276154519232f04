package audit

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"slices"
)

// withdrawn is a record whose body is about to be deleted, and what the index has of it.
type withdrawn struct {
	index int64
	facts facts
}

// place is one record in one value's postings.
type place struct {
	name []byte
	key  []byte
	at   int64
}

// withdraw takes records out of every segment of a log, those that are being made or removed too: an index holds nothing of a
// deleted body. It belongs into the transaction that deletes the bodies, in the committer's goroutine.
func withdraw(ctx context.Context, tx *sql.Tx, log int64, gone []withdrawn) error {
	all, err := readSegments(ctx, tx, `ORDER BY first`, log)
	if err != nil {
		return err
	}
	for i := range all {
		var places []place
		for _, w := range gone {
			if w.index < all[i].first || w.index >= all[i].end() {
				continue
			}
			at := w.index - all[i].first
			for _, v := range w.facts.values {
				places = append(places, place{[]byte(v.kind + v.text), keyOf(v, at), at})
			}
		}
		slices.SortFunc(places, func(a, b place) int { return bytes.Compare(a.key, b.key) })
		if err := withdrawFrom(ctx, tx, log, all[i].id, places); err != nil {
			return err
		}
	}
	return nil
}

// withdrawFrom takes places, in the order of keys, out of a segment's rows, one row after the other.
func withdrawFrom(ctx context.Context, tx *sql.Tx, log, segment int64, places []place) error {
	for len(places) > 0 {
		var r row
		err := tx.QueryRowContext(ctx, `SELECT key, entries FROM posting WHERE log = $1 AND segment = $2 AND key <= $3 ORDER BY key DESC LIMIT 1`,
			log, segment, places[0].key).Scan(&r.key, &r.entries)
		if errors.Is(err, sql.ErrNoRows) { // a segment that is being made or removed need not have it
			places = places[1:]
			continue
		}
		if err != nil {
			return err
		}
		var next []byte
		err = tx.QueryRowContext(ctx, `SELECT key FROM posting WHERE log = $1 AND segment = $2 AND key > $3 ORDER BY key LIMIT 1`, log, segment, r.key).Scan(&next)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		n := len(places)
		if next != nil {
			n, _ = slices.BinarySearchFunc(places, next, func(p place, key []byte) int { return bytes.Compare(p.key, key) })
		}
		if err := rewrite(ctx, tx, log, segment, r, places[:n]); err != nil {
			return err
		}
		places = places[n:]
	}
	return nil
}

// rewrite writes a row without the places that it holds. Its key is that of the first posting left: the one before may name
// whom nothing is to name any more.
func rewrite(ctx context.Context, tx *sql.Tx, log, segment int64, r row, places []place) error {
	b := block{rest: r.entries}
	p := packer{whole: true}
	changed := false
	for b.next() {
		for len(places) > 0 && bytes.Compare(places[0].name, b.name) < 0 {
			places = places[1:]
		}
		for r, ok := b.body.next(); ok; r, ok = b.body.next() {
			for len(places) > 0 && bytes.Equal(places[0].name, b.name) && places[0].at < r.end() {
				if at := places[0].at; at >= r.start {
					changed = true
					if at > r.start {
						p.add(b.name, run{r.start, at - r.start})
					}
					r = run{at + 1, r.end() - at - 1}
				}
				places = places[1:]
			}
			if r.n > 0 {
				p.add(b.name, r)
			}
		}
	}
	if b.err != nil || b.body.bad {
		return errPosting
	}
	if !changed {
		return nil
	}
	rows := p.finish()
	if len(rows) == 0 {
		_, err := tx.ExecContext(ctx, `DELETE FROM posting WHERE log = $1 AND segment = $2 AND key = $3`, log, segment, r.key)
		return err
	}
	_, err := tx.ExecContext(ctx, `UPDATE posting SET key = $1, entries = $2 WHERE log = $3 AND segment = $4 AND key = $5`, rows[0].key, rows[0].entries, log, segment, r.key)
	return err
}
