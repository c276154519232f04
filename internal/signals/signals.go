package signals

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"vestibule/audit"
	"vestibule/policy"
)

// Signal is why an access is worth a look.
type Signal string

// The signals, see the package comment.
const (
	AfterHours  Signal = "after-hours"
	Volume      Signal = "volume"
	FirstTime   Signal = "first-time"
	SameSurname Signal = "same-surname"
	OwnRecord   Signal = "own-record"
	Staff       Signal = "staff"
	Sequence    Signal = "sequence"
)

// Signals are all of them, in the order of the package comment.
func Signals() []Signal {
	return []Signal{AfterHours, Volume, FirstTime, SameSurname, OwnRecord, Staff, Sequence}
}

// BaselineDays is how far a person's own past reaches back, in days of the clinic's calendar.
const BaselineDays = 28

// What a volume is of.
const (
	OfPatients  = "patients"
	OfDocuments = "documents"
)

// Finding is one thing to look at.
type Finding struct {
	Signal   Signal
	Person   string       // "iss|sub"
	Last     audit.Record // of them: who it was, as the trail says
	From     time.Time    // of the first record
	Until    time.Time    // and the last
	Count    int          // what was counted: accesses, or patients, documents, ids that follow each other
	Of       string       // of a volume: OfPatients or OfDocuments
	Patients []string     // "Patient/1", sorted; empty where nothing of a patient left
	IDs      []string     // of a sequence: what was asked for, "Appointment/1", in order
	Receipts []string     // of the records, "log/index", in the order of the trail
	Baseline Baseline     // of a volume
}

// Baseline is a person's own past.
type Baseline struct {
	Days   int     // on which the person worked
	Median float64 // of those days
	Spread float64 // the median of their distances from it, at least 1
	Score  float64 // the modified z-score of the day
}

// Settings say what is looked at.
type Settings struct {
	Zone        *time.Location
	From, Until time.Time     // findings are of [From, Until)
	Hours       *policy.Hours // when the clinic is open; nil: not known, and nothing is after hours
	Register    Register      // nil: none
}

// Summary is what the findings came out of.
type Summary struct {
	Accesses   int       // in the period, permitted or not
	People     int       // who made them
	NoBaseline []string  // "iss|sub" of those who worked on fewer than five of the days before, sorted
	Findings   []Finding // by time, person, signal
}

// Begin is from when on the trail has to be read, for the baselines of the period's first day.
func (s Settings) Begin() time.Time { return s.From.In(s.Zone).AddDate(0, 0, -BaselineDays) }

// Trail is what is on record of a clinic from Settings.Begin until the period's end.
type Trail interface {
	Walk(ctx context.Context, each func(audit.Entry) error) error
}

// Find goes through a clinic's trail once.
func Find(ctx context.Context, trail Trail, s Settings) (Summary, error) {
	f := finder{s: s, people: make(map[string]*person)}
	if err := trail.Walk(ctx, f.entry); err != nil {
		return Summary{}, fmt.Errorf("signals.Find: %w", err)
	}
	for _, key := range slices.Sorted(maps.Keys(f.people)) {
		f.finish(f.people[key])
	}
	slices.SortStableFunc(f.out.Findings, func(a, b Finding) int {
		return cmp.Or(a.From.Compare(b.From), strings.Compare(a.Person, b.Person), strings.Compare(string(a.Signal), string(b.Signal)),
			slices.Compare(a.Patients, b.Patients), slices.Compare(a.IDs, b.IDs))
	})
	return f.out, nil
}

// finder goes from record to record.
type finder struct {
	s      Settings
	people map[string]*person
	out    Summary
}

// entry takes one record: what a person asked for at the front door, whatever became of it.
func (f *finder) entry(e audit.Entry) error {
	a, ok := accessOf(e, f.s.Zone)
	if !ok {
		return nil
	}
	p := f.people[a.person]
	if p == nil {
		p = newPerson(a.person)
		f.people[a.person] = p
	}
	p.last = e.Record
	inside := !a.time.Before(f.s.From)
	if inside {
		f.out.Accesses++
		if !p.counted {
			p.counted = true
			f.out.People++
		}
		f.afterHours(p, &a)
		f.firstTime(p, &a)
		f.registered(p, &a)
		f.sequence(p, &a)
	}
	p.day(&a)
	return nil
}

// finish says what can be said only at the end: what is still open, and how each day compares with those before it.
func (f *finder) finish(p *person) {
	for _, open := range p.open {
		f.out.Findings = append(f.out.Findings, open.done())
	}
	for _, r := range p.runs {
		f.endRun(r)
	}
	f.volume(p)
}

// add puts an access into the person's open finding of that signal and key, and begins one where there is none.
func (f *finder) add(p *person, signal Signal, key string, a *access, patients ...string) {
	id := string(signal) + " " + key
	g := p.open[id]
	if g == nil {
		g = &gathered{Finding: Finding{Signal: signal, Person: p.key, From: a.time, Until: a.time}, patients: make(map[string]bool)}
		p.open[id] = g
	}
	g.Last = p.last
	g.From, g.Until = earlier(g.From, a.time), later(g.Until, a.time)
	g.Count++
	g.receipt(a.receipt)
	for _, patient := range patients {
		g.patients[patient] = true
	}
}

// gathered is a finding that may still grow.
type gathered struct {
	Finding
	patients map[string]bool
}

// receipt adds a record, once.
func (g *gathered) receipt(receipt string) {
	if n := len(g.Receipts); n == 0 || g.Receipts[n-1] != receipt {
		g.Receipts = append(g.Receipts, receipt)
	}
}

func (g *gathered) done() Finding {
	g.Patients = slices.Sorted(maps.Keys(g.patients))
	return g.Finding
}

// afterHours gathers what a person did while the clinic was closed, by day.
func (f *finder) afterHours(p *person, a *access) {
	if f.s.Hours == nil || p.last.Agent.Automated || f.s.Hours.Include(a.time) {
		return
	}
	f.add(p, AfterHours, a.date, a, a.patients...)
}

// firstTime gathers the patients whom a person looked up and did not know, by day.
func (f *finder) firstTime(p *person, a *access) {
	var unknown []string
	for _, patient := range a.lookedUp {
		if met, ok := p.met[patient]; !ok || a.day-met > BaselineDays {
			unknown = append(unknown, patient)
		}
	}
	if len(unknown) > 0 {
		f.add(p, FirstTime, a.date, a, unknown...)
	}
}

// registered gathers what the register says of a patient and the person, by patient.
func (f *finder) registered(p *person, a *access) {
	for _, patient := range a.patients {
		entry, ok := f.s.Register[patient]
		if !ok {
			continue
		}
		switch {
		case entry.Person != "" && entry.Person == p.key:
			f.add(p, OwnRecord, patient, a, patient)
			continue
		case entry.shares(p.last.Agent.Name):
			f.add(p, SameSurname, patient, a, patient)
		}
		if entry.Staff {
			f.add(p, Staff, patient, a, patient)
		}
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
