package main

import (
	"bufio"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"syscall"
	"time"
)

// trap kills this process when its point has been reached for the nth time.
type trap struct {
	order   order
	armed   atomic.Bool
	reached atomic.Int32
	batches atomic.Int32
}

func newTrap(o order) *trap {
	t := &trap{order: o}
	t.armed.Store(o.Armed)
	return t
}

// listen arms the trap when the parent writes a line, and ends the process with the parent.
func (t *trap) listen(in *bufio.Reader) {
	for {
		if _, err := in.ReadString('\n'); err != nil {
			kill()
		}
		t.armed.Store(true)
	}
}

// due reports whether what is the point and it is its turn.
func (t *trap) due(what, when string) bool {
	p := t.order.Point
	return t.armed.Load() && p.What == what && p.When == when && int(t.reached.Add(1)) == t.order.Nth
}

// kill is kill -9: nothing of this process runs after it.
func kill() {
	_ = syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
	select {}
}

// trappedListener is the door the answers leave by.
type trappedListener struct {
	net.Listener
	trap *trap
}

// Accept wraps what comes in.
func (l trappedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return trappedConn{c, l.trap}, nil
}

type trappedConn struct {
	net.Conn
	trap *trap
}

// Write is one piece of an answer.
func (c trappedConn) Write(b []byte) (int, error) {
	if c.trap.due(atFirst, "before") {
		kill()
	}
	if c.trap.due(atHalf, "") {
		_, _ = c.Conn.Write(b[:1+rand.IntN(len(b))]) // the process ends either way
		kill()
	}
	return c.Conn.Write(b)
}

// soon kills the process while the caller goes on with what it does.
func soon(d time.Duration) {
	go func() {
		for begin := time.Now(); time.Since(begin) < d; { // a timer is not fine enough for a commit of a millisecond
		}
		kill()
	}()
}
