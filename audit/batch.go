package audit

import (
	"bytes"
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// batch is one row of the table: what one commit added to one log.
type batch struct {
	first   int64
	count   int64
	records []byte
	hashes  []byte
	root    []byte
	starts  []int // start of each line in records, and its end
}

const selectBatch = `SELECT first, count, records, hashes, root FROM batch WHERE log = $1 AND `

// readBatch reads the batch that holds a record.
func readBatch(ctx context.Context, q querier, log, index int64) (*batch, error) {
	b := new(batch)
	err := q.QueryRowContext(ctx, selectBatch+`first <= $2 ORDER BY first DESC LIMIT 1`, log, index).
		Scan(&b.first, &b.count, &b.records, &b.hashes, &b.root)
	if err != nil {
		return nil, fmt.Errorf("batch of record %d: %w", index, err)
	}
	if err := b.split(); err != nil {
		return nil, err
	}
	if index >= b.first+b.count {
		return nil, fmt.Errorf("record %d is missing: its batch is not there", index)
	}
	return b, nil
}

// has reports whether a record is in the batch.
func (b *batch) has(index int64) bool { return index >= b.first && index < b.first+b.count }

// split finds the lines.
func (b *batch) split() error {
	// How many there are is not believed before they are seen: the row may be damaged.
	b.starts = append(make([]int, 0, 1+max(0, min(b.count, int64(len(b.records))))), 0)
	for at := 0; at < len(b.records); {
		n := bytes.IndexByte(b.records[at:], '\n')
		if n < 0 {
			return fmt.Errorf("the batch at %d ends inside a record", b.first)
		}
		at += n + 1
		b.starts = append(b.starts, at)
	}
	if int64(len(b.starts)-1) != b.count {
		return fmt.Errorf("the batch at %d holds %d records, not %d", b.first, len(b.starts)-1, b.count)
	}
	return nil
}

// leaf is the hash that is stored for the i-th record.
func (b *batch) leaf(i int64) (tlog.Hash, error) {
	at := (tlog.StoredHashIndex(0, b.first+i) - tlog.StoredHashIndex(0, b.first)) * tlog.HashSize
	if at+tlog.HashSize > int64(len(b.hashes)) {
		return tlog.Hash{}, fmt.Errorf("the hash of record %d is missing", b.first+i)
	}
	return tlog.Hash(b.hashes[at : at+tlog.HashSize]), nil
}

// body is the i-th record's.
func (b *batch) body(i int64) body { return body{b.records[b.starts[i] : b.starts[i+1]-1]} }

// body is a record as a batch keeps it: its bytes without the newline, or nothing where they were deleted, see Forget. Whoever
// reads it has to say what becomes of a deleted one. The zero value is a deleted one.
type body struct{ line []byte }

// text is the record's bytes; ok is false where they were deleted. They must not be changed.
func (b body) text() (line []byte, ok bool) { return b.line, len(b.line) > 0 }

// record is the record, decoded; ok is false where its body was deleted.
func (b body) record() (r Record, ok bool, err error) {
	line, ok := b.text()
	if !ok {
		return Record{}, false, nil
	}
	r, err = DecodeRecord(line)
	return r, true, err
}
