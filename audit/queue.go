package audit

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"vestibule/fhir"
)

// The bounds of the queue and of one commit. A flight of 1,024 records is about 1 MB; a queue of 16,384 is refused at
// rather than let grow: callers hear 503 while the disk is behind (H24).
const (
	maxFlightRecords = 1024
	maxFlightBytes   = 8 << 20
	maxQueuedRecords = 16384
	maxQueuedBytes   = 128 << 20
)

// item is one record on its way to the disk.
type item struct {
	clinic string
	leaf   *leaf  // pooled; gone once the flight is settled
	log    string // set by the commit
	index  int64  // set by the commit
}

// leaf is what a record becomes before its commit.
type leaf struct {
	text  []byte // what is hashed, 0x00 and the record's bytes (RFC 6962 section 2.1), then '\n'
	hash  tlog.Hash
	facts facts
}

// line is the record's bytes and '\n'.
func (l *leaf) line() []byte { return l.text[1:] }

// flight is the records that ride in one commit, and what their callers wait for.
type flight struct {
	items []item
	bytes int
	done  chan struct{}
	watch *time.Timer
	once  sync.Once
	err   error                                // to be read after done
	with  func(context.Context, *sql.Tx) error // what is written in the same transaction, see Forget; nil: nothing
}

// settle tells every caller of the flight how it went; only the first call counts. A flight that the watchdog gave up may
// still become durable: its callers hold no receipt and released nothing, which is the safe side of the promise.
func (f *flight) settle(err error) {
	f.once.Do(func() {
		f.err = err
		close(f.done)
	})
}

// queue holds what waits for the committer.
type queue struct {
	mu      sync.Mutex
	flights []*flight
	records int
	bytes   int
	last    int // records of the flight taken last: about what the next will hold
	closed  bool
	givenUp atomic.Int64  // flights whose callers waited in vain
	wake    chan struct{} // capacity 1: something waits
}

// put adds it to the youngest flight and says where; patience bounds how long its caller will wait for the commit.
func (q *queue) put(it item, patience time.Duration) (*flight, int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return nil, 0, unavailable("ledger-unavailable", errClosed)
	}
	if q.records >= maxQueuedRecords || q.bytes >= maxQueuedBytes {
		return nil, 0, unavailable("ledger-busy", errFull)
	}
	f := q.youngest()
	if f == nil || len(f.items) >= maxFlightRecords || f.bytes >= maxFlightBytes {
		f = &flight{items: make([]item, 0, max(4, q.last)), done: make(chan struct{})}
		f.watch = time.AfterFunc(patience, func() {
			q.givenUp.Add(1)
			f.settle(unavailable("ledger-unavailable", errSlow))
		})
		q.flights = append(q.flights, f)
	}
	f.items = append(f.items, it)
	f.bytes += len(it.leaf.text)
	q.records++
	q.bytes += len(it.leaf.text)
	return f, len(f.items) - 1, nil
}

func (q *queue) youngest() *flight {
	if len(q.flights) == 0 {
		return nil
	}
	return q.flights[len(q.flights)-1]
}

// take removes the oldest flight; nil when nothing waits.
func (q *queue) take() *flight {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.flights) == 0 {
		return nil
	}
	f := q.flights[0]
	q.flights[0] = nil
	q.flights = q.flights[1:]
	q.last = len(f.items)
	q.records -= len(f.items)
	q.bytes -= f.bytes
	return f
}

// waiting is the number of records in the queue.
func (q *queue) waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.records
}

// signal wakes the committer.
func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default: // it is awake already
	}
}

// close lets nothing more in.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.signal()
}

// What stands behind an unavailable ledger, for the operator.
var (
	errClosed = errors.New("the ledger is closed")
	errFull   = errors.New("too many records wait for the disk")
	errSlow   = errors.New("the disk did not answer in time")
	errFsync  = errors.New("an fsync failed; the ledger stays closed until the next start")
)

// unavailable is what a caller hears when there is no receipt.
func unavailable(code string, cause error) error {
	e := fhir.E("audit.Append", fhir.KindUnavailable, code, "The access could not be recorded, so nothing was released. Try again shortly.")
	e.RetryAfter = time.Second
	return e.Because(cause)
}
