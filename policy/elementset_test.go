package policy

import (
	"slices"
	"strings"
	"testing"

	"vestibule/fhir"
)

func TestEverySetIsOfElementsAndIsNoElementItself(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range ElementSets("") {
		if _, err := fhir.NewElements(s.Type, s.Paths...); err != nil || len(s.Paths) == 0 {
			t.Errorf("%s %s: %v", s.Type, s.Name, err)
		}
		if _, err := fhir.NewElements(s.Type, s.Name); err == nil {
			t.Errorf("%s is an element of %s", s.Name, s.Type)
		}
		if key := s.Type + " " + s.Name; seen[key] || s.Means == "" {
			t.Errorf("%s stands twice or says nothing", key)
		} else {
			seen[key] = true
		}
		for i, path := range s.Paths {
			if slices.Index(s.Paths, path) < i {
				t.Errorf("%s %s has %s twice", s.Type, s.Name, path)
			}
		}
	}
	for _, typ := range fhir.Types() {
		if len(ElementSets(typ)) < 4 {
			t.Errorf("%s has %d sets", typ, len(ElementSets(typ)))
		}
	}
	ElementSets("Task")[0].Paths[0] = "changed"
	if ElementSets("Task")[0].Paths[0] == "changed" {
		t.Error("the table can be changed from outside")
	}
}

// What is filled in by hand, names somebody or says why somebody comes is in none of the sets that a front desk works with.
func TestASetShowsWhatItSaysAndLeaksNothing(t *testing.T) {
	secret := `"SECRET"`
	concept := `{"coding":[{"code":"a","display":"Kind"}],"text":` + secret + `}`
	ref := func(to string) string {
		return `{"reference":"` + to + `","display":` + secret + `,"identifier":{"value":` + secret + `}}`
	}
	note := `[{"text":` + secret + `,"authorString":` + secret + `}]`
	for _, c := range []struct {
		set      string
		resource string
		shows    []string
	}{
		{"Appointment schedule", `"status":"booked","start":"2026-11-26T09:00:00Z","serviceType":[` + concept + `],"specialty":[` + concept + `],` +
			`"serviceCategory":[` + concept + `],"reasonCode":[` + concept + `],"reasonReference":[` + ref("Condition/1") + `],"description":` + secret + `,"comment":` + secret + `,` +
			`"patientInstruction":` + secret + `,"cancelationReason":` + concept + `,"supportingInformation":[` + ref("Observation/1") + `],"basedOn":[` + ref("ServiceRequest/1") + `],` +
			`"identifier":[{"value":` + secret + `}],"slot":[` + ref("Slot/1") + `],"extension":[{"url":"x","valueString":` + secret + `}],` +
			`"participant":[{"type":[` + concept + `],"actor":` + ref("Patient/1") + `,"status":"accepted","extension":[{"url":"x","valueString":` + secret + `}]}]`,
			[]string{`"booked"`, "2026-11-26T09:00:00Z", "Kind", "Patient/1", "accepted", "Slot/1"}},
		{"Task worklist", `"status":"requested","priority":"urgent","code":` + concept + `,"businessStatus":` + concept + `,"statusReason":` + concept + `,"description":` + secret + `,` +
			`"for":` + ref("Patient/1") + `,"owner":` + ref("Organization/a") + `,"requester":` + ref("Practitioner/1") + `,"focus":` + ref("DocumentReference/1") + `,"note":` + note + `,` +
			`"reasonCode":` + concept + `,"restriction":{"period":{"end":"2026-12-01"},"recipient":[` + ref("Patient/1") + `]},"input":[{"type":` + concept + `,"valueString":` + secret + `}],` +
			`"output":[{"type":` + concept + `,"valueString":` + secret + `}],"identifier":[{"value":` + secret + `}],"insurance":[` + ref("Coverage/1") + `]`,
			[]string{"requested", "urgent", "Kind", "Patient/1", "Organization/a", "2026-12-01", "DocumentReference/1"}},
		{"DocumentReference filing", `"status":"current","type":` + concept + `,"category":[` + concept + `],"subject":` + ref("Patient/1") + `,"author":[` + ref("Practitioner/1") + `],` +
			`"description":` + secret + `,"securityLabel":[` + concept + `],"relatesTo":[{"code":"replaces","target":` + ref("DocumentReference/2") + `}],` +
			`"content":[{"attachment":{"contentType":"application/pdf","title":` + secret + `,"data":` + secret + `,"url":` + secret + `,"hash":` + secret + `,"size":7}}],` +
			`"context":{"event":[` + concept + `],"practiceSetting":` + concept + `,"sourcePatientInfo":` + ref("Patient/1") + `}`,
			[]string{"current", "Kind", "Patient/1", "Practitioner/1", "application/pdf", `"size":7`}},
	} {
		typ, name, _ := strings.Cut(c.set, " ")
		s := compiled(t, grantOf("g", Permission{Scope: "user/" + typ + ".r", Elements: []string{name}}))
		released, _ := permitted(t, s, ask(t, "GET "+typ+"/1")).Release(resource(t, `{"resourceType":"%s","id":"1",%s}`, typ, c.resource))
		got := text(released)
		if strings.Contains(got, "SECRET") {
			t.Errorf("%s leaks: %s", c.set, got)
		}
		for _, want := range c.shows {
			if !strings.Contains(got, want) {
				t.Errorf("%s does not show %s: %s", c.set, want, got)
			}
		}
	}
}

