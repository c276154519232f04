package policy

import (
	"fmt"
	"slices"
	"testing"
)

// BenchmarkDiff is a change at a clinic of many grants. Each is for a person of their own or, with one of them, for all who
// are at a platform; "one person" is the worst case, in which everything meets.
func BenchmarkDiff(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		people := many(n)
		for i := range people {
			people[i].To.User = fmt.Sprintf("https://id.example|person-%d", i)
		}
		platform := frontDesk()
		platform.Name, platform.To, platform.Hours = "everybody", To{Platform: "assistco"}, ""
		platform.Permissions = []Permission{{Scope: "user/Task.rs", Elements: []string{"status", "owner"}}, {Scope: "user/Appointment.rs?status=booked"}}
		for _, at := range []struct {
			name  string
			rules Rules
		}{{"people", Rules{Grants: people}}, {"people and a platform", Rules{Grants: append(slices.Clone(people), platform)}}, {"one person", Rules{Grants: many(n)}}} {
			for name, change := range diffChanges() {
				b.Run(fmt.Sprintf("%s/%s/grants=%d", at.name, name, n), func(b *testing.B) {
					before := ruled(b, completed(at.rules))
					rules := at.rules
					rules.Grants = slices.Clone(rules.Grants)
					change(&rules)
					after := ruled(b, completed(rules))
					b.ReportAllocs()
					for b.Loop() {
						d, err := Diff(b.Context(), before, after, wednesday(b))
						if err != nil || d.Empty() {
							b.Fatal(err, d)
						}
					}
				})
			}
		}
	}
}

// diffChanges are small changes of rules that have grants of many.
func diffChanges() map[string]func(*Rules) {
	return map[string]func(*Rules){
		"a grant": func(r *Rules) { r.Grants[3].Hours = "Mon-Sat 07:00-18:00" },
		"a guardrail": func(r *Rules) {
			r.Guardrails = append(r.Guardrails, Guardrail{Name: "never", Never: []string{"Task?status=rejected"}, Because: "A test"})
		},
		"a directive": func(r *Rules) { r.Directives = append(r.Directives, Directive{Patient: "Patient/17", Name: "lock"}) },
		"a platform": func(r *Rules) {
			g := frontDesk()
			g.Name, g.To = "new", To{Platform: "assistco"}
			r.Grants = append(r.Grants, g)
		},
	}
}
