package signals

import (
	"maps"
	"math"
	"slices"
	"time"

	"vestibule/audit"
)

// What a volume has to be before it is a finding.
const (
	leastDays  = 5   // of a baseline, on which the person worked
	leastCount = 10  // of a day
	mostScore  = 3.5 // Iglewicz and Hoaglin's cut
)

// person is what is known of somebody while the trail goes by.
type person struct {
	key     string
	last    audit.Record
	counted bool
	met     map[string]int // patients, and the day of the last access
	days    map[int]*work
	open    map[string]*gathered
	runs    map[string]*run // the one under way, by the type of its ids
}

// work is what a person did on one day. The patients and records are kept for the days that are compared.
type work struct {
	patients    map[string]bool
	documents   int
	from, until time.Time
	receipts    []string
}

func newPerson(key string) *person {
	return &person{key: key, met: make(map[string]int), days: make(map[int]*work), open: make(map[string]*gathered), runs: make(map[string]*run)}
}

// day counts an access to its day.
func (p *person) day(a *access) {
	w := p.days[a.day]
	if w == nil {
		w = &work{patients: make(map[string]bool), from: a.time, until: a.time}
		p.days[a.day] = w
	}
	w.from, w.until = earlier(w.from, a.time), later(w.until, a.time)
	w.documents += a.documents
	if len(a.patients) > 0 {
		w.receipts = append(w.receipts, a.receipt)
	}
	for _, patient := range a.patients {
		w.patients[patient] = true
		p.met[patient] = max(p.met[patient], a.day)
	}
}

// volume compares each of a person's days in the period with the days worked among those before it.
func (f *finder) volume(p *person) {
	lacking := false
	for _, day := range slices.Sorted(maps.Keys(p.days)) {
		w := p.days[day]
		if w.until.Before(f.s.From) {
			continue
		}
		for _, m := range []struct {
			of    string
			count func(*work) int
		}{{OfPatients, func(w *work) int { return len(w.patients) }}, {OfDocuments, func(w *work) int { return w.documents }}} {
			b, ok := p.baseline(day, m.count)
			n := m.count(w)
			if n >= leastCount && !ok {
				lacking = true
			}
			b.Score = 0.6745 * (float64(n) - b.Median) / b.Spread
			if !ok || n < leastCount || b.Score <= mostScore {
				continue
			}
			f.out.Findings = append(f.out.Findings, Finding{
				Signal: Volume, Person: p.key, Last: p.last, From: w.from, Until: w.until, Count: n, Of: m.of, Baseline: b,
				Patients: slices.Sorted(maps.Keys(w.patients)), Receipts: w.receipts,
			})
		}
	}
	if lacking {
		f.out.NoBaseline = append(f.out.NoBaseline, p.key)
	}
}

// baseline is what is usual for a person on a day of work among the 28 before day; false where there are too few.
func (p *person) baseline(day int, count func(*work) int) (Baseline, bool) {
	var counts []float64
	for d := day - BaselineDays; d < day; d++ {
		if w := p.days[d]; w != nil {
			counts = append(counts, float64(count(w)))
		}
	}
	b := Baseline{Days: len(counts), Spread: 1}
	if len(counts) == 0 {
		return b, false
	}
	b.Median = median(counts)
	for i := range counts {
		counts[i] = math.Abs(counts[i] - b.Median)
	}
	b.Spread = max(1, median(counts))
	return b, b.Days >= leastDays
}

// median sorts counts, of which there is at least one.
func median(counts []float64) float64 {
	slices.Sort(counts)
	middle := len(counts) / 2
	if len(counts)%2 == 1 {
		return counts[middle]
	}
	return (counts[middle-1] + counts[middle]) / 2
}
