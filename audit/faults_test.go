package audit_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"vestibule/audit"
)

// faults is a SQLite whose commits can be made to fail: between the ledger and the real driver.
type faults struct {
	driver driver.Driver
	dsn    string
	refuse atomic.Int32 // this many commits are rolled back and report an error
	doubt  atomic.Int32 // this many commits happen and report an error all the same
	fsync  atomic.Int32 // this many commits fail as SQLite's SQLITE_IOERR_FSYNC
	code   atomic.Int32 // the next commit fails with this code of SQLite's; 0: it does not
	block  atomic.Pointer[chan struct{}]
}

var errInjected = errors.New("injected: the commit failed")

type codedError int

func (e codedError) Error() string { return "injected: disk I/O error" }
func (e codedError) Code() int     { return int(e) }

func openFaulty(t *testing.T, h *house) *faults {
	t.Helper()
	f := &faults{driver: h.db.Driver(), dsn: "file:" + h.path + "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)&_txlock=immediate"}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(f)
	t.Cleanup(func() { db.Close() })
	l, err := audit.Open(context.Background(), db, h.options())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	h.Ledger = l
	return f
}

func (f *faults) Driver() driver.Driver { return f.driver }

func (f *faults) Connect(context.Context) (driver.Conn, error) {
	c, err := f.driver.Open(f.dsn)
	if err != nil {
		return nil, err
	}
	return &faultyConn{Conn: c, faults: f}, nil
}

type faultyConn struct {
	driver.Conn
	faults *faults
}

func (c *faultyConn) ExecContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Result, error) {
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, q, args)
}

func (c *faultyConn) QueryContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Rows, error) {
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, q, args)
}

func (c *faultyConn) PrepareContext(ctx context.Context, q string) (driver.Stmt, error) {
	return c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, q)
}

func (c *faultyConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	tx, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, o)
	if err != nil {
		return nil, err
	}
	return &faultyTx{Tx: tx, faults: c.faults}, nil
}

type faultyTx struct {
	driver.Tx
	faults *faults
}

func (t *faultyTx) Commit() error {
	if gate := t.faults.block.Load(); gate != nil {
		<-*gate
	}
	if code := t.faults.code.Swap(0); code != 0 {
		return errors.Join(codedError(code), t.Tx.Rollback())
	}
	switch {
	case t.faults.refuse.Add(-1) >= 0:
		return errors.Join(errInjected, t.Tx.Rollback())
	case t.faults.fsync.Add(-1) >= 0:
		return errors.Join(codedError(1034), t.Tx.Rollback())
	case t.faults.doubt.Add(-1) >= 0:
		return errors.Join(errInjected, t.Tx.Commit())
	}
	return t.Tx.Commit()
}

// wantUnavailable fails the test unless err is the refusal that a gateway turns into 503.
func wantUnavailable(t *testing.T, receipt audit.Receipt, err error) {
	t.Helper()
	if receipt.Valid() || receipt.String() != "" {
		t.Errorf("a receipt %q without a durable record", receipt)
	}
	if err == nil || !strings.Contains(err.Error(), "ledger-") {
		t.Errorf("got error %v, want ledger-unavailable", err)
	}
}

// openStuck is another database handle on the same faulty driver.
func openStuck(t *testing.T, f *faults) *sql.DB {
	t.Helper()
	db := sql.OpenDB(f)
	t.Cleanup(func() { db.Close() })
	return db
}
