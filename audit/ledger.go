package audit

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"vestibule/fhir"
)

// Options are what a ledger needs beside its database.
type Options struct {
	Key        ed25519.PrivateKey // signs the checkpoints
	Deployment string             // names this installation in checkpoints, e.g. "gateway.clinic.example"; no spaces, no '+'
	Now        func() time.Time   // nil: time.Now
	Random     io.Reader          // nil: crypto/rand
	Patience   time.Duration      // how long a caller waits for its commit before it is refused; 0: ten seconds
	Held       [][]byte           // checkpoints kept elsewhere, see Copy: a ledger without what they sign is refused
	Intact     func() error       // asked around each commit; an error, wrapping ErrReplaced, keeps it from counting. nil: never asked
	sizes      indexSizes         // of a test; zero: the usual
	Keys       string             // the public keys that signed before Key, as log.pub lists them; Held and sealed logs are checked with them too
}

// Ledger is the records of every clinic of one deployment. It is safe for concurrent use; exactly one process may have a
// database open as a Ledger at a time.
type Ledger struct {
	*Reader
	now      func() time.Time
	random   io.Reader
	patience time.Duration
	signer   atomic.Pointer[signer] // changed by the committer's goroutine only, see Rotate
	keys     keyring                // every key of this ledger's, for logs that are sealed
	queue    queue
	ops      chan func()
	stopped  chan struct{}
	closing  sync.Once
	closeErr error
	leaves   sync.Pool // of *leaf, see Append
	sizes    indexSizes
	intact   func() error
	stop     atomic.Pointer[Stopped] // nil: records are taken

	mu        sync.Mutex // guards what Ping and Trouble read
	health    error      // of the last commit
	commitAt  time.Time
	failingAt time.Time // of the first commit that failed since one succeeded
	failures  int64

	// The rest belongs to the committer's goroutine.
	logs    map[string]*logState // by clinic; nil: to be read from the database before anything is written
	insert  *sql.Stmt
	next    *signer // while one key hands over to another: the new one
	broken  error   // an fsync failed
	signNow bool    // the commit under way is signed, whenever the last was

	forgetting sync.Mutex // one at a time, see Forget
}

// Open reads the ledger in db, checks it against its newest signed checkpoints and starts the committer. A database whose
// tree does not fit its checkpoint, or whose checkpoint another key signed, is refused: somebody changed it.
func Open(ctx context.Context, db *sql.DB, o Options) (*Ledger, error) {
	const op = "audit.Open"
	signer, err := newSigner(o.Deployment, o.Key)
	if err != nil {
		return nil, fhir.E(op, fhir.KindInternal, "ledger-key", "The ledger's signing key cannot be used.").Because(err)
	}
	l := &Ledger{
		Reader: NewReader(db), now: o.Now, random: &lockedReader{r: o.Random}, patience: o.Patience, intact: o.Intact,
		queue: queue{wake: make(chan struct{}, 1)}, ops: make(chan func()), stopped: make(chan struct{}),
	}
	l.signer.Store(signer)
	if l.keys, err = parseKeys(AddKey(o.Keys, signer.public)); err != nil {
		return nil, fhir.E(op, fhir.KindInternal, "ledger-key", "The list of the ledger's public keys cannot be used.").Because(err)
	}
	if l.now == nil {
		l.now = time.Now
	}
	if l.sizes = o.sizes; l.sizes == (indexSizes{}) {
		l.sizes = usualSizes()
	}
	if o.Random == nil {
		l.random = rand.Reader
	}
	if l.patience <= 0 {
		l.patience = 10 * time.Second
	}
	if err := createTables(ctx, db, o.Deployment); err != nil {
		return nil, fhir.E(op, fhir.KindInternal, "ledger-unreadable", "The ledger's tables cannot be used.").Because(err)
	}
	if err := sweepIndex(ctx, db); err != nil {
		return nil, fhir.E(op, fhir.KindInternal, "ledger-unreadable", "The ledger's index cannot be read.").Because(err)
	}
	if err := l.compare(ctx, o.Held); err != nil {
		return nil, fhir.E(op, fhir.KindInternal, "ledger-rolled-back",
			"The ledger is older than a checkpoint kept beside it, or another one. Put the newest data folder back; where it is lost, put the loss on record with `vestibule audit recover`.").Because(err)
	}
	if err := l.load(ctx); err != nil {
		return nil, fhir.E(op, fhir.KindInternal, "ledger-inconsistent",
			"The ledger does not agree with its own signed checkpoints; it was changed from outside or restored from a backup. Run `vestibule audit verify`.").Because(err)
	}
	go l.run()
	return l, nil
}

