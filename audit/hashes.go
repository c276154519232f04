package audit

import (
	"context"
	"database/sql"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// querier is what *sql.DB and *sql.Tx have in common for reading.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// hashReader reads a log's stored hashes out of its batches, for tlog. Neighbours mostly lie in one batch, which is read once.
func hashReader(ctx context.Context, q querier, log int64) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		var first, count int64
		var stored []byte
		for i, index := range indexes {
			if in := storedIn(index); in < first || in >= first+count {
				err := q.QueryRowContext(ctx, `SELECT first, count, hashes FROM batch WHERE log = $1 AND first <= $2 ORDER BY first DESC LIMIT 1`,
					log, in).Scan(&first, &count, &stored)
				if err != nil {
					return nil, fmt.Errorf("stored hash %d: %w", index, err)
				}
			}
			at := (index - tlog.StoredHashIndex(0, first)) * tlog.HashSize
			if at < 0 || at+tlog.HashSize > int64(len(stored)) {
				return nil, fmt.Errorf("stored hash %d is missing from the batch at %d", index, first)
			}
			out[i] = tlog.Hash(stored[at : at+tlog.HashSize])
		}
		return out, nil
	})
}
