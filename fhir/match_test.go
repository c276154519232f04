package fhir

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestOneMatchingAnswersLikeManyMatches asks more about a resource than a Matching remembers: more paths, and a path that
// leads to more places.
func TestOneMatchingAnswersLikeManyMatches(t *testing.T) {
	for _, participants := range []int{0, 1, 8, 9, 40} {
		var actors []string
		for i := range participants {
			actors = append(actors, fmt.Sprintf(`{"actor":{"reference":"Practitioner/%d"},"status":"accepted"}`, i))
		}
		r := resource(t, `{"resourceType":"Appointment","id":"1","meta":{"tag":[{"code":"x"}]},"status":"booked","start":"2026-11-26T09:00:00-05:00",`+
			`"serviceType":[{"coding":[{"code":"124"}]}],"participant":[`+strings.Join(actors, ",")+`]}`)
		m := r.Matching()
		for range 2 {
			for criterion, want := range map[string]bool{
				"practitioner=Practitioner/0":  participants > 0,
				"practitioner=Practitioner/7":  participants > 7,
				"actor=Practitioner/8":         participants > 8,
				"practitioner=Practitioner/39": participants > 39,
				"practitioner=Practitioner/40": false,
				"practitioner:missing=true":    participants == 0,
				"part-status=accepted":         participants > 0,
				"status=booked":                true,
				"status:not=booked":            false,
				"date=ge2026-11-26":            true,
				"date=lt2026-11-26":            false,
				"service-type=124":             true,
				"service-category=17":          false,
				"_tag=x":                       true,
				"_id=1":                        true,
				"_id=2":                        false,
			} {
				key, value, _ := strings.Cut(criterion, "=")
				c := clause(t, "Appointment", key, value)
				if m.All([]Clause{c}) != want || c.Match(r) != want {
					t.Errorf("%d participants: %s matches is not %v", participants, criterion, want)
				}
			}
		}
		if m.All([]Clause{{}}) || m.All([]Clause{clause(t, "Task", "status", "requested")}) || !m.All(nil) || m.Resource() != r {
			t.Error("no criterion, or another type's, matches")
		}
	}
	if none := (Resource{}).Matching(); none.All([]Clause{clause(t, "Task", "status:missing", "true")}) {
		t.Error("no resource matches")
	}
}

// A criterion gives what certainly matches: an appointment with somebody of whom it does not say who it is is none without a
// patient, and none with one.
func TestNobodyIsMissingWhoMayBeThere(t *testing.T) {
	actors := func(refs ...string) string {
		out := `"contained":[{"resourceType":"Patient","id":"p"},{"resourceType":"Device","id":"d"}],"participant":[`
		for i, ref := range refs {
			out += map[bool]string{true: ","}[i > 0] + `{"actor":` + ref + `}`
		}
		return out + "]"
	}
	doctor, unclear := `{"reference":"Practitioner/1","display":"Dr. Roe"}`, []string{
		actors(`{"reference":"#p"}`), actors(`{"reference":"#d"}`), actors(`{"identifier":{"value":"9"}}`), actors(`{"display":"Jane Roe"}`), actors(`{"reference":"urn:uuid:1"}`),
		actors(`{}`), actors(`{"reference":"Practitioner/1"}`, `{"identifier":{"value":"9"}}`), actors(`{"type":"Resource","identifier":{"value":"9"}}`),
	}
	without := []string{`"participant":[]`, `"participant":[{"status":"accepted"}]`, `"status":"booked"`, actors(doctor), actors(doctor, doctor), actors(`null`),
		actors(`{"type":"Device","identifier":{"value":"9"}}`), actors(`{"reference":"https://other.example/fhir/Device/9"}`)}
	with := []string{actors(`{"reference":"Patient/1"}`), actors(doctor, `{"reference":"Patient/1"}`), actors(`{"type":"Patient","identifier":{"value":"9"}}`), actors(`{"reference":"https://other.example/fhir/Patient/9"}`)}
	criterion{"Appointment", "patient:missing", "true", without, slices.Concat(unclear, with)}.check(t)
	criterion{"Appointment", "patient:missing", "false", with, slices.Concat(unclear, without)}.check(t)
	criterion{"Appointment", "actor:missing", "true", without[:3], slices.Concat(unclear, with)}.check(t)
}
