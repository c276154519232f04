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

// run is ids that a person asked for, each a number above the one before.
type run struct {
	prefix  string // what stands before the number, with the type
	next    uint64
	finding gathered
}

// sequence follows a person from id to id. Asking for the same one again changes nothing; any other ends the run.
func (f *finder) sequence(p *person, a *access) {
	prefix, n, ok := numbered(a.target)
	if !ok {
		return
	}
	r := &p.run
	fresh := r.finding.Count > 0 && prefix == r.prefix && a.time.Sub(r.finding.Until).Abs() <= longestGap
	switch {
	case fresh && n+1 == r.next:
		r.take(a)
		return
	case !fresh || n != r.next:
		f.endRun(p)
		r.finding = gathered{Finding: Finding{Signal: Sequence, Person: p.key, From: a.time}, patients: make(map[string]bool)}
		r.prefix = prefix
	}
	r.next = n + 1
	r.finding.Count++
	r.finding.IDs = append(r.finding.IDs, a.target)
	r.finding.Last = p.last
	r.take(a)
}

func (r *run) take(a *access) {
	r.finding.Until = later(a.time, r.finding.Until)
	r.finding.Receipts = append(r.finding.Receipts, a.receipt)
	for _, patient := range a.patients {
		r.finding.patients[patient] = true
	}
}

// endRun makes a finding of a run that was long enough.
func (f *finder) endRun(p *person) {
	if p.run.finding.Count >= leastRun {
		f.out.Findings = append(f.out.Findings, p.run.finding.done())
	}
	p.run = run{}
}

// numbered divides "Appointment/apt-0012" into what stands before the number at its end, and the number.
func numbered(target string) (prefix string, n uint64, ok bool) {
	digits := target[len(strings.TrimRight(target, "0123456789")):]
	n, err := strconv.ParseUint(digits, 10, 63)
	return strings.TrimSuffix(target, digits), n, err == nil
}
