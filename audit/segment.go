package audit

import (
	"cmp"
	"context"
	"database/sql"
	"maps"
	"math"
	"slices"
	"strings"
)

// The states of a segment.
const (
	segmentGrows = 0 // is being made out of smaller ones; no search looks into it
	segmentLive  = 1
	segmentDead  = 2 // a larger one took its place; its postings are being removed
)

// segmentRow is one row of the table of segments.
type segmentRow struct {
	id, first, count, level, state int64
	minTime, maxTime               int64
}

func (s *segmentRow) end() int64 { return s.first + s.count }

const selectSegments = `SELECT id, first, count, level, state, min_time, max_time FROM segment WHERE log = $1 `

// readSegments reads the segments that selectSegments, with more behind it, finds.
func readSegments(ctx context.Context, q querier, more string, args ...any) ([]segmentRow, error) {
	rows, err := q.QueryContext(ctx, selectSegments+more, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []segmentRow
	for rows.Next() {
		var s segmentRow
		if err := rows.Scan(&s.id, &s.first, &s.count, &s.level, &s.state, &s.minTime, &s.maxTime); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

// segment gathers the postings of records that follow one another.
type segment struct {
	first, count     int64
	live             int64 // records whose bodies are there
	minTime, maxTime int64
	postings         map[value]*posting
	recent           [16]met // what the record before met, by place among its values: the next one mostly meets the same
	intents          []int64
	settled          []int64
}

// posting is where in the segment a value was met.
type posting struct {
	runs []run
	few  [2]run // where runs begins
}

// met is a value and its posting.
type met struct {
	value   value
	posting *posting // nil: none yet
}

func (s *segment) add(f *facts) {
	if s.live == 0 {
		s.minTime, s.maxTime = f.millis, f.millis
		s.postings, s.recent = make(map[value]*posting, 512), [16]met{}
	}
	s.live++
	s.minTime, s.maxTime = min(s.minTime, f.millis), max(s.maxTime, f.millis)
	for i, v := range f.values {
		s.meet(i, v).add(s.count)
	}
	if f.intent {
		s.intents = append(s.intents, s.first+s.count)
	}
	if f.settles >= 0 {
		s.settled = append(s.settled, f.settles)
	}
	s.count++
}

// meet is the posting of the value at a place among a record's.
func (s *segment) meet(place int, v value) *posting {
	if place < len(s.recent) && s.recent[place].posting != nil && s.recent[place].value == v {
		return s.recent[place].posting
	}
	p := s.postings[v]
	if p == nil {
		p = new(posting)
		p.runs = p.few[:0]
		s.postings[v] = p
	}
	if place < len(s.recent) {
		s.recent[place] = met{v, p}
	}
	return p
}

// add adds an offset behind the last one; a value named twice by a record counts once.
func (p *posting) add(at int64) {
	if n := len(p.runs); n > 0 && p.runs[n-1].end() >= at {
		p.runs[n-1].n = at + 1 - p.runs[n-1].start
		return
	}
	p.runs = append(p.runs, run{at, 1})
}

// skip counts a record whose body was deleted: it holds its place, and nothing finds it. A segment of nothing else has an
// earliest time after its latest, so that no search looks into it.
func (s *segment) skip() {
	if s.live == 0 {
		s.minTime, s.maxTime = math.MaxInt64, math.MinInt64
	}
	s.count++
}

// rows packs the postings, in a fixed order: the same records always give the same rows.
func (s *segment) rows() []row {
	var p packer
	var name []byte
	values := slices.SortedFunc(maps.Keys(s.postings), func(a, b value) int { return cmp.Or(strings.Compare(a.kind, b.kind), strings.Compare(a.text, b.text)) })
	for _, v := range values {
		name = append(append(name[:0], v.kind...), v.text...)
		for _, r := range s.postings[v].runs {
			p.add(name, r)
		}
	}
	return p.finish()
}

// insert writes the segment's row. Postings that an outsider left behind under its number must not become part of it.
func (s *segmentRow) insert(ctx context.Context, tx *sql.Tx, log int64) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM posting WHERE log = $1 AND segment = $2`, log, s.id); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO segment (log, id, first, count, level, state, min_time, max_time) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		log, s.id, s.first, s.count, s.level, s.state, s.minTime, s.maxTime)
	return err
}

// insert writes the segment as the one of that number.
func (s *segment) insert(ctx context.Context, tx *sql.Tx, log int64, r segmentRow) error {
	if err := r.insert(ctx, tx, log); err != nil {
		return err
	}
	if err := insertRows(ctx, tx, log, r.id, s.rows()); err != nil {
		return err
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

// insertRows writes rows of a segment's postings.
func insertRows(ctx context.Context, tx *sql.Tx, log, id int64, rows []row) error {
	for part := range slices.Chunk(rows, 64) {
		args := make([]any, 0, 4*len(part))
		for _, r := range part {
			args = append(args, log, id, r.key, r.entries)
		}
		query := `INSERT INTO posting (log, segment, key, entries) VALUES ` + strings.TrimSuffix(strings.Repeat(`(?,?,?,?),`, len(part)), ",")
		if _, err := tx.ExecContext(ctx, query, args...); err != nil {
			return err
		}
	}
	return nil
}
