package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// target is one way to the EMR.
type target struct {
	name     string
	addr     string
	process  *process // whose CPU counts; nil where it does not
	pids     []int    // the process and those it started
	answered int      // by now
}

// newTarget notes which processes work for it; the process has to have answered once, so that they all run.
func newTarget(name, addr string, p *process) (*target, error) {
	t := &target{name: name, addr: addr, process: p}
	if p == nil {
		return t, nil
	}
	var err error
	t.pids, err = processTree("/proc", p.pid())
	return t, err
}

// cpu is what the proxying process has used by now.
func (t *target) cpu() (time.Duration, error) { return cpuOf("/proc", t.pids) }

// bench is everything that runs for the comparison.
type bench struct {
	opts    options
	say     io.Writer
	dir     string // temporary, on a real disk
	started []*process
	targets []*target
	gateway *gateway // nil until it runs
	absent  string   // why there is no nginx; empty where there is
	tokens  []string
	now     time.Time
}

// close ends what was started, last first, and removes what was written.
func (b *bench) close() {
	for i := len(b.started) - 1; i >= 0; i-- {
		b.started[i].stop()
	}
	if err := os.RemoveAll(b.dir); err != nil {
		fmt.Fprintln(b.say, "left behind:", err)
	}
}

// startTargets starts every way to the EMR but the gateway.
func (b *bench) startTargets(ctx context.Context) (upstream string, err error) {
	emr, upstream, err := startSelf(ctx, roleUpstream)
	if err != nil {
		return "", err
	}
	b.started = append(b.started, emr)
	if err := b.add("direct", upstream, nil); err != nil {
		return "", err
	}
	if err := b.addNginx(ctx, upstream); err != nil {
		return "", err
	}
	proxy, addr, err := startSelf(ctx, roleReverseProxy, upstream)
	if err != nil {
		return "", err
	}
	b.started = append(b.started, proxy)
	return upstream, b.add("reverseproxy", addr, proxy)
}

func (b *bench) addNginx(ctx context.Context, upstream string) error {
	path, err := findNginx()
	if err != nil {
		b.absent = err.Error()
		return nil
	}
	p, addr, err := startNginx(ctx, path, b.dir, upstream)
	if err != nil {
		return err
	}
	b.started = append(b.started, p)
	return b.add("nginx", addr, p)
}

func (b *bench) add(name, addr string, p *process) error {
	t, err := newTarget(name, addr, p)
	b.targets = append(b.targets, t)
	return err
}

func (b *bench) target(name string) *target {
	for _, t := range b.targets {
		if t.name == name {
			return t
		}
	}
	return nil
}

// awaitAnswer asks until the process answers with 200, and fails when it ends or stays silent for 20 s.
func awaitAnswer(ctx context.Context, p *process, addr, path string, every time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Second}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+path, nil); err != nil {
			return err
		} else if res, err := client.Do(req); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-tick.C:
		case <-p.done:
			return fmt.Errorf("%s ended: %v", p.name, p.err)
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer: %w", p.name, ctx.Err())
		}
	}
}
