package forward

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"vestibule/audit"
)

// lane is one sink and its goroutine.
type lane struct {
	Sink
	f    *Forwarder
	wake chan struct{}

	mu    sync.Mutex // guards what others look at
	heads []audit.Head
	shown shown
	grew  map[string]time.Time // since when a log's end has not arrived, as far as was seen from outside
	late  bool

	// What follows belongs to the goroutine.
	row     sinkRow
	cursors map[string]*cursor
	out     Receiver
	marks   []mark
	dirty   map[string]bool // logs whose place is not saved
	changed bool            // the row is not saved
	saved   time.Time
	faults  int  // in a row
	arrived bool // something has, since the last of them
	failed  int64
}

// mark is where a log stands once everything before it has settled.
type mark struct {
	c     *cursor
	after Place
	time  time.Time
	sent  bool // an event, not a record without one
}

func newLane(f *Forwarder, s Sink) *lane {
	return &lane{Sink: s, f: f, wake: make(chan struct{}, 1), grew: map[string]time.Time{}, cursors: map[string]*cursor{}, dirty: map[string]bool{}}
}

// run sends until ctx ends.
func (l *lane) run(ctx context.Context) {
	defer l.stop(context.WithoutCancel(ctx))
	for ctx.Err() == nil {
		busy, err := l.once(ctx)
		if ctx.Err() != nil {
			return
		}
		l.note(err)
		if err := l.save(ctx, !busy || err != nil); err != nil {
			l.f.opts.Log.Error("how far a trail was sent on cannot be saved; after a restart some of it is sent again", "sink", l.Name, "error", err)
		}
		l.rest(ctx, busy, err)
	}
}

// once is one round over all logs; busy says that there may be more to send at once.
func (l *lane) once(ctx context.Context) (busy bool, err error) {
	if err := l.begin(ctx); err != nil {
		return false, err
	}
	if err := l.grant(ctx); err != nil {
		return false, err
	}
	if err := l.settle(); err != nil {
		return false, err
	}
	heads := l.wanted()
	for _, h := range heads { // all of them first: what a failing sink never came to is behind, and begins where it begins now
		if _, err := l.cursor(ctx, h); err != nil {
			return false, err
		}
	}
	for _, h := range heads {
		more, err := l.feed(ctx, l.cursors[h.Log], h)
		if err := errors.Join(err, l.settle()); err != nil {
			return false, err
		}
		busy = busy || more
	}
	return busy, nil
}

// begin reads what the last run left.
func (l *lane) begin(ctx context.Context) error {
	if !l.row.began.IsZero() {
		return nil
	}
	row, found, err := l.f.places.sink(ctx, l.Name)
	if err != nil {
		return ours(err)
	}
	if !found {
		row.began = l.f.opts.Now()
	}
	row.kind = l.Kind
	if err := l.f.places.save(ctx, l.Name, row, nil); err != nil {
		return ours(err)
	}
	l.mu.Lock()
	l.late = row.late
	l.mu.Unlock()
	l.row = row
	l.show()
	return nil
}

// ours is a failure that is not the sink's.
func ours(err error) error { return faultf("the gateway's own database: %v", err) }

// wanted are the heads of the logs that go to the sink.
func (l *lane) wanted() []audit.Head {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.heads)
}

// maxUnsettled bounds how many events may be on their way without having settled.
const maxUnsettled = 20_000

// feed sends what comes next of one log; more says that there may be more of it.
func (l *lane) feed(ctx context.Context, c *cursor, h audit.Head) (more bool, err error) {
	if err := c.fill(ctx, l.f.reader, h, l.faults > 0); err != nil {
		return false, faultf("the trail cannot be read: %v", err)
	}
	l.show()
	if l.advance(c) {
		return true, nil
	}
	chunk, events := c.chunk(l.faults > 0)
	if len(chunk) == 0 || len(l.marks) >= maxUnsettled || l.faults > 0 && len(l.marks) > 0 || l.f.opts.Now().Before(c.until) {
		return false, nil
	}
	if l.out == nil {
		if l.out, err = l.Open(); err != nil {
			l.out = nil
			return false, err
		}
	}
	verdicts, err := l.out.Send(ctx, events)
	if ctx.Err() != nil && len(verdicts) == 0 {
		return false, ctx.Err()
	}
	for i, v := range verdicts {
		if perr := l.judge(ctx, c, chunk[i], v); perr != nil {
			err = errors.Join(err, perr)
			break
		}
	}
	l.advance(c)
	return err == nil, err
}

// judge does what a verdict on an event asks for.
func (l *lane) judge(ctx context.Context, c *cursor, it *item, v Verdict) error {
	now := l.f.opts.Now()
	switch {
	case v.Taken:
		it.taken = true
		c.row.sent++
		c.run, c.stopped = 0, false
	case v.Refused != "":
		l.failed++
		it.tries++
		c.until = now.Add(l.f.pause(it.tries, 0))
		if it.tries >= maxTries {
			return l.park(ctx, c, it, v.Refused)
		}
		if it.tries == 1 {
			l.f.opts.Log.Warn("a sink refuses an event; trying again", "sink", l.Name, "log", it.Log, "record", it.Index, "why", v.Refused)
		}
	}
	return nil
}

// How often a refused event is tried, and how many of one log in a row may be left out.
const (
	maxTries  = 5
	maxParked = 9
)

