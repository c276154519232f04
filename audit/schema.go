package audit

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
)

// ledgerFormat is the number of the table layout below.
const ledgerFormat = 1

// schema is plain SQL that SQLite and PostgreSQL both understand but for the type of bytes, see the package comment for
// what each table holds. Only `batch`, `log` and `checkpoint` are the truth; the rest can be made again from `batch`.
var schema = [...]string{
	`CREATE TABLE IF NOT EXISTS ledger (
		one INTEGER PRIMARY KEY CHECK (one = 1), format INTEGER NOT NULL, deployment TEXT NOT NULL, pulse BIGINT NOT NULL)`,
	`CREATE TABLE IF NOT EXISTS log (
		id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, clinic TEXT NOT NULL UNIQUE)`,
	`CREATE TABLE IF NOT EXISTS batch (
		log INTEGER NOT NULL REFERENCES log (id), first BIGINT NOT NULL, count BIGINT NOT NULL, time BIGINT NOT NULL,
		records BLOB NOT NULL, hashes BLOB NOT NULL, root BLOB NOT NULL, PRIMARY KEY (log, first))`,
	`CREATE TABLE IF NOT EXISTS checkpoint (
		log INTEGER NOT NULL REFERENCES log (id), slot BIGINT NOT NULL, size BIGINT NOT NULL, root BLOB NOT NULL,
		time BIGINT NOT NULL, note TEXT NOT NULL, PRIMARY KEY (log, slot))`,
	`CREATE INDEX IF NOT EXISTS checkpoint_size ON checkpoint (log, size)`,
	`CREATE TABLE IF NOT EXISTS cosigned (
		log INTEGER NOT NULL REFERENCES log (id), witness TEXT NOT NULL, size BIGINT NOT NULL, note TEXT NOT NULL, time BIGINT NOT NULL,
		PRIMARY KEY (log, witness))`,
}

// indexSchema is the tables of the index. One with other columns has another indexFormat.
var indexSchema = [...]string{
	`CREATE TABLE IF NOT EXISTS segment (
		log INTEGER NOT NULL, id BIGINT NOT NULL, first BIGINT NOT NULL, count BIGINT NOT NULL, level BIGINT NOT NULL, state BIGINT NOT NULL,
		min_time BIGINT NOT NULL, max_time BIGINT NOT NULL, PRIMARY KEY (log, id))`,
	`CREATE TABLE IF NOT EXISTS posting (
		log INTEGER NOT NULL, segment BIGINT NOT NULL, key BLOB NOT NULL, entries BLOB NOT NULL, PRIMARY KEY (log, segment, key))`,
	`CREATE TABLE IF NOT EXISTS open_intent (
		log INTEGER NOT NULL, idx BIGINT NOT NULL, PRIMARY KEY (log, idx))`,
}

// createTables makes what is missing and checks that the ledger found is this deployment's and of a known layout.
func createTables(ctx context.Context, db *sql.DB, deployment string) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, stmt := range slices.Concat(schema[:], indexSchema[:]) {
		if _, err := tx.ExecContext(ctx, stmt); err != nil {
			return err
		}
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO ledger (one, format, deployment, pulse) VALUES (1, $1, $2, 0) ON CONFLICT (one) DO NOTHING`,
		ledgerFormat, deployment)
	if err != nil {
		return err
	}
	var format int
	var found string
	if err := tx.QueryRowContext(ctx, `SELECT format, deployment FROM ledger WHERE one = 1`).Scan(&format, &found); err != nil {
		return err
	}
	if format != ledgerFormat {
		return fmt.Errorf("the ledger's tables have layout %d, this version knows %d", format, ledgerFormat)
	}
	if found != deployment {
		return fmt.Errorf("the ledger belongs to deployment %q, not to %q", found, deployment)
	}
	return tx.Commit()
}
