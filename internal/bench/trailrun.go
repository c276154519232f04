package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime/pprof"
	"time"
)

// trailOptions say how large a history is measured, and how long.
type trailOptions struct {
	accesses  int
	askFor    time.Duration // one question, at the most
	askCold   int           // how often a question is asked with nothing in memory
	appendFor time.Duration
}

func usualTrail(accesses int) trailOptions {
	return trailOptions{accesses: accesses, askFor: 45 * time.Second, askCold: 30, appendFor: 4 * time.Second}
}

// trailOptions is what the comparison measures of the ledger alone, in about half a minute.
func (b *bench) trailOptions() trailOptions {
	if b.opts.quick {
		return trailOptions{accesses: 20_000, askFor: 300 * time.Millisecond, askCold: 3, appendFor: 400 * time.Millisecond}
	}
	return trailOptions{accesses: 200_000, askFor: 2 * time.Second, askCold: 5, appendFor: 2 * time.Second}
}

// runTrail measures the ledger alone.
func runTrail(ctx context.Context, opts options, out io.Writer) error {
	dir := opts.keep
	if dir == "" {
		var err error
		if dir, err = workFolder(opts.dir); err != nil {
			return err
		}
		defer os.RemoveAll(dir)
	}
	stop, err := profileSelf(opts.profile)
	if err != nil {
		return err
	}
	defer stop()
	r, err := measureTrail(ctx, dir, out, usualTrail(opts.ledger), time.Now())
	if err != nil {
		return err
	}
	return r.text().publish(out, opts.markdown)
}

// profileSelf records where this process's CPU goes into a folder, until stop is called; "" is none.
func profileSelf(dir string) (stop func(), err error) {
	if dir == "" {
		return func() {}, nil
	}
	f, err := os.Create(filepath.Join(dir, "ledger.pprof"))
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, err
	}
	return func() { pprof.StopCPUProfile(); f.Close() }, nil
}
