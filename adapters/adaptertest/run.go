package adaptertest

import (
	"maps"
	"slices"
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
	log := takeOver(t)
	s := newSuite(t, start, log)
	s.tryWhole(t)
	s.tryTypes(t)
	log.check(t)
}

// RunEach is Run for several EMRs, or for one in several forms, by name. They wait much of the time, so they wait together.
func RunEach(t *testing.T, starts map[string]Start) {
	t.Helper()
	log := takeOver(real{t})
	begin := make(chan struct{})
	var all sync.WaitGroup
	for _, name := range slices.Sorted(maps.Keys(starts)) {
		tried := make(chan struct{}) // what looks at everything that runs is tried one after the other
		once := sync.OnceFunc(func() { close(tried) })
		all.Go(func() {
			defer once() // also where the name is not among those to run
			t.Run(name, func(t *testing.T) {
				defer once()
				s := newSuite(real{t}, starts[name], log)
				s.tryWhole(real{t})
				once()
				<-begin
				s.tryTypes(real{t})
			})
		})
		<-tried
	}
	close(begin)
	all.Wait()
	log.check(t)
}

// real is *testing.T as T.
type real struct{ *testing.T }

func (r real) Run(name string, f func(T)) bool {
	return r.T.Run(name, func(t *testing.T) { f(real{t}) })
}
