package audit

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"strings"
)

// blockBytes is about how large a row of postings gets: two of them fill one of the database's pages of 8,192 bytes.
const blockBytes = 3700

// run is n records one after the other, from an offset in their segment.
type run struct{ start, n int64 }

func (r run) end() int64 { return r.start + r.n }

// keyOf is where the postings of a value from an offset on stand among the rows of a segment: rows are in the order of kind,
// text and offset. A zero byte in a text is written 00 01, so that no text's rows lie between another's.
func keyOf(v value, offset int64) []byte {
	key := append(prefixOf(v), 0, 0)
	return binary.BigEndian.AppendUint64(key, uint64(offset))
}

// prefixOf is what the keys of every text that begins with v's begin with.
func prefixOf(v value) []byte {
	return append(make([]byte, 0, len(v.kind)+len(v.text)+10), v.kind+strings.ReplaceAll(v.text, "\x00", "\x00\x01")...)
}

// row is one row of postings.
type row struct{ key, entries []byte }

// packer packs postings into rows. They come in the order of names and then of offsets; what comes twice counts once.
type packer struct {
	whole   bool // everything goes into one row
	rows    []row
	bytes   int    // of the rows
	name    []byte // of the entry under way
	open    bool   // there is an entry under way
	start   int64  // where it begins
	body    []byte // its runs, but for the last
	last    run
	end     int64 // of the last run in body
	entries []byte
	key     []byte
	before  []byte // the name in front of it in the same row
}

// add adds a run of the name.
func (p *packer) add(name []byte, r run) {
	if !p.open || !bytes.Equal(name, p.name) {
		p.closeEntry()
		p.begin(name, r)
		return
	}
	if end := p.last.end(); r.start <= end { // goes on, or was there
		p.last.n = max(end, r.end()) - p.last.start
		return
	}
	p.closeRun()
	if !p.whole && len(p.entries)+len(p.name)+len(p.body) >= blockBytes {
		p.last = run{}
		p.closeEntry()
		p.begin(name, r)
		return
	}
	p.last = r
}

func (p *packer) begin(name []byte, r run) {
	if !p.whole && len(p.entries)+len(name) >= blockBytes {
		p.closeRow()
	}
	if len(p.entries) == 0 {
		p.key, p.before = keyOf(value{string(name[:1]), string(name[1:])}, r.start), p.before[:0]
	}
	p.name = append(p.name[:0], name...)
	p.open, p.start, p.end, p.last, p.body = true, r.start, r.start, r, p.body[:0]
}

// closeRun appends the last run to the entry's body: its distance from the one before, doubled, one more where its length follows.
func (p *packer) closeRun() {
	gap := uint64(p.last.start-p.end) << 1
	if p.last.n == 1 {
		p.body = binary.AppendUvarint(p.body, gap)
	} else {
		p.body = binary.AppendUvarint(binary.AppendUvarint(p.body, gap|1), uint64(p.last.n-2))
	}
	p.end = p.last.end()
	p.last = run{}
}

// closeEntry appends the entry to the row: how many bytes of the name in front it shares, the rest of its name, its first
// offset, its body. A single record has no body.
func (p *packer) closeEntry() {
	if !p.open {
		return
	}
	if p.last.n > 0 && (p.last.n > 1 || len(p.body) > 0) {
		p.closeRun()
	}
	shared := 0
	for shared < len(p.before) && shared < len(p.name) && p.before[shared] == p.name[shared] {
		shared++
	}
	p.entries = binary.AppendUvarint(p.entries, uint64(shared))
	p.entries = binary.AppendUvarint(p.entries, uint64(len(p.name)-shared))
	p.entries = append(p.entries, p.name[shared:]...)
	p.entries = binary.AppendUvarint(p.entries, uint64(p.start))
	p.entries = binary.AppendUvarint(p.entries, uint64(len(p.body)))
	p.entries = append(p.entries, p.body...)
	p.before = append(p.before[:0], p.name...)
	p.open = false
	if !p.whole && len(p.entries) >= blockBytes {
		p.closeRow()
	}
}

func (p *packer) closeRow() {
	if len(p.entries) == 0 {
		return
	}
	p.rows = append(p.rows, row{p.key, p.entries})
	p.bytes += len(p.entries)
	p.entries, p.key, p.before = nil, nil, p.before[:0]
}

// finish closes everything and returns the rows.
func (p *packer) finish() []row {
	p.closeEntry()
	p.closeRow()
	return p.rows
}

// errPosting says that a row of the index is damaged; the index can be made again.
var errPosting = errors.New("a row of the index is damaged; stop the gateway and run 'vestibule audit reindex'")

// block reads a row of postings, entry by entry.
type block struct {
	rest []byte
	name []byte
	body runs
	err  error
}

// next moves to the next entry; false at the end, or where the row is damaged.
func (b *block) next() bool {
	if len(b.rest) == 0 || b.err != nil {
		return false
	}
	shared, ok1 := b.number()
	size, ok2 := b.number()
	if !ok1 || !ok2 || shared > int64(len(b.name)) || size > int64(len(b.rest)) || shared+size == 0 {
		b.err = errPosting
		return false
	}
	b.name = append(b.name[:shared], b.rest[:size]...)
	b.rest = b.rest[size:]
	start, ok1 := b.number()
	size, ok2 = b.number()
	if !ok1 || !ok2 || size > int64(len(b.rest)) {
		b.err = errPosting
		return false
	}
	b.body = runs{rest: b.rest[:size], end: start, single: size == 0}
	b.rest = b.rest[size:]
	return true
}

func (b *block) number() (int64, bool) {
	n, used := binary.Uvarint(b.rest)
	if used <= 0 || n > math.MaxInt64/4 {
		return 0, false
	}
	b.rest = b.rest[used:]
	return int64(n), true
}

// runs reads the runs of an entry.
type runs struct {
	rest   []byte
	end    int64
	single bool
	bad    bool
}

// next is the next run; false at the end, or where the entry is damaged.
func (r *runs) next() (run, bool) {
	if r.single {
		r.single = false
		r.end++
		return run{r.end - 1, 1}, true
	}
	if len(r.rest) == 0 {
		return run{}, false
	}
	gap, used := binary.Uvarint(r.rest)
	if used <= 0 {
		r.bad = true
		return run{}, false
	}
	r.rest = r.rest[used:]
	out := run{r.end + int64(gap>>1), 1}
	if gap&1 == 1 {
		more, used := binary.Uvarint(r.rest)
		if used <= 0 {
			r.bad = true
			return run{}, false
		}
		r.rest = r.rest[used:]
		out.n = int64(more) + 2
	}
	if out.start < r.end || out.n < 1 || out.end() > math.MaxInt64/4 {
		r.bad = true
		return run{}, false
	}
	r.end = out.end()
	return out, true
}
