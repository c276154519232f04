package audit

import (
	"bytes"
	"context"
	"maps"
)

// storedSegments are a log's segments as the table has them, in order; none where they are an older version's.
func storedSegments(ctx context.Context, q querier, log int64) ([]segment, error) {
	if current, err := currentIndex(ctx, q); err != nil || !current { // an older version's: the next start makes it again
		return nil, err
	}
	rows, err := q.QueryContext(ctx, `SELECT first, count, min_time, max_time, min_id, max_id FROM segment WHERE log = $1 ORDER BY first`, log)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []segment
	for rows.Next() {
		var s segment
		if err := rows.Scan(&s.first, &s.count, &s.minTime, &s.maxTime, &s.minID, &s.maxID); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

// index puts the record just checked into the segment it belongs to and compares the segment when it is complete. Behind
// the last segment there is nothing to compare.
func (lv *logVerifier) index() error {
	if len(lv.segments) == 0 {
		return nil
	}
	want := &lv.segments[0]
	if lv.built.count == 0 {
		lv.built = segment{first: lv.edge.size - 1}
	}
	if lv.deleted {
		lv.built.skip()
	} else {
		lv.built.add(&lv.facts)
	}
	if lv.built.count < want.count {
		return nil
	}
	same, err := lv.sameSegment(want)
	if err != nil {
		return err
	}
	if !same {
		lv.problem(-1, "the index of records %d to %d is not made from them; run a reindex", want.first, want.first+want.count-1)
	}
	for _, i := range lv.built.intents {
		lv.open[i] = true
	}
	for _, i := range lv.built.settled {
		delete(lv.open, i)
	}
	lv.segments, lv.built = lv.segments[1:], segment{}
	return nil
}

// sameSegment compares what the records make with what is stored, byte for byte.
func (lv *logVerifier) sameSegment(want *segment) (bool, error) {
	b := &lv.built
	same := b.first == want.first && b.minTime == want.minTime && b.maxTime == want.maxTime && b.minID == want.minID && b.maxID == want.maxID
	stored := make(map[string][]byte)
	rows, err := lv.q.QueryContext(lv.ctx, `SELECT bucket, entries FROM posting WHERE log = $1 AND first = $2`, lv.log, want.first)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var entries []byte
		if err := rows.Scan(&name, &entries); err != nil {
			return false, err
		}
		stored[name] = entries
	}
	made := make(map[string][]byte)
	for _, bucket := range b.buckets() {
		made[bucket.name] = bucket.entries
	}
	return same && maps.EqualFunc(stored, made, bytes.Equal), rows.Err()
}

// openIntents compares the table of open intents with what the indexed records leave open.
func (lv *logVerifier) openIntents() error {
	if current, err := currentIndex(lv.ctx, lv.q); err != nil || !current {
		return err
	}
	rows, err := lv.q.QueryContext(lv.ctx, `SELECT idx FROM open_intent WHERE log = $1`, lv.log)
	if err != nil {
		return err
	}
	defer rows.Close()
	stored := make(map[int64]bool)
	for rows.Next() {
		var i int64
		if err := rows.Scan(&i); err != nil {
			return err
		}
		stored[i] = true
	}
	if !maps.Equal(stored, lv.open) {
		lv.problem(-1, "the table of open intents is not made from the records; run a reindex")
	}
	return rows.Err()
}
