package audit_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"vestibule/audit"
	"vestibule/internal/store"
)

// BenchmarkAppend measures durable records per second at several numbers of callers, CPU included: the process's, over
// everything it does, the index too. BenchmarkFdatasync is what the same disk gives without a ledger, in the same run.
func BenchmarkAppend(b *testing.B) {
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
						if _, err := l.Append(context.Background(), benchRecord(c, i)); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
			b.ReportMetric(float64((cpuTime()-cpu).Microseconds())/float64(b.N), "cpu-µs/record")
			var commits int
			if err := db.QueryRow(`SELECT count(*) FROM batch`).Scan(&commits); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.N)/float64(commits), "records/commit")
		})
	}
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

// benchRecord is a single read by one of the callers, of one of many patients.
func benchRecord(caller, i int) audit.Record {
	patient := "Patient/" + strconv.Itoa((caller*7919+i*31)%5000)
	return audit.Record{
		ID: "0193e5a0-0000-7000-8000-" + strconv.Itoa(1e5+caller) + strconv.Itoa(1e5+i%9e5), Phase: audit.PhaseOutcome, Time: time.Now(), Clinic: "maple", Zone: "America/St_Johns",
		Agent: audit.Agent{Issuer: "https://id.assistco.example", Subject: "amara-" + strconv.Itoa(caller%20), Name: "Amara Okafor", Platform: "assistco",
			ClientID: "assistco-desk", TokenID: "0f8fad5b-d9cb-469f-a165-70867728950e", Role: "front desk", Address: "203.0.113.7"},
		Purposes: []string{"PATADMIN"}, Interaction: "read", Type: "Appointment", Resource: "Appointment/" + strconv.Itoa(i) + "/_history/3",
		Status: 200, Outcome: audit.OutcomeSuccess, Reasons: []string{"granted"}, Grants: []string{"front-desk-amara@3"}, Upstream: "ok",
		Patients:  []string{patient},
		Released:  []audit.ReleasedItem{{Ref: "Appointment/" + strconv.Itoa(i) + "/_history/3", Patients: []string{patient}, Removed: 4}},
		RequestID: "4a8dca3c-2205-4dc7-90e1-db877781d7cc", Traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
	}
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
