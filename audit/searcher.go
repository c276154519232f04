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
	stop    int64 // where the next page begins
	looked  int
	batch   *batch // the one read last
}

func (s *searcher) run(clinic string) error {
	if err := s.open(clinic); err != nil {
		return err
	}
	if len(s.want.Indexes) > 0 {
		return s.byIndex()
	}
	first, second := s.tail, s.segments
	if s.want.Ascending {
		first, second = s.segments, s.tail
	}
	if err := first(); err != nil || s.more {
		return err
	}
	return second()
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
	s.criteria = s.want.criteria(s.owner)
	s.indexed, err = indexedTo(s.ctx, s.q, s.log)
	return err
}

// byIndex reads the records that are asked for by their index.
func (s *searcher) byIndex() error {
	wanted := slices.Clone(s.want.Indexes)
	slices.Sort(wanted)
	wanted = slices.Compact(wanted)
	if !s.want.Ascending {
		slices.Reverse(wanted)
	}
	for _, index := range wanted {
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

// scan looks at the records in [from, to), in the order of the search.
func (s *searcher) scan(from, to int64) error {
	if s.want.Before > 0 {
		to = min(to, s.want.Before)
	}
	from = max(from, s.want.Since)
	for i := range max(0, to-from) {
		index := to - 1 - i
		if s.want.Ascending {
			index = from + i
		}
		if done, err := s.consider(index); done || err != nil {
			return err
		}
	}
	return nil
}

// consider takes the record at index if it matches; done when the page is full and one more was found, or enough were looked
// at for one page.
func (s *searcher) consider(index int64) (done bool, err error) {
	if s.want.Before > 0 && index >= s.want.Before || index < s.want.Since {
		return false, nil // another page's, and no look
	}
	if s.want.Looks > 0 && s.looked == s.want.Looks {
		s.more, s.stop = true, index
		return true, nil
	}
	s.looked++
	body, err := s.body(index)
	if err != nil {
		return false, err
	}
	line, ok := body.text()
	if !ok || !s.mayHoldID(line) { // a deleted body matches nothing
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
		s.more, s.stop = true, index
		return true, nil
	}
	s.found = append(s.found, s.entry(index, &r))
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

// body is a record's, out of the batch read last where it is in it.
func (s *searcher) body(index int64) (body, error) {
	if b := s.batch; b == nil || index < b.first || index >= b.first+b.count {
		if err := s.ctx.Err(); err != nil {
			return body{}, err
		}
		b, err := readBatch(s.ctx, s.q, s.log, index)
		if err != nil {
			return body{}, err
		}
		s.batch = b
	}
	return s.batch.body(index - s.batch.first), nil
}

// span is one segment as the search needs it.
type span struct{ first, count int64 }

// segments walks the segments that may hold a match, in pages, so that no result set stays open while another is read.
func (s *searcher) segments() error {
	edge := int64(math.MaxInt64)
	switch {
	case s.want.Ascending:
		edge = s.want.Since
	case s.want.Before > 0:
		edge = s.want.Before
	}
	for {
		page, err := s.page(edge)
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
			edge = seg.first
			if s.want.Ascending {
				edge += seg.count
			}
		}
	}
}

const spansPerPage = 256

// page is the next segments that begin before a record, or for an ascending search end behind it, and lie in the wanted times
// and ids.
func (s *searcher) page(edge int64) ([]span, error) {
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
	side, order := `first < $2`, `DESC`
	if s.want.Ascending {
		side, order = `first + count > $2`, `ASC`
	}
	rows, err := s.q.QueryContext(s.ctx, `SELECT first, count FROM segment WHERE log = $1 AND `+side+`
		AND max_time >= $3 AND min_time <= $4 AND max_id >= $5 AND min_id <= $6 ORDER BY first `+order+` LIMIT $7`,
		s.log, edge, from, until, low, high, spansPerPage)
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
			a, b := page[0].first, page[len(page)-1].first
			if err := s.valueHits(set, v, min(a, b), max(a, b)); err != nil {
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
	inOrder := slices.Sorted(maps.Keys(offsets))
	if !s.want.Ascending {
		slices.Reverse(inOrder)
	}
	for _, at := range inOrder {
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

// accepts reports whether a posting's text is what v looks for; names and addresses by their beginning.
func (v value) accepts(text string) bool {
	return text == v.text || (v.kind == kindName || v.kind == kindAddress) && strings.HasPrefix(text, v.text)
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
		out.Next = s.stop + 1
		if s.want.Ascending {
			out.Next = s.stop
		}
	}
	return out
}
