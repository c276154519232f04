package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// profile drives the gateway alone through every scenario at its greatest number of callers, and has perf say where its
// CPU goes: the gateway itself offers no profiler to anybody.
func (b *bench) profile(ctx context.Context, r *report) error {
	perf, err := exec.LookPath("perf")
	if err != nil {
		return errors.New("-profile needs perf (Debian: apt-get install linux-perf)")
	}
	if err := os.MkdirAll(b.opts.profile, 0o755); err != nil {
		return err
	}
	t := b.target("gateway")
	for _, s := range scenarios() {
		if !strings.HasPrefix(s.name, b.opts.only) {
			continue
		}
		name := filepath.Join(b.opts.profile, strings.ReplaceAll(s.name, " ", "-"))
		p, err := start("perf", nil, perf, "record", "-q", "-F", "999", "-g", "-p", strconv.Itoa(t.process.pid()), "-o", name+".data")
		if err != nil {
			return err
		}
		c := cell{target: t, requests: s.requests(t.addr, b.tokens, b.now), callers: s.callers[len(s.callers)-1], time: 3 * time.Second, most: b.opts.most}
		_, err = c.measure(ctx)
		_ = p.cmd.Process.Signal(os.Interrupt) // perf writes its file when interrupted
		<-p.done
		if err != nil {
			return err
		}
		for kind, args := range map[string][]string{
			"flat": {"--no-children", "-g", "none"},
			"cum":  {"--children", "-g", "none"},
		} {
			if err := perfReport(ctx, perf, name, kind, args); err != nil {
				return err
			}
			r.profiles = append(r.profiles, name+"."+kind+".txt")
		}
	}
	return nil
}

func perfReport(ctx context.Context, perf, name, kind string, args []string) error {
	cmd := exec.CommandContext(ctx, perf, append([]string{"report", "-i", name + ".data", "--stdio", "--percent-limit", "0.3", "--sort", "symbol"}, args...)...)
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("perf report: %w", err)
	}
	return os.WriteFile(name+"."+kind+".txt", out, 0o644)
}
