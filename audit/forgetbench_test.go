package audit_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"vestibule/audit"
)

// BenchmarkForget deletes the bodies of 60,000 records, by age and those of one patient in fifty, while somebody goes on
// recording; what the slowest of those accesses waited is reported.
func BenchmarkForget(b *testing.B) {
	traffic := newBenchTraffic()
	for _, c := range []struct {
		name string
		f    audit.Forgetting
	}{
		{"by age", audit.Forgetting{Action: audit.ActionRetention, Older: map[audit.Class]time.Time{audit.ClassAccess: time.Now().AddDate(1, 0, 0)}}},
		{"one patient", audit.Forgetting{Action: audit.ActionErasure, Naming: "Patient/31"}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				l, _ := benchLedger(b)
				fillLog(b, l, traffic, 60000)
				f := c.f
				f.Clinic, f.Why, f.NewID = "maple", "a benchmark", ids()
				stop, slowest := recordOn(b, l)
				cpu := cpuTime()
				b.StartTimer()
				done, err := l.Forget(context.Background(), f)
				b.StopTimer()
				close(stop)
				if err != nil || done.Bodies == 0 {
					b.Fatal(done, err)
				}
				b.ReportMetric(float64((cpuTime()-cpu).Microseconds())/float64(done.Size), "cpu-µs/record")
				b.ReportMetric(float64((<-slowest).Microseconds())/1000, "ms-slowest-append")
				b.ReportMetric(float64(done.Bodies), "bodies")
				l.Close()
				b.StartTimer()
			}
		})
	}
}

// fillLog appends n records of benchTraffic.
func fillLog(b *testing.B, l *audit.Ledger, traffic *benchTraffic, n int) {
	var wg sync.WaitGroup
	for c := range 200 {
		wg.Go(func() {
			for i := range n / 200 {
				r := traffic.record(c, i)
				r.Patients = []string{fmt.Sprintf("Patient/%d", i%50)}
				if _, err := l.Append(context.Background(), r); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// recordOn appends at another clinic until stop is closed and then says how long the slowest took.
func recordOn(b *testing.B, l *audit.Ledger) (stop chan struct{}, slowest chan time.Duration) {
	stop, slowest = make(chan struct{}), make(chan time.Duration, 1)
	traffic := newBenchTraffic()
	go func() {
		var most time.Duration
		for i := 0; ; i++ {
			select {
			case <-stop:
				slowest <- most
				return
			default:
			}
			r := traffic.record(7, i)
			r.Clinic = "birch"
			begin := time.Now()
			if _, err := l.Append(context.Background(), r); err != nil {
				b.Error(err)
			}
			most = max(most, time.Since(begin))
		}
	}()
	return stop, slowest
}
