package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"vestibule/audit"
	"vestibule/internal/store"
)

// question is something that is asked of a trail again and again, each time with other arguments.
type question struct {
	name  string
	times int // asked warm
	ask   func(context.Context, *audit.Reader, *rand.Rand) (records int, err error)
}

// questions are what auditors ask and reports are made of.
func (t *trail) questions() []question {
	h := t.history
	return []question{
		{"a patient's report, any patient", 400, func(ctx context.Context, r *audit.Reader, rng *rand.Rand) (int, error) {
			return all(ctx, r, audit.Search{Patients: []string{h.patients[rng.IntN(len(h.patients))]}})
		}},
		{"a patient's report, of the busiest 20", 40, func(ctx context.Context, r *audit.Reader, rng *rand.Rand) (int, error) {
			return all(ctx, r, audit.Search{Patients: []string{h.patients[rng.IntN(20)]}})
		}},
		{"its first page, of the busiest 20", 100, func(ctx context.Context, r *audit.Reader, rng *rand.Rand) (int, error) {
			return page(ctx, r, url.Values{"patient": {h.patients[rng.IntN(20)]}})
		}},
		{"an assistant's month", 300, func(ctx context.Context, r *audit.Reader, rng *rand.Rand) (int, error) {
			begin := h.day(rng, 31)
			return all(ctx, r, audit.Search{Agents: []string{h.agents[rng.IntN(len(h.agents))].Key()}, From: begin, Until: begin.AddDate(0, 1, 0)})
		}},
		{"the denials of seven days", 300, func(ctx context.Context, r *audit.Reader, rng *rand.Rand) (int, error) {
			begin := h.day(rng, 7)
			return all(ctx, r, audit.Search{Phases: []audit.Phase{audit.PhaseDenial}, From: begin, Until: begin.AddDate(0, 0, 7)})
		}},
		{"the newest page", 400, func(ctx context.Context, r *audit.Reader, rng *rand.Rand) (int, error) {
			return page(ctx, r, url.Values{})
		}},
		{"a page of a day", 400, func(ctx context.Context, r *audit.Reader, rng *rand.Rand) (int, error) {
			return page(ctx, r, url.Values{"date": {h.day(rng, 1).Format(time.DateOnly)}})
		}},
		{"count by hour, a day", 300, h.hours(1)},
		{"count by hour, a week", 300, h.hours(7)},
		{"count by hour, a month", 300, h.hours(31)},
		{"an access by its id", 400, func(ctx context.Context, r *audit.Reader, rng *rand.Rand) (int, error) {
			return all(ctx, r, audit.Search{IDs: []string{h.source().access(rng.IntN(h.accesses))[0].ID}})
		}},
	}
}

// hours counts the big clinic's records by the hour, for so many days.
func (h *history) hours(days int) func(context.Context, *audit.Reader, *rand.Rand) (int, error) {
	return func(ctx context.Context, r *audit.Reader, rng *rand.Rand) (n int, err error) {
		begin := h.day(rng, days)
		hours, err := r.CountByHour(ctx, bigClinic, begin, begin.AddDate(0, 0, days), time.UTC)
		for _, hour := range hours {
			n += int(hour.Records)
		}
		return n, err
	}
}

// day is a random day of the history that leaves room for so many behind it.
func (h *history) day(rng *rand.Rand, room int) time.Time {
	return h.calendar.begin.AddDate(0, 0, rng.IntN(h.calendar.hours/24-room))
}

// all reads every page of a search.
func all(ctx context.Context, r *audit.Reader, q audit.Search) (n int, err error) {
	for q.Count = audit.MaxCount; ; {
		found, err := r.Search(ctx, bigClinic, q)
		if err != nil {
			return n, err
		}
		n += len(found.Entries)
		if found.Next == 0 {
			return n, nil
		}
		q.Before = found.Next
	}
}

// page is the first page of AuditEvents, as the gateway answers it.
func page(ctx context.Context, r *audit.Reader, v url.Values) (int, error) {
	q, err := audit.ParseSearch(v, time.UTC)
	if err != nil {
		return 0, err
	}
	found, err := r.Search(ctx, bigClinic, q)
	if err != nil {
		return 0, err
	}
	events, _, _ := found.Page(q)
	return len(events), nil
}

// questioned is how long one question took.
type questioned struct {
	name    string
	asked   int
	records int // in all answers
	most    int // in one
	last    int
	warm    times3
	cpu     times3 // of the warm ones
	cold    times3
}

type times3 struct{ p50, p99, worst time.Duration }

func summary(took []time.Duration) times3 {
	slices.Sort(took)
	return times3{percentile(took, .5), percentile(took, .99), percentile(took, 1)}
}

// ask puts every question, first cold: with a database just opened and a file that the system has forgotten, as far as it can
// be made to; then warm.
func (t *trail) ask(ctx context.Context) error {
	for _, q := range t.questions() {
		fmt.Fprintf(t.say, "\rasking for %s %20s", q.name, "")
		a := questioned{name: q.name}
		cold, err := t.askCold(ctx, q)
		if err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
		a.cold = summary(cold)
		if err := t.askWarm(ctx, q, &a); err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
		t.report.answers = append(t.report.answers, a)
	}
	fmt.Fprintf(t.say, "\r%70s\r", "")
	return nil
}

// askWarm asks twice with each argument and takes the time of the second.
func (t *trail) askWarm(ctx context.Context, q question, a *questioned) error {
	var warm, cpu []time.Duration
	for start := time.Now(); len(warm) < q.times && time.Since(start) < t.options.askFor; {
		var took, used time.Duration
		for range 2 {
			rng := rand.New(rand.NewPCG(historySeed, uint64(len(warm))))
			begin, before := time.Now(), cpuOfSelf()
			n, err := q.ask(ctx, t.ledger.Reader, rng)
			if err != nil {
				return err
			}
			took, used = time.Since(begin), cpuOfSelf()-before
			a.last = n
		}
		warm, cpu = append(warm, took), append(cpu, used)
		a.records += a.last
		a.most = max(a.most, a.last)
	}
	a.asked, a.warm, a.cpu = len(warm), summary(warm), summary(cpu)
	return nil
}

func (t *trail) askCold(ctx context.Context, q question) (took []time.Duration, err error) {
	rng := rand.New(rand.NewPCG(historySeed, math.MaxUint64))
	for start := time.Now(); len(took) < t.options.askCold && time.Since(start) < t.options.askFor; {
		if err := forget(filepath.Join(t.dir, store.DatabaseFile)); err != nil {
			return nil, err
		}
		db, err := store.OpenFolder(t.dir)
		if err != nil {
			return nil, err
		}
		begin := time.Now()
		_, err = q.ask(ctx, audit.NewReader(db), rng)
		took = append(took, time.Since(begin))
		db.Close()
		if err != nil {
			return nil, err
		}
	}
	return took, nil
}

// forget asks the system to keep nothing of a file in memory.
func forget(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
}
