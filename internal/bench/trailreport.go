package main

import (
	"fmt"
	"time"
)

// rate is how many records went through in what time.
type rate struct {
	records int
	took    time.Duration
	cpu     time.Duration
}

func (r rate) perSecond() float64 {
	if r.took <= 0 {
		return 0
	}
	return float64(r.records) / r.took.Seconds()
}

func (r rate) cpuEach() time.Duration {
	if r.records == 0 {
		return 0
	}
	return r.cpu / time.Duration(r.records)
}

// trailSize is what a ledger takes on disk.
type trailSize struct {
	records, batches, segments int64
	file, index                int64 // bytes
}

// trailReport is what is found out about the ledger by itself.
type trailReport struct {
	loaded   rate // nothing where the folder held a history already
	settled  time.Duration
	size     trailSize
	answers  []questioned
	verified rate
	appended []appended
	load     string
}

// askedWithin is the budget of each question that auditors wait for.
const askedWithin = 50 * time.Millisecond

// What appending may cost: CPU of a record at few callers, durable records in a second at many.
const (
	fewCallers  = 64
	manyCallers = 256
	appendCPU   = 15 * time.Microsecond
	appendRate  = 40_000
)

func (r trailReport) questions() table {
	t := table{head: []string{"question of the ledger", "asked", "records", "most", "p50", "p99", "worst", "CPU p50", "CPU p99", "cold p50", "cold worst", "p99 ≤ " + short(askedWithin)}, text: 1}
	for _, a := range r.answers {
		t.rows = append(t.rows, []string{a.name, fmt.Sprint(a.asked), fmt.Sprint(a.records / max(1, a.asked)), fmt.Sprint(a.most), short(a.warm.p50), short(a.warm.p99), short(a.warm.worst),
			short(a.cpu.p50), short(a.cpu.p99), short(a.cold.p50), short(a.cold.worst), verdict(a.warm.p99 <= askedWithin)})
	}
	return t
}

func (r trailReport) figures() table {
	t := table{head: []string{"the ledger itself", "records/s", "CPU/record", "p50", "p99", "budget", ""}, text: 1}
	row := func(what string, rate rate, rest ...string) {
		t.rows = append(t.rows, append([]string{what, fmt.Sprintf("%.0f", rate.perSecond()), short(rate.cpuEach())}, rest...))
	}
	if r.loaded.records > 0 {
		row(fmt.Sprintf("load, %d callers, making the records included", loaders), r.loaded, "-", "-", "-", "")
	}
	for _, a := range r.appended {
		goal, ok := "≤ "+short(appendCPU)+" CPU", a.rate.cpuEach() <= appendCPU
		if a.callers == manyCallers {
			goal, ok = fmt.Sprintf("≥ %d/s", appendRate), a.rate.perSecond() >= appendRate
		}
		row(fmt.Sprintf("append, %d callers", a.callers), a.rate, short(a.p50), short(a.p99), goal, verdict(ok))
	}
	row("verify the database", r.verified, "-", "-", "-", "")
	return t
}

func (r trailReport) conditions() []string {
	s := r.size
	each := func(n int64) float64 { return float64(n) / float64(max(1, s.records)) }
	return []string{
		fmt.Sprintf("Ledger alone: %d records in %d rows, %.0f bytes each on disk, of which the index %.0f, in %d segments. At rest %s after the load.",
			s.records, s.batches, each(s.file), each(s.index), s.segments, short(max(0, r.settled))),
		"Warm: the second time with the same arguments. Cold: a database just opened, its file forgotten by the system.",
		"Load average (1 min) before and after: " + r.load + ".",
	}
}

func (r trailReport) text() text {
	return text{conditions: r.conditions(), tables: []table{r.questions(), r.figures()}}
}
