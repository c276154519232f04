package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
	_ "time/tzdata" // the made-up clinic's zone, where the system has none

	"vestibule/fhir"
)

// The processes that this program can be, besides the bench itself.
const (
	roleUpstream     = "upstream"
	roleReverseProxy = "reverseproxy"
)

// options are the flags.
type options struct {
	rounds   int
	quick    bool
	cell     time.Duration // of one measurement
	most     int           // requests in one measurement
	markdown string
	profile  string
	dir      string
	only     string
	ledger   int    // accesses of the history that the ledger is measured with, alone; 0: the whole comparison
	keep     string // folder with such a ledger
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := dispatch(ctx, os.Args[1:], os.Stdout)
	switch {
	case err == nil:
		return
	case ctx.Err() != nil:
		err = errors.New("stopped, before there was a result")
	}
	fmt.Fprintln(os.Stderr, "\nbench:", err)
	os.Exit(1)
}

func dispatch(ctx context.Context, args []string, out io.Writer) error {
	runtime.GOMAXPROCS(2)
	switch {
	case len(args) == 1 && args[0] == roleUpstream:
		return runUpstream(ctx)
	case len(args) == 2 && args[0] == roleReverseProxy:
		return runReverseProxy(ctx, args[1])
	}
	opts, err := parseFlags(args)
	if err != nil {
		return err
	}
	if opts.ledger > 0 {
		return runTrail(ctx, opts, out)
	}
	return run(ctx, opts, out)
}

func parseFlags(args []string) (options, error) {
	o := options{cell: 1300 * time.Millisecond, most: 200_000}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.IntVar(&o.rounds, "rounds", 3, "how often every cell is measured")
	quick := f.Bool("quick", false, "one short round: shows that it works, not how fast it is")
	f.StringVar(&o.markdown, "markdown", "", "also write the report to this `file`, in Markdown")
	f.StringVar(&o.profile, "profile", "", "also record where the gateway's CPU goes, with perf, into this `folder`")
	f.StringVar(&o.dir, "dir", "", "`folder` for temporary data, on the disk that the ledger is to be measured on")
	f.StringVar(&o.only, "only", "", "only the scenarios whose name begins with this, such as \"search 100\"")
	f.IntVar(&o.ledger, "ledger", 0, "measure the ledger alone, with a history of so many accesses")
	f.StringVar(&o.keep, "keep", "", "with -ledger: `folder` whose ledger is measured; one that is made there stays")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if o.quick = *quick; o.quick {
		o.rounds, o.cell = 1, 400*time.Millisecond
	}
	if o.rounds < 1 || f.NArg() > 0 {
		return o, fmt.Errorf("usage: bench [-quick] [-rounds N] [-markdown FILE] [-profile DIR] [-dir DIR] [-only SCENARIO] [-ledger N [-keep DIR]], with at least one round")
	}
	return o, nil
}

// run sets up, checks, measures, checks again, and reports.
func run(ctx context.Context, opts options, out io.Writer) error {
	dir, err := workFolder(opts.dir)
	if err != nil {
		return err
	}
	b := &bench{opts: opts, say: out, dir: dir, now: time.Now()}
	defer b.close()
	r := report{started: b.now, opts: opts, load: loadAverage()}
	if r.disk, err = measureDisk(dir, 500*time.Millisecond); err != nil {
		return err
	}
	fmt.Fprintf(out, "%d cores, %s; %s on %s: %.0f fdatasync/s, p50 %s\n", runtime.NumCPU(), runtime.Version(), dir, r.disk.kind, r.disk.rate, short(r.disk.p50))
	if err := b.setUp(ctx, &r); err != nil {
		return err
	}
	if err := b.checkAnswers(ctx); err != nil {
		return err
	}
	fmt.Fprintln(out, "Answers checked: the proxies' equal the EMR's; the gateway's hold exactly what is granted, each with its receipt.")
	if r.rows, err = b.rounds(ctx); err != nil {
		return err
	}
	r.load += ", " + loadAverage()
	if err := b.finish(ctx, &r); err != nil {
		return err
	}
	if opts.only == "" {
		if r.trail, err = measureTrail(ctx, filepath.Join(dir, "trail"), out, b.trailOptions(), b.now); err != nil {
			return err
		}
	}
	return r.text().publish(out, opts.markdown)
}

