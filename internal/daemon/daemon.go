// Package daemon is the serving process: one data folder, its ledger, its documents, and the gateway built from them.
//
// # The data folder
//
//	vestibule.lock   held while the process runs: one process serves a folder
//	vestibule.db     the ledger and the documents (SQLite)
//	log.key          the Ed25519 key that signs the ledger's checkpoints, PEM, mode 0600
//	log.key.next     the key that is to follow it, until the ledger is handed over
//	log.pub          the public halves, as auditors get them: a note verifier key in each line, the newest last
//	vestibule.reserve  space that is given up when the disk is full
//	secret           32 random bytes, mode 0600: seals page cursors and derives operation ids
//
// # Order of things
//
// What other processes did (documents applied, the trail exported) is first recorded in the ledger and then takes effect;
// the folder is looked at several times a second. When the ledger cannot write, nothing takes effect, and nothing is
// answered either.
//
// Whether records can be written is looked at several times a second. When they cannot (the disk is full, the database was
// moved away), every access is refused at once, with 503; that recording stopped is put on record in the space kept for it, or
// as soon as it can be; and when the fault has passed the gateway goes on by itself, puts on record for how long nothing could
// be recorded, and settles the writes whose outcome could not be. A disk that failed to sync is believed again only by the next
// start.
package daemon

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"vestibule"
	"vestibule/audit"
	"vestibule/internal/config"
	"vestibule/internal/identity"
	"vestibule/internal/server"
	"vestibule/internal/store"
)

// Options say which folder is served, and as what.
type Options struct {
	Data       string // the data folder
	Deployment string // names this installation in the ledger's checkpoints
	PublicURL  string // how callers reach the gateway, without trailing slash
	Audience   string // what tokens must be meant for; empty: PublicURL
	Version    string // of the program
	Log        *slog.Logger

	Database func(dir string) (*sql.DB, error) // opens and makes the folder's database; nil: store.CreateFolder

	LogKey         string // the file of the ledger's signing key; empty: log.key in the data folder
	CheckpointCopy string // a folder apart from the data folder that keeps the newest checkpoints a second time; empty: none

	Witnesses      []Witness // who is asked to cosign the checkpoints
	RequireWitness bool      // their silence is put on record

	Forward []config.Forward // where the trails are sent on to
}

// Daemon is one data folder in service.
type Daemon struct {
	opts     Options
	unlock   func() error
	db       *sql.DB
	store    *store.Store
	ledger   *audit.Ledger
	copy     *audit.Copy // nil: none is kept
	gateway  *vestibule.Gateway
	verifier *identity.Verifier
	metrics  *server.Metrics
	open     map[string]connection // by clinic: EMRs that are in use
	served   map[string]served     // by clinic: as it is served now
	seen     int64                 // the store's token at the last refresh
	guard    *store.Guard          // sees whether the database is still where it was
	reserve  store.Reserve         // space for when the disk is full
	started  bool                  // the start is on record
	settling sync.Mutex            // held while what was left open is settled
}

// Open takes the folder into service: locks it, opens the ledger and builds the clinics. Close gives it back.
func Open(ctx context.Context, o Options) (d *Daemon, err error) {
	if o.Audience == "" {
		o.Audience = o.PublicURL
	}
	if o.Database == nil {
		o.Database = store.CreateFolder
	}
	d = &Daemon{opts: o, metrics: server.NewMetrics(), open: map[string]connection{}, seen: -1}
	defer func() {
		if err != nil {
			d, err = nil, errors.Join(err, d.Close()) // so that nobody closes it once more
		}
	}()
	if d.unlock, err = store.Lock(o.Data); err != nil {
		return d, err
	}
	if d.db, err = o.Database(o.Data); err != nil {
		return d, err
	}
	if d.store, err = store.New(d.db); err != nil {
		return d, err
	}
	if d.guard, err = store.NewGuard(ctx, d.db, o.Data); err != nil {
		return d, err
	}
	d.reserve = store.NewReserve(o.Data)
	if err = d.openLedger(ctx); err != nil {
		return d, err
	}
	secret, err := loadOrMakeSecret(filepath.Join(o.Data, "secret"))
	if err != nil {
		return d, err
	}
	if d.gateway, err = vestibule.New(vestibule.Options{Ledger: d.ledger, Secret: secret, Version: o.Version}); err != nil {
		return d, err
	}
	if d.verifier, err = identity.New(identity.Config{Audiences: []string{o.Audience}}); err != nil {
		return d, err
	}
	if err = d.begin(ctx); err != nil {
		return d, err
	}
	return d, d.Refresh(ctx)
}

// begin puts the start on record. The list of public keys comes after it: where there is one, there are records.
func (d *Daemon) begin(ctx context.Context) error {
	if err := d.lost(ctx); err != nil {
		return err
	}
	if err := d.record(ctx, "start", d.opts.Version); err != nil {
		return fmt.Errorf("the start cannot be recorded, so nothing is served (is the disk of %s full?): %w", d.opts.Data, err)
	}
	d.started = true
	d.metrics.Recording(func() bool { return d.ledger.Stopped() == nil }, func() int64 { _, failed := d.ledger.Trouble(); return failed })
	return d.publish()
}

// Gateway is the gateway over this folder's clinics.
func (d *Daemon) Gateway() *vestibule.Gateway { return d.gateway }

// Store is the folder's documents.
func (d *Daemon) Store() *store.Store { return d.store }

// Watch takes up what other processes do to the folder, until ctx ends. A change holds within a quarter of a second.
func (d *Daemon) Watch(ctx context.Context) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if d.ledger.Stopped() != nil {
				continue // nothing takes effect, as nothing can be recorded
			}
			if err := d.Refresh(ctx); err != nil && ctx.Err() == nil {
				d.opts.Log.Error("documents not taken up; trying again", "error", err)
			}
			if err := d.gateway.RecordCounted(context.WithoutCancel(ctx), false); err != nil {
				d.opts.Log.Error("counted refusals not recorded; trying again", "error", err)
			}
		}
	}
}

// Close records the stop and gives the folder back.
func (d *Daemon) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var errs []error
	if d.started {
		errs = append(errs, d.gateway.RecordCounted(ctx, true), d.record(ctx, "stop", d.opts.Version))
	}
	return errors.Join(append(errs, d.giveBack(ctx))...)
}

// giveBack closes what was opened.
func (d *Daemon) giveBack(ctx context.Context) error {
	var errs []error
	if d.ledger != nil {
		errs = append(errs, d.ledger.Close(), d.saveCopy(ctx))
	}
	if d.guard != nil {
		errs = append(errs, d.guard.Close())
	}
	if d.db != nil {
		errs = append(errs, d.db.Close())
	}
	if d.unlock != nil {
		errs = append(errs, d.unlock())
	}
	return errors.Join(errs...)
}

// record writes what the process itself does into the gateway's log.
func (d *Daemon) record(ctx context.Context, action, subject string) error {
	_, err := d.ledger.Append(ctx, audit.Record{
		ID: vestibule.NewID(), Phase: audit.PhaseSystem, Clinic: vestibule.GatewayLog, Outcome: audit.OutcomeSuccess,
		Admin: audit.Admin{Action: action, Subject: subject},
	})
	return err
}

func loadOrMakeSecret(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		b = make([]byte, 32)
		rand.Read(b)
		return b, os.WriteFile(path, b, 0o600)
	}
	if err == nil && len(b) < 32 {
		err = fmt.Errorf("%s is shorter than 32 bytes; restore it from a backup, or remove it and accept that retries of writes sent before are new writes", path)
	}
	return b, err
}
