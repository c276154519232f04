// Package store keeps what the program must not forget: the database under the ledger and the documents a clinic has
// applied. It is the one owner of the SQL drivers; other packages get a *sql.DB and speak database/sql.
package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync/atomic"

	_ "modernc.org/sqlite" // registers the "sqlite" driver
)

// OpenSQLite opens (and creates) the database file at path: WAL, synchronous=FULL, foreign keys, five seconds of
// patience with other processes, every transaction immediate, and what is deleted or replaced is overwritten in the file.
func OpenSQLite(path string) (*sql.DB, error) {
	c, err := Connector(path)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(c)
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

// Connector opens connections to the database file at path, as OpenSQLite does, and makes the file where there is none.
func Connector(path string) (driver.Connector, error) {
	if err := makeSQLite(path); err != nil {
		return nil, fmt.Errorf("store.Connector: %w", err)
	}
	q := url.Values{
		"_pragma": {"journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)", "busy_timeout(5000)", "secure_delete(ON)"},
		"_txlock": {"immediate"},
	}
	registered, err := sql.Open("sqlite", "") // which opens nothing: it finds the driver
	if err != nil {
		return nil, fmt.Errorf("store.Connector: %w", err)
	}
	defer registered.Close()
	return &connector{sqlite: registered.Driver(), name: "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()}, nil
}

// connector opens connections to one file.
type connector struct {
	sqlite driver.Driver
	name   string
	guard  atomic.Pointer[Guard] // nil: nobody watches over the file
}

// Connect opens one connection. Where the file is guarded it is opened only while it is the one that was opened first, and its
// write-ahead log with it: a connection to another file would stay in the pool when the first file is back.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	g := c.guard.Load()
	if g == nil {
		return c.sqlite.Open(c.name)
	}
	if err := g.Intact(); err != nil {
		return nil, err
	}
	conn, err := c.sqlite.Open(c.name)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(openLog(ctx, conn), g.Intact()); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// openLog has a connection open the write-ahead log, which SQLite does with the first read.
func openLog(ctx context.Context, conn driver.Conn) error {
	rows, err := conn.(driver.QueryerContext).QueryContext(ctx, `SELECT COUNT(*) FROM sqlite_schema`, nil)
	if err != nil {
		return err
	}
	return rows.Close()
}

// Driver is how a Guard finds its way to the connector.
func (c *connector) Driver() driver.Driver { return guarded{c.sqlite, c} }

type guarded struct {
	driver.Driver
	connector *connector
}
