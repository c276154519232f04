package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule/fhir"
)

// What a hostile caller sends, or an odd EMR answers, to get past a rule that holds for what is written as usual.

// A directive has to hold whatever shape the reference to its patient has.
func TestDirectivesHoldForOddReferences(t *testing.T) {
	grants := []Grant{grantOf("all", Permission{Scope: "user/Task.rs"}, Permission{Scope: "user/Appointment.rs?practitioner=Practitioner/42"})}
	lock := Directive{Clinic: "maple", Name: "lock", Patient: "Patient/17", Because: "Asked for it"}
	s, err := Compile(maple(t), Rules{Grants: grants, Directives: []Directive{lock}})
	if err != nil {
		t.Fatal(err)
	}
	for ref, want := range map[string]Code{
		`{"type":"http://hl7.org/fhir/StructureDefinition/Patient","identifier":{"value":"17"}}`:      CodePatientUnclear,
		`{"type":"patient","identifier":{"value":"17"}}`:                                              CodePatientUnclear,
		`{"type":"Resource","identifier":{"value":"17"}}`:                                             CodePatientUnclear,
		`{"type":"Practitioner","reference":"./Patient/17"}`:                                          CodePatientUnclear,
		`{"type":"Practitioner","reference":"Patient/17/"}`:                                           CodePatientUnclear,
		`{"type":"Practitioner","reference":"patient/17#name"}`:                                       CodePatientUnclear,
		`{"reference":"https://emr.example/Practitioner/1/_history/../../../Patient/17"}`:             CodePatientUnclear,
		`[[{"reference":"Patient/17"}]]`:                                                              CodeLocked,
		`{"type":"http://hl7.org/fhir/StructureDefinition/Practitioner","identifier":{"value":"17"}}`: CodeGranted,
		`{"type":"Practitioner","reference":"https://emr.example/outpatient/Practitioner/17"}`:        CodeGranted,
	} {
		_, reasons := permitted(t, s, ask(t, "GET Task/1")).Release(resource(t, `{"resourceType":"Task","id":"1","for":%s}`, ref))
		if reasons[0].Code != want {
			t.Errorf("%s: %s, want %s", ref, reasons[0].Code, want)
		}
	}
	nested := `{"resourceType":"Appointment","id":"1","participant":[[{"actor":{"reference":"Patient/17"}},{"actor":{"reference":"Practitioner/42"}}]]}`
	if _, reasons := permitted(t, s, ask(t, "GET Appointment/1")).Release(resource(t, "%s", nested)); reasons[0].Code != CodeLocked {
		t.Errorf("a participant in an array of its own: %s", reasons[0].Code)
	}
}

func TestLabelsHoldInOddPlaces(t *testing.T) {
	d := permitted(t, compiled(t, grantOf("all", Permission{Scope: "user/Task.rs"})), ask(t, "GET Task/1"))
	for _, meta := range []string{`{"security":{"code":"R"}}`, `[{"security":[{"code":"R"}]}]`, `{"security":[[{"code":"R"}]]}`} {
		if _, reasons := d.Release(resource(t, `{"resourceType":"Task","id":"1","meta":%s}`, meta)); reasons[0].Code != CodeRestrictedLabel {
			t.Errorf("%s: %s", meta, reasons[0].Code)
		}
	}
}

// "Who looked at Patient/9?" has to find everything by which a directive would know the patient, and limits have to count it.
func TestH22EveryPatientOfAResourceIsOnRecord(t *testing.T) {
	s := compiled(t, grantOf("all", Permission{Scope: "user/Task.rc", Write: []string{"status", "for", "focus"}}, Permission{Scope: "user/DocumentReference.r"}))
	for line, text := range map[string]string{
		"GET Task/1":              `{"resourceType":"Task","id":"1","focus":{"reference":"Patient/9"},"for":{"reference":"Patient/8"}}`,
		"GET DocumentReference/1": `{"resourceType":"DocumentReference","id":"1","subject":{"reference":"Patient/8"},"context":{"sourcePatientInfo":{"reference":"Patient/9"}}}`,
	} {
		released, _ := permitted(t, s, ask(t, line)).Release(resource(t, "%s", text))
		if got := released.Patients(); !slices.Equal(got, []fhir.Ref{{Type: "Patient", ID: "8"}, {Type: "Patient", ID: "9"}}) {
			t.Errorf("%s is about %v", line, got)
		}
	}
	proposed := resource(t, `{"resourceType":"Task","status":"requested","focus":{"reference":"Patient/9"}}`)
	if a, _ := permitted(t, s, ask(t, "POST Task")).Accept(fhir.Resource{}, proposed); len(a.Patients()) != 1 {
		t.Errorf("a new task is about %v", a.Patients())
	}
}

