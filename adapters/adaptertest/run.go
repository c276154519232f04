package adaptertest

import (
	"sync"
	"testing"
	"time"
)

// T is what the suite needs of *testing.T.
type T interface {
	testing.TB
	Run(name string, f func(T)) bool
}

// Start starts an EMR, or prepares one that runs, for a clinic in that time zone. The suite calls it once for each type and
// for each zone that it tries, at the same time, and uses each World in one goroutine.
type Start func(t testing.TB, zone *time.Location) *World

// Run holds an adapter to the contract. It takes over slog's default logger while it runs, so the test that calls it must
// not be parallel to others.
func Run(t *testing.T, start Start) {
	t.Helper()
	RunT(real{t}, start)
}

// RunT is Run for anything that behaves as *testing.T; the suite's own tests hand it a recorder.
func RunT(t T, start Start) {
	t.Helper()
	s := newSuite(t, start)
	for _, p := range promises() {
		if p.whole {
			s.try(t, p, "")
		}
	}
	var types sync.WaitGroup // they wait most of the time, so they wait together, however few processors there are
	for _, typ := range s.table.Types() {
		types.Go(func() {
			t.Run(typ, func(t T) { s.fork(t).tryAll(t, typ) })
		})
	}
	types.Wait()
	s.checkLog(t)
	t.Log("\n" + s.report.String())
}

// real is *testing.T as T.
type real struct{ *testing.T }

func (r real) Run(name string, f func(T)) bool {
	return r.T.Run(name, func(t *testing.T) { f(real{t}) })
}
