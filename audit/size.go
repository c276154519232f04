package audit

import (
	"context"
	"database/sql"
	"errors"
)

// Size is how many records a clinic's log holds, and how many of them its newest checkpoint covers: those an export holds.
// While a gateway serves, the two differ for about a second after a record. A clinic without a log has none.
func (r *Reader) Size(ctx context.Context, clinic string) (records, signed int64, err error) {
	const op = "audit.Size"
	tx, err := r.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return 0, 0, readFailed(op, err)
	}
	defer tx.Rollback()
	var log int64
	err = tx.QueryRowContext(ctx, `SELECT id FROM log WHERE clinic = $1`, clinic).Scan(&log)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, nil
	}
	if err != nil {
		return 0, 0, readFailed(op, err)
	}
	if records, _, err = lastBatch(ctx, tx, log); err != nil {
		return 0, 0, readFailed(op, err)
	}
	err = tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(size), 0) FROM checkpoint WHERE log = $1`, log).Scan(&signed)
	if err != nil {
		return 0, 0, readFailed(op, err)
	}
	return records, signed, nil
}
