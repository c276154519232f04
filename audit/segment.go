package audit

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"hash/fnv"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// segment is one row of the index and its postings.
type segment struct {
	first            int64
	count            int64
	minTime, maxTime int64
	minID, maxID     string
	postings         map[value]*posting
	intents          []int64
	settled          []int64
	live             int64 // records whose bodies are there
}

// posting lists the offsets of the records that hold a value.
type posting struct {
	last    int64
	offsets []byte
}

func (s *segment) add(f *facts) {
	if s.live == 0 {
		s.minTime, s.maxTime, s.minID, s.maxID = f.millis, f.millis, f.id, f.id
		s.postings = make(map[value]*posting, segmentRecords)
	}
	s.live++
	s.minTime, s.maxTime = min(s.minTime, f.millis), max(s.maxTime, f.millis)
	s.minID, s.maxID = min(s.minID, f.id), max(s.maxID, f.id)
	for _, v := range f.values {
		p := s.postings[v]
		if p == nil {
			p = &posting{last: -1, offsets: make([]byte, 0, 8)}
			s.postings[v] = p
		}
		if p.last != s.count { // a value named twice counts once
			p.offsets = binary.AppendUvarint(p.offsets, uint64(s.count-p.last))
			p.last = s.count
		}
	}
	if f.intent {
		s.intents = append(s.intents, s.first+s.count)
	}
	if f.settles >= 0 {
		s.settled = append(s.settled, f.settles)
	}
	s.count++
}

// skip counts a record whose body was deleted: it holds its place, and nothing finds it. A segment of nothing else has an
// earliest time after its latest, so that no search looks into it.
func (s *segment) skip() {
	if s.live == 0 {
		s.minTime, s.maxTime, s.minID, s.maxID = math.MaxInt64, math.MinInt64, noID, ""
	}
	s.count++
}

// noID comes behind every id.
const noID = "~~"

// bucket is one row of postings.
type bucket struct {
	name    string
	entries []byte
}

// patientBuckets spreads the patients: looking for one reads a thirty-second of them.
const patientBuckets = 32

// bucketOf is the row that holds a value's postings.
func bucketOf(v value) string {
	if v.kind != kindPatient {
		return v.kind
	}
	h := fnv.New32a()
	h.Write([]byte(v.text))
	return kindPatient + strconv.FormatUint(uint64(h.Sum32()%patientBuckets), 10)
}

// buckets packs the postings, in a fixed order: the same records always give the same rows.
func (s *segment) buckets() []bucket {
	byName := make(map[string]*bucket, patientBuckets+8)
	values := slices.SortedFunc(maps.Keys(s.postings), func(a, b value) int { return cmp.Or(strings.Compare(a.kind, b.kind), strings.Compare(a.text, b.text)) })
	for _, v := range values {
		name := bucketOf(v)
		b := byName[name]
		if b == nil {
			b = &bucket{name: name}
			byName[name] = b
		}
		offsets := s.postings[v].offsets
		b.entries = append(binary.AppendUvarint(b.entries, uint64(len(v.text))), v.text...)
		b.entries = append(binary.AppendUvarint(b.entries, uint64(len(offsets))), offsets...)
	}
	out := make([]bucket, 0, len(byName))
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		out = append(out, *byName[name])
	}
	return out
}

// errPosting says that a row of the index is damaged; the index can be made again.
var errPosting = errors.New("a row of the index is damaged; run a reindex")

// offsetsIn adds to out the offsets that a bucket's entries hold for every text that v accepts.
func offsetsIn(out map[int64]bool, entries []byte, v value) error {
	for len(entries) > 0 {
		text, rest, ok := field(entries)
		offsets, rest, ok2 := field(rest)
		if !ok || !ok2 {
			return errPosting
		}
		entries = rest
		if !v.accepts(string(text)) {
			continue
		}
		for at := int64(-1); len(offsets) > 0; {
			delta, n := binary.Uvarint(offsets)
			if n <= 0 || delta == 0 || delta > 1<<32 {
				return errPosting
			}
			at += int64(delta)
			out[at] = true
			offsets = offsets[n:]
		}
	}
	return nil
}

// field reads one length and that many bytes.
func field(b []byte) (value, rest []byte, ok bool) {
	size, n := binary.Uvarint(b)
	if n <= 0 || size > uint64(len(b)-n) {
		return nil, nil, false
	}
	return b[n : n+int(size)], b[n+int(size):], true
}

func (s *segment) insert(ctx context.Context, tx *sql.Tx, log int64) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO segment (log, first, count, min_time, max_time, min_id, max_id) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		log, s.first, s.count, s.minTime, s.maxTime, s.minID, s.maxID)
	if err != nil {
		return err
	}
	buckets := s.buckets()
	args := make([]any, 0, 4*len(buckets))
	for _, b := range buckets {
		args = append(args, log, b.name, s.first, b.entries)
	}
	query := `INSERT INTO posting (log, bucket, first, entries) VALUES ` + strings.Repeat(`(?,?,?,?),`, len(buckets))
	if len(buckets) > 0 {
		if _, err := tx.ExecContext(ctx, strings.TrimSuffix(query, ","), args...); err != nil {
			return err
		}
	}
	for _, i := range s.intents {
		if _, err := tx.ExecContext(ctx, `INSERT INTO open_intent (log, idx) VALUES ($1, $2)`, log, i); err != nil {
			return err
		}
	}
	for _, i := range s.settled {
		if _, err := tx.ExecContext(ctx, `DELETE FROM open_intent WHERE log = $1 AND idx = $2`, log, i); err != nil {
			return err
		}
	}
	return nil
}
