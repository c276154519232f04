package daemon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"vestibule"
	"vestibule/audit"
	"vestibule/internal/keep"
	"vestibule/internal/store"
)

// The paces of what is kept and forgotten: how often the folder is looked at for errands, and how often the clinics' rules are
// applied.
const (
	errandEvery = 200 * time.Millisecond
	retainEvery = 24 * time.Hour
)

// keepHouse carries out what others ask to have deleted, and applies the clinics' rules of retention once a day, until ctx ends.
// What is under way then goes on with the next start.
func (d *Daemon) keepHouse(ctx context.Context) {
	tick := time.NewTicker(errandEvery)
	defer tick.Stop()
	var retained time.Time
	for {
		if time.Since(retained) >= retainEvery {
			retained = time.Now()
			d.retain(ctx)
		}
		if err := d.errands(ctx); err != nil && ctx.Err() == nil {
			d.opts.Log.Error("what is to be deleted cannot be looked up; trying again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// keeper deletes in this daemon's ledger.
func (d *Daemon) keeper() *keep.Keeper {
	return &keep.Keeper{DB: d.db, Store: d.store, Ledger: d.ledger, Now: time.Now, NewID: vestibule.NewID}
}

// byRule is who deletes where nobody asked.
const byRule = "the gateway"

// retain applies the rule of every clinic that has a trail. Where one cannot be read nothing is deleted there.
func (d *Daemon) retain(ctx context.Context) {
	clinics, err := d.ledger.Clinics(ctx)
	if err != nil {
		d.opts.Log.Error("the rules of retention are not applied today", "error", err)
		return
	}
	for _, clinic := range clinics {
		if strings.Contains(clinic, "#") || ctx.Err() != nil { // a sealed log takes no record of it
			continue
		}
		done, err := d.keeper().Retain(ctx, clinic, byRule, false)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			d.opts.Log.Error("the rule of retention is not applied today", "clinic", clinic, "error", err)
		case done.Bodies > 0:
			d.opts.Log.Info("bodies of old records deleted", "clinic", clinic, "bodies", done.Bodies, "held", done.HeldBodies())
		}
	}
}

// errCancelled ends an errand that whoever asked for it wants to end.
var errCancelled = errors.New("stopped as asked; what was deleted stays deleted")

// errands carries out what others asked for.
func (d *Daemon) errands(ctx context.Context) error {
	open, err := d.store.Errands(ctx)
	if err != nil {
		return err
	}
	for _, e := range open {
		result, err := d.errand(ctx, e)
		if ctx.Err() != nil {
			return nil // the next start goes on
		}
		text := result.String()
		if err != nil {
			text = plainly(err)
			d.opts.Log.Error("bodies not deleted as asked", "clinic", e.Clinic, "action", e.Action, "error", err)
		} else {
			d.opts.Log.Info("bodies deleted as asked", "clinic", e.Clinic, "action", e.Action, "bodies", result.Bodies)
		}
		if err := d.store.Finish(ctx, e.ID, time.Now(), text, err != nil || e.Action == audit.ActionErasure && !result.Complete()); err != nil {
			return err
		}
	}
	return nil
}

// drained waits until everything that others did is on record: what names a patient has to be before it can be deleted.
func (d *Daemon) drained(ctx context.Context) error {
	for end := time.Now().Add(10 * time.Second); ; {
		events, err := d.store.Unrecorded(ctx)
		if err != nil || len(events) == 0 {
			return err
		}
		if time.Now().After(end) {
			return errors.New("nothing was deleted: what was done before cannot be put on record; see the gateway's log")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (d *Daemon) errand(ctx context.Context, e store.Errand) (keep.Result, error) {
	if err := d.drained(ctx); err != nil {
		return keep.Result{}, err
	}
	k := d.keeper()
	k.Told = func(progress string) error {
		cancelled, err := d.store.Advance(ctx, e.ID, progress)
		if cancelled {
			err = errCancelled
		}
		return err
	}
	switch {
	case e.Action == audit.ActionRetention:
		return k.Retain(ctx, e.Clinic, e.By, false)
	case e.Action != audit.ActionErasure:
		return keep.Result{}, fmt.Errorf("this version does not know how to do %q; use the newer program", e.Action)
	case e.Patient == "": // it ended between the two
		return keep.Result{}, k.Clean(ctx)
	}
	return k.Erase(ctx, e.Clinic, e.Patient, e.Because, e.By, false, func() error { return d.store.Unname(ctx, e.ID) })
}

// plainly is an error as a person reads it.
func plainly(err error) string { return strings.TrimPrefix(err.Error(), "store.") }

// Keep opens a folder that no process serves, for as long as do needs its ledger: what others did is put on record first. Only
// Data, Deployment, LogKey and CheckpointCopy of o are looked at, and a Deployment that is empty is the ledger's own.
func Keep(ctx context.Context, o Options, do func(*keep.Keeper) error) (err error) {
	d := &Daemon{opts: o}
	defer func() { err = errors.Join(err, d.giveBack(context.Background())) }()
	if d.unlock, err = store.Lock(o.Data); err != nil {
		return err
	}
	if d.db, err = store.OpenFolder(o.Data); err != nil {
		return err
	}
	if d.store, err = store.New(d.db); err != nil {
		return err
	}
	if d.guard, err = store.NewGuard(ctx, d.db, o.Data); err != nil {
		return err
	}
	name, err := audit.NewReader(d.db).Deployment(ctx)
	if err != nil {
		return err
	}
	d.opts.Deployment = cmp.Or(o.Deployment, name)
	if d.opts.LogKey == "" {
		d.opts.LogKey = LogKey(o.Data)
	}
	if _, err := audit.LoadKey(d.opts.LogKey); err != nil {
		return fmt.Errorf("the key that signs the trail cannot be read; where serve.yaml names another file as logKey, give --config: %w", err)
	}
	if err := d.openLedger(ctx); err != nil {
		return err
	}
	if err := d.drain(ctx); err != nil {
		return err
	}
	return do(d.keeper())
}
