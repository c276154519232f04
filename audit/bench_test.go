package audit_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"vestibule/audit"
	"vestibule/internal/store"
)

// BenchmarkAppend measures durable records per second at several numbers of callers, CPU included: the process's, over
// everything it does, the index too. BenchmarkFdatasync is what the same disk gives without a ledger, in the same run.
func BenchmarkAppend(b *testing.B) {
	traffic := newBenchTraffic()
	for _, callers := range []int{1, 16, 64, 256} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			l, db := benchLedger(b)
			b.ReportAllocs()
			cpu := cpuTime()
			b.ResetTimer()
			var wg sync.WaitGroup
			for c := range callers {
				n := b.N / callers
				if c < b.N%callers {
					n++
				}
				wg.Go(func() {
					for i := range n {
						if _, err := l.Append(context.Background(), traffic.record(c, i)); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
			b.ReportMetric(float64((cpuTime()-cpu).Microseconds())/float64(b.N), "cpu-µs/record")
			var rows int
			if err := db.QueryRow(`SELECT count(*) FROM batch`).Scan(&rows); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.N)/float64(rows), "records/row")
		})
	}
}

// asking measures a question by its CPU.
func asking(b *testing.B, ask func() error) {
	cpu := cpuTime()
	for b.Loop() {
		if err := ask(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64((cpuTime()-cpu).Microseconds())/float64(b.N), "cpu-µs/op")
}

// BenchmarkFdatasync is the disk's own pace: one page and one fdatasync per operation.
func BenchmarkFdatasync(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "plain"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	page := make([]byte, 4096)
	for b.Loop() {
		if _, err := f.Write(page); err != nil {
			b.Fatal(err)
		}
		if err := syscall.Fdatasync(int(f.Fd())); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLoneAppend is one caller's append beside one page and one fdatasync, in turn, so that both meet the same disk: the
// medians, and how many times the one the other is.
func BenchmarkLoneAppend(b *testing.B) {
	l, _ := benchLedger(b)
	traffic := newBenchTraffic()
	f, err := os.Create(filepath.Join(b.TempDir(), "plain"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	page := make([]byte, 4096)
	var appends, syncs []time.Duration
	for i := range b.N {
		begin := time.Now()
		if _, err := f.Write(page); err != nil {
			b.Fatal(err)
		}
		if err := syscall.Fdatasync(int(f.Fd())); err != nil {
			b.Fatal(err)
		}
		half := time.Now()
		if _, err := l.Append(context.Background(), traffic.record(0, i)); err != nil {
			b.Fatal(err)
		}
		appends, syncs = append(appends, time.Since(half)), append(syncs, half.Sub(begin))
	}
	slices.Sort(appends)
	slices.Sort(syncs)
	lone, plain := appends[len(appends)/2], syncs[len(syncs)/2]
	b.ReportMetric(float64(lone.Microseconds()), "append-µs")
	b.ReportMetric(float64(plain.Microseconds()), "fdatasync-µs")
	b.ReportMetric(float64(lone)/float64(plain), "×fdatasync")
}

func benchLedger(b *testing.B) (*audit.Ledger, *sql.DB) {
	dir := os.Getenv("VESTIBULE_BENCH_DIR")
	if dir == "" {
		dir = b.TempDir()
	}
	db, err := store.OpenSQLite(filepath.Join(dir, strconv.FormatInt(time.Now().UnixNano(), 36)+".db"))
	if err != nil {
		b.Fatal(err)
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	l, err := audit.Open(context.Background(), db, audit.Options{Key: key, Deployment: "bench.example"})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close(); db.Close() })
	return l, db
}

// benchTraffic is single reads of many patients' appointments, made before the clock runs.
type benchTraffic struct{ ids, patients, refs []string }

func newBenchTraffic() *benchTraffic {
	var b benchTraffic
	for i := range 5000 {
		b.ids = append(b.ids, fmt.Sprintf("0193e5a0-0000-7000-8000-%012x", i))
		b.patients = append(b.patients, "Patient/"+strconv.Itoa(i*31%5000))
		b.refs = append(b.refs, "Appointment/"+strconv.Itoa(i)+"/_history/3")
	}
	return &b
}

// record is one of the reads, by one of twenty assistants.
func (b *benchTraffic) record(caller, i int) audit.Record {
	n := (caller*7919 + i) % len(b.ids)
	patients := b.patients[n : n+1]
	return audit.Record{
		ID: b.ids[n], Phase: audit.PhaseOutcome, Clinic: "maple", Title: "Maple Family Clinic", Zone: "America/St_Johns",
		System: audit.System{Adapter: "fhirr4 v1.0.0", Product: "Made-up EMR 7.0", Connection: "emr@2"}, Route: "GET /fhir/{clinic}/{type}/{id}",
		Policy: "0123456789abcdef01234567",
		Agent: audit.Agent{Issuer: "https://id.assistco.example", Subject: b.refs[caller%20], Name: "Amara Okafor", Platform: "assistco",
			ClientID: "assistco-desk", TokenID: "0f8fad5b-d9cb-469f-a165-70867728950e", Team: "assistco/front-desk", Software: "assistco-desk/2.1",
			Address: "203.0.113.7"},
		Purposes: purposes, Interaction: "read", Type: "Appointment", Resource: b.refs[n],
		Status: 200, Outcome: audit.OutcomeSuccess, Reasons: reasons, Grants: grants, Upstream: "ok", Patients: patients,
		Released:  []audit.ReleasedItem{{Ref: b.refs[n], Patients: patients, Removed: 4}},
		RequestID: "4a8dca3c-2205-4dc7-90e1-db877781d7cc", Traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
	}
}

var purposes, reasons, grants = []string{"PATADMIN"}, []string{"granted"}, []string{"front-desk-amara@3"}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkSearch asks 100,000 records of eleven days; CPU included, as other work on the machine makes the time longer.
// internal/bench asks ten million.
func BenchmarkSearch(b *testing.B) {
	l, db := benchLedger(b)
	traffic := newBenchTraffic()
	begin := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	var next atomic.Int64
	var wg sync.WaitGroup
	for c := range 200 {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < 100_000; i = int(next.Add(1)) - 1 {
				r := traffic.record(c, i)
				r.Time = begin.Add(time.Duration(i) * 10 * time.Second)
				r.ID = fmt.Sprintf("%08x-0000-7000-8000-%012x", r.Time.UnixMilli()>>16, i)
				if _, err := l.Append(context.Background(), r); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	tuesday, friday := begin.AddDate(0, 0, 1), begin.AddDate(0, 0, 4)
	for name, q := range map[string]audit.Search{
		"patient": {Patients: []string{"Patient/31"}},
		"access":  {IDs: []string{fmt.Sprintf("%08x-0000-7000-8000-%012x", tuesday.UnixMilli()>>16, 8640)}, Count: 1},
		"nobody":  {Agents: []string{"nobody"}},
		"newest":  {},
		"days":    {Agents: []string{traffic.refs[3]}, From: tuesday, Until: friday},
		"names":   {Names: []string{"am"}, Until: tuesday},
	} {
		b.Run(name, func(b *testing.B) {
			asking(b, func() error { _, err := l.Search(context.Background(), "maple", q); return err })
		})
	}
	b.Run("hours", func(b *testing.B) {
		asking(b, func() error {
			_, err := l.CountByHour(context.Background(), "maple", tuesday, friday, time.UTC)
			return err
		})
	})
	b.Run("verify-data", func(b *testing.B) {
		vkey, err := l.VerifierKey()
		if err != nil {
			b.Fatal(err)
		}
		cpu := cpuTime()
		for b.Loop() {
			reports, err := audit.VerifyDB(context.Background(), db, vkey)
			if err != nil || !reports[0].OK() || reports[0].Records != 100000 {
				b.Fatal(err, reports)
			}
		}
		b.ReportMetric(float64((cpuTime()-cpu).Nanoseconds())/float64(b.N)/100000, "cpu-ns/record")
	})
	b.Run("verify", func(b *testing.B) {
		vkey, err := l.VerifierKey()
		if err != nil {
			b.Fatal(err)
		}
		var file bytes.Buffer
		if err := l.Export(context.Background(), "maple", &file); err != nil {
			b.Fatal(err)
		}
		cpu := cpuTime()
		for b.Loop() {
			report, err := audit.Verify(bytes.NewReader(file.Bytes()), vkey)
			if err != nil || !report.OK() || report.Records != 100000 {
				b.Fatal(err, report)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100000, "ns/record")
		b.ReportMetric(float64((cpuTime()-cpu).Nanoseconds())/float64(b.N)/100000, "cpu-ns/record")
		b.ReportMetric(float64(file.Len())/100000, "bytes/record")
	})
}
