package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
)

//go:embed migrations/*.sql
var migrations embed.FS

// component names this package's tables in the table `migration`. Each package that owns tables counts its own versions,
// because they share one database (PRAGMA user_version is one number for all of them).
const component = "store"

// migrate brings the tables to the newest version, each step in its own transaction. A database from a newer program is
// refused: what it means by its columns cannot be known here.
func migrate(ctx context.Context, db *sql.DB) error {
	const table = `CREATE TABLE IF NOT EXISTS migration (component TEXT NOT NULL PRIMARY KEY, version BIGINT NOT NULL)`
	if _, err := db.ExecContext(ctx, table); err != nil {
		return err
	}
	steps, err := fs.Glob(migrations, "migrations/*.sql") // sorted, and numbered from 0001
	if err != nil {
		return err
	}
	for i, name := range steps {
		if err := step(ctx, db, int64(i)+1, int64(len(steps)), name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// step applies one migration unless it has been applied. The version is read inside the transaction that writes it, so
// two processes that start at once do not both apply it.
func step(ctx context.Context, db *sql.DB, number, newest int64, name string) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var found int64
	err = tx.QueryRowContext(ctx, `SELECT version FROM migration WHERE component = $1`, component).Scan(&found)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if found > newest {
		return fmt.Errorf("the database is of version %d, this program knows up to %d; use the newer program", found, newest)
	}
	if found >= number {
		return nil
	}
	text, err := migrations.ReadFile(name)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, string(text)); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO migration (component, version) VALUES ($1, $2)
		ON CONFLICT (component) DO UPDATE SET version = excluded.version`, component, number)
	if err != nil {
		return err
	}
	return tx.Commit()
}
