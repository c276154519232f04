package main

import (
	"context"
	"sync"
	"time"

	"vestibule/audit"
)

// appended is what appending costs in a ledger of this size, at a number of callers.
type appended struct {
	callers int
	rate    rate
	p50     time.Duration
	p99     time.Duration
}

// appends measures Append in the big log, with records that are made before the clock runs.
func (t *trail) appends(ctx context.Context) error {
	s := t.history.source()
	var made []audit.Record
	for i := 0; len(made) < 20_000; i++ {
		if list := s.access(i % t.history.accesses); len(list) == 1 {
			list[0].Clinic, list[0].Time = bigClinic, t.history.calendar.begin.Add(time.Duration(t.history.calendar.hours)*time.Hour)
			made = append(made, list[0])
		}
	}
	for _, callers := range []int{fewCallers, manyCallers} {
		a, err := t.appendWith(ctx, made, callers)
		if err != nil {
			return err
		}
		t.report.appended = append(t.report.appended, a)
	}
	return nil
}

func (t *trail) appendWith(ctx context.Context, made []audit.Record, callers int) (appended, error) {
	took := make([][]time.Duration, callers)
	errs := make(chan error, callers)
	var group sync.WaitGroup
	begin, cpu := time.Now(), cpuOfSelf()
	for c := range callers {
		group.Go(func() {
			for i := c; time.Since(begin) < t.options.appendFor; i += callers {
				start := time.Now()
				if _, err := t.ledger.Append(ctx, made[i%len(made)]); err != nil {
					errs <- err
					return
				}
				took[c] = append(took[c], time.Since(start))
			}
		})
	}
	group.Wait()
	close(errs)
	elapsed, used := time.Since(begin), cpuOfSelf()-cpu
	var all []time.Duration
	for _, list := range took {
		all = append(all, list...)
	}
	sum := summary(all)
	return appended{callers, rate{len(all), elapsed, used}, sum.p50, sum.p99}, <-errs
}
