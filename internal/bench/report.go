package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// report is everything that a run found out.
type report struct {
	started   time.Time
	opts      options
	disk      disk
	absent    string // why there is no nginx; empty where there is
	targets   []*target
	rows      []row
	start     time.Duration // to serving
	load      string        // averages of the last minute, before and after
	inProcess inProcess
	ledger    ledgerCheck
	trail     trailReport // nothing where it was not measured
	profiles  []string    // files that were written
}

// table is a grid with a head; the first columns are text, the others numbers.
type table struct {
	head []string
	text int
	rows [][]string
}

// results is one line per cell and target.
func (r report) results() table {
	t := table{head: []string{"scenario", "callers", "target", "req/s", "p50", "p99", "CPU/req", "bytes"}, text: 3}
	for _, row := range r.rows {
		for i, target := range r.targets {
			f := row.figures[i]
			cpu := "-"
			if f.cpu > 0 {
				cpu = short(f.cpu)
			}
			t.rows = append(t.rows, []string{row.scenario.name, fmt.Sprint(row.callers), target.name,
				fmt.Sprintf("%.0f", f.rate), short(f.p50), short(f.p99), cpu, fmt.Sprintf("%.0f", f.bytes)})
		}
	}
	return t
}

// ratios sets the gateway against the baseline.
func (r report) ratios() table {
	t := table{head: []string{"gateway : reverseproxy", "callers", "req/s", "p50", "p99", "CPU/req", "budget"}, text: 2}
	for _, row := range r.rows {
		gateway, ok1 := r.figuresOf(row, "gateway")
		proxy, ok2 := r.figuresOf(row, "reverseproxy")
		if !ok1 || !ok2 {
			continue
		}
		t.rows = append(t.rows, []string{row.scenario.name, fmt.Sprint(row.callers), times(gateway.rate, proxy.rate),
			times(float64(gateway.p50), float64(proxy.p50)), times(float64(gateway.p99), float64(proxy.p99)),
			times(float64(gateway.cpu), float64(proxy.cpu)), fmt.Sprintf("≤ %.1f", row.scenario.budget)})
	}
	return t
}

// steps is what single steps cost in process, beside one of them.
func (r report) steps() table {
	t := table{head: []string{"in process, CPU", "beside", "CPU", "ratio"}, text: 2}
	for _, s := range r.inProcess.steps {
		t.rows = append(t.rows, []string{s.what, s.beside, short(s.cpu), fmt.Sprintf("%.3g", s.ratio)})
	}
	return t
}

func (r report) verdicts() table {
	t := table{head: []string{"budget", "goal", "measured", ""}, text: 4}
	for _, b := range r.budgets() {
		t.rows = append(t.rows, []string{b.what, b.goal, b.got, b.verdict})
	}
	return t
}

// conditions says what was measured and how, so that figures are not read without it.
func (r report) conditions() []string {
	out := []string{
		fmt.Sprintf("%s, %d cores (shared by load, EMR and all targets), %s, GOMAXPROCS=%s for every Go process.", r.started.UTC().Format(time.DateOnly), runtime.NumCPU(), runtime.Version(), procs),
		fmt.Sprintf("Ledger on %s: %.0f fdatasync/s by one writer, p50 %s.", r.disk.kind, r.disk.rate, short(r.disk.p50)),
		fmt.Sprintf("%d round(s) of %s per cell, targets in turn; req/s, p50, p99: median of the rounds; CPU/req of the proxying process: minimum.", r.opts.rounds, r.opts.cell),
		"Load average (1 min) before and after: " + r.load + ". Other work on the machine raises every figure.",
		"A fifth of the EMR's entries is outside the grant and the rest is cut, so the gateway's answers are shorter.",
	}
	if r.absent != "" {
		out = append(out, "nginx is ABSENT: "+r.absent)
	}
	out = append(out,
		fmt.Sprintf("In process: a page of 1,000 entries (%.2f MB in, %d entries and %.2f MB out, every byte outside the cut list compared) takes %s of CPU.",
			float64(r.inProcess.in)/1e6, r.inProcess.entries, float64(r.inProcess.out)/1e6, short(r.inProcess.bundle)),
		fmt.Sprintf("Ledger: %d requests answered, %d records of them, verified in %s: %s", r.ledger.answered, r.ledger.recorded, short(r.ledger.took), r.ledger.verified))
	for _, p := range r.profiles {
		out = append(out, "Profile: "+p)
	}
	return out
}

// text is the whole report.
func (r report) text() text {
	t := text{conditions: r.conditions(), tables: []table{r.verdicts(), r.ratios(), r.steps(), r.results()}}
	if r.trail.size.records > 0 { // it was measured
		t.below = []text{r.trail.text()}
	}
	return t
}

// text is a report for people: what was measured how, and tables, the most telling first.
type text struct {
	conditions []string
	tables     []table
	below      []text
}

// print writes it for a terminal, where the most telling stands last, beside the next prompt.
func (x text) print(w io.Writer) {
	for _, t := range slices.Backward(x.tables) {
		fmt.Fprintln(w)
		t.print(w)
	}
	fmt.Fprintln(w)
	for _, c := range x.conditions {
		fmt.Fprintln(w, c)
	}
	for _, b := range x.below {
		b.print(w)
	}
}

func (x text) markdown() string {
	var b strings.Builder
	for _, c := range x.conditions {
		fmt.Fprintf(&b, "- %s\n", c)
	}
	for _, t := range x.tables {
		b.WriteString("\n")
		t.markdown(&b)
	}
	for _, more := range x.below {
		b.WriteString("\n" + more.markdown())
	}
	return b.String()
}

// publish prints the report, and writes it to a file too where one is named.
func (x text) publish(out io.Writer, file string) error {
	x.print(out)
	if file == "" {
		return nil
	}
	return os.WriteFile(file, []byte(x.markdown()), 0o644)
}

func (t table) print(w io.Writer) {
	widths := make([]int, len(t.head))
	for _, row := range append([][]string{t.head}, t.rows...) {
		for i, s := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(s))
		}
	}
	for n, row := range append([][]string{t.head}, t.rows...) {
		for i, s := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(s))
			if i < t.text {
				fmt.Fprint(w, s, pad, "  ")
			} else {
				fmt.Fprint(w, pad, s, "  ")
			}
		}
		fmt.Fprintln(w)
		if n == 0 {
			fmt.Fprintln(w, strings.Repeat("-", sum(widths)+2*len(widths)))
		}
	}
}

func (t table) markdown(w io.Writer) {
	fmt.Fprintf(w, "| %s |\n|", strings.Join(t.head, " | "))
	for i := range t.head {
		if i < t.text {
			fmt.Fprint(w, "---|")
		} else {
			fmt.Fprint(w, "---:|")
		}
	}
	fmt.Fprintln(w)
	for _, row := range t.rows {
		fmt.Fprintf(w, "| %s |\n", strings.Join(row, " | "))
	}
}

func sum(list []int) (n int) {
	for _, v := range list {
		n += v
	}
	return n
}

func times(a, b float64) string {
	if b == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", a/b)
}

// short is a duration with three significant digits, in µs, ms or s.
func short(d time.Duration) string {
	value, unit := float64(d)/1e3, "µs"
	switch {
	case d >= time.Second:
		value, unit = d.Seconds(), "s"
	case d >= time.Millisecond:
		value, unit = float64(d)/1e6, "ms"
	}
	digits := 0
	switch {
	case value < 10:
		digits = 2
	case value < 100:
		digits = 1
	}
	return fmt.Sprintf("%.*f %s", digits, value, unit)
}
