package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"vestibule/audit"
	"vestibule/internal/forward"
	"vestibule/internal/store"
)

// forwardCmd is the commands about where the trail is sent on to.
type forwardCmd struct {
	Status forwardStatusCmd `cmd:"" help:"See how far the trail has got to each sink, and what keeps it."`
	Again  forwardAgainCmd  `cmd:"" help:"Send a clinic's trail to a sink again, from a record or a time on."`
}

type forwardStatusCmd struct {
	dataFlags
}

// Help is shown below the flags.
func (forwardStatusCmd) Help() string {
	return `Where each sink of "forward" in the gateway's file stands:

    vestibule forward status --data ./data

"arrived" counts records of the trail, "sent" AuditEvents: a record has one for each patient, and an intent none. "skipped" are
records whose bodies were deleted when their retention ended, "left out" events that the sink refuses; each of those is on
record in the gateway's own trail as forward-parked. A running gateway writes this down once a second. Times are the clinic's.`
}

// Run prints the sinks.
func (c forwardStatusCmd) Run(ctx context.Context, t *terminal) error {
	return c.within(func(d *data) error {
		sinks, err := forward.Read(ctx, d.db)
		if err != nil {
			return err
		}
		if len(sinks) == 0 {
			_, err := fmt.Fprintln(t.Out, "the trail is not sent on from here: `forward` in the file of `vestibule serve` says where to")
			return err
		}
		for i, s := range sinks {
			if i > 0 {
				fmt.Fprintln(t.Out)
			}
			if err := d.printSink(ctx, t, s); err != nil {
				return err
			}
		}
		return nil
	})
}

// printSink prints one sink and its trails.
func (d *data) printSink(ctx context.Context, t *terminal, s forward.Status) error {
	fmt.Fprintf(t.Out, "%s (%s)", s.Name, s.Kind)
	if !s.Failing.IsZero() {
		fmt.Fprintf(t.Out, ", takes nothing since %s: %s", inZone(s.Failing, time.UTC), s.Fault)
	}
	if s.Late {
		fmt.Fprint(t.Out, "; that it is late is on record")
	}
	fmt.Fprintf(t.Out, "\nlast success: %s\n", inZone(s.Success, time.UTC))
	w := tabwriter.NewWriter(t.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "clinic\tarrived\tbehind\twaiting since\tsent\tskipped\tleft out")
	for _, l := range s.Logs {
		zone, err := d.zone(ctx, l.Clinic)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s\t%d of %d\t%d\t%s\t%d\t%d\t%d\n", l.Clinic, l.Next, l.Records, l.Records-l.Next, inZone(l.Waiting, zone), l.Sent, l.Skipped, l.Parked)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, p := range s.Parked {
		fmt.Fprintf(t.Out, "left out: %s at %s, %s\n", p.Event, inZone(p.Time, time.UTC), p.Why)
	}
	return nil
}

// inZone is a time for a table, with its zone.
func inZone(at time.Time, zone *time.Location) string {
	if at.IsZero() {
		return "-"
	}
	return at.In(zone).Format("2006-01-02 15:04:05 MST")
}

type forwardAgainCmd struct {
	dataFlags
	byFlag
	Sink   string `required:"" placeholder:"NAME" help:"The sink, as the gateway's file names it."`
	Clinic string `required:"" placeholder:"NAME" help:"Whose trail; _gateway for the gateway's own."`
	From   int64  `default:"-1" placeholder:"INDEX" help:"The first record that is sent again."`
	Since  string `placeholder:"WHEN" help:"Or: everything not before 2026-11-01, 2026-11-01T08:00, or as long ago as 36h or 14d."`
}

// Help is shown below the flags.
func (forwardAgainCmd) Help() string {
	return `After a sink lost what it had, or to send what it left out once it can take it:

    vestibule forward again --data ./data --sink siem --clinic maple --since 2d
    vestibule forward again --data ./data --sink repository --clinic maple --from 1207

The events have the ids they had, so that a sink can tell those it still has. Who wanted it is put on record first. What
comes after is sent in its order behind it.`
}

// Run asks the gateway to send again, and waits until it does.
func (c forwardAgainCmd) Run(ctx context.Context, t *terminal) error {
	if (c.From < 0) == (c.Since == "") {
		return errors.New("give one of --from and --since")
	}
	return doing(c.dataFlags, c.byFlag, func(d *data, by string) error {
		from, err := c.first(ctx, t, d)
		if err != nil {
			return err
		}
		if err := forward.Again(ctx, d.db, c.Sink, c.Clinic, from, by); err != nil {
			return err
		}
		return d.awaitAgain(ctx, t, fmt.Sprintf("the trail of %s is sent to %s again from record %d on", c.Clinic, c.Sink, from))
	})
}

// first is the index that is meant.
func (c forwardAgainCmd) first(ctx context.Context, t *terminal, d *data) (int64, error) {
	if c.From >= 0 {
		return c.From, nil
	}
	zone, err := d.zone(ctx, c.Clinic)
	if err != nil {
		return 0, err
	}
	since, err := moment(c.Since, t.Now(), zone)
	if err != nil {
		return 0, fmt.Errorf("--since: %w", err)
	}
	found, err := audit.NewReader(d.db).Search(ctx, c.Clinic, audit.Search{Ascending: true, From: since, Count: 1})
	if err != nil {
		return 0, err
	}
	if len(found.Entries) == 0 {
		return 0, fmt.Errorf("the trail of %s has nothing since %s", c.Clinic, inZone(since, zone))
	}
	return found.Entries[0].Index, nil
}

// awaitAgain waits until a running gateway has taken up what is to be sent again.
func (d *data) awaitAgain(ctx context.Context, t *terminal, done string) error {
	for end := time.Now().Add(d.patience); ; {
		pending, err := forward.Pending(ctx, d.db)
		if err != nil {
			return err
		}
		if !pending {
			_, err := fmt.Fprintln(t.Out, done)
			return err
		}
		served, err := store.Served(d.dir)
		if err != nil {
			return err
		}
		if !served {
			_, err := fmt.Fprintln(t.Out, "no gateway serves this folder now: it is sent again from the next start on")
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("it is written down, but the gateway that serves this folder has not taken it up within %s: is the sink still in its file? See its log", d.patience)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}
