package audit

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// searcher is one search in one read transaction: the tail first, read directly, then the segments, newest first.
type searcher struct {
	ctx      context.Context
	q        querier
	want     Search
	criteria [][]value
	limit    int

	log     int64
	name    string
	owner   string // the deployment
	size    int64
	indexed int64
	found   []Entry
	more    bool
	batch   *batch // the one read last
}

func (s *searcher) run(clinic string) error {
	if err := s.open(clinic); err != nil {
		return err
	}
	if len(s.want.Indexes) > 0 {
		return s.byIndex()
	}
	if err := s.tail(); err != nil || s.more {
		return err
	}
	return s.segments()
}

// open finds the log and how far it and its index reach.
func (s *searcher) open(clinic string) error {
	err := s.q.QueryRowContext(s.ctx, `SELECT log.id, log.name, ledger.deployment FROM log, ledger WHERE log.clinic = $1`, clinic).
		Scan(&s.log, &s.name, &s.owner)
	if err != nil {
		return err
	}
	if s.size, _, err = lastBatch(s.ctx, s.q, s.log); err != nil {
		return err
	}
	s.indexed, err = indexedTo(s.ctx, s.q, s.log)
	return err
}

// byIndex reads the records that are asked for by their index.
func (s *searcher) byIndex() error {
	wanted := slices.Clone(s.want.Indexes)
	slices.Sort(wanted)
	for _, index := range slices.Backward(slices.Compact(wanted)) {
		if index < 0 || index >= s.size {
			continue
		}
		if done, err := s.consider(index); done || err != nil {
			return err
		}
	}
	return nil
}

// tail looks at every record behind the last segment.
func (s *searcher) tail() error {
	return s.scan(s.indexed, s.size)
}

// scan looks at the records in [from, to), newest first.
func (s *searcher) scan(from, to int64) error {
	if s.want.Before > 0 {
		to = min(to, s.want.Before)
	}
	for index := to - 1; index >= from; index-- {
		if done, err := s.consider(index); done || err != nil {
			return err
		}
	}
	return nil
}

// consider takes the record at index if it matches; done when the page is full and one more was found.
func (s *searcher) consider(index int64) (done bool, err error) {
	line, err := s.line(index)
	if err != nil {
		return false, err
	}
	if !s.mayHoldID(line) {
		return false, nil
	}
	r, err := DecodeRecord(line)
	if err != nil {
		return false, fmt.Errorf("record %d: %w", index, err)
	}
	if !s.matches(index, &r) {
		return false, nil
	}
	if len(s.found) == s.limit {
		s.more = true
		return true, nil
	}
	s.found = append(s.found, Entry{Deployment: s.owner, Log: s.name, Index: index, Record: r})
	return false, nil
}

// mayHoldID spares decoding when an access is looked for by its id, which is plain ASCII in the line.
func (s *searcher) mayHoldID(line []byte) bool {
	if len(s.want.IDs) == 0 {
		return true
	}
	for _, id := range s.want.IDs {
		if bytes.Contains(line, []byte(id)) {
			return true
		}
	}
	return false
}

// line is a record's bytes, out of the batch read last where it is in it.
func (s *searcher) line(index int64) ([]byte, error) {
	if b := s.batch; b == nil || index < b.first || index >= b.first+b.count {
		if err := s.ctx.Err(); err != nil {
			return nil, err
		}
		b, err := readBatch(s.ctx, s.q, s.log, index)
		if err != nil {
			return nil, err
		}
		s.batch = b
	}
	return s.batch.line(index - s.batch.first), nil
}

// span is one segment as the search needs it.
type span struct{ first, count int64 }

// segments walks the segments that may hold a match, in pages, so that no result set stays open while another is read.
func (s *searcher) segments() error {
	before := int64(math.MaxInt64)
	if s.want.Before > 0 {
		before = s.want.Before
	}
	for {
		page, err := s.page(before)
		if err != nil || len(page) == 0 {
			return err
		}
		hits, err := s.pageHits(page)
		if err != nil {
			return err
		}
		for _, seg := range page {
			if err := s.segment(seg, hits); err != nil || s.more {
				return err
			}
			before = seg.first
		}
	}
}

const spansPerPage = 256

// page is the next segments that begin before a record and lie in the wanted times and ids.
func (s *searcher) page(before int64) ([]span, error) {
	from, until := int64(math.MinInt64), int64(math.MaxInt64)
	if !s.want.From.IsZero() {
		from = s.want.From.UnixMilli()
	}
	if !s.want.Until.IsZero() {
		until = s.want.Until.UnixMilli()
	}
	low, high := "", "~" // every UUID lies between
	if len(s.want.IDs) > 0 {
		low, high = slices.Min(s.want.IDs), slices.Max(s.want.IDs)
	}
	rows, err := s.q.QueryContext(s.ctx, `SELECT first, count FROM segment WHERE log = $1 AND first < $2
		AND max_time >= $3 AND min_time <= $4 AND max_id >= $5 AND min_id <= $6 ORDER BY first DESC LIMIT $7`,
		s.log, before, from, until, low, high, spansPerPage)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []span
	for rows.Next() {
		var seg span
		if err := rows.Scan(&seg.first, &seg.count); err != nil {
			return nil, err
		}
		out = append(out, seg)
	}
	return out, rows.Err()
}

// hitSet holds, for each segment of a page by its first record, the offsets whose records hold a value.
type hitSet map[int64]map[int64]bool

// pageHits asks the postings of a page's segments, once for each value of each criterion.
func (s *searcher) pageHits(page []span) ([]hitSet, error) {
	out := make([]hitSet, 0, len(s.criteria))
	for _, any := range s.criteria {
		set := make(hitSet, len(page))
		for _, v := range any {
			if err := s.valueHits(set, v, page[len(page)-1].first, page[0].first); err != nil {
				return nil, err
			}
		}
		out = append(out, set)
	}
	return out, nil
}

// valueHits adds to set what the postings of one value say about the segments from low to high.
func (s *searcher) valueHits(set hitSet, v value, low, high int64) error {
	rows, err := s.q.QueryContext(s.ctx, `SELECT first, entries FROM posting WHERE log = $1 AND bucket = $2 AND first >= $3 AND first <= $4`,
		s.log, bucketOf(v), low, high)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var first int64
		var entries sql.RawBytes
		if err := rows.Scan(&first, &entries); err != nil {
			return err
		}
		if set[first] == nil {
			set[first] = make(map[int64]bool)
		}
		if err := offsetsIn(set[first], entries, v); err != nil {
			return err
		}
	}
	return rows.Err()
}

// segment looks at the records of one segment that its postings propose.
func (s *searcher) segment(seg span, hits []hitSet) error {
	if len(hits) == 0 {
		return s.scan(seg.first, seg.first+seg.count)
	}
	offsets := hits[0][seg.first]
	for _, at := range slices.Backward(slices.Sorted(maps.Keys(offsets))) {
		if at >= seg.count {
			return errPosting
		}
		if slices.ContainsFunc(hits[1:], func(h hitSet) bool { return !h[seg.first][at] }) {
			continue
		}
		if done, err := s.consider(seg.first + at); done || err != nil {
			return err
		}
	}
	return nil
}

// accepts reports whether a posting's text is what v looks for; names by their beginning.
func (v value) accepts(text string) bool {
	return text == v.text || v.kind == kindName && strings.HasPrefix(text, v.text)
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *searcher) result() Result {
	out := Result{Entries: s.found}
	if s.more {
		out.Next = s.found[len(s.found)-1].Index
	}
	return out
}
