package daemon

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"vestibule"
	"vestibule/audit"
)

// NextKey is the end of the name of the file that a new signing key lies in until the ledger is handed over to it.
const NextKey = ".next"

// KeysFile is the list of the ledger's public keys in a data folder.
const KeysFile = "log.pub"

// LogKey is where the signing key lies unless the gateway is told otherwise.
func LogKey(data string) string { return filepath.Join(data, "log.key") }

// openLedger opens the ledger with the key in force and holds it against the copy of its checkpoints.
func (d *Daemon) openLedger(ctx context.Context) error {
	if d.opts.LogKey == "" {
		d.opts.LogKey = LogKey(d.opts.Data)
	}
	if err := d.finishRotation(ctx); err != nil {
		return err
	}
	key, err := audit.LoadOrGenerateKey(d.opts.LogKey, rand.Reader)
	if err != nil {
		return err
	}
	o := audit.Options{Key: key, Deployment: d.opts.Deployment, Intact: d.guard.Intact}
	if o.Keys, err = d.keys(); err != nil {
		return err
	}
	if d.opts.CheckpointCopy != "" {
		if d.copy, err = audit.OpenCopy(d.opts.CheckpointCopy); err != nil {
			return fmt.Errorf("the second copy of the checkpoints cannot be kept; name another folder as checkpointCopy, or none: %w", err)
		}
		if o.Held, err = d.copy.Held(); err != nil {
			return err
		}
	}
	d.ledger, err = audit.Open(ctx, d.db, o)
	return err
}

// keys is the list of public keys; empty before the first start.
func (d *Daemon) keys() (string, error) {
	b, err := os.ReadFile(filepath.Join(d.opts.Data, KeysFile))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return string(b), err
}

// publish makes the key in force the newest on the list of public keys.
func (d *Daemon) publish() error {
	public, err := d.ledger.VerifierKey()
	if err != nil {
		return err
	}
	list, err := d.keys()
	if err != nil {
		return err
	}
	grown := audit.AddKey(list, public)
	if grown == list {
		return nil
	}
	path := filepath.Join(d.opts.Data, KeysFile)
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(grown)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// finishRotation finishes what an end in the middle of a rotation left: where the ledger is signed by the next key already,
// that key is the key.
func (d *Daemon) finishRotation(ctx context.Context) error {
	next, err := audit.LoadKey(d.opts.LogKey + NextKey)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if list, err := d.keys(); err != nil || list == "" {
		return err
	}
	signed, err := audit.SignedBy(ctx, d.db, d.opts.Deployment, next)
	if err != nil || !signed {
		return err
	}
	return os.Rename(d.opts.LogKey+NextKey, d.opts.LogKey)
}

// rotate hands the ledger over to the key that waits, if one does. The private key before it is gone after that: nobody can
// sign with it any more.
func (d *Daemon) rotate(ctx context.Context) error {
	next, err := audit.LoadKey(d.opts.LogKey + NextKey)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := d.ledger.Rotate(ctx, next, vestibule.NewID); err != nil {
		return err
	}
	if err := d.publish(); err != nil {
		return err
	}
	return os.Rename(d.opts.LogKey+NextKey, d.opts.LogKey)
}

// copyEvery is how often the newest checkpoints are written to their second place: with the second that a record may wait
// for its signature that makes about two seconds.
const copyEvery = time.Second

// keepCopy writes the newest checkpoints to their second place until ctx ends. A place that cannot be written to stops
// nothing: it is reported when that begins and when it ends.
func (d *Daemon) keepCopy(ctx context.Context) {
	if d.copy == nil {
		return
	}
	tick := time.NewTicker(copyEvery)
	defer tick.Stop()
	failing := false
	for {
		err := d.saveCopy(ctx)
		if failed := err != nil && ctx.Err() == nil; failed != failing {
			failing = failed
			if failed {
				d.opts.Log.Error("the second copy of the checkpoints is not kept; trying again", "error", err)
			} else {
				d.opts.Log.Info("the second copy of the checkpoints is kept again")
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (d *Daemon) saveCopy(ctx context.Context) error {
	if d.copy == nil {
		return nil
	}
	signed, err := audit.NewReader(d.db).Checkpoints(ctx)
	if err != nil {
		return err
	}
	return d.copy.Save(signed)
}
