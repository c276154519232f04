package audit

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"io"
	"runtime"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// run is the committer: the one goroutine that writes. Between commits it serves ops, signs what stayed unsigned for a
// second and lets the index follow.
func (l *Ledger) run() {
	defer close(l.stopped)
	defer l.closeInsert()
	unsigned := time.NewTimer(checkpointEvery)
	defer unsigned.Stop()
	for {
		if f := l.queue.take(); f != nil {
			l.serve(f)
			continue
		}
		if l.indexStep(false) {
			continue
		}
		select {
		case <-l.queue.wake:
			if l.queue.drained() {
				l.closeErr = l.signPending()
				return
			}
		case op := <-l.ops:
			op()
		case <-unsigned.C:
			l.signPending() // a failure is met again at the next commit, where callers hear of it
			unsigned.Reset(checkpointEvery)
		}
	}
}

// serve commits one flight, tells its callers, and does the work that must not wait for an idle moment.
func (l *Ledger) serve(f *flight) {
	err := l.commit(f)
	l.noteCommit(err)
	if err != nil {
		err = unavailable("ledger-unavailable", err)
	}
	waiting := l.queue.waiting()
	f.watch.Stop()
	f.settle(err)
	l.recycle(f)
	select {
	case op := <-l.ops:
		op()
	default:
	}
	l.indexStep(true)
	l.gather(waiting, len(f.items))
}

// gather lets the callers just woken run before the next commit begins: what they append next then shares it, instead of
// one commit for the first of them and another for the rest. It gives up the processor only while the queue grows, so that
// a lone caller waits for nobody.
func (l *Ledger) gather(waiting, woken int) {
	before := waiting
	for still := 0; still < 3; {
		runtime.Gosched()
		n := l.queue.waiting()
		if n >= waiting+woken {
			return
		}
		if n > before {
			still = 0
		} else {
			still++
		}
		before = n
	}
}

// part is what one flight holds for one log.
type part struct {
	state   *logState
	first   int64
	items   []*item
	records []byte
	hashes  []byte
	rows    []partRow
	signed  bool
}

// partRow is where in a part a row of the table ends.
type partRow struct {
	items, records, hashes int
	root                   tlog.Hash
}

// rowBytes is how many bytes of records a row of the table holds before the next begins. Whoever wants one record reads its whole
// row, and every row costs the commit a few microseconds.
const rowBytes = 8 << 10

// take adds an item to the part.
func (p *part) take(it *item) {
	it.log, it.index = p.state.name, p.state.edge.size
	p.items = append(p.items, it)
	p.records = append(p.records, it.leaf.line()...)
	p.hashes = p.state.edge.add(p.hashes, it.leaf.hash)
	if len(p.records)-p.end().records >= rowBytes {
		p.closeRow()
	}
}

// end is where the last row ends.
func (p *part) end() (end partRow) {
	if n := len(p.rows); n > 0 {
		end = p.rows[n-1]
	}
	return end
}

// closeRow ends a row here, if there is something in it.
func (p *part) closeRow() {
	if len(p.items) > p.end().items {
		p.rows = append(p.rows, partRow{len(p.items), len(p.records), len(p.hashes), p.state.edge.root()})
	}
}

// commit writes f in one transaction and moves the state in memory on. On any failure the state is thrown away: the next
// commit begins with what is durably there.
func (l *Ledger) commit(f *flight) error {
	if err := l.sound(); err != nil {
		return err
	}
	if err := l.ensureLoaded(); err != nil {
		return err
	}
	err := l.write(context.Background(), f)
	if err == nil {
		err = l.sound() // what went into a file that was deleted meanwhile is not durable (H24)
	}
	if err != nil {
		l.noteFailure(err)
	}
	return err
}