// Append makes r durable in its clinic's log and returns the receipt. An error is always a *fhir.Error, of KindUnavailable
// when the ledger cannot write; then there is no receipt and nothing may be released. ctx is looked at before the record
// is accepted, not after: an accepted record is not dropped because its caller hung up.
func (l *Ledger) Append(ctx context.Context, r Record) (Receipt, error) {
	if err := ctx.Err(); err != nil {
		return Receipt{}, unavailable("ledger-unavailable", err)
	}
	if s := l.stop.Load(); s != nil && !passing(&r) {
		return Receipt{}, s.refused()
	}
	it, err := l.encode(&r)
	if err != nil {
		return Receipt{}, err
	}
	f, at, err := l.queue.put(it, l.patience)
	if err != nil {
		return Receipt{}, err
	}
	l.queue.signal()
	<-f.done
	if f.err != nil {
		return Receipt{}, f.err
	}
	return Receipt{log: f.items[at].log, index: f.items[at].index, ok: true}, nil
}

// encode turns r into its leaf, in the caller's goroutine so that the committer has less to do.
func (l *Ledger) encode(r *Record) (item, error) {
	if r.Time.IsZero() {
		r.Time = l.now()
	}
	r.Time = wholeMillis(r.Time)
	r.Clinic = clinicOf(r.Clinic) // what is done to a sealed log is on record in the clinic's other one: it takes no more records
	if err := r.check(); err != nil {
		return item{}, err
	}
	var salt [16]byte
	if _, err := io.ReadFull(l.random, salt[:]); err != nil {
		return item{}, unavailable("ledger-unavailable", err)
	}
	r.Salt = hex.EncodeToString(salt[:])
	made, ok := l.leaves.Get().(*leaf)
	if !ok {
		made = new(leaf)
	}
	made.text = appendRecord(append(made.text[:0], 0), r)
	made.hash = sha256.Sum256(made.text)
	made.text = append(made.text, '\n')
	made.facts = factsIn(made.facts.values, r)
	return item{clinic: r.Clinic, leaf: made}, nil
}

// Ping reports whether the ledger can write: nil when it did so within the last seconds or does so now.
func (l *Ledger) Ping(ctx context.Context) error {
	if s := l.stop.Load(); s != nil {
		return s.refused()
	}
	return l.Probe(ctx)
}

// Probe is Ping also while the ledger is stopped.
func (l *Ledger) Probe(ctx context.Context) error {
	l.mu.Lock()
	healthy := l.health == nil && l.now().Sub(l.commitAt).Abs() < 5*time.Second
	l.mu.Unlock()
	if healthy {
		return nil
	}
	return l.do(ctx, l.pulse)
}

// do runs op in the committer's goroutine between two commits and waits for it, at most until ctx ends.
func (l *Ledger) do(ctx context.Context, op func() error) error {
	result := make(chan error, 1)
	select {
	case l.ops <- func() { result <- op() }:
	case <-l.stopped:
		return unavailable("ledger-unavailable", errClosed)
	case <-ctx.Done():
		return unavailable("ledger-unavailable", ctx.Err())
	}
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return unavailable("ledger-unavailable", ctx.Err())
	}
}

// Close lets nothing more in, commits what waits, signs a last checkpoint for each log and stops. The database stays open.
func (l *Ledger) Close() error {
	l.closing.Do(func() {
		l.queue.close()
		<-l.stopped
	})
	return l.closeErr
}

// lockedReader lets an injected source of randomness be used by many callers.
type lockedReader struct {
	mu sync.Mutex
	r  io.Reader
}

func (l *lockedReader) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.r == nil {
		return 0, errors.New("no source of randomness")
	}
	return l.r.Read(p)
}
