package main

import (
	"strings"
	"testing"
	"time"
)

// measured is a report in which the gateway takes so many times the CPU of the baseline, at every number of callers.
func measured(ratio float64, added time.Duration) report {
	r := report{targets: []*target{{name: "direct"}, {name: "reverseproxy"}, {name: "gateway"}}, start: 150 * time.Millisecond}
	for _, s := range scenarios() {
		for _, callers := range s.callers {
			r.rows = append(r.rows, row{s, callers, []figures{
				{p50: time.Millisecond},
				{p50: time.Millisecond, cpu: 100 * time.Microsecond},
				{p50: time.Millisecond + added, cpu: time.Duration(ratio * float64(100*time.Microsecond))},
			}})
		}
	}
	return r
}

func TestBudgetsAreMetOrMissed(t *testing.T) {
	verdicts := func(r report) string {
		var out []string
		for _, b := range r.budgets() {
			mark := "-"
			switch b.verdict {
			case met:
				mark = "+"
			case missed + ", met at 1, 16, 64":
				mark = "~"
			}
			out = append(out, mark)
		}
		return strings.Join(out, "")
	}
	if got := verdicts(measured(1.2, 1500*time.Microsecond)); got != "++++++++" {
		t.Errorf("at the edge: %s", got)
	}
	if got := verdicts(measured(1.9, 1501*time.Microsecond)); got != "--++-+++" {
		t.Errorf("over some: %s", got)
	}
	slow := measured(1, 0)
	slow.start, slow.inProcess = 201*time.Millisecond, inProcess{bundle: 11 * time.Millisecond, crowded: 11 * time.Microsecond}
	if got := verdicts(slow); got != "+++++---" {
		t.Errorf("in process: %s", got)
	}
	one := measured(1, 0)
	one.rows[3].figures[2].cpu = time.Second // read, 256 callers
	if got := verdicts(one); got != "~+++++++" {
		t.Errorf("one number of callers over: %s", got)
	}
}

func TestAnAbsentNginxIsNamed(t *testing.T) {
	r := measured(1, 0)
	r.absent = "not installed here"
	var b strings.Builder
	r.text().print(&b)
	for _, text := range []string{b.String(), r.text().markdown()} {
		if !strings.Contains(text, "nginx is ABSENT: not installed here") {
			t.Errorf("not named in:\n%s", text)
		}
	}
}

func TestDurationsHaveThreeDigits(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0.00 µs", 1234: "1.23 µs", 98_765: "98.8 µs", 123_456: "123 µs", 1_500_000: "1.50 ms", 2 * time.Second: "2.00 s",
	} {
		if got := short(d); got != want {
			t.Errorf("%d is %q, want %q", d, got, want)
		}
	}
}
