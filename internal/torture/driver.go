package main

import (
	"bytes"
	"context"
	"database/sql/driver"
	"strings"
)

// trappedDriver is what opens a gateway's connections, with a trap in them.
type trappedDriver struct {
	driver.Connector
	trap *trap
}

// Connect opens one more connection.
func (d trappedDriver) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := d.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &trappedSQL{Conn: c, trap: d.trap}, nil
}

// trappedSQL is one connection. It knows what the transaction under way is about from the statements in it.
type trappedSQL struct {
	driver.Conn
	trap *trap
	in   bool            // a transaction is under way
	tags map[string]bool // what it is about
}

// kinds are the transactions of the points, by what stands in a statement or in the records of a batch.
var kinds = [...]struct{ tag, statement, record string }{
	{onIntent, "INSERT INTO batch", `"phase":"intent"`},
	{onOutcome, "INSERT INTO batch", `"phase":"outcome"`},
	{onUnresolved, "INSERT INTO batch", `"phase":"unresolved"`},
	{onRotation, "INSERT INTO batch", `"action":"key-rotated"`},
	{onStart, "INSERT INTO batch", `"action":"start"`},
	{onIndex, "INSERT INTO segment", ""},
	{onCheckpoint, "INSERT INTO checkpoint", ""},
	{onTables, "CREATE TABLE", ""},
	{onEvent, "UPDATE event SET receipt", ""},
} // never written to

const isBatch = "batch"

func (c *trappedSQL) note(query string, args []driver.NamedValue) {
	for _, k := range kinds {
		if strings.HasPrefix(query, k.statement) && (k.record == "" || holds(args, k.record)) {
			c.tags[k.tag] = true
		}
	}
	if strings.HasPrefix(query, "INSERT INTO batch") {
		c.tags[isBatch] = true
	}
}

func holds(args []driver.NamedValue, text string) bool {
	for _, a := range args {
		if b, ok := a.Value.([]byte); ok && bytes.Contains(b, []byte(text)) {
			return true
		}
	}
	return false
}

// ExecContext carries out one statement; outside a transaction it is one by itself.
func (c *trappedSQL) ExecContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Result, error) {
	return c.exec(q, args, func() (driver.Result, error) { return c.Conn.(driver.ExecerContext).ExecContext(ctx, q, args) })
}

func (c *trappedSQL) exec(q string, args []driver.NamedValue, do func() (driver.Result, error)) (driver.Result, error) {
	if c.in {
		c.note(q, args)
		return do()
	}
	c.tags = map[string]bool{}
	c.note(q, args)
	var res driver.Result
	err := c.trap.around(c.tags, func() (err error) { res, err = do(); return err })
	return res, err
}

// QueryContext asks.
func (c *trappedSQL) QueryContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Rows, error) {
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, q, args)
}

// PrepareContext prepares a statement.
func (c *trappedSQL) PrepareContext(ctx context.Context, q string) (driver.Stmt, error) {
	s, err := c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, q)
	if err != nil {
		return nil, err
	}
	return &trappedStmt{Stmt: s, conn: c, query: q}, nil
}

// BeginTx begins a transaction.
func (c *trappedSQL) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	tx, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, o)
	if err != nil {
		return nil, err
	}
	c.in, c.tags = true, map[string]bool{}
	return &trappedTx{Tx: tx, conn: c}, nil
}

type trappedStmt struct {
	driver.Stmt
	conn  *trappedSQL
	query string
}

// ExecContext carries it out.
func (s *trappedStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return s.conn.exec(s.query, args, func() (driver.Result, error) { return s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args) })
}

// QueryContext asks.
func (s *trappedStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
}

type trappedTx struct {
	driver.Tx
	conn *trappedSQL
}

// Rollback ends it without effect.
func (t *trappedTx) Rollback() error {
	t.conn.in = false
	return t.Tx.Rollback()
}

// Commit is where most gateways die here.
func (t *trappedTx) Commit() error {
	t.conn.in = false
	if t.conn.tags[isBatch] && t.conn.trap.lies() {
		return t.Tx.Rollback()
	}
	return t.conn.trap.around(t.conn.tags, t.Tx.Commit)
}

// lies reports whether this batch is one that is said to be durable and is not.
func (t *trap) lies() bool {
	return t.order.Lie > 0 && int(t.batches.Add(1)) >= t.order.Lie
}

// around carries out a commit, or dies before, in or after it.
func (t *trap) around(tags map[string]bool, commit func() error) error {
	p := t.order.Point
	if !tags[p.What] || p.When == "" || !t.due(p.What, p.When) {
		return commit()
	}
	if p.When == "before" {
		kill()
	}
	if p.When == "inside" {
		soon(t.order.Delay)
	}
	if err := commit(); err != nil {
		return err
	}
	kill()
	return nil
}