// park leaves a refused event out, once that is on record; but not the tenth in a row.
func (l *lane) park(ctx context.Context, c *cursor, it *item, why string) error {
	action, now := ActionParked, l.f.opts.Now()
	if c.run >= maxParked {
		c.until = now.Add(l.f.pause(maxPause, 0))
		if c.stopped {
			return nil
		}
		action = ActionStopped
	}
	note := Note{Action: action, Subject: fmt.Sprintf("%s: %s/%d %s", l.Name, it.Log, it.Index, why)}
	if err := l.f.opts.Record(ctx, note); err != nil {
		return ours(err)
	}
	l.f.opts.Log.Error("a sink does not take an event", "sink", l.Name, "log", it.Log, "record", it.Index, "why", why, "onRecordAs", action)
	if action == ActionStopped {
		c.stopped = true
		return nil
	}
	if err := l.f.places.park(ctx, l.Name, it.Event, why, now); err != nil {
		return ours(err)
	}
	it.taken, it.parked = true, true
	c.run++
	c.row.parked++
	c.until = time.Time{}
	return nil
}

// maxPause is a number of failures after which the pause grows no more.
const maxPause = 20

// advance moves a log on over what was taken at the front of its window; any says that there was something.
func (l *lane) advance(c *cursor) (any bool) {
	for len(c.window) > 0 && c.window[0].taken {
		it := c.window[0]
		c.window = c.window[1:]
		c.ahead, any = it.after, true
		c.row.skipped += it.skipped
		c.marks++
		l.marks = append(l.marks, mark{c, it.after, it.Time, it.Body != nil && !it.parked})
	}
	return any
}

// settle moves the places on over what has arrived beyond doubt.
func (l *lane) settle() error {
	n := 0
	if l.out != nil {
		var err error
		n, err = l.out.Settled(l.f.opts.Now())
		if err != nil && len(l.marks) > 0 {
			return err
		} else if err != nil {
			l.drop() // a connection that ended while it had nothing to do
		}
	}
	done := 0
	for _, m := range l.marks {
		if m.sent {
			if n == 0 {
				break
			}
			n--
			l.row.success, l.arrived, l.changed = l.f.opts.Now(), true, true
		}
		m.c.row.Place = m.after
		m.c.marks--
		l.dirty[m.c.log] = true
		done++
	}
	l.marks = l.marks[done:]
	if done > 0 {
		l.show()
	}
	return nil
}

// note keeps what became of a round, and says when a sink begins to fail and when it takes events again.
func (l *lane) note(err error) {
	if err == nil {
		if l.faults > 0 && !l.arrived && l.waiting() {
			return // nothing was tried, or it is not known yet what became of it
		}
		if l.faults > 0 {
			l.f.opts.Log.Info("a sink takes events again", "sink", l.Name)
		}
		if l.row.fault != "" {
			l.faults, l.row.failing, l.row.fault, l.changed = 0, time.Time{}, "", true
			l.show()
		}
		return
	}
	text := described(err)
	if text != l.row.fault || l.faults == 0 {
		l.f.opts.Log.Error("a sink does not take events; trying again", "sink", l.Name, "why", text)
		l.changed = true
	}
	if l.row.failing.IsZero() {
		l.row.failing = l.f.opts.Now()
	}
	l.row.fault, l.arrived = text, false
	l.faults++
	l.failed++
	l.drop()
	l.show()
}

// waiting reports whether there is something that has not arrived.
func (l *lane) waiting() bool {
	return slices.ContainsFunc(l.wanted(), func(h audit.Head) bool {
		c := l.cursors[h.Log]
		return c == nil || c.row.Next < h.Size
	})
}

// drop takes back what has not settled, and lets go of the sink.
func (l *lane) drop() {
	if l.out != nil {
		_ = l.out.Close()
		l.out = nil
	}
	for _, m := range l.marks {
		m.c.window, m.c.ahead, m.c.marks = nil, m.c.row.Place, 0
	}
	l.marks = nil
}

// saveEvery is how often places are saved while there is always something to send.
const saveEvery = time.Second

// save writes down how far each log got.
func (l *lane) save(ctx context.Context, now bool) error {
	logs := map[string]placeRow{}
	for log := range l.dirty {
		logs[log] = l.cursors[log].row
	}
	at := l.f.opts.Now()
	if !l.changed && len(logs) == 0 || l.row.began.IsZero() || !now && at.Sub(l.saved).Abs() < saveEvery {
		return nil
	}
	if err := l.f.places.save(ctx, l.Name, l.row, logs); err != nil {
		return err
	}
	clear(l.dirty)
	l.changed, l.saved = false, at
	return nil
}

// rest waits until there is something to do.
func (l *lane) rest(ctx context.Context, busy bool, err error) {
	if busy && err == nil {
		return
	}
	var over <-chan time.Time
	if err != nil {
		asked := time.Duration(0)
		if f, ok := errors.AsType[*Fault](err); ok {
			asked = f.Wait
		}
		timer := time.NewTimer(l.f.pause(l.faults, asked))
		defer timer.Stop()
		over = timer.C
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-over:
			return
		case <-l.wake:
			if err == nil {
				return
			}
		}
	}
}

// stop saves and lets go.
func (l *lane) stop(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := l.save(ctx, true); err != nil {
		l.f.opts.Log.Error("how far a trail was sent on cannot be saved; the next start sends some of it again", "sink", l.Name, "error", err)
	}
	l.drop()
}
