package signals

import (
	"strconv"
	"strings"
	"time"
)

const (
	leastRun   = 5                // ids one after the other
	longestGap = 10 * time.Minute // between two of them
)

// run is ids of one type that a person asked for, each a number above the one before, or each a number below.
type run struct {
	prefix  string // what stands before the number, with the type
	last    int64
	step    int64 // 1 or -1; 0 while there is only one id
	finding gathered
}

// sequence follows a person from id to id, type by type. Asking for the same one again changes nothing; any other ends the run.
func (f *finder) sequence(p *person, a *access) {
	for _, target := range a.targets {
		prefix, n, ok := numbered(target)
		if !ok {
			continue
		}
		typ, _, _ := strings.Cut(target, "/")
		r := p.runs[typ]
		if r != nil && r.fresh(prefix, a) && n == r.last {
			r.take(a)
			continue
		}
		if r == nil || !r.fresh(prefix, a) || !r.continues(n) {
			f.endRun(r)
			r = &run{prefix: prefix, finding: gathered{Finding: Finding{Signal: Sequence, Person: p.key, From: a.time}, patients: make(map[string]bool)}}
			p.runs[typ] = r
		} else {
			r.step = n - r.last
		}
		r.last = n
		r.finding.Count++
		r.finding.IDs = append(r.finding.IDs, target)
		r.finding.Last = p.last
		r.take(a)
	}
}

// fresh reports whether an access may belong to the run: it is about ids of the same form, and soon after.
func (r *run) fresh(prefix string, a *access) bool {
	return prefix == r.prefix && a.time.Sub(r.finding.Until).Abs() <= longestGap
}

// continues reports whether a number is the next in the run's direction.
func (r *run) continues(n int64) bool {
	step := n - r.last
	return (step == 1 || step == -1) && (r.step == 0 || r.step == step)
}

func (r *run) take(a *access) {
	r.finding.Until = later(a.time, r.finding.Until)
	r.finding.receipt(a.receipt)
	for _, patient := range a.patients {
		r.finding.patients[patient] = true
	}
}

// endRun makes a finding of a run that was long enough.
func (f *finder) endRun(r *run) {
	if r != nil && r.finding.Count >= leastRun {
		f.out.Findings = append(f.out.Findings, r.finding.done())
	}
}

// numbered divides "Appointment/apt-0012" into what stands before the number at its end, and the number.
func numbered(target string) (prefix string, n int64, ok bool) {
	digits := target[len(strings.TrimRight(target, "0123456789")):]
	n, err := strconv.ParseInt(digits, 10, 64)
	return strings.TrimSuffix(target, digits), n, err == nil
}
