package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// budget is one goal and how far the run came.
type budget struct {
	what    string
	goal    string
	got     string
	verdict string
}

// The verdicts; a budget that several cells are held to may be met by some of them only, which its verdict then names.
const (
	met    = "met"
	missed = "MISSED"
)

// budgets compares the run with its goals, as far as it measured what they speak of.
func (r report) budgets() []budget {
	var out []budget
	for _, s := range scenarios() {
		if b, ok := r.cpuBudget(s); ok {
			out = append(out, b)
		}
	}
	if added, ok := r.addedLatency(); ok {
		out = append(out, atMost("added latency of one lone read, p50", added, 1500*time.Microsecond))
	}
	out = append(out,
		atMost("1,000 entries parsed, matched, cut: CPU", r.inProcess.bundle, 10*time.Millisecond),
		atMost("a decision at 100 grants, all the caller's: CPU", r.inProcess.crowded, 10*time.Microsecond),
		atMost("start to serving", r.start, 200*time.Millisecond))
	return out
}

func atMost(what string, got, goal time.Duration) budget {
	return budget{what: what, goal: "≤ " + short(goal), got: short(got), verdict: verdict(got <= goal)}
}

func verdict(ok bool) string {
	if ok {
		return met
	}
	return missed
}

// cpuBudget holds a scenario to its budget at every number of callers. Few callers share a commit with few others, so
// what a commit costs falls on fewer requests.
func (r report) cpuBudget(s scenario) (budget, bool) {
	var got, within []string
	for _, row := range r.rows {
		if ratio, ok := r.cpuRatio(row); ok && row.scenario.name == s.name {
			got = append(got, fmt.Sprintf("%.2f at %d", ratio, row.callers))
			if ratio <= s.budget {
				within = append(within, strconv.Itoa(row.callers))
			}
		}
	}
	b := budget{what: s.name + ": CPU/req, gateway : reverseproxy", goal: fmt.Sprintf("≤ %.1f", s.budget), got: strings.Join(got, ", ")}
	switch len(within) {
	case len(got):
		b.verdict = met
	case 0:
		b.verdict = missed
	default:
		b.verdict = missed + ", met at " + strings.Join(within, ", ")
	}
	return b, len(got) > 0
}

func (r report) cpuRatio(row row) (float64, bool) {
	gateway, ok1 := r.figuresOf(row, "gateway")
	proxy, ok2 := r.figuresOf(row, "reverseproxy")
	if !ok1 || !ok2 || proxy.cpu == 0 {
		return 0, false
	}
	return float64(gateway.cpu) / float64(proxy.cpu), true
}

func (r report) addedLatency() (time.Duration, bool) {
	for _, row := range r.rows {
		if row.scenario.entries == 0 && row.callers == 1 {
			gateway, ok1 := r.figuresOf(row, "gateway")
			direct, ok2 := r.figuresOf(row, "direct")
			return gateway.p50 - direct.p50, ok1 && ok2
		}
	}
	return 0, false
}

func (r report) figuresOf(row row, target string) (figures, bool) {
	for i, t := range r.targets {
		if t.name == target && i < len(row.figures) {
			return row.figures[i], true
		}
	}
	return figures{}, false
}
