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

// page is a searchset of 1,000 appointments with the members that an EMR's have, 250 of each practitioner 0 to 3.
func page(b *testing.B) (entries []fhir.Entry, size int) {
	b.Helper()
	const one = `{"resource":{"resourceType":"Appointment","id":"%d","meta":{"versionId":"3","lastUpdated":"2026-11-20T08:30:00.000-05:00","source":"urn:emr:7"},` +
		`"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">%s</div>"},"extension":[{"url":"https://emr.example/x","valueCode":"phone"}],` +
		`"identifier":[{"use":"official","system":"https://emr.example/appointments","value":"%d"}],"status":"booked",` +
		`"serviceCategory":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/service-category","code":"17","display":"General Practice"}]}],` +
		`"serviceType":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/service-type","code":"124"}],"text":"Consultation"}],` +
		`"appointmentType":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0276","code":"FOLLOWUP"}]},"reasonCode":[{"text":"Cough"}],` +
		`"priority":5,"description":"Review","start":"2026-11-26T09:00:00-05:00","end":"2026-11-26T09:15:00-05:00","minutesDuration":15,` +
		`"slot":[{"reference":"Slot/9"}],"created":"2026-10-01","comment":"brings an interpreter","patientInstruction":"Bring your health card.",` +
		`"participant":[{"actor":{"reference":"Patient/p%d","display":"Élodie Tremblay"},"required":"required","status":"accepted"},` +
		`{"type":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ParticipationType","code":"PPRF"}]}],"actor":{"reference":"Practitioner/%d"},"status":"accepted"},` +
		`{"actor":{"reference":"Location/room-1","display":"Room 1"},"status":"accepted"}]}}`
	var all []string
	for i := range 1000 {
		all = append(all, fmt.Sprintf(one, i, strings.Repeat("x", 500), i, i%400, i%4))
	}
	text := []byte(`{"resourceType":"Bundle","type":"searchset","entry":[` + strings.Join(all, ",") + "]}")
	bundle, err := fhir.ParseBundle(text, fhir.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	if entries, err = bundle.Entries(); err != nil {
		b.Fatal(err)
	}
	return entries, len(text)
}

// BenchmarkReleasePage is what a page costs from Release to the last byte, with all that the trail asks about it.
func BenchmarkReleasePage(b *testing.B) {
	entries, size := page(b)
	dst := make([]byte, 0, 2*size)
	shown := []string{"status", "start", "end", "minutesDuration", "serviceType", "participant.actor.reference", "participant.status", "comment"}
	for _, n := range []int{1, 10} {
		var permissions []Permission
		for i := range n {
			permissions = append(permissions, Permission{Scope: fmt.Sprintf("user/Appointment.s?practitioner=Practitioner/%d", i), Window: "-1d..+90d", Elements: shown})
		}
		b.Run(fmt.Sprintf("permissions=%d", n), func(b *testing.B) {
			s, req := compiled(b, grantOf("g", permissions...)), ask(b, "GET Appointment?date=ge2026-11-25&date=lt2026-12-25")
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				dst = dst[:0]
				d := s.Decide(req)
				for _, e := range entries {
					released, _ := d.Release(e.Resource)
					if released.IsZero() {
						continue
					}
					if dst = released.AppendTo(dst); len(released.Patients()) != 1 || released.Ref().IsZero() || released.Cut().Holes() == 0 {
						b.Fatal("not what was to be released")
					}
				}
			}
		})
	}
}
