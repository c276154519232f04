package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestAnInterruptedCheckIsNoGoodOne(t *testing.T) {
	dir := trailFolder(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var said strings.Builder
	code := run(ctx, []string{"audit", "verify", "--data", dir}, &terminal{In: os.Stdin, Out: &said, Err: &said, Now: time.Now})
	if code != exitInterrupted || strings.Contains(said.String(), "VERIFIED") {
		t.Errorf("an interrupted verify ended with %d, want %d, and said %q", code, exitInterrupted, &said)
	}
}

func TestWhoIsAskedCanInterrupt(t *testing.T) {
	dir := trailFolder(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	nobody, keyboard := io.Pipe()
	defer keyboard.Close()
	err := writerFunc(func(p []byte) {
		if strings.Contains(string(p), "Go on?") {
			cancel()
		}
	})
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"audit", "erase", "--clinic", "maple", "--patient", "Patient/1", "--because", "file 7", "--data", dir},
			&terminal{In: interruptible{ctx, nobody}, Out: io.Discard, Err: err, Now: time.Now})
	}()
	select {
	case code := <-ended:
		if code == 0 {
			t.Error("an interrupted question counted as answered")
		}
	case <-time.After(time.Minute):
		t.Fatal("the question goes on although somebody pressed Ctrl-C")
	}
}

// writerFunc is called with all that is written.
type writerFunc func(p []byte)

func (f writerFunc) Write(p []byte) (int, error) {
	f(p)
	return len(p), nil
}

// trailFolder is a data folder with records in it.
func trailFolder(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	if err := writeTrail(context.Background(), dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// sqliteError is an error with one of SQLite's codes.
type sqliteError int

func (e sqliteError) Error() string { return fmt.Sprintf("not done (%d)", int(e)) }
func (e sqliteError) Code() int     { return int(e) }

func TestErrorsAreForPeople(t *testing.T) {
	for want, err := range map[string]error{
		"the disk of the data folder is full; make room on it and do this again (not done (13))":                                      fmt.Errorf("store.Apply: %w", sqliteError(13)),
		"the data folder cannot be written to; be the user that the gateway runs as, or work on a copy that can be (not done (1544))": sqliteError(1544),
		"the key is odd":  errors.New("audit.Verify: the key is odd"),
		"--from: no time": errors.New("--from: no time"),
	} {
		if got := said(err); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