// setUp brings every target to the point where it can be asked.
func (b *bench) setUp(ctx context.Context, r *report) error {
	upstream, err := b.startTargets(ctx)
	if err != nil {
		return err
	}
	if r.absent = b.absent; b.absent != "" {
		fmt.Fprintln(b.say, "Without nginx:", b.absent)
	}
	if r.inProcess, err = measureInProcess(b.now, fhir.Limits{}); err != nil {
		return err
	}
	fmt.Fprintln(b.say, "Building the gateway ...")
	if err := b.prepareGateway(ctx, upstream); err != nil {
		return err
	}
	if r.start, err = b.measureStarts(ctx); err != nil {
		return err
	}
	if _, err := b.gateway.start(ctx); err != nil {
		return err
	}
	b.started = append(b.started, b.gateway.process)
	if b.gateway.before, err = b.gateway.records(ctx); err != nil {
		return err
	}
	if err := b.add("gateway", b.gateway.addr, b.gateway.process); err != nil {
		return err
	}
	r.targets = b.targets
	return nil
}

// measureStarts is the time from starting the program to its first /readyz, five times on the prepared folder: the median.
func (b *bench) measureStarts(ctx context.Context) (time.Duration, error) {
	var took []time.Duration
	for range 5 {
		t, err := b.gateway.start(ctx)
		if err != nil {
			return 0, err
		}
		b.gateway.stop()
		took = append(took, t)
	}
	return median(took), nil
}

// row is one scenario at one number of callers: the figures of every target, in the order of targets.
type row struct {
	scenario scenario
	callers  int
	figures  []figures
}

// rounds measures every cell in every round. The target that comes first changes from round to round.
func (b *bench) rounds(ctx context.Context) ([]row, error) {
	var rows []row
	for _, s := range scenarios() {
		if !strings.HasPrefix(s.name, b.opts.only) {
			continue
		}
		for _, callers := range s.callers {
			rows = append(rows, row{scenario: s, callers: callers})
		}
	}
	samples := make([][][]sample, len(rows))
	for round := range b.opts.rounds {
		for i, r := range rows {
			fmt.Fprintf(b.say, "\rround %d of %d: %-12s %3d callers ", round+1, b.opts.rounds, r.scenario.name, r.callers)
			if samples[i] == nil {
				samples[i] = make([][]sample, len(b.targets))
			}
			for k := range b.targets {
				at := (k + round) % len(b.targets)
				s, err := b.measure(ctx, r, b.targets[at])
				if err != nil {
					return nil, err
				}
				samples[i][at] = append(samples[i][at], s)
			}
		}
	}
	fmt.Fprintf(b.say, "\r%60s\r", "")
	for i := range rows {
		for at := range b.targets {
			rows[i].figures = append(rows[i].figures, summarize(samples[i][at]))
		}
	}
	return rows, nil
}

func (b *bench) measure(ctx context.Context, r row, t *target) (sample, error) {
	c := cell{target: t, requests: r.scenario.requests(t.addr, b.tokens, b.now), callers: r.callers, time: b.opts.cell, most: b.opts.most}
	s, err := c.measure(ctx)
	if err == nil && s.errors > 0 {
		err = fmt.Errorf("%s, %d callers, %s: %d of %d answers were errors", r.scenario.name, r.callers, t.name, s.errors, s.requests)
	}
	return s, err
}

// finish counts the ledger's records against the answers, after everything was asked, and verifies them.
func (b *bench) finish(ctx context.Context, r *report) error {
	if b.opts.profile != "" {
		if err := b.profile(ctx, r); err != nil {
			return err
		}
	}
	return b.checkLedger(ctx, r)
}
