package fhir

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestEveryKindHasAStatusAndAnIssueType(t *testing.T) {
	names := map[string]bool{}
	for k := range kindCount {
		row := kinds[k]
		if row.name == "" || row.status < 400 || row.status > 599 || row.issue == "" || names[row.name] {
			t.Errorf("kind %d is %+v", k, row)
		}
		names[row.name] = true
		if k.String() != row.name || k.Status() != row.status {
			t.Errorf("kind %d is %s, %d", k, k, k.Status())
		}
	}
	if beyond := kindCount + 5; beyond.Status() != 500 || beyond.String() != "internal" {
		t.Errorf("a kind nobody knows is %s, %d", beyond, beyond.Status())
	}
}

func TestAnErrorSaysWhatWhereAndWhyInThatOrder(t *testing.T) {
	cause := errors.New("socket closed")
	e := E("emr.Read", KindTimeout, "", "The EMR did not answer.").At("status").Because(cause)
	e.Ref = Ref{Type: "Task", ID: "secret-id"}
	if got, want := e.Error(), "emr.Read: Task: timeout: status: The EMR did not answer.: socket closed"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if !errors.Is(e, cause) || e.Reason() != "timeout" || E("", 0, "own-code", "").Reason() != "own-code" {
		t.Error("cause or code are lost")
	}
	wrapped := fmt.Errorf("while deciding: %w", e)
	if AsError(wrapped) != e || KindOf(wrapped) != KindTimeout || KindOf(cause) != KindInternal || AsError(cause).Err != cause {
		t.Error("a wrapped error is another one")
	}
}

func TestAnOutcomeTellsTheCallerAllButTheCause(t *testing.T) {
	e := E("emr.Read", KindUpstream, "emr-refused", "The EMR <refused> & said no.").At("Task.owner").Because(errors.New("password=hunter2"))
	out := resource(t, string(Outcome(e, "d-1")))
	for path, want := range map[string]string{
		"resourceType": "OperationOutcome", "id": "d-1", "issue.severity": "error", "issue.code": "transient", "issue.details.coding.system": ReasonSystem,
		"issue.details.coding.code": "emr-refused", "issue.details.text": "The EMR <refused> & said no.", "issue.expression": "Task.owner",
	} {
		for v := range out.Value().Path(path) {
			if v.Text() != want {
				t.Errorf("%s is %q, want %q", path, v.Text(), want)
			}
		}
	}
	if doc := string(out.Bytes()); strings.Contains(doc, "hunter2") || !strings.Contains(doc, "Decision d-1") || strings.Contains(doc, `\u003c`) {
		t.Errorf("outcome is %s", doc)
	}
	plain := string(Outcome(errors.New("secret"), ""))
	if strings.Contains(plain, "secret") || strings.Contains(plain, "diagnostics") || strings.Contains(plain, "expression") || !strings.Contains(plain, `"internal"`) {
		t.Errorf("outcome is %s", plain)
	}
}

func TestH13ReferencesAndIDsAreSafeInAPath(t *testing.T) {
	for s, want := range map[string]Ref{
		"Patient/1":                {Type: "Patient", ID: "1"},
		"Patient/a-b.C/_history/2": {Type: "Patient", ID: "a-b.C", Version: "2"},
	} {
		if got, ok := ParseRef(s); !ok || got != want || got.String() != s || got.IsZero() {
			t.Errorf("%s is %v, %v", s, got, ok)
		}
	}
	for _, s := range []string{"", "Patient", "Patient/", "/1", "patient/1", "Patient/..", "Patient/.", "Patient/1/", "Patient/1/2", "Patient/1/_history", "Patient/1/_history/", "Patient/1/_history/..",
		"#p", "urn:uuid:1", "https://x/Patient/1", "Patient//1", "Patient/a b", "Patient/a%2Fb", "Pat1ent/1", "Patient/" + strings.Repeat("x", 65), strings.Repeat("P", 65) + "/1", "Patient/é", "P@t/1", "P[t/1"} {
		if got, ok := ParseRef(s); ok || !got.IsZero() {
			t.Errorf("%q is %v", s, got)
		}
	}
	if (Ref{}).String() != "" || (Ref{Type: "Task"}).String() != "Task" {
		t.Error("nothing has a name")
	}
}
