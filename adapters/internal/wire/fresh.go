package wire

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// Hold is how long a failure to load is remembered, so that a token endpoint that refuses is not asked for every request.
const Hold = 2 * time.Second

// Lease is a value and how long it is good.
type Lease[T any] struct {
	Value T
	Until time.Time
}

// Fresh keeps one value, loads it again when it has run out, and lets one caller load at a time while others wait, or go
// on with the old value where that is allowed. Nothing runs in the background.
type Fresh[T any] struct {
	now   func() time.Time
	stale bool // an old value is better than an error
	load  func(context.Context) (T, time.Duration, error)

	current atomic.Pointer[Lease[T]]
	gate    chan struct{} // holds one token while nobody loads
	failed  Lease[error]  // under the gate
}

func NewFresh[T any](now func() time.Time, stale bool, load func(context.Context) (T, time.Duration, error)) *Fresh[T] {
	f := &Fresh[T]{now: now, stale: stale, load: load, gate: make(chan struct{}, 1)}
	f.gate <- struct{}{}
	return f
}

func (f *Fresh[T]) Get(ctx context.Context) (*Lease[T], error) {
	l := f.current.Load()
	if l != nil && f.now().Before(l.Until) {
		return l, nil
	}
	if l != nil && f.stale {
		select {
		case <-f.gate:
		default:
			return l, nil
		}
		return f.reload(ctx)
	}
	select {
	case <-f.gate:
		return f.reload(ctx)
	case <-ctx.Done():
		return nil, Waited(ctx)
	}
}

// reload runs with the gate held and gives it back.
func (f *Fresh[T]) reload(ctx context.Context) (*Lease[T], error) {
	defer func() { f.gate <- struct{}{} }()
	l := f.current.Load()
	if l != nil && f.now().Before(l.Until) { // somebody else has just loaded it
		return l, nil
	}
	err := f.failed.Value
	if err == nil || !f.now().Before(f.failed.Until) {
		v, good, loadErr := f.load(ctx)
		if err = loadErr; err == nil {
			f.failed = Lease[error]{}
			n := &Lease[T]{v, f.now().Add(good)}
			f.current.Store(n)
			return n, nil
		}
		if !errors.Is(ctx.Err(), context.Canceled) { // a caller who went away says nothing about the EMR
			f.failed = Lease[error]{err, f.now().Add(Hold)}
		}
	}
	if l != nil && f.stale {
		return l, nil
	}
	return nil, err
}

// Known is the value at hand, run out or not; ok is false where none was loaded yet. Nothing is asked for.
func (f *Fresh[T]) Known() (value T, ok bool) {
	if l := f.current.Load(); l != nil {
		return l.Value, true
	}
	return value, false
}

// Drop forgets l, unless it has been replaced already.
func (f *Fresh[T]) Drop(l *Lease[T]) { f.current.CompareAndSwap(l, nil) }

// Locks makes the writers of one operation go one after the other (hazard H30). The zero value is ready.
type Locks struct {
	mu   sync.Mutex
	held map[string]chan struct{}
}

// Lock waits for its turn and returns the function that ends it; an error where ctx ends first.
func (l *Locks) Lock(ctx context.Context, name string) (unlock func(), err error) {
	for {
		l.mu.Lock()
		if l.held == nil {
			l.held = map[string]chan struct{}{}
		}
		other, busy := l.held[name]
		if !busy {
			mine := make(chan struct{})
			l.held[name] = mine
			l.mu.Unlock()
			return func() {
				l.mu.Lock()
				delete(l.held, name)
				l.mu.Unlock()
				close(mine)
			}, nil
		}
		l.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, Waited(ctx)
		}
	}
}
