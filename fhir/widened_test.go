package fhir

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	models "github.com/samply/golang-fhir-models/fhir-models/fhir"
)

// examples are the made-up resources in testdata/r4, by file name.
func examples(t *testing.T) map[string]Resource {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "testdata", "r4", "*.json"))
	if err != nil || len(paths) < 6 {
		t.Fatalf("%d examples, %v", len(paths), err)
	}
	out := map[string]Resource{}
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		out[filepath.Base(p)] = resource(t, string(b))
	}
	return out
}

// rebuilt is r through its widened type and back.
func rebuilt(t *testing.T, r Resource) Resource {
	t.Helper()
	build := func(v interface{ Resource() (Resource, error) }, err error) Resource {
		if err != nil {
			t.Fatalf("%s: %v", r.Ref(), err)
		}
		out, err := v.Resource()
		if err != nil {
			t.Fatalf("%s: %v", r.Ref(), err)
		}
		return out
	}
	switch r.Type() {
	case "Appointment":
		v, err := AppointmentOf(r)
		return build(v, err)
	case "Task":
		v, err := TaskOf(r)
		return build(v, err)
	}
	v, err := DocumentReferenceOf(r)
	return build(v, err)
}

func TestTheWidenedTypesLoseNothingAndInventNothing(t *testing.T) {
	all := examples(t)
	all["generated appointment"] = resource(t, appointmentJSON(1))
	all["generated task"] = resource(t, taskJSON(1))
	all["generated document"] = resource(t, documentJSON(1))
	for name, r := range all {
		t.Run(name, func(t *testing.T) {
			if out := rebuilt(t, r); !equal(r.Value(), out.Value()) {
				var before, after []leaf
				leaves(r.Value(), "", &before)
				leaves(out.Value(), "", &after)
				t.Errorf("it became %s\n%s", out.Bytes(), cmp.Diff(before, after, cmp.AllowUnexported(leaf{})))
			}
		})
	}
}

// The reason for the widened types: samply's own lose or refuse most of the examples.
func TestSamplysOwnTypesDoNotHoldTheExamples(t *testing.T) {
	lost := 0
	for _, r := range examples(t) {
		var err error
		var out []byte
		switch r.Type() {
		case "Appointment":
			var v models.Appointment
			err = json.Unmarshal(r.Bytes(), &v)
			out, _ = json.Marshal(v)
		case "Task":
			var v models.Task
			err = json.Unmarshal(r.Bytes(), &v)
			out, _ = json.Marshal(v)
		default:
			var v models.DocumentReference
			err = json.Unmarshal(r.Bytes(), &v)
			out, _ = json.Marshal(v)
		}
		if err != nil || !equal(r.Value(), resource(t, string(out)).Value()) {
			lost++
		}
	}
	if lost < 5 {
		t.Errorf("samply lost only %d of the examples: the widened types may have become unnecessary", lost)
	}
}

func TestH36DecimalsKeepTheirLastDigit(t *testing.T) {
	task := examples(t)["task-inputs.json"]
	kept := func(r Resource) (out []string) {
		for _, path := range []string{"extension.valueDecimal", "input.valueDecimal", "input.valueQuantity.value", "input.valueTiming.repeat.period"} {
			for v := range r.Value().Path(path) {
				out = append(out, string(v.Raw()))
			}
		}
		return out
	}
	want := []string{"1.50", "5.10", "5.00", "1.0"}
	e, err := NewElements("Task", "extension", "input", "status")
	if err != nil {
		t.Fatal(err)
	}
	cut := task.Cut(e)
	shown := resource(t, string(cut.AppendTo(nil)))
	merge, err := task.Merge(resource(t, `{"resourceType":"Task","id":"inputs","status":"completed","extension":`+string(shown.Value().Get("extension").Raw())+`,"input":`+string(shown.Value().Get("input").Raw())+`}`), e)
	if err != nil {
		t.Fatal(err)
	}
	set := entriesOf(t, Searchset{ID: "s", Base: "https://gate.example/maple", Total: -1, Entries: []Cut{cut}}.AppendTo(nil))
	for way, r := range map[string]Resource{"received": task, "rebuilt": rebuilt(t, task), "cut": shown, "merged": merge.Resource, "in a page": set[0].Resource} {
		if diff := cmp.Diff(want, kept(r)); diff != "" {
			t.Errorf("%s: %s", way, diff)
		}
	}
}

func TestH11TheTypedViewReadsTheNamesThatTheChecksRead(t *testing.T) {
	v, err := AppointmentOf(resource(t, `{"resourceType":"Appointment","id":"1","status":"booked","STATUS":"cancelled","Start":"2026-01-01"}`))
	if err != nil || *v.Status != "booked" || v.Start != nil || string(v.More["STATUS"]) != `"cancelled"` {
		t.Errorf("%+v, %v", v, err)
	}
}

func TestAnAdapterBuildsWithTypes(t *testing.T) {
	text := func(s string) *string { return &s }
	a := Appointment{Status: text("booked"), Participant: []AppointmentParticipant{{
		AppointmentParticipant: models.AppointmentParticipant{Actor: &models.Reference{Reference: text("Patient/1")}}, Status: text("accepted")}}}
	a.Id, a.Start = text("7"), text("2026-11-02T09:00:00-05:00")
	r, err := a.Resource()
	if err != nil {
		t.Fatal(err)
	}
	want := `{"resourceType":"Appointment","id":"7","start":"2026-11-02T09:00:00-05:00","status":"booked","participant":[{"actor":{"reference":"Patient/1"},"status":"accepted"}]}`
	if !equal(r.Value(), parsed(t, want)) {
		t.Errorf("built %s", r.Bytes())
	}
	empty := map[string]json.Marshaler{`{"resourceType":"Appointment"}`: Appointment{}, `{"resourceType":"Task"}`: Task{}, `{"resourceType":"DocumentReference"}`: DocumentReference{}}
	for want, v := range empty {
		if b, err := json.Marshal(v); err != nil || string(b) != want {
			t.Errorf("nothing becomes %s, %v; want %s", b, err, want)
		}
	}
	broken := Task{More: map[string]json.RawMessage{"x": json.RawMessage(`{`)}}
	if _, err := broken.Resource(); err == nil {
		t.Error("a fragment was built")
	}
	if _, err := (Task{Status: text("\xff")}).Resource(); err == nil {
		t.Error("text that is not UTF-8 was built")
	}
}

func TestAViewOfAnotherTypeOrFormIsRefused(t *testing.T) {
	if _, err := TaskOf(resource(t, appointmentJSON(1))); err == nil || AsError(err).Reason() != "wrong-type" {
		t.Errorf("another type: %v", err)
	}
	for _, doc := range []string{`{"resourceType":"Task","status":["x"]}`, `{"resourceType":"Task","extension":[{"url":"u","valueDecimal":"1"}]}`, `{"resourceType":"Task","note":"Tremblay"}`} {
		v, err := TaskOf(resource(t, doc))
		if err == nil || AsError(err).Reason() != "not-conforming" || v.Status != nil {
			t.Errorf("%s: %v", doc, err)
		}
	}
}
