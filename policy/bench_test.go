package policy

import (
	"fmt"
	"strings"
	"testing"

	"vestibule/fhir"
)

// many is n grants that all name amara: the worst case. Each has the conditions and permissions of the design guide's.
func many(n int) []Grant {
	var out []Grant
	for i := range n {
		g := frontDesk()
		g.Name = fmt.Sprintf("grant-%d", i)
		g.Permissions = []Permission{
			{Scope: fmt.Sprintf("user/Appointment.rs?practitioner=Practitioner/%d", i), Window: "-1d..+90d"},
			{Scope: fmt.Sprintf("user/Task.rus?owner=Organization/%d", i), Elements: []string{"status", "description", "for", "owner", "note"}},
		}
		out = append(out, g)
	}
	return out
}

func BenchmarkDecide(b *testing.B) {
	for _, line := range []string{"GET Appointment/1", "GET Appointment?date=ge2026-11-25&status=booked", "POST Appointment"} {
		for _, n := range []int{1, 10, 100, 1000} {
			b.Run(fmt.Sprintf("%s/grants=%d", strings.NewReplacer(" ", "-", "/", "-").Replace(line), n), func(b *testing.B) {
				s, req := compiled(b, many(n)...), ask(b, line)
				b.ReportAllocs()
				for b.Loop() {
					s.Decide(req)
				}
			})
		}
	}
	b.Run("others=1000", func(b *testing.B) {
		grants := many(1000)
		for i := range grants[1:] {
			grants[i+1].To.User = fmt.Sprintf("https://id.example|person-%d", i)
		}
		s, req := compiled(b, grants...), ask(b, "GET Appointment/1")
		b.ReportAllocs()
		for b.Loop() {
			s.Decide(req)
		}
	})
}

// thousand is 1,000 appointments of about 2.4 kB, as an EMR sends them.
func thousand(b *testing.B) (all []fhir.Resource, bytes int) {
	for i := range 1000 {
		more := fmt.Sprintf(`,"description":%q,"extension":[{"url":"https://emr.example/x","valueString":%q}]`, strings.Repeat("x", 200), strings.Repeat("é", 900))
		r := appointment(b, fmt.Sprint(i), fmt.Sprint(i%4), "2026-11-26T09:00:00-05:00", more)
		all, bytes = append(all, r), bytes+len(r.Bytes())
	}
	return all, bytes
}

func BenchmarkRelease(b *testing.B) {
	all, size := thousand(b)
	dst := make([]byte, 0, 2*size)
	b.Run("memcpy", func(b *testing.B) {
		b.SetBytes(int64(size))
		for b.Loop() {
			dst = dst[:0]
			for _, r := range all {
				dst = append(dst, r.Bytes()...)
			}
		}
	})
	overlapping := []Permission{
		{Scope: "user/Appointment.s?practitioner=Practitioner/1", Window: "-1d..+90d", Elements: []string{"status", "start", "participant"}},
		{Scope: "user/Appointment.s?practitioner=Practitioner/1,Practitioner/2", Elements: []string{"status", "end", "participant", "comment"}},
		{Scope: "user/Appointment.s?status=booked", Elements: []string{"status", "serviceType"}},
	}
	for name, permissions := range map[string][]Permission{"whole": {{Scope: "user/Appointment.s"}}, "one": overlapping[:1], "three": overlapping} {
		b.Run("permissions="+name, func(b *testing.B) {
			s, req := compiled(b, grantOf("g", permissions...)), ask(b, "GET Appointment?status=booked")
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				dst = dst[:0]
				d := s.Decide(req)
				for _, r := range all {
					released, _ := d.Release(r)
					dst = released.AppendTo(dst)
				}
			}
		})
	}
}
