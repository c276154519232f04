package daemon

import (
	"context"
	"errors"
	"time"

	"vestibule/audit"
)

// keeperEvery is how often it is looked whether records can be written.
const keeperEvery = 200 * time.Millisecond

// keeper stops the ledger when nothing can be recorded and lets it go on when that has passed. Both are put on record, in the
// space kept for it where the disk is full.
type keeper struct {
	d       *Daemon
	stopped *audit.Stopped // nil: records are taken
	noted   bool           // that it stopped is on record
	failed  int64          // commits that had failed when all was last in order
	warned  bool           // that no space is kept has been said
}

// keep looks after the ledger until ctx ends.
func (d *Daemon) keep(ctx context.Context) {
	k := &keeper{d: d}
	tick := time.NewTicker(keeperEvery)
	defer tick.Stop()
	for {
		k.look(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// look is one look.
func (k *keeper) look(ctx context.Context) {
	trouble, failed := k.d.ledger.Trouble()
	if err := k.d.guard.Intact(); err != nil && trouble == nil {
		trouble = &audit.Stopped{Because: audit.BecauseReplaced, Since: time.Now()}
	}
	switch {
	case k.stopped != nil:
		k.tryAgain(ctx)
	case trouble != nil:
		k.stop(ctx, *trouble)
	default:
		k.keepSpace()
		if failed != k.failed {
			k.d.settle(ctx)
			k.failed = failed
		}
	}
}

// keepSpace makes sure of the reserve. Without one the gateway serves all the same.
func (k *keeper) keepSpace() {
	err := k.d.reserve.Keep()
	if warn := err != nil; warn != k.warned {
		k.warned = warn
		if warn {
			k.d.opts.Log.Warn("no space can be kept for recording that the disk is full; make room", "error", err)
		}
	}
}

// stop has every access refused from now on, at once instead of after a vain attempt each, and puts that on record if it can.
func (k *keeper) stop(ctx context.Context, why audit.Stopped) {
	k.stopped, k.noted = &why, false
	k.d.ledger.Stop(why)
	k.d.opts.Log.Error("RECORDING HAS STOPPED: every access is refused until this is mended", "because", why.Because, "do", remedy(why.Because))
	if why.Because == audit.BecauseFull {
		if err := k.d.reserve.Release(); err != nil {
			k.d.opts.Log.Error("the space kept for this cannot be given up", "error", err)
		}
	}
	k.note(ctx)
}

// remedy is what whoever runs the gateway can do.
func remedy(because string) string {
	switch because {
	case audit.BecauseFull:
		return "make room on the disk of the data folder; the gateway goes on by itself"
	case audit.BecauseReplaced:
		return "move the database and its -wal file back where they were; the gateway goes on by itself. If they were deleted, do not end the process before you have read docs/running-out.md"
	case audit.BecauseReadOnly:
		return "make the data folder writable again; the gateway goes on by itself"
	case audit.BecauseFailing:
		return "look at the disk, then start the gateway again"
	}
	return "look at what else uses the database or its disk; the gateway goes on by itself"
}

// note puts on record that recording stopped: as soon as that can be done, which may be when it goes on.
func (k *keeper) note(ctx context.Context) {
	if k.noted || k.d.guard.Intact() != nil {
		return
	}
	k.noted = k.d.record(ctx, "audit-stopped", k.stopped.Because+", since "+k.stopped.Since.UTC().Format(time.RFC3339)) == nil
}

// tryAgain goes on if it can: with the space kept that a next time needs, and everything on record in the order in which it was.
func (k *keeper) tryAgain(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if k.d.guard.Intact() != nil {
		return
	}
	if k.stopped.Because == audit.BecauseFull && k.d.reserve.Keep() != nil {
		k.note(ctx)
		return
	}
	if k.d.ledger.Probe(ctx) != nil {
		return
	}
	if k.note(ctx); !k.noted {
		return
	}
	took := time.Since(k.stopped.Since).Round(time.Millisecond)
	if k.d.record(ctx, "audit-resumed", "nothing could be recorded for "+took.String()+": "+k.stopped.Because) != nil {
		return
	}
	k.d.ledger.Resume()
	k.d.opts.Log.Info("recording goes on", "after", took.String(), "because", k.stopped.Because)
	k.stopped = nil
	k.d.settle(ctx)
	_, k.failed = k.d.ledger.Trouble()
}

// lost reports whether the folder was served before and what was recorded is not there.
func (d *Daemon) lost(ctx context.Context) error {
	keys, err := d.keys()
	if err != nil || keys == "" {
		return err
	}
	logs, err := d.ledger.Clinics(ctx)
	if err != nil || len(logs) > 0 {
		return err
	}
	return errors.New("a gateway has served " + d.opts.Data + " before (there is a " + KeysFile + "), but its trail is not there: the database is another one, or was made anew. " +
		"Put vestibule.db back as it was, with its -wal file, or from the newest backup. To begin anew, without anything that was recorded, move the whole folder away")
}
