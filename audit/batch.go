package audit

import (
	"bytes"
	"context"
	"fmt"
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
	if index >= b.first+b.count {
		return nil, fmt.Errorf("record %d is missing: its batch is not there", index)
	}
	if err := b.split(); err != nil {
		return nil, err
	}
	return b, nil
}

// split finds the lines.
func (b *batch) split() error {
	b.starts = append(make([]int, 0, b.count+1), 0)
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

// line is the i-th record's bytes, without the newline.
func (b *batch) line(i int64) []byte { return b.records[b.starts[i] : b.starts[i+1]-1] }