// A permission that does not serve a search may show more of what another one lets through; then its limits count.
func TestLimitsOfAGrantCountWhereverItShowsSomething(t *testing.T) {
	limited, free := grantOf("limited", Permission{Scope: "user/Appointment.s", Elements: []string{"comment"}}), grantOf("free", Permission{Scope: "user/Appointment.s", Elements: []string{"identifier"}})
	limited.Limits = Limits{PatientsPerDay: 1}
	d := permitted(t, compiled(t, limited, free), ask(t, "GET Appointment?identifier:missing=true"))
	released, _ := d.Release(resource(t, `{"resourceType":"Appointment","id":"1","comment":"Bring X-rays"}`))
	if !strings.Contains(text(released), "X-rays") || len(d.Limits()) != 0 {
		t.Fatalf("%s under %v", text(released), d.Limits())
	}
	if got := d.Limits(released); !slices.Equal(got, []Limit{{"limited@1", limited.Limits}}) {
		t.Errorf("counted under %v", got)
	}
}

// Whether a hidden reference is to a patient is not to be found out by asking for its identifier.
func TestH1IdentifiersOfReferencesDoNotTellTheirHiddenType(t *testing.T) {
	s := compiled(t, grantOf("numbers", Permission{Scope: "user/Appointment.s", Elements: []string{"participant.actor.identifier"}}))
	if d := s.Decide(ask(t, "GET Appointment?patient:identifier=x")); d.Permitted() {
		t.Error("patient:identifier looks at a hidden reference")
	}
	permitted(t, s, ask(t, "GET Appointment?actor:identifier=x"))
}

// What looks like the practitioner's version to us could be a way to somebody else for an EMR.
func TestAReferenceWithAPathForItsVersionLiesOutOfReach(t *testing.T) {
	d := permitted(t, compiled(t, grantOf("g", Permission{Scope: "user/Appointment.c?practitioner=Practitioner/42", Write: []string{"participant"}})), ask(t, "POST Appointment"))
	for ref, want := range map[string]bool{
		"Practitioner/42": true, "Practitioner/42/_history/1": true,
		"Practitioner/42/_history/": false, "Practitioner/42/_history/../../43": false, "Practitioner/42/_history/1/../../43": false,
	} {
		a, reasons := d.Accept(fhir.Resource{}, resource(t, `{"resourceType":"Appointment","participant":[{"actor":{"reference":%q}}]}`, ref))
		if a.IsZero() == want {
			t.Errorf("%s: %s", ref, reasons[0].Code)
		}
	}
}

func TestACreateSetsNothingBesideWrite(t *testing.T) {
	d := permitted(t, compiled(t, grantOf("g", Permission{Scope: "user/Task.c", Write: []string{"status"}})), ask(t, "POST Task"))
	for _, member := range []string{"_meta", "_resourceType", "_", "contained", "text", "extension", "implicitRules"} {
		if a, _ := d.Accept(fhir.Resource{}, resource(t, `{"resourceType":"Task","status":"requested",%q:{}}`, member)); !a.IsZero() {
			t.Errorf("%s is set", member)
		}
	}
}

// A body of a megabyte names its patients as often as it likes, and a rule about them is looked at once.
func TestH24ABodyFullOfPatientsCostsNoMoreThanItsLength(t *testing.T) {
	lock := Directive{Clinic: "maple", Name: "lock", Patient: "Patient/1", Resources: []string{"Appointment?actor=Practitioner/99"}, Because: "Asked for it"}
	s, err := Compile(maple(t), Rules{Directives: []Directive{lock}, Grants: []Grant{grantOf("g", Permission{Scope: "user/Appointment.c", Write: []string{"participant"}})}})
	if err != nil {
		t.Fatal(err)
	}
	for name, id := range map[string]func(int) int{"one patient": func(int) int { return 1 }, "each another": func(i int) int { return i }} {
		var participants []string
		for i := range 25_000 {
			participants = append(participants, fmt.Sprintf(`{"actor":{"reference":"Patient/%d"}}`, id(i)))
		}
		proposed := resource(t, `{"resourceType":"Appointment","participant":[%s]}`, strings.Join(participants, ","))
		start := time.Now()
		accepted, reasons := permitted(t, s, ask(t, "POST Appointment")).Accept(fhir.Resource{}, proposed)
		proposed.Patients() // which adapters ask for
		if took := time.Since(start); accepted.IsZero() || took > 10*time.Second {
			t.Errorf("%s: %v after %v", name, reasons, took)
		}
	}
}

