package audit

import (
	"context"
	"database/sql"
	"strconv"
	"time"
)

// quarter is the length of the spans of time that the index counts in: every zone's hours begin with one.
const quarter = 15 * time.Minute

// quarterZero is the number of the quarter that 1970 began with: with it all numbers are positive and of one length.
const quarterZero = int64(1) << 34

// beginOf is when a quarter of an hour begins.
func beginOf(text string) time.Time {
	n, _ := strconv.ParseInt(text, 16, 64) // a text that is none is some other time; verifying the index finds it
	return time.UnixMilli((n - quarterZero) * quarter.Milliseconds())
}

// quarterOf is a time's quarter of an hour as the index has it: texts in the order of time.
func quarterOf(millis int64) string {
	n := millis / quarter.Milliseconds()
	if millis%quarter.Milliseconds() < 0 {
		n--
	}
	return strconv.FormatInt(n+quarterZero, 16)
}

// dated is where in a segment the records of the wanted time lie; others may lie between them.
func (s *searcher) dated(seg *segmentRow) (run, error) {
	from, until := s.fromMillis(), s.untilMillis()
	if from <= seg.minTime && until > seg.maxTime {
		return run{0, seg.count}, nil
	}
	low, high := seg.count, int64(0)
	err := s.quarters(seg, max(from, seg.minTime), min(until, seg.maxTime), func(_ []byte, r run) {
		low, high = min(low, r.start), max(high, r.end())
	})
	return run{low, max(0, high-low)}, err
}

// quarters calls each for every run of records of a segment in the quarters of an hour from one millisecond's to another's.
func (s *searcher) quarters(seg *segmentRow, from, to int64, each func(text []byte, r run)) error {
	low, high := value{kindQuarter, quarterOf(from)}, value{kindQuarter, quarterOf(to)}
	return s.rows(seg, keyOf(low, 0), keyOf(high, 1<<62), func(b *block) bool {
		for b.next() {
			if string(b.name) < kindQuarter+low.text || string(b.name) > kindQuarter+high.text {
				continue
			}
			for r, ok := b.body.next(); ok; r, ok = b.body.next() {
				each(b.name[1:], r)
			}
		}
		return true
	})
}

// stretches are the parts of the log, in order, outside of which no record is dated in [from, until); the tail is the last one.
// Records are dated when their access began, so that neighbours may change places. The index moves on, so that all of it is read
// in one transaction.
func (r *Reader) stretches(ctx context.Context, clinic string, from, until time.Time) (*searcher, []run, error) {
	tx, err := r.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, nil, err
	}
	defer tx.Rollback()
	s := &searcher{ctx: ctx, q: tx, want: Search{From: from, Until: until}}
	if err := s.open(clinic); err != nil {
		return nil, nil, err
	}
	all, err := s.live()
	if err != nil {
		return nil, nil, err
	}
	var out []run
	for i := range all {
		dated, err := s.dated(&all[i])
		if err != nil {
			return nil, nil, err
		}
		out = append(out, run{all[i].first + dated.start, dated.n})
	}
	s.q = r.db
	return s, append(out, run{s.indexed, max(0, s.size-s.indexed)}), nil
}
