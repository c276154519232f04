package main

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"vestibule/audit"
	"vestibule/internal/store"
)

// trail is the ledger measured by itself: filled by its own Append, asked what auditors ask, verified.
type trail struct {
	dir     string
	say     io.Writer
	options trailOptions
	history *history
	db      *sql.DB
	ledger  *audit.Ledger
	report  trailReport
}

const trailDeployment = "bench.example"

// loaders append at the same time while a history is loaded.
const loaders = 384

// measureTrail fills a ledger with a history, or takes the one that dir holds already, and asks it.
func measureTrail(ctx context.Context, dir string, say io.Writer, o trailOptions, now time.Time) (trailReport, error) {
	t := &trail{dir: dir, say: say, options: o, history: newHistory(o.accesses, now.UTC().Truncate(24*time.Hour))}
	t.report.load = loadAverage()
	if err := t.open(ctx); err != nil {
		return t.report, err
	}
	defer t.close()
	steps := []func(context.Context) error{t.fill, t.settle, t.sizes, t.ask, t.verify, t.appends}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return t.report, err
		}
	}
	t.report.load += ", " + loadAverage()
	return t.report, nil
}

func (t *trail) open(ctx context.Context) (err error) {
	if t.db, err = store.CreateFolder(t.dir); err != nil {
		return err
	}
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)) // of a ledger that is thrown away
	t.ledger, err = audit.Open(ctx, t.db, audit.Options{Key: key, Deployment: trailDeployment, Random: newSalts()})
	return err
}

func (t *trail) close() {
	if t.ledger != nil {
		t.ledger.Close()
	}
	t.db.Close()
}

// salts makes a load the same each time, but for the order of accesses that are under way together.
type salts struct{ rng *rand.ChaCha8 }

func newSalts() *salts { return &salts{rand.NewChaCha8([32]byte{1})} }

func (s *salts) Read(p []byte) (int, error) { return s.rng.Read(p) }

// fill appends the whole history, through as many callers as fill a commit.
func (t *trail) fill(ctx context.Context) error {
	if have, _, err := t.ledger.Size(ctx, bigClinic); err != nil || have > 0 {
		fmt.Fprintf(t.say, "The folder holds %d records of the big clinic already.\n", have)
		return err
	}
	var next, records, failed atomic.Int64
	var group sync.WaitGroup
	errs := make(chan error, loaders)
	begin, cpu := time.Now(), cpuOfSelf()
	for range loaders {
		group.Go(func() {
			s := t.history.source()
			for i := next.Add(1) - 1; i < int64(t.history.accesses) && failed.Load() == 0; i = next.Add(1) - 1 {
				list := s.access(int(i))
				if err := appendAll(ctx, t.ledger, list); err != nil {
					failed.Add(1)
					errs <- err
					return
				}
				records.Add(int64(len(list)))
			}
		})
	}
	watch(t.say, &group, func() string {
		return fmt.Sprintf("loading: %d of %d accesses, %.0f s", min(next.Load(), int64(t.history.accesses)), t.history.accesses, time.Since(begin).Seconds())
	})
	t.report.loaded = rate{int(records.Load()), time.Since(begin), cpuOfSelf() - cpu}
	close(errs)
	return <-errs
}

// watch says now and then how far a group is.
func watch(say io.Writer, group *sync.WaitGroup, line func() string) {
	done := make(chan struct{})
	go func() { group.Wait(); close(done) }()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-done:
			fmt.Fprintf(say, "\r%70s\r", "")
			return
		case <-tick.C:
			fmt.Fprintf(say, "\r%s ", line())
		}
	}
}

// appendAll appends an access's records; the outcome names its intent.
func appendAll(ctx context.Context, l *audit.Ledger, list []audit.Record) error {
	var intent int64
	for i := range list {
		if i > 0 {
			list[i].Intent = &intent
		}
		receipt, err := l.Append(ctx, list[i])
		if err != nil {
			return err
		}
		intent = receipt.Index()
	}
	return nil
}

// settle waits until the index has caught up, so that the questions meet a ledger at rest, and puts everything into the file.
func (t *trail) settle(ctx context.Context) error {
	begin := time.Now()
	for still, last := 0, int64(-1); still < 20; {
		var n, moving int64 // the index has no bell to ring
		err := t.db.QueryRowContext(ctx, `SELECT COUNT(*) + COALESCE(SUM(count), 0), COALESCE(SUM(state <> 1), 0) FROM segment WHERE log <> 0`).Scan(&n, &moving)
		if err != nil {
			return err
		}
		if still++; n != last || moving > 0 {
			still = 0
		}
		last = n
		time.Sleep(50 * time.Millisecond)
	}
	t.report.settled = time.Since(begin) - time.Second
	_, err := t.db.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`)
	return err
}

// sizes is what the folder takes on disk, and of it the index.
func (t *trail) sizes(ctx context.Context) error {
	s := &t.report.size
	if err := t.db.QueryRowContext(ctx, `SELECT COALESCE(SUM(count), 0), COUNT(*) FROM batch`).Scan(&s.records, &s.batches); err != nil {
		return err
	}
	if err := t.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM segment WHERE log <> 0`).Scan(&s.segments); err != nil {
		return err
	}
	info, err := os.Stat(filepath.Join(t.dir, store.DatabaseFile))
	if err != nil {
		return err
	}
	s.file = info.Size()
	err = t.db.QueryRowContext(ctx, `SELECT COALESCE(SUM(pgsize), 0) FROM dbstat WHERE aggregate = TRUE
		AND name IN ('segment', 'posting', 'open_intent', 'sqlite_autoindex_segment_1', 'sqlite_autoindex_posting_1', 'sqlite_autoindex_open_intent_1')`).Scan(&s.index)
	if err != nil {
		fmt.Fprintln(t.say, "The size of the index is not known:", err)
	}
	return nil
}

// verify checks the whole database, as `vestibule audit verify` does.
func (t *trail) verify(ctx context.Context) error {
	vkey, err := t.ledger.VerifierKey()
	if err != nil {
		return err
	}
	begin, cpu := time.Now(), cpuOfSelf()
	reports, err := audit.VerifyDB(ctx, t.db, vkey)
	if err != nil {
		return err
	}
	n := 0
	for _, r := range reports {
		if !r.OK() {
			return errors.New(r.String())
		}
		n += int(r.Records)
	}
	t.report.verified = rate{n, time.Since(begin), cpuOfSelf() - cpu}
	return nil
}
