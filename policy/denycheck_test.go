package policy

import (
	"slices"
	"strings"
	"testing"

	"vestibule/fhir"
)

func TestTheMistakesOfDirectivesAndGuardrailsAreNamed(t *testing.T) {
	right := Directive{Clinic: "maple", Name: "lock", Patient: "Patient/17", Because: "x"}
	with := func(change func(*Directive)) Directive { d := right; change(&d); return d }
	ctx := Context{Clinic: maple(t), Now: wednesday(t)}
	for name, c := range map[string]struct {
		d     Directive
		paths []string
	}{
		"right":               {right, nil},
		"nothing at all":      {Directive{}, []string{"name", "because", "clinic", "patient"}},
		"another clinic":      {with(func(d *Directive) { d.Clinic = "oak" }), []string{"clinic"}},
		"no patient":          {with(func(d *Directive) { d.Patient = "Practitioner/17" }), []string{"patient"}},
		"a patient's version": {with(func(d *Directive) { d.Patient = "Patient/17/_history/2" }), []string{"patient"}},
		"empty lists":         {with(func(d *Directive) { d.Resources, d.To = []string{}, []Whom{} }), []string{"resources", "to"}},
		"resources": {with(func(d *Directive) {
			d.Resources = []string{"Task", "Patient", "Task/..", "Task/9?status=x", "Task?", "Task?colour=red", "Task"}
		}), []string{"resources[1]", "resources[2]", "resources[3]", "resources[4]", "resources[5]", "resources[6]"}},
		"to": {with(func(d *Directive) {
			d.To = []Whom{{}, {User: "amara"}, {User: "https://id.example|amara", Platform: "x"}, {Team: "front-desk"}, {Team: "assistco/night"}}
		}), []string{"to[0]", "to[1].user", "to[2]", "to[3].team", "to[3].team", "to[4].team"}},
		"no dates":         {with(func(d *Directive) { d.From, d.Until = "tomorrow", "2027-02-30" }), []string{"from", "until"}},
		"dates in reverse": {with(func(d *Directive) { d.From, d.Until = "2027-03-01", "2027-02-01" }), []string{"from"}},
		"over":             {with(func(d *Directive) { d.Until = "2026-11-24" }), []string{"until"}},
		"its last day":     {with(func(d *Directive) { d.Until = "2026-11-25" }), nil},
	} {
		if got := pathsOf(CheckDirective(c.d, ctx)); !slices.Equal(got, c.paths) {
			t.Errorf("%s: mistakes at %q, want %q", name, got, c.paths)
		}
	}
	if _, err := Compile(maple(t), Rules{Directives: []Directive{{}}}); err == nil || !strings.Contains(err.Error(), "patient: ") {
		t.Errorf("Compile takes a directive that says nothing: %v", err)
	}
	for name, c := range map[string]struct {
		g     Guardrail
		paths []string
	}{
		"right":          {Guardrail{Name: "rail", Never: []string{"Task"}, Networks: []string{"203.0.113.0/24"}, Because: "x"}, nil},
		"nothing at all": {Guardrail{}, []string{"name", "because", ""}},
		"another clinic": {Guardrail{Clinic: "oak", Name: "rail", Never: []string{"Task"}, Because: "x"}, []string{"clinic"}},
		"empty lists":    {Guardrail{Name: "rail", Never: []string{}, Networks: []string{}, Because: "x"}, []string{"", "never", "networks"}},
		"networks":       {Guardrail{Name: "rail", Networks: []string{"here", "0.0.0.0/0", "203.0.113.1/24"}, Because: "x"}, []string{"networks[0]", "networks[1]", "networks[2]"}},
	} {
		if got := pathsOf(CheckGuardrail(c.g, ctx)); !slices.Equal(got, c.paths) {
			t.Errorf("%s: mistakes at %q, want %q", name, got, c.paths)
		}
	}
	if _, err := Compile(maple(t), Rules{Guardrails: []Guardrail{{}}}); err == nil {
		t.Error("Compile takes a guardrail that says nothing")
	}
	for _, got := range [][]*fhir.Error{CheckDirective(right, Context{}), CheckGuardrail(Guardrail{Name: "rail", Never: []string{"Task"}, Because: "x"}, Context{})} {
		if paths := pathsOf(got); !slices.Equal(paths, []string{"clinic"}) {
			t.Errorf("without a clinic: %q", paths)
		}
	}
}

func pathsOf(mistakes []*fhir.Error) (out []string) {
	for _, e := range mistakes {
		out = append(out, e.Path)
	}
	return out
}
