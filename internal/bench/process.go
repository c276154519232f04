package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// procs is how many Ps every Go process of the comparison has.
const procs = "2"

// process is a child that the bench started and will end.
type process struct {
	name string
	cmd  *exec.Cmd
	in   io.Closer // its standard input, which it may watch to see that we are alive
	done chan struct{}
	err  error // how it ended; set before done is closed
}

// start starts a child in a process group of its own (so that Ctrl-C reaches it through us) that dies with us. out takes
// its standard output and error; nil discards them.
func start(name string, out io.Writer, command string, args ...string) (*process, error) {
	cmd := exec.Command(command, args...)
	cmd.Env = append(os.Environ(), "GOMAXPROCS="+procs)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	cmd.WaitDelay = 2 * time.Second
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s does not start: %w", name, err)
	}
	p := &process{name: name, cmd: cmd, in: in, done: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// stop asks the child to end, and after five seconds ends it and everything it started.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	_ = p.in.Close()
	select {
	case <-p.done:
	case <-time.After(5 * time.Second):
		_ = syscall.Kill(-p.pid(), syscall.SIGKILL)
		<-p.done
	}
}

// startSelf starts this program again as one of the servers and returns the address it says it listens on.
func startSelf(ctx context.Context, args ...string) (*process, string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, "", err
	}
	r, w := io.Pipe()
	p, err := start(args[0], w, self, args...)
	if err != nil {
		return nil, "", err
	}
	first := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(r)
		for lines.Scan() {
			select {
			case first <- lines.Text():
			default:
				fmt.Fprintln(os.Stderr, args[0]+":", lines.Text())
			}
		}
	}()
	select {
	case addr := <-first:
		if _, _, err := net.SplitHostPort(strings.TrimSpace(addr)); err != nil {
			p.stop()
			return nil, "", fmt.Errorf("%s: %s", args[0], addr)
		}
		return p, addr, nil
	case <-p.done:
		return nil, "", fmt.Errorf("%s ended at once: %w", args[0], errors.Join(p.err))
	case <-ctx.Done():
		p.stop()
		return nil, "", ctx.Err()
	}
}

// freeAddress is an address on loopback that nothing listens on at the moment.
func freeAddress(ctx context.Context) (string, error) {
	l, err := listen(ctx)
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
