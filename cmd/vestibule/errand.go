package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"vestibule"
	"vestibule/audit"
	"vestibule/internal/config"
	"vestibule/internal/daemon"
	"vestibule/internal/keep"
	"vestibule/internal/store"
)

// errNotAll ends the program with a failure after it was said what was kept.
var errNotAll = errors.New("not everything could be deleted; see above")

// planner counts what would be deleted; it deletes nothing.
func (d *data) planner(t *terminal) *keep.Keeper {
	return &keep.Keeper{DB: d.db, Store: d.Store, Now: t.Now, NewID: vestibule.NewID}
}

// sure asks before something that cannot be undone.
func sure(t *terminal, yes bool, question string) error {
	if yes {
		return nil
	}
	fmt.Fprintf(t.Err, "%s This cannot be undone. Go on? [y/N] ", question)
	answer, err := bufio.NewReader(t.In).ReadString('\n')
	if err != nil {
		fmt.Fprintln(t.Err)
	}
	if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "y" && answer != "yes" {
		return errors.New("nothing was deleted")
	}
	return nil
}

// errand has the gateway that serves the folder delete, or deletes itself where none does, and prints what came of it.
func (f dataFlags) errand(ctx context.Context, t *terminal, e store.Errand, do func(context.Context, *keep.Keeper) (keep.Result, error)) error {
	dir, err := f.folder()
	if err != nil {
		return err
	}
	served, err := store.Served(dir)
	if err != nil {
		return err
	}
	if served {
		return f.within(func(d *data) error { return d.ask(ctx, t, e) })
	}
	o := daemon.Options{Data: dir}
	if f.Config != "" {
		conf, err := config.LoadServe(f.Config)
		if err != nil {
			return err
		}
		o.LogKey, o.CheckpointCopy = conf.LogKey, conf.CheckpointCopy
	}
	var result keep.Result
	err = daemon.Keep(ctx, o, func(k *keep.Keeper) error {
		k.Told = func(progress string) error {
			fmt.Fprintln(t.Err, progress)
			return nil
		}
		result, err = do(ctx, k)
		return err
	})
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(t.Err, "stopped; what was deleted stays deleted, and the same command goes on from there")
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(t.Out, result.String())
	if e.Action == audit.ActionErasure && !result.Complete() {
		return errNotAll
	}
	return nil
}

// ask writes an errand down for the gateway and waits for it.
func (d *data) ask(ctx context.Context, t *terminal, e store.Errand) error {
	id, err := d.Ask(ctx, e)
	if err != nil {
		return err
	}
	said := ""
	for {
		now, err := d.Errand(context.WithoutCancel(ctx), id)
		if err != nil {
			return err
		}
		if !now.Done.IsZero() {
			if now.Failed {
				fmt.Fprintln(t.Out, now.Progress)
				return errNotAll
			}
			_, err := fmt.Fprintln(t.Out, now.Progress)
			return err
		}
		if now.Progress != said {
			said = now.Progress
			fmt.Fprintln(t.Err, said)
		}
		if served, err := store.Served(d.dir); err == nil && !served {
			return errors.New("the gateway has stopped; it goes on with this at its next start")
		}
		select {
		case <-ctx.Done():
			if ctx = context.WithoutCancel(ctx); !now.Cancelled {
				fmt.Fprintln(t.Err, "stopping; what was deleted stays deleted")
				if err := d.Cancel(ctx, id); err != nil {
					return err
				}
			}
		case <-time.After(50 * time.Millisecond):
		}
	}
}