func TestTheSearchesOfAFrontDeskWorkWithItsSets(t *testing.T) {
	s := compiled(t, grantOf("g",
		Permission{Scope: "user/Appointment.s?practitioner=Practitioner/42", Window: "-1d..+90d", Elements: []string{"schedule"}},
		Permission{Scope: "user/Task.s?owner=Organization/a&code=call", Window: "-90d..0d", Elements: []string{"worklist"}},
		Permission{Scope: "user/DocumentReference.s?category=referral", Window: "-1w..0d", Elements: []string{"filing"}},
	))
	for line, want := range map[string]bool{
		"GET Appointment?patient=Patient/1&date=2026-11-26&status=booked&_sort=date": true,
		"GET Appointment?service-type=124&appointment-type=ROUTINE":                  true,
		"GET Appointment?reason-code=x":                                              false,
		"GET Appointment?service-type:missing=true":                                  false, // its text is hidden
		"GET Task?patient=Patient/1&priority=urgent&status:not=completed":            true,
		"GET Task?_sort=authored-on&owner=Organization/a":                            true,
		"GET DocumentReference?type=57133-1&date=gt2026-11-20&contenttype=text/html": true,
		"GET DocumentReference?description=x":                                        false,
		"GET DocumentReference?security-label=R":                                     false,
	} {
		if d := s.Decide(ask(t, line)); d.Permitted() != want {
			t.Errorf("%s: %v", line, d.Reasons())
		}
	}
}

func TestSetsAndPathsJoin(t *testing.T) {
	p := Permission{Scope: "user/Task.rus", Elements: []string{"worklist", "restriction", "notes"}, Write: []string{"status", "restriction", "note"}}
	s := compiled(t, grantOf("g", p))
	before := task(t, "7", "Organization/a", `,"restriction":{"repetitions":2,"period":{"end":"2026-12-01"}},"note":[{"text":"hidden no more"}]`)
	d := permitted(t, s, ask(t, "PUT Task/7"))
	shown := string(before.Cut(d.p.seen(before)).AppendTo(nil))
	if !strings.Contains(shown, `"repetitions":2`) || !strings.Contains(shown, "hidden no more") || strings.Contains(shown, "call back") {
		t.Errorf("%s", shown)
	}
	accepted, reasons := d.Accept(before, resource(t, "%s", strings.Replace(shown, "2026-12-01", "2026-12-08", 1)))
	if !slices.Equal(accepted.Changed(), []string{"restriction"}) || !accepted.Resource().Value().Get("description").Exists() {
		t.Errorf("%v %v", accepted.Changed(), reasons)
	}
	text := grantOf("g", p).Sentence(nil)
	if want := "sees worklist (what kind of work it is, "; !strings.Contains(text, want) || !strings.Contains(text, "), restriction, notes (what was written down about it); writes status, restriction, note.") {
		t.Errorf("%s", text)
	}
}
