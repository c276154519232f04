// Package store keeps what the program must not forget: the database under the ledger and the documents a clinic has
// applied. It is the one owner of the SQL drivers; other packages get a *sql.DB and speak database/sql.
package store

import (
	"database/sql"
	"fmt"
	"net/url"

	_ "modernc.org/sqlite" // registers the "sqlite" driver
)

// OpenSQLite opens (and creates) the database file at path: WAL, synchronous=FULL, foreign keys, five seconds of
// patience with other processes, every transaction immediate, and what is deleted or replaced is overwritten in the file.
func OpenSQLite(path string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", SourceName(path))
	if err != nil {
		return nil, fmt.Errorf("store.OpenSQLite: %w", err)
	}
	if err := db.Ping(); err != nil {
		db.Close()
		return nil, fmt.Errorf("store.OpenSQLite: %w", err)
	}
	return db, nil
}

// SourceName is how the driver is told what OpenSQLite opens.
func SourceName(path string) string {
	q := url.Values{
		"_pragma": {"journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)", "busy_timeout(5000)", "secure_delete(ON)"},
		"_txlock": {"immediate"},
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}
