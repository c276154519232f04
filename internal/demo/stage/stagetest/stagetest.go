// Package stagetest puts a demo up for a test.
package stagetest

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"testing"

	"vestibule/internal/demo/stage"
)

// Up puts a demo up on ports of its own and serves it until the test ends, or down is called. Without Data it is in a folder of
// the test's own, and without Log it says nothing.
func Up(t testing.TB, o stage.Options) (s *stage.Stage, down func()) {
	t.Helper()
	o.Listen, o.Metrics, o.Version = "127.0.0.1:0", "127.0.0.1:0", "test"
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	if o.Data == "" {
		o.Data = t.TempDir()
	}
	s, err := stage.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx) }()
	down = sync.OnceFunc(func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("serving: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	t.Cleanup(down)
	return s, down
}
