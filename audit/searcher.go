package audit

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
)

// searcher is one search in one read transaction: the tail first, read directly, then the segments, newest first; see propose, and
// body for how records are read.
type searcher struct {
	ctx      context.Context
	q        querier
	want     Search
	criteria [][]value
	limit    int

	log      int64
	name     string
	owner    string // the deployment
	size     int64
	indexed  int64
	found    []Entry
	more     bool
	stop     int64 // where the next page begins
	looked   int
	batch    *batch   // the row read last
	ahead    []*batch // rows read ahead
	prepared map[string]*sql.Stmt

	expanded    map[value][]value // what beginnings stand for in the segment looked at
	expandedFor int64
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
		if i%scanAhead == scanAhead-1 && to-from-i > scanAhead { // not for a page that is full soon
			if err := s.readSpan(index, scanAhead); err != nil {
				return err
			}
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

// segments looks into the segments that may hold a match, in the order of the search.
func (s *searcher) segments() error {
	all, err := s.live()
	if err != nil {
		return err
	}
	if !s.want.Ascending {
		slices.Reverse(all)
	}
	for i := range all {
		if err := s.segment(&all[i]); err != nil || s.more {
			return err
		}
	}
	return nil
}

// live is the segments that hold records of the wanted time, in the order of the log.
func (s *searcher) live() ([]segmentRow, error) {
	return readSegments(s.ctx, s.q, `AND state = $2 AND max_time >= $3 AND min_time <= $4 ORDER BY first`, s.log, segmentLive, s.fromMillis(), s.untilMillis())
}

func (s *searcher) fromMillis() int64 {
	if s.want.From.IsZero() {
		return math.MinInt64
	}
	return s.want.From.UnixMilli()
}

func (s *searcher) untilMillis() int64 {
	if s.want.Until.IsZero() {
		return math.MaxInt64
	}
	return s.want.Until.UnixMilli()
}

// A segment is looked at in windows that grow, so that the first page of a search reads little and a whole search few windows.
const firstWindow, windowGrowth = 1024, 4

// segment looks at the records of one segment that its postings propose.
func (s *searcher) segment(seg *segmentRow) error {
	low, high := max(0, s.want.Since-seg.first), seg.count
	if s.want.Before > 0 {
		high = min(high, s.want.Before-seg.first)
	}
	if low >= high {
		return nil
	}
	dated, err := s.dated(seg)
	if err != nil {
		return err
	}
	low, high = max(low, dated.start), min(high, dated.end())
	for size := int64(firstWindow); low < high; size *= windowGrowth {
		window := run{max(low, high-size), min(size, high-low)}
		if s.want.Ascending {
			window.start = low
		}
		if err := s.window(seg, window); err != nil || s.more {
			return err
		}
		if s.want.Ascending {
			low = window.end()
		} else {
			high = window.start
		}
	}
	return nil
}

// window looks at the records of one window.
func (s *searcher) window(seg *segmentRow, w run) error {
	set, err := s.propose(seg, w)
	if err != nil {
		return err
	}
	if set == nil {
		return s.scan(seg.first+w.start, seg.first+w.end())
	}
	next := make([]int64, 0, aheadRecords)
	for at := range set.each(s.want.Ascending) {
		if next = append(next, seg.first+w.start+at); len(next) == cap(next) {
			if done, err := s.considerAll(next); done || err != nil {
				return err
			}
			next = next[:0]
		}
	}
	_, err = s.considerAll(next)
	return err
}

// considerAll is consider for some records, which are read at once.
func (s *searcher) considerAll(indexes []int64) (done bool, err error) {
	if err := s.readAhead(indexes); err != nil {
		return false, err
	}
	for _, index := range indexes {
		if done, err := s.consider(index); done || err != nil {
			return true, err
		}
	}
	return false, nil
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
