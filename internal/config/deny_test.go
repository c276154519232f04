package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vestibule/policy"
)

const directive = `kind: Directive
clinic: maple
name: lock-1
patient: Patient/17
resources: ["DocumentReference?category=psychiatry", Task/9]
to: [{team: assistco/front-desk}, {platform: assistco}]
from: 2026-12-01
until: 2027-02-28
because: The patient asked
`

const guardrail = `kind: Guardrail
name: canada-only
never: ["DocumentReference?category=psychiatry"]
networks: [203.0.113.0/24]
because: The operator's promise
`

func TestDirectivesAndGuardrailsAreRead(t *testing.T) {
	docs := parseAll(t, directive+"---\n"+guardrail+"---\n"+clinic+"---\n"+platform)
	wantDirective := &policy.Directive{Clinic: "maple", Name: "lock-1", Patient: "Patient/17", From: "2026-12-01", Until: "2027-02-28",
		Resources: []string{"DocumentReference?category=psychiatry", "Task/9"}, Because: "The patient asked",
		To: []policy.Whom{{Team: "assistco/front-desk"}, {Platform: "assistco"}}}
	if diff := cmp.Diff(wantDirective, docs[0].OfDirective); diff != "" {
		t.Error(diff)
	}
	wantGuardrail := &policy.Guardrail{Name: "canada-only", Never: []string{"DocumentReference?category=psychiatry"}, Networks: []string{"203.0.113.0/24"}, Because: "The operator's promise"}
	if diff := cmp.Diff(wantGuardrail, docs[1].OfGuardrail); diff != "" {
		t.Error(diff)
	}
	if docs[0].Clinic != "maple" || docs[1].Clinic != "" {
		t.Errorf("of %q and %q", docs[0].Clinic, docs[1].Clinic)
	}
	if err := Check(docs, nil, now); err != nil {
		t.Error(err)
	}
	if err := Check(docs[1:2], nil, now); err != nil {
		t.Errorf("the operator's guardrail, before there is a clinic: %v", err)
	}
}

func TestMistakesOfDirectivesAndGuardrailsAreNamedWithTheirLine(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"unknown key":            {edit(directive, "patient:", "pateint:"), "d:4: pateint: unknown key; did you mean patient?"},
		"no clinic":              {edit(directive, "clinic: maple\n", ""), "d:1: clinic: is missing"},
		"unknown clinic":         {edit(directive, "clinic: maple", "clinic: mapel"), `d:2: clinic: there is no clinic "mapel"; did you mean maple?`},
		"unknown platform":       {edit(directive, "{platform: assistco}", "{platform: asistco}"), `d:6: to[1].platform: there is no platform "asistco"; did you mean assistco?`},
		"unknown team":           {edit(directive, "assistco/front-desk", "assistco/night"), `d:6: to[0].team: There is no team "assistco/night".`},
		"no patient":             {edit(directive, "Patient/17", "17"), "d:4: patient: Name the patient as the EMR does"},
		"no resource":            {edit(directive, "Task/9", "Patient/9"), "d:5: resources[1]: "},
		"empty list":             {edit(directive, `["DocumentReference?category=psychiatry", Task/9]`, "[]"), "d:5: resources: This list is empty"},
		"over":                   {edit(directive, "until: 2027-02-28", "until: 2026-11-01\n# "), "d:7: from: The directive ends"},
		"guardrail of no clinic": {edit(guardrail, "name:", "clinic: oak\nname:"), `d:2: clinic: there is no clinic "oak"`},
		"guardrail of nothing":   {edit(edit(guardrail, `never: ["DocumentReference?category=psychiatry"]`, ""), "networks: [203.0.113.0/24]", ""), "d:1: Say what it forbids"},
		"guardrail's network":    {edit(guardrail, "203.0.113.0/24", "here"), `d:4: networks[0]: "here" is not a network`},
		"guardrail's name":       {edit(guardrail, "canada-only", "Canada"), "d:2: name: "},
	} {
		t.Run(name, func(t *testing.T) {
			others := parseAll(t, clinic+"---\n"+platform)
			docs, err := Parse("d", []byte(c.text))
			if err == nil {
				err = Check(docs, others, now)
			}
			if err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("got:\n%v\nwant:\n%s", err, c.want)
			}
		})
	}
}

func TestATeamThatADirectiveLocksOutIsKept(t *testing.T) {
	applied := parseAll(t, directive+"---\n"+clinic+"---\n"+platform)
	without := parseAll(t, clinic[:strings.Index(clinic, "teams:")])
	err := Check(without, applied, now)
	if err == nil || !strings.Contains(err.Error(), "has no assistco/front-desk, and the directive lock-1 locks that team out") {
		t.Errorf("dropping the team: %v", err)
	}
}
