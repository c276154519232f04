package adaptertest_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"vestibule/adapters/adaptertest"
)

// recorder is a T that notes what fails instead of failing: a suite's findings about a broken adapter.
type recorder struct {
	testing.TB // for its private method, TempDir and Context
	name       string
	parent     *recorder

	mu       sync.Mutex
	failed   bool
	skipped  bool
	findings []string // of the root
	cleanups []func()
}

func (r *recorder) root() *recorder {
	for r.parent != nil {
		r = r.parent
	}
	return r
}

func (r *recorder) Run(name string, f func(adaptertest.T)) bool {
	sub := &recorder{TB: r.TB, name: strings.TrimPrefix(r.name+"/"+name, "/"), parent: r}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer sub.clean()
		defer func() {
			if p := recover(); p != nil {
				sub.Errorf("panic: %v", p)
			}
		}()
		f(sub)
	}()
	<-done
	if sub.Failed() {
		r.Fail()
	}
	return !sub.Failed()
}

// clean runs the cleanups, last first.
func (r *recorder) clean() {
	for i := len(r.cleanups) - 1; i >= 0; i-- {
		r.cleanups[i]()
	}
}

func (r *recorder) note(text string) {
	root := r.root()
	root.mu.Lock()
	root.findings = append(root.findings, r.name+": "+strings.TrimSpace(text))
	root.mu.Unlock()
	r.Fail()
}

func (r *recorder) Fail() { r.mu.Lock(); r.failed = true; r.mu.Unlock() }

func (r *recorder) Failed() bool { r.mu.Lock(); defer r.mu.Unlock(); return r.failed }

func (r *recorder) FailNow() { r.Fail(); runtime.Goexit() }

func (r *recorder) SkipNow() { r.mu.Lock(); r.skipped = true; r.mu.Unlock(); runtime.Goexit() }

func (r *recorder) Skipped() bool { r.mu.Lock(); defer r.mu.Unlock(); return r.skipped }

func (r *recorder) Skip(...any)                  { r.SkipNow() }
func (r *recorder) Skipf(string, ...any)         { r.SkipNow() }
func (r *recorder) Error(args ...any)            { r.note(fmt.Sprintln(args...)) }
func (r *recorder) Errorf(f string, args ...any) { r.note(fmt.Sprintf(f, args...)) }
func (r *recorder) Fatal(args ...any)            { r.Error(args...); r.FailNow() }
func (r *recorder) Fatalf(f string, args ...any) { r.Errorf(f, args...); r.FailNow() }
func (r *recorder) Log(...any)                   {}
func (r *recorder) Logf(string, ...any)          {}
func (r *recorder) Helper()                      {}
func (r *recorder) Name() string                 { return r.name }
func (r *recorder) Cleanup(f func())             { r.cleanups = append(r.cleanups, f) }

// findings tries one promise over a World and returns what the suite finds.
func findings(t testing.TB, promise, typ string, start adaptertest.Start) []string {
	t.Helper()
	r := &recorder{TB: t}
	r.Run("", func(sub adaptertest.T) { adaptertest.Try(sub, start, typ, promise) })
	return r.findings
}
