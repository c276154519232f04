package replay_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"vestibule/audit"
	"vestibule/internal/replay"
	"vestibule/internal/replay/replaytest"
	"vestibule/policy"
)

// BenchmarkReplay runs candidates over a trail of 100,000 accesses by 20 people: one about which the records say it all, one
// for which every resource that left has to be judged, and one that touches one person's accesses only.
func BenchmarkReplay(b *testing.B) {
	const accesses = 100_000
	w := replaytest.New(b, replaytest.Only(replaytest.Wide()))
	fill(b, w, accesses)
	late := replaytest.Wide()
	late.Hours = "Mon-Fri 09:00-12:00"
	narrow := replaytest.Wide()
	narrow.Permissions[0].Scope += "?practitioner=Practitioner/42"
	other := replaytest.Grant(1, policy.Permission{Scope: "user/Appointment.rs"})
	other.Name, other.To = "one", policy.To{User: "https://id.example|p7"}
	for _, c := range []struct {
		name string
		g    policy.Grant
	}{{"hours", late}, {"criteria", narrow}, {"one person", other}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				o := w.Options(replaytest.Put(c.g))
				o.Until = o.Until.AddDate(1, 0, 0)
				r, err := replay.Run(context.Background(), o)
				if err != nil || r.Accesses != accesses {
					b.Fatalf("%d accesses, %v", r.Accesses, err)
				}
			}
			b.ReportMetric(accesses*float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

// fill puts n accesses on record, as the gateway does: every fifth a search that released six resources.
func fill(b *testing.B, w *replaytest.World, n int) {
	b.Helper()
	done := make(chan error)
	const writers = 64
	for writer := range writers {
		go func() {
			for i := writer; i < n; i += writers {
				if _, err := w.Ledger.Append(context.Background(), recorded(i)); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range writers {
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
}

func recorded(i int) audit.Record {
	person := fmt.Sprintf("p%d", i%20)
	r := audit.Record{ID: fmt.Sprintf("01930000-0000-7000-8000-%012d", i), Phase: audit.PhaseOutcome, Clinic: "maple", Zone: "UTC",
		Time:     replaytest.Begin.Add(time.Duration(i) * 20 * time.Second),
		Agent:    audit.Agent{Issuer: "https://id.example", Subject: person, Name: person, Platform: "assistco", ClientID: "desk", TokenID: "t", Address: "203.0.113.7"},
		Purposes: []string{"PATADMIN"}, Scopes: []string{"user/Appointment.cruds"}, Interaction: "read", Type: "Appointment", Status: 200,
		Outcome: audit.OutcomeSuccess, Reasons: []string{"granted"}, Grants: []string{"desk@1"}, Upstream: "ok"}
	n, first := 1, i%6
	if i%5 == 0 {
		r.Interaction, r.Query, n, first = "search-type", "status=booked", 6, 0
	}
	for k := range n {
		id, patient := fmt.Sprintf("a%d", first+k), fmt.Sprintf("Patient/%d", first+k)
		r.Patients = append(r.Patients, patient)
		r.Released = append(r.Released, audit.ReleasedItem{Ref: "Appointment/" + id + "/_history/1", Patients: []string{patient}, Removed: 1})
		r.Resource = r.Released[0].Ref
	}
	if r.Interaction == "search-type" {
		r.Resource = ""
	}
	return r
}
