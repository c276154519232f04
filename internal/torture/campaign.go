package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// lives is how many kills a folder goes through before the next one begins empty, so that checking it stays short.
const lives = 25

// campaign is a number of kills in a row.
type campaign struct {
	kills    int
	seed     uint64
	dir      string // where the folders lie; on a disk
	progress io.Writer
	plan     []point // nil: made from the seed
	lie      int     // seeded fault, see order
	patience int     // milliseconds of load at the most until a random kill; 0: 150

	house   *house
	address string
	rand    *rand.Rand
	at      *folder
	sum     summary
}

// summary is what a campaign saw.
type summary struct {
	kills    int
	reached  map[string]int // kills by point, where the gateway died there
	missed   map[string]int // by point: it was not reached in time, and the gateway was killed at random
	attempts int
	cut      int // attempts without a whole answer
	records  int // in the folder at hand
	total    int // in all folders
	writes   int // that reached the EMR
	intents  int
	settled  map[string]int // unresolved records by what they say
	proofs   int
	findings []finding
	took     time.Duration
}

// run carries the campaign out. Findings are in the summary; an error says that it could not go on.
func (c *campaign) run(ctx context.Context) (summary, error) {
	begin := time.Now()
	c.rand = c.source()
	c.sum = summary{reached: map[string]int{}, missed: map[string]int{}, settled: map[string]int{}}
	if c.plan == nil {
		c.plan = plan(c.kills, c.rand)
	}
	var err error
	if c.address, err = freeAddress(); err != nil {
		return c.sum, err
	}
	if c.house, err = newHouse("http://" + c.address); err != nil {
		return c.sum, err
	}
	defer c.house.server.Close()
	for i, p := range c.plan {
		if err := c.nextLife(ctx, i, p); err != nil {
			return c.sum, errors.Join(err, c.leave(ctx, false))
		}
		if c.sum.kills++; c.sum.kills%50 == 0 {
			fmt.Fprintf(c.progress, "%5d kills, %d attempts, %d records, %d findings, %s\n",
				c.sum.kills, c.sum.attempts+len(c.at.diary.all()), c.sum.records, len(c.sum.findings), time.Since(begin).Round(time.Second))
		}
		if len(c.sum.findings) > 0 {
			break
		}
	}
	err = c.leave(ctx, true)
	c.sum.took = time.Since(begin)
	return c.sum, err
}

// source is where the moments of the campaign come from: the same for the same seed.
func (c *campaign) source() *rand.Rand { return rand.New(rand.NewPCG(c.seed, 1)) }

// nextLife starts a gateway, has it killed at p, and waits for its death.
func (c *campaign) nextLife(ctx context.Context, i int, p point) error {
	if c.at == nil || i%lives == 0 || p.What == onTables {
		if err := c.nextFolder(ctx, i); err != nil {
			return err
		}
	}
	if p.What != onTables { // which are made by the first start
		if err := c.at.apply(ctx); err != nil {
			return err
		}
	}
	o := c.orderFor(p)
	g, err := c.start(o)
	if err != nil {
		return err
	}
	reached := true
	if p.early() {
		reached = c.dieEarly(ctx, g, p)
	} else if reached, err = c.dieServing(ctx, g, o); err != nil {
		return err
	}
	if !g.killed() {
		return fmt.Errorf("at %s: the gateway ended by itself: %s", p, g.log.String())
	}
	c.at.emr.quiet()
	if reached {
		c.sum.reached[p.String()]++
	} else {
		c.sum.missed[p.String()]++
	}
	return nil
}

// nextFolder leaves the folder at hand for an empty one.
func (c *campaign) nextFolder(ctx context.Context, i int) (err error) {
	if err := c.leave(ctx, true); err != nil {
		return err
	}
	c.at, err = newFolder(filepath.Join(c.dir, fmt.Sprintf("folder-%d", i)), c.address, c.house, c.rand)
	return err
}

// orderFor is an order to die at p. What comes often is died at some time or other, what comes rarely the first time.
func (c *campaign) orderFor(p point) order {
	o := order{Data: c.at.dir, Address: c.address, Point: p, Nth: 1, Delay: time.Duration(c.rand.IntN(1500)) * time.Microsecond, Armed: p.early(), Lie: c.lie}
	switch p.What {
	case onIntent, onOutcome, atAsked, atDone, atAnswer, atFirst, atHalf:
		o.Nth += c.rand.IntN(8)
	}
	return o
}

func (c *campaign) start(o order) (*gateway, error) {
	c.at.starts++
	return launch(o)
}