// Members that are no elements can be anything: a name in the wrong place, a megabyte.
func TestRefusedWritesRepeatNoNamesThatAreNoElements(t *testing.T) {
	d := permitted(t, compiled(t, grantOf("g", Permission{Scope: "user/Task.c", Write: []string{"status"}})), ask(t, "POST Task"))
	_, reasons := d.Accept(fhir.Resource{}, resource(t, `{"resourceType":"Task","Zebulon Marker":1,"priority":"stat"}`))
	if e := d.Refusal(reasons); strings.Contains(e.Text+reasons[0].Detail, "Zebulon") || !strings.Contains(e.Text, "write priority, what is no element of this Task") {
		t.Error(e)
	}
}

// A rule over a status that there is not denies nothing, or holds back nothing, and reads as if it did.
func TestRulesNameStatusesThatThereAre(t *testing.T) {
	ctx := Context{Clinic: maple(t), Now: wednesday(t)}
	for criteria, fine := range map[string]bool{
		"status:not=cancelled": true, "status:not=http://hl7.org/fhir/appointmentstatus|cancelled": true, "status:not=|cancelled": true,
		"status:not=canceled": false, "status:not=http://hl7.org/fhir/appointment-status|cancelled": false, "status=http://hl7.org/fhir/task-status|": false,
	} {
		for kind, mistakes := range map[string][]*fhir.Error{
			"grant":     Check(grantOf("g", Permission{Scope: "user/Appointment.rs?" + criteria}), ctx),
			"guardrail": CheckGuardrail(Guardrail{Name: "g", Never: []string{"Appointment?" + criteria}, Because: "A test"}, ctx),
			"directive": CheckDirective(Directive{Clinic: "maple", Name: "d", Patient: "Patient/1", Resources: []string{"Appointment?" + criteria}, Because: "A test"}, ctx),
		} {
			if (len(mistakes) == 0) != fine {
				t.Errorf("%s with %s: %v", kind, criteria, mistakes)
			}
		}
	}
}

// Of a list of owners a rule looks at any, and an EMR takes the first or the last: with one in reach, the other is anybody.
func TestH11NoWriteMeansOneThingHereAndAnotherInTheEMR(t *testing.T) {
	s := compiled(t, grantOf("g",
		Permission{Scope: "user/Task.cru?owner=Organization/a", Write: []string{"owner", "description", "note", "code", "status"}},
		Permission{Scope: "user/Appointment.c?practitioner=Practitioner/42", Write: []string{"participant"}}))
	const owner = `"owner":{"reference":"Organization/a"}`
	for member, at := range map[string]string{
		`"owner":[{"reference":"Organization/a"},{"reference":"Organization/b"}]`: "owner", `"owner":{"reference":["Organization/a","Organization/b"]}`: "",
		`"owner":{"reference":"Organization/a","display":["A"]}`: "owner.display", owner + `,"description":["x"]`: "description", owner + `,"note":{"text":"x"}`: "note",
		owner + `,"note":["x"]`: "note", owner + `,"note":[[{"text":"x"}]]`: "note", owner + `,"status":{"x":1}`: "status", owner + `,"code":{"coding":{}}`: "code.coding",
	} {
		for _, line := range []string{"POST Task", "PUT Task/1"} {
			before := fhir.Resource{}
			if line == "PUT Task/1" {
				before = resource(t, `{"resourceType":"Task","id":"1",%s}`, owner)
			}
			a, reasons := permitted(t, s, ask(t, line)).Accept(before, resource(t, `{"resourceType":"Task","id":"1",%s}`, member))
			if !a.IsZero() || at != "" && (reasons[0].Code != CodeMisshapen || reasons[0].Detail != at) {
				t.Errorf("%s %s: %v", line, member, reasons[0])
			}
		}
	}
	two := `{"resourceType":"Appointment","participant":[{"actor":[{"reference":"Practitioner/42"},{"reference":"Practitioner/43"}]}]}`
	if _, reasons := permitted(t, s, ask(t, "POST Appointment")).Accept(fhir.Resource{}, resource(t, "%s", two)); reasons[0].Detail != "participant.actor" {
		t.Errorf("%v", reasons)
	}
	fine := `{"resourceType":"Task",` + owner + `,"_description":{"extension":[{"url":"u","valueString":"x"}]},"note":[{"text":"x"},null],"code":{"coding":[{"code":"x"}],"text":"y"}}`
	if a, reasons := permitted(t, s, ask(t, "POST Task")).Accept(fhir.Resource{}, resource(t, "%s", fine)); a.IsZero() {
		t.Errorf("%v", reasons)
	}
}