func (l *Ledger) write(ctx context.Context, f *flight) error {
	tx, err := l.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	parts, err := l.divide(ctx, tx, f)
	if err != nil {
		return err
	}
	if f.with != nil {
		if err := f.with(ctx, tx); err != nil {
			return err
		}
	}
	now := l.now()
	for _, p := range parts {
		if err := l.writePart(ctx, tx, p, now); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	for _, p := range parts {
		p.state.keep(p)
		if p.signed {
			p.state.signed, p.state.signedAt = p.state.edge.size, now
		}
		p.state.index.follow(p)
	}
	return nil
}

// divide sorts the flight's items by log, in the order they came, and makes a log for a clinic that has none.
func (l *Ledger) divide(ctx context.Context, tx *sql.Tx, f *flight) ([]*part, error) {
	var parts []*part
	byClinic := make(map[string]*part, 1)
	for i := range f.items {
		it := &f.items[i]
		p := byClinic[it.clinic]
		if p == nil {
			state, err := l.logOf(ctx, tx, it.clinic)
			if err != nil {
				return nil, err
			}
			p = &part{state: state, first: state.edge.size, records: state.records[:0], hashes: state.hashes[:0], rows: state.rows[:0], items: make([]*item, 0, len(f.items))}
			byClinic[it.clinic] = p
			parts = append(parts, p)
		}
		p.take(it)
	}
	for _, p := range parts {
		p.closeRow()
	}
	return parts, nil
}

// logOf is the state of a clinic's log. A new log's name is random: it stands in receipts and checkpoints, which travel.
func (l *Ledger) logOf(ctx context.Context, tx *sql.Tx, clinic string) (*logState, error) {
	if s := l.logs[clinic]; s != nil {
		return s, nil
	}
	var name [8]byte
	if _, err := io.ReadFull(l.random, name[:]); err != nil {
		return nil, err
	}
	s := &logState{name: hex.EncodeToString(name[:]), clinic: clinic}
	err := tx.QueryRowContext(ctx, `INSERT INTO log (name, clinic) VALUES ($1, $2) RETURNING id`, s.name, clinic).Scan(&s.id)
	if err != nil {
		return nil, err
	}
	l.logs[clinic] = s
	return s, nil
}

func (l *Ledger) writePart(ctx context.Context, tx *sql.Tx, p *part, now time.Time) error {
	insert, from := tx.StmtContext(ctx, l.insert), partRow{}
	for i := range p.rows {
		to := &p.rows[i]
		_, err := insert.ExecContext(ctx, p.state.id, p.first+int64(from.items), to.items-from.items, now.UnixMilli(),
			p.records[from.records:to.records], p.hashes[from.hashes:to.hashes], to.root[:])
		if err != nil {
			return err
		}
		from = *to
	}
	if now.Sub(p.state.signedAt).Abs() < checkpointEvery && l.next == nil && !l.signNow {
		return nil
	}
	p.signed = true
	_, err := l.sign(ctx, tx, p.state, now)
	return err
}

// keep holds on to the memory of a commit for the next one, unless it was an unusually large one.
func (s *logState) keep(p *part) {
	if cap(p.records) <= 2<<20 {
		s.records, s.hashes, s.rows = p.records, p.hashes, p.rows
	}
}

// prepareInsert prepares the one statement that every commit runs.
func (l *Ledger) prepareInsert(ctx context.Context) (err error) {
	if l.insert == nil {
		l.insert, err = l.db.PrepareContext(ctx, `INSERT INTO batch (log, first, count, time, records, hashes, root) VALUES ($1, $2, $3, $4, $5, $6, $7)`)
	}
	return err
}

// closeInsert lets the statement go; what the database says about that changes nothing.
func (l *Ledger) closeInsert() {
	if l.insert != nil {
		l.insert.Close()
		l.insert = nil
	}
}

// recycle keeps the leaves' memory for the next records.
func (l *Ledger) recycle(f *flight) {
	for i := range f.items {
		if leaf := f.items[i].leaf; cap(leaf.text) <= 16<<10 {
			clear(leaf.facts.values) // of what patients they name
			l.leaves.Put(leaf)
		}
		f.items[i].leaf = nil
	}
}

// noteCommit keeps for Ping how the last commit went.
func (l *Ledger) noteCommit(err error) {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.failures++
		if l.health == nil {
			l.failingAt = now
		}
	}
	l.health, l.commitAt = err, now
}

// noteFailure throws the state in memory away, and ends the ledger when the disk lost what it had been given.
func (l *Ledger) noteFailure(err error) {
	l.logs = nil
	l.closeInsert()
	if fsyncFailed(err) {
		l.broken = errors.Join(errFsync, err)
	}
}

// fsyncFailed reports SQLite's SQLITE_IOERR_FSYNC and SQLITE_IOERR_DIR_FSYNC (https://www.sqlite.org/rescode.html). After
// them the kernel may have dropped the dirty pages and report success next time.
func fsyncFailed(err error) bool {
	var coded interface{ Code() int }
	if !errors.As(err, &coded) {
		return false
	}
	return coded.Code() == 1034 || coded.Code() == 1290
}

// pulse proves that the database takes a write.
func (l *Ledger) pulse() error {
	err := l.sound()
	if err == nil {
		err = l.ensureLoaded()
	}
	if err == nil {
		_, err = l.db.ExecContext(context.Background(), `UPDATE ledger SET pulse = $1 WHERE one = 1`, l.now().UnixMilli())
	}
	l.noteCommit(err)
	if err != nil {
		return unavailable("ledger-unavailable", err)
	}
	return nil
}

// drained reports whether the queue is closed and empty.
func (q *queue) drained() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed && len(q.flights) == 0
}