// dieEarly waits for a death before anybody is served.
func (c *campaign) dieEarly(ctx context.Context, g *gateway, p point) (reached bool) {
	patience := 5 * time.Second
	if p.When == "starting," {
		patience = time.Duration(c.rand.IntN(60)) * time.Millisecond
	}
	select {
	case <-g.done:
		return true
	case <-ctx.Done():
	case <-time.After(patience):
	}
	g.kill()
	return p.When == "starting,"
}

// dieServing checks what the life before left, lets the callers work, and waits for the death under load.
func (c *campaign) dieServing(ctx context.Context, g *gateway, o order) (reached bool, err error) {
	if err := c.look(ctx, g); err != nil {
		g.kill()
		return false, err
	}
	if o.Point.What == onEvent || o.Point.What == onRotation {
		g.arm()
		if err := c.at.event(ctx, o.Point.What == onRotation); err != nil {
			g.kill()
			return false, err
		}
	}
	if o.Point.emrs() {
		c.at.emr.arm(o.Point, o.Nth, g.kill)
		defer c.at.emr.arm(point{}, 0, nil)
	}
	patience := 8 * time.Second
	if o.Point.What == atRandom {
		patience = time.Duration(1+c.rand.IntN(cmp.Or(c.patience, 150))) * time.Millisecond
	}
	g.arm()
	return c.load(ctx, g, patience) || o.Point.What == atRandom, nil
}

// load has the callers work until the gateway is dead, by itself or after patience.
func (c *campaign) load(ctx context.Context, g *gateway, patience time.Duration) (byItself bool) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var working sync.WaitGroup
	for _, caller := range c.at.callers {
		working.Go(func() { caller.work(ctx) })
	}
	select {
	case <-g.done:
		byItself = true
	case <-time.After(patience):
		g.kill()
	}
	<-g.done
	stop()
	working.Wait()
	return byItself
}

// look waits until a gateway serves and has settled what was left open, and checks its folder.
func (c *campaign) look(ctx context.Context, g *gateway) error {
	if err := g.ready(ctx); err != nil {
		return err
	}
	c.at.served++
	found, records, err := c.at.check(ctx, true)
	c.sum.records = records
	c.sum.findings = append(c.sum.findings, found...)
	return err
}

// leave closes the folder: one more start that is left alone, with a whole check, an end in order, and a check after that.
func (c *campaign) leave(ctx context.Context, look bool) error {
	if c.at == nil {
		return nil
	}
	f := c.at
	if look && len(c.sum.findings) == 0 {
		if err := f.apply(ctx); err != nil {
			return err
		}
		g, err := c.start(order{Data: f.dir, Address: c.address})
		if err != nil {
			return err
		}
		if err := c.look(ctx, g); err != nil {
			g.kill()
			return err
		}
		if err := g.stop(); err != nil {
			return err
		}
		f.stops++
		found, _, err := f.check(ctx, true)
		if err != nil {
			return err
		}
		c.sum.findings = append(c.sum.findings, found...)
	}
	c.sum.add(f)
	c.at = nil
	if len(c.sum.findings) > 0 {
		return f.emr.server.Close() // the folder stays, to be looked at
	}
	return f.close()
}

// add counts what happened in a folder.
func (s *summary) add(f *folder) {
	for _, a := range f.diary.all() {
		s.attempts++
		if !a.answered || !a.whole {
			s.cut++
		}
	}
	s.writes += len(f.emr.told())
	s.proofs += f.proofs
	s.total += f.records
	s.intents += f.intents
	for what, n := range f.unresolved {
		s.settled[what] += n
	}
}

// print says what a campaign saw.
func (s summary) print(w io.Writer) {
	fmt.Fprintf(w, "%d kills in %s\n\n", s.kills, s.took.Round(time.Second))
	names := map[string]bool{}
	for name := range s.reached {
		names[name] = true
	}
	for name := range s.missed {
		names[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		missed := ""
		if n := s.missed[name]; n > 0 {
			missed = fmt.Sprintf("  (and %d times not reached: killed at random)", n)
		}
		fmt.Fprintf(w, "%6d  %s%s\n", s.reached[name], name, missed)
	}
	fmt.Fprintf(w, "\n%d requests, %d of them without a whole answer; %d records, %d of them intents; %d writes reached the EMR;\n%d receipts proved; settled: %v\n\n",
		s.attempts, s.cut, s.total, s.intents, s.writes, s.proofs, s.settled)
	for _, f := range s.findings {
		fmt.Fprintf(w, "FOUND: %s\n", f)
	}
	if len(s.findings) == 0 {
		fmt.Fprintln(w, "nothing found")
	}
}
