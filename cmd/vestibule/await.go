package main

import (
	"context"
	"fmt"
	"time"

	"vestibule/internal/store"
)

// awaitFor is how long a command waits for the gateway to put on record and act on what it did.
const awaitFor = 5 * time.Second

// await waits until the running gateway acts on what an event says, and prints since when and under which receipt. Without
// a gateway there is nothing to wait for, and it says so. A gateway that does not get there is an error: what was done is
// written down, but has no effect yet.
func (d *data) await(ctx context.Context, t *terminal, event int64) error {
	served, err := store.Served(d.dir)
	if err != nil {
		return err
	}
	for end := time.Now().Add(d.patience); ; {
		e, err := d.Event(ctx, event)
		if err != nil {
			return err
		}
		if !e.Effective.IsZero() {
			_, err := fmt.Fprintf(t.Out, "in force since %s, receipt %s\n", e.Effective.Local().Format("15:04:05.000 MST"), e.Receipt)
			return err
		}
		if !served || time.Now().After(end) {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
	if served, err = store.Served(d.dir); err != nil {
		return err
	}
	if !served {
		_, err := fmt.Fprintln(t.Out, "no gateway serves this folder now: it holds from the next start")
		return err
	}
	return fmt.Errorf("it is written down, but the gateway that serves this folder has not acted on it within %s: see its log; it holds as soon as it is on record", d.patience)
}
