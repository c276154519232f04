package policy

import (
	"fmt"
	"testing"
)

// BenchmarkReleaseBesideLocks is BenchmarkReleasePage under a clinic's lock-boxes, which are other patients': a page has to
// cost about what it costs without.
func BenchmarkReleaseBesideLocks(b *testing.B) {
	entries, size := page(b)
	dst := make([]byte, 0, 2*size)
	grant := grantOf("g", Permission{Scope: "user/Appointment.s?practitioner=Practitioner/0,Practitioner/1", Window: "-1d..+90d",
		Elements: []string{"status", "start", "end", "minutesDuration", "serviceType", "participant.actor.reference", "participant.status", "comment"}})
	for _, n := range []int{0, 1, 500} {
		var locks []Directive
		for i := range n {
			locks = append(locks, Directive{Patient: fmt.Sprintf("Patient/other-%d", i), Resources: [][]string{nil, {"Appointment", "DocumentReference?category=psychiatry"}}[i%2],
				To: [][]Whom{nil, {{Platform: "assistco"}}}[i%2]})
		}
		b.Run(fmt.Sprintf("locks=%d", n), func(b *testing.B) {
			s := ruled(b, completed(Rules{Grants: []Grant{grant}, Directives: locks}))
			req := ask(b, "GET Appointment?date=ge2026-11-25&date=lt2026-12-25")
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				dst = dst[:0]
				d, out := s.Decide(req), 0
				for _, e := range entries {
					released, _ := d.Release(e.Resource)
					if released.IsZero() {
						continue
					}
					out++
					dst = released.AppendTo(dst)
				}
				if out != 500 {
					b.Fatal("not what was to be released")
				}
			}
		})
	}
}
