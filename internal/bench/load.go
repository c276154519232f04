package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// settle is how long a cell waits after its last answer, so that what a target does behind an answer counts as its CPU.
const settle = 80 * time.Millisecond

// patience is how long one answer may take before the cell counts as failed.
const patience = 20 * time.Second

// cell is what to ask of whom, by how many callers.
type cell struct {
	target   *target
	requests [][]byte // asked in turn; each caller begins at another one
	callers  int
	time     time.Duration
	most     int // requests
}

// measure opens the callers' connections, warms up, and measures once.
func (c cell) measure(ctx context.Context) (sample, error) {
	callers := make([]*caller, 0, c.callers)
	defer func() {
		for _, who := range callers {
			who.close()
		}
	}()
	for range c.callers {
		who, err := dial(ctx, c.target.addr)
		if err != nil {
			return sample{}, fmt.Errorf("%s: %w", c.target.name, err)
		}
		callers = append(callers, who)
	}
	if s, err := c.drive(ctx, callers, c.time/5); err != nil || s.errors > 0 {
		return s, err
	}
	before, err := c.target.cpu()
	if err != nil {
		return sample{}, err
	}
	s, err := c.drive(ctx, callers, c.time)
	if err != nil || s.errors > 0 {
		return s, err
	}
	time.Sleep(settle)
	after, err := c.target.cpu()
	if err != nil {
		return sample{}, err
	}
	s.cpu = (after - before) / time.Duration(max(s.requests, 1))
	return s, nil
}

// share is what one caller saw.
type share struct {
	took   []time.Duration
	bytes  int
	failed int
	err    error
}

// drive has all callers ask until the time is over or their requests are used up, and waits for every answer.
func (c cell) drive(ctx context.Context, callers []*caller, limit time.Duration) (sample, error) {
	shares := make([]share, len(callers))
	start := time.Now()
	var wg sync.WaitGroup
	for i, who := range callers {
		wg.Go(func() { shares[i] = c.callOn(ctx, who, i, start.Add(limit)) })
	}
	wg.Wait()
	s := sample{elapsed: time.Since(start)}
	var took []time.Duration
	var size int
	for _, sh := range shares {
		if sh.err != nil {
			return sample{}, fmt.Errorf("%s: %w", c.target.name, sh.err)
		}
		took = append(took, sh.took...)
		size += sh.bytes
		s.errors += sh.failed
	}
	s.requests = len(took)
	c.target.answered += s.requests
	slices.Sort(took)
	s.p50, s.p99 = percentile(took, 0.50), percentile(took, 0.99)
	s.bytes = float64(size) / float64(max(s.requests, 1))
	return s, ctx.Err()
}

// callOn is one caller, asking again as soon as the whole answer is there. It asks at least once.
func (c cell) callOn(ctx context.Context, who *caller, number int, until time.Time) share {
	most := max(c.most/c.callers, 1)
	sh := share{took: make([]time.Duration, 0, min(most, 4096))}
	at := number * len(c.requests) / c.callers
	for begin := time.Now(); len(sh.took) < most; at++ {
		r, err := who.ask(c.requests[at%len(c.requests)], begin.Add(patience))
		if err != nil {
			sh.err = err
			return sh
		}
		end := time.Now()
		sh.took = append(sh.took, end.Sub(begin))
		sh.bytes += r.bytes
		if r.status != http.StatusOK {
			sh.failed++
		}
		if begin = end; end.After(until) || ctx.Err() != nil {
			return sh
		}
	}
	return sh
}
