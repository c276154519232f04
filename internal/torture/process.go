package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// gateway is one run of the child.
type gateway struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	log  lockedBuffer
	done chan struct{}
	url  string
}

// lockedBuffer is what a child says, which may be looked at while it speaks.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write adds to it.
func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// launch starts this program again, as the gateway.
func launch(o order) (*gateway, error) {
	text, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	g := &gateway{cmd: exec.Command(os.Args[0]), done: make(chan struct{}), url: "http://" + o.Address}
	g.cmd.Env = append(os.Environ(), orderEnv+"="+string(text))
	g.cmd.Stdout, g.cmd.Stderr = &g.log, &g.log
	if g.in, err = g.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := g.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = g.cmd.Wait() // how it ended, state says
		close(g.done)
	}()
	return g, nil
}

// kill is kill -9 from outside.
func (g *gateway) kill() { _ = g.cmd.Process.Kill() } // an error says that it is dead already

// arm makes its point count from now on.
func (g *gateway) arm() { _, _ = io.WriteString(g.in, "\n") } // an error says that it is dead already

// errDead says that a gateway died where it was to go on.
var errDead = errors.New("the gateway is dead")

// ready waits until it serves.
func (g *gateway) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, g.url+"/readyz", nil)
		if err != nil {
			return err
		}
		if res, err := client.Do(req); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-g.done:
			return fmt.Errorf("%w: %s", errDead, g.log.String())
		case <-ctx.Done():
			return fmt.Errorf("the gateway does not get ready: %s", g.log.String())
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// killed reports, once it is dead, whether it was kill -9.
func (g *gateway) killed() bool {
	<-g.done
	status, ok := g.cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// stop ends it in order.
func (g *gateway) stop() error {
	if err := g.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-g.done:
	case <-time.After(30 * time.Second):
		g.kill()
		return errors.New("the gateway does not end")
	}
	if code := g.cmd.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("the gateway ended with %d: %s", code, g.log.String())
	}
	return nil
}
