package forward

import (
	"context"
	"crypto/rand"
	"database/sql"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"vestibule/audit"
)

// The actions under which the gateway's log holds what became of forwarding.
const (
	ActionLate    = "forward-late"    // a sink lags for longer than it may
	ActionBack    = "forward-back"    // and has caught up
	ActionParked  = "forward-parked"  // an event was left out at a sink
	ActionStopped = "forward-stopped" // a sink refuses everything of a log
	ActionAgain   = "forward-again"   // somebody had a log sent again
)

// DefaultAlarmAfter is for how long a sink may lag, unless it says otherwise.
const DefaultAlarmAfter = time.Hour

// Receiver is the far end of a sink. Its methods are called by one goroutine at a time.
type Receiver interface {
	// Send hands events over, in order, and says what became of each; those behind the end of the answer were not tried.
	// The error is why some of them were not taken although nothing is wrong with them.
	Send(ctx context.Context, events []Event) ([]Verdict, error)
	// Settled is how many of the events taken since the last call have arrived beyond doubt. An error takes back those that
	// have not.
	Settled(now time.Time) (int, error)
	// Close lets go of everything; nothing is called after it.
	Close() error
}

// Verdict is what became of one event. The zero value is: not taken, for no fault of its own.
type Verdict struct {
	Taken   bool
	Refused string // why the sink does not take this one event: "answered 422"
}

// Sink is where trails are sent on to.
type Sink struct {
	Name       string
	Kind       string                   // "fhir", "file" or "syslog"
	Clinics    []string                 // whose trails; nil: every one, also of clinics to come
	FromNow    bool                     // leave out what was on record when the sink was first configured
	AlarmAfter time.Duration            // for how long it may lag; 0: DefaultAlarmAfter
	Open       func() (Receiver, error) // called again after each failure, so that changed secrets are picked up
}

// wants reports whether a clinic's trail goes to the sink; that of "maple#1" is one of maple's.
func (s *Sink) wants(clinic string) bool {
	base, _, _ := strings.Cut(clinic, "#")
	return s.Clinics == nil || slices.Contains(s.Clinics, base)
}

// Note is what is put on record of forwarding, in the gateway's own log.
type Note struct {
	Action  string // one of those above
	Subject string
	By      string // who wanted it; empty: the gateway itself
}

// Options say what is sent where.
type Options struct {
	DB     *sql.DB // the ledger and the tables forward_…
	Sinks  []Sink
	Record func(context.Context, Note) error // returns when it is on record
	Log    *slog.Logger
	Now    func() time.Time // default time.Now
	Random io.Reader        // for jitter; default crypto/rand
}

// Forwarder sends the trails to the sinks.
type Forwarder struct {
	opts   Options
	reader *audit.Reader
	places places
	lanes  []*lane
	tick   time.Duration
	pause  func(n int, asked time.Duration) time.Duration
}

// tick is how often it is looked for new records: what an event takes at most until it is sent, where nothing waits before it.
const tick = 250 * time.Millisecond

// New is a forwarder that Run sets going.
func New(o Options) *Forwarder {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	f := &Forwarder{opts: o, reader: audit.NewReader(o.DB), places: places{o.DB}, tick: tick}
	f.pause = func(n int, asked time.Duration) time.Duration { return pause(o.Random, n, asked) }
	for _, s := range o.Sinks {
		if s.AlarmAfter <= 0 {
			s.AlarmAfter = DefaultAlarmAfter
		}
		f.lanes = append(f.lanes, newLane(f, s))
	}
	return f
}

// Run sends until ctx ends, and saves how far it got.
func (f *Forwarder) Run(ctx context.Context) {
	var all sync.WaitGroup
	for _, l := range f.lanes {
		all.Go(func() { l.run(ctx) })
	}
	ticker := time.NewTicker(f.tick)
	defer ticker.Stop()
	for ctx.Err() == nil && len(f.lanes) > 0 {
		f.look(ctx)
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
	all.Wait()
}

// look tells every sink how far the trails have come, and puts on record who is late. No sink holds this up.
func (f *Forwarder) look(ctx context.Context) {
	heads, err := f.reader.Heads(ctx)
	if err != nil {
		return // the ledger's own alarms tell; the sinks have nothing to send
	}
	now := f.opts.Now()
	for _, l := range f.lanes {
		l.see(heads, now)
		l.alarm(ctx, now)
	}
}

// State is how it stands with a sink.
type State struct {
	Name       string
	Kind       string
	LagRecords int64
	Lag        time.Duration // how long the oldest record that has not arrived has been waiting; 0: none has
	Sent       int64         // events, repeats too
	Skipped    int64         // records without a body
	Parked     int64         // events left out
	Failed     int64         // times that something was not taken, since the start
	Success    time.Time     // when something last was; zero: never
	Failing    bool
}

// States are those of all sinks, in their order.
func (f *Forwarder) States() []State {
	out := make([]State, 0, len(f.lanes))
	for _, l := range f.lanes {
		out = append(out, l.state(f.opts.Now()))
	}
	return out
}

// grace is how much longer what is under way may take when the gateway ends: what was sent and not heard of is sent again.
const grace = time.Second

// graceful is a context that ends after timeout, or a little after ctx does.
func graceful(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	out, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-out.Done():
		}
	})
	return out, func() { stop(); cancel() }
}
