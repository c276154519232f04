package audit

import (
	"bytes"
	"database/sql"
	"iter"
	"math/bits"
)

// bitset is a set of offsets in a window.
type bitset struct {
	words []uint64
	size  int64
}

func newBitset(size int64) *bitset { return &bitset{make([]uint64, (size+63)/64), size} }

// add adds a run, as far as it lies in the window.
func (b *bitset) add(r run) {
	low, high := max(r.start, 0), min(r.end(), b.size)
	for low < high {
		word, bit := low/64, low%64
		n := min(64-bit, high-low)
		b.words[word] |= (^uint64(0) >> (64 - n)) << bit
		low += n
	}
}

func (b *bitset) and(o *bitset) {
	for i := range b.words {
		b.words[i] &= o.words[i]
	}
}

func (b *bitset) count() (n int64) {
	for _, w := range b.words {
		n += int64(bits.OnesCount64(w))
	}
	return n
}

// each is the offsets, in order or in the reverse.
func (b *bitset) each(ascending bool) iter.Seq[int64] {
	if ascending {
		return b.up
	}
	return b.down
}

func (b *bitset) up(yield func(int64) bool) {
	for i, w := range b.words {
		for ; w != 0; w &= w - 1 {
			if !yield(int64(i*64 + bits.TrailingZeros64(w))) {
				return
			}
		}
	}
}

func (b *bitset) down(yield func(int64) bool) {
	for i := len(b.words) - 1; i >= 0; i-- {
		for w := b.words[i]; w != 0; {
			at := 63 - bits.LeadingZeros64(w)
			if w &^= 1 << at; !yield(int64(i*64 + at)) {
				return
			}
		}
	}
}

// rare is how few of the records of a window leave it to the records themselves whether they meet a criterion of few values: to
// read its postings would cost more.
const rare = 64

// propose is the records of a window that meet every criterion as far as the index says; nil for all of them.
func (s *searcher) propose(seg *segmentRow, w run) (*bitset, error) {
	var out *bitset
	for _, any := range s.criteria {
		if out != nil && fewValues(any) && out.count()*rare <= w.n {
			continue
		}
		exact, ok, err := s.exact(seg, any)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		set := newBitset(w.n)
		for _, v := range exact {
			if err := s.postings(seg, v, w, set); err != nil {
				return nil, err
			}
		}
		if out == nil {
			out = set
		} else {
			out.and(set)
		}
	}
	return out, nil
}

// fewValues reports whether a criterion is of a kind that has few values, so that each has many records.
func fewValues(any []value) bool {
	switch any[0].kind {
	case kindOutcome, kindPhase, kindType, kindSubtype, kindAction, kindClient:
		return true
	}
	return false
}

// postings adds to set what one value's postings say about a window.
func (s *searcher) postings(seg *segmentRow, v value, w run, set *bitset) error {
	name := []byte(v.kind + v.text)
	return s.rows(seg, keyOf(v, w.start), keyOf(v, w.end()-1), func(b *block) bool {
		for b.next() {
			if !bytes.Equal(b.name, name) {
				continue
			}
			for r, ok := b.body.next(); ok; r, ok = b.body.next() {
				set.add(run{r.start - w.start, r.n})
			}
		}
		return true
	})
}

// rows calls each for the rows of a segment that may hold postings from one key to another, until it returns false: the one in
// front of them and those that begin between the two.
func (s *searcher) rows(seg *segmentRow, low, high []byte, each func(*block) bool) error {
	more, err := s.rowsOf(each, `SELECT entries FROM posting WHERE log = $1 AND segment = $2 AND key <= $3 ORDER BY key DESC LIMIT 1`, s.log, seg.id, low)
	if err == nil && more {
		_, err = s.rowsOf(each, `SELECT entries FROM posting WHERE log = $1 AND segment = $2 AND key > $3 AND key <= $4 ORDER BY key`, s.log, seg.id, low, high)
	}
	return err
}

func (s *searcher) rowsOf(each func(*block) bool, query string, args ...any) (more bool, err error) {
	rows, err := s.query(query, args...)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	for rows.Next() {
		var b block
		if err := rows.Scan((*sql.RawBytes)(&b.rest)); err != nil {
			return false, err
		}
		more := each(&b)
		if b.err != nil || b.body.bad {
			return false, errPosting
		}
		if !more {
			return false, nil
		}
	}
	return true, rows.Err()
}

// maxExact bounds how many values of a segment a beginning may stand for. Where there are more, the index is not asked.
const maxExact = 2000

// exact is the values of a segment that a criterion stands for: names and addresses are looked for by their beginnings.
func (s *searcher) exact(seg *segmentRow, any []value) (out []value, ok bool, err error) {
	if any[0].kind != kindName && any[0].kind != kindAddress {
		return any, true, nil
	}
	if found, ok := s.expanded[any[0]]; ok && s.expandedFor == seg.id {
		return found, len(found) <= maxExact, nil
	}
	for _, v := range any {
		if out, err = s.expand(seg, v, out); err != nil {
			return nil, false, err
		}
	}
	if s.expandedFor != seg.id || s.expanded == nil {
		s.expanded, s.expandedFor = make(map[value][]value, 2), seg.id
	}
	s.expanded[any[0]] = out
	return out, len(out) <= maxExact, nil
}

// expand finds the values that begin as v does. It leaps over the rows that one value fills.
func (s *searcher) expand(seg *segmentRow, v value, out []value) ([]value, error) {
	prefix := []byte(v.kind + v.text)
	low, last := prefixOf(v), []byte(nil)
	for high := append(prefixOf(v), 0xff); len(out) <= maxExact; {
		found, n := false, 0
		err := s.rows(seg, low, high, func(b *block) bool {
			for b.next() {
				if bytes.Compare(b.name, last) > 0 && bytes.HasPrefix(b.name, prefix) {
					last = append(last[:0], b.name...)
					out = append(out, value{v.kind, string(b.name[1:])})
					found = true
				}
			}
			n++
			return n < 2
		})
		if err != nil || n < 2 || !found {
			return out, err
		}
		low = keyOf(value{v.kind, string(last[1:])}, 1<<62)
	}
	return out, nil
}
