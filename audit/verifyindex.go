package audit

import (
	"context"
	"hash/maphash"
	"maps"
	"math"
)

// storedSegments are a log's segments as the table has them, in order; none where they are an older version's.
func storedSegments(ctx context.Context, q querier, log int64) ([]segmentRow, error) {
	if current, err := currentIndex(ctx, q); err != nil || !current { // an older version's: the next start makes it again
		return nil, err
	}
	return readSegments(ctx, q, `AND state = $2 ORDER BY first`, log, segmentLive)
}

// tally is the sum of a hash of each posting of a segment, so that postings can be compared in any order and without holding
// them. The hash is another one each time.
type tally struct {
	seed maphash.Seed
	sum  uint64
}

// add counts the postings of a name at n offsets.
func (t *tally) add(name uint64, r run) {
	for i := range r.n {
		x := (name ^ uint64(r.start+i)) * 0x9e3779b97f4a7c15 // splitmix64's finish, https://prng.di.unimi.it/splitmix64.c
		x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
		x = (x ^ x>>27) * 0x94d049bb133111eb
		t.sum += x ^ x>>31
	}
}

// made is what the records of the segment under way give.
type made struct {
	tally
	first, count     int64
	minTime, maxTime int64
	intents, settled []int64
	name             []byte
}

// take counts the postings of one record.
func (m *made) take(f *facts) {
	m.minTime, m.maxTime = min(m.minTime, f.millis), max(m.maxTime, f.millis)
	for i, v := range f.values {
		if repeated(f.values[:i], v) {
			continue
		}
		m.name = append(append(m.name[:0], v.kind...), v.text...)
		m.add(maphash.Bytes(m.seed, m.name), run{m.count, 1})
	}
	if f.intent {
		m.intents = append(m.intents, m.first+m.count)
	}
	if f.settles >= 0 {
		m.settled = append(m.settled, f.settles)
	}
}

// repeated reports whether a record has a value already; those of a kind stand together.
func repeated(before []value, v value) bool {
	for i := len(before) - 1; i >= 0 && before[i].kind == v.kind; i-- {
		if before[i].text == v.text {
			return true
		}
	}
	return false
}

// index puts the record just checked into the segment it belongs to and compares the segment when it is complete. Behind
// the last segment there is nothing to compare.
func (lv *logVerifier) index() error {
	if len(lv.segments) == 0 || lv.shift != 0 { // of other records than these it says nothing
		return nil
	}
	want := &lv.segments[0]
	if lv.built.count == 0 {
		lv.built = made{tally: tally{seed: lv.seed}, first: lv.edge.size - 1, minTime: math.MaxInt64, maxTime: math.MinInt64, name: lv.built.name}
	}
	if !lv.deleted {
		lv.built.take(&lv.facts)
	}
	if lv.built.count++; lv.built.count < want.count {
		return nil
	}
	same, err := lv.sameSegment(want)
	if err != nil {
		return err
	}
	if !same {
		lv.problem(-1, "the index of records %d to %d is not made from them; stop the gateway and run 'vestibule audit reindex'", want.first, want.first+want.count-1)
	}
	for _, i := range lv.built.intents {
		lv.open[i] = true
	}
	for _, i := range lv.built.settled {
		delete(lv.open, i)
	}
	lv.segments, lv.built.count = lv.segments[1:], 0
	return nil
}

// sameSegment compares what the records make with what is stored: the same postings, each where a search looks for it. The
// times may be further apart than those of the records that are left.
func (lv *logVerifier) sameSegment(want *segmentRow) (bool, error) {
	b := &lv.built
	same := b.first == want.first && b.minTime >= want.minTime && b.maxTime <= want.maxTime
	rows, err := lv.q.QueryContext(lv.ctx, `SELECT key, entries FROM posting WHERE log = $1 AND segment = $2 ORDER BY key`, lv.log, want.id)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	stored := tally{seed: lv.seed}
	order := placeOrder{}
	for rows.Next() {
		var r row
		if err := rows.Scan(&r.key, &r.entries); err != nil {
			return false, err
		}
		same = same && stored.row(r, &order)
	}
	return same && stored.sum == b.sum, rows.Err()
}

// row counts the postings of a row; false where it is damaged or its postings are not where its key says.
func (t *tally) row(r row, order *placeOrder) bool {
	if !order.key(r.key) {
		return false
	}
	b := block{rest: r.entries}
	for b.next() {
		name := maphash.Bytes(t.seed, b.name)
		for r, ok := b.body.next(); ok; r, ok = b.body.next() {
			if !order.posting(b.name, r) {
				return false
			}
			t.add(name, r)
		}
	}
	return b.err == nil && !b.body.bad
}

// endOfIndex says what can be said of the index only at the end, and only where the records are those that it is made from.
func (lv *logVerifier) endOfIndex() error {
	if !lv.OK() {
		return nil
	}
	if len(lv.segments) > 0 {
		lv.problem(-1, "the index covers records that are not here; stop the gateway and run 'vestibule audit reindex'")
	}
	return lv.openIntents()
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
		lv.problem(-1, "the table of open intents is not made from the records; stop the gateway and run 'vestibule audit reindex'")
	}
	return rows.Err()
}

// placeOrder holds postings to the order in which a search relies on them.
type placeOrder struct {
	least []byte // where the next posting may stand
	begun bool
}

// key is met at the beginning of a row.
func (o *placeOrder) key(key []byte) bool {
	ok := !o.begun || string(key) >= string(o.least)
	o.least, o.begun = key, true
	return ok
}

func (o *placeOrder) posting(name []byte, r run) bool {
	v := value{string(name[:1]), string(name[1:])}
	ok := string(keyOf(v, r.start)) >= string(o.least)
	o.least = keyOf(v, r.end())
	return ok
}
