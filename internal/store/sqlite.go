// Package store keeps what the program must not forget: the database under the ledger and the documents a clinic has
// applied. It is the one owner of the SQL drivers; other packages get a *sql.DB and speak database/sql.
package store

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"

	_ "modernc.org/sqlite" // registers the "sqlite" driver
)

// OpenSQLite opens (and creates) the database file at path: WAL, synchronous=FULL, foreign keys, five seconds of
// patience with other processes, every transaction immediate, and what is deleted or replaced is overwritten in the file.
func OpenSQLite(path string) (*sql.DB, error) {
	if err := makeSQLite(path); err != nil {
		return nil, fmt.Errorf("store.OpenSQLite: %w", err)
	}
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

// pageBytes is the size of a new database's pages. Every page that a commit writes is two calls of the system, and moving it into
// the database two more: with pages of eight kilobytes instead of four a durable record costs a tenth less CPU, with sixteen
// nothing less again.
const pageBytes = 8192

// makeSQLite makes the database file where there is none, or an empty one: the size of the pages is settled by the first write,
// and the driver turns the write-ahead log on before it is told a size.
func makeSQLite(path string) error {
	if info, err := os.Stat(path); err == nil && info.Size() > 0 {
		return nil
	}
	db, err := sql.Open("sqlite", fmt.Sprintf("file:%s?_pragma=page_size(%d)&_pragma=busy_timeout(5000)", (&url.URL{Path: path}).EscapedPath(), pageBytes))
	if err != nil {
		return err
	}
	_, err = db.Exec(`PRAGMA journal_mode = WAL`)
	return errors.Join(err, db.Close())
}

// SourceName is how the driver is told what OpenSQLite opens.
func SourceName(path string) string {
	q := url.Values{
		"_pragma": {"journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)", "busy_timeout(5000)", "secure_delete(ON)"},
		"_txlock": {"immediate"},
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}
