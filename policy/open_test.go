package policy

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"vestibule/fhir"
)

// readers are grants over documents: what is known of referrals, and letters with their documents.
func readers() map[string]Grant {
	return map[string]Grant{
		"metadata": grantOf("filing", Permission{Scope: "user/DocumentReference.rs?category=referral", Elements: []string{"filing"}}),
		"content":  grantOf("letters", Permission{Scope: "user/DocumentReference.rs?category=letter", Content: true}),
		"sealed":   grantOf("sealed", Permission{Scope: "user/DocumentReference.r?category=letter", Elements: []string{"category"}, Content: true}),
	}
}

// readersOf compiles some of them; "both" is metadata and content.
func readersOf(t *testing.T, which string, denying Rules) *Set {
	t.Helper()
	denying.Grants = []Grant{readers()["metadata"], readers()["content"]}
	if which != "both" {
		denying.Grants = []Grant{readers()[which]}
	}
	s, err := Compile(maple(t), denying)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// documentHidden is a case of a document that is shown by what is known about it only.
func documentHidden(grants string) reasonCase {
	return reasonCase{CodeContentNotGranted, func(t *testing.T) ([]Reason, *fhir.Error) {
		d := readersOf(t, grants, Rules{}).Decide(ask(t, "GET Binary/1.0"))
		if d.Permitted() != (grants == "both") {
			t.Errorf("%s: Permitted() = %v", grants, d.Permitted())
		}
		released, reasons := d.Release(document(t, "1", "referral", ""))
		if !released.IsZero() || !released.Open([]byte("A")).IsZero() {
			t.Error("released")
		}
		heard := d.Refusal(reasons)
		if !strings.Contains(heard.Text, "content: true") || !strings.Contains(heard.Text, "filing") || strings.Contains(heard.Text, "letters") {
			t.Errorf("heard %q", heard.Text)
		}
		return reasons, heard
	}}
}

func TestADocumentIsOpenedByWhomItIsShown(t *testing.T) {
	letter := document(t, "1", "letter", `,"meta":{"versionId":"7"}`)
	for _, c := range []struct{ grants, media string }{{"content", "text/plain"}, {"both", "text/plain"}, {"sealed", fhir.MediaOctets}} {
		d := permitted(t, readersOf(t, c.grants, Rules{}), ask(t, "GET Binary/1.0"))
		released, reasons := d.Release(letter)
		wantCode(t, reasons, CodeGranted)
		o := released.Open([]byte("the bytes"))
		if released.Documents() != 1 || released.Media() != c.media || o.Media() != c.media || string(o.AppendBytes(nil)) != "the bytes" {
			t.Errorf("%s: %d documents, %q, %q", c.grants, released.Documents(), released.Media(), o.AppendBytes(nil))
		}
		if got := members(resource(t, "%s", text(released))); !slices.Equal(got, []string{"id", "meta", "resourceType"}) {
			t.Errorf("%s: beside the document %v would leave", c.grants, got)
		}
		var b map[string]any
		if err := json.Unmarshal(o.AppendBinary(nil), &b); err != nil {
			t.Fatal(err)
		}
		if b["resourceType"] != "Binary" || b["id"] != "1.0" || b["data"] != "dGhlIGJ5dGVz" || b["contentType"] != c.media {
			t.Errorf("%s: %v", c.grants, b)
		}
		if text := string(o.AppendBinary(nil)); !strings.Contains(text, `"securityContext":{"reference":"DocumentReference/1"}`) || !strings.Contains(text, `"versionId":"7"`) {
			t.Errorf("%s: %s", c.grants, text)
		}
	}
}

// What is released for anything but opening opens nothing, and the zero values hold nothing.
func TestOnlyARequestToOpenADocumentOpensOne(t *testing.T) {
	s := readersOf(t, "content", Rules{})
	for _, line := range []string{"GET DocumentReference/1", "GET DocumentReference?category=letter"} {
		released, _ := permitted(t, s, ask(t, line)).Release(document(t, "1", "letter", ""))
		if o := released.Open([]byte("x")); released.IsZero() || !o.IsZero() || o.AppendBinary(nil) != nil || o.AppendBytes(nil) != nil || released.Media() != "" || released.Documents() != 1 {
			t.Errorf("%s: %+v", line, o)
		}
	}
	if o := (Released{}).Open([]byte("x")); !o.IsZero() || o.AppendBinary(nil) != nil || o.AppendBytes(nil) != nil {
		t.Errorf("of nothing: %+v", o)
	}
	if released, _ := (Decision{}).Release(document(t, "1", "letter", "")); !released.Open([]byte("x")).IsZero() {
		t.Error("by the zero Decision")
	}
	for _, in := range []fhir.Interaction{
		{Kind: fhir.InteractionSearch, Type: "DocumentReference", Query: fhir.NewQuery("DocumentReference"), Opens: true},
		{Kind: fhir.InteractionRead, Type: "Appointment", ID: "1", Opens: true},
		{Kind: fhir.InteractionUpdate, Type: "DocumentReference", ID: "1", Opens: true},
		{Kind: fhir.InteractionRead, Type: "DocumentReference", ID: "1", Opens: true, Attachment: -1},
	} {
		req := ask(t, "GET Binary/1.0")
		req.Interaction = in
		if d := s.Decide(req); d.Permitted() || d.Reasons()[0].Code != CodeIncomplete {
			t.Errorf("%+v: %v", in, d.Reasons())
		}
	}
}

// Hazard H9: to who may open documents, one that is unknown, labelled, locked, kept from everybody or out of reach is not there, in
// the same words.
func TestH9HiddenDocumentsAreNotOpenedInTheSameWords(t *testing.T) {
	denying := Rules{Directives: []Directive{{Clinic: "maple", Name: "lock", Patient: "Patient/p2", Resources: []string{"DocumentReference?status=superseded"}, Because: "Asked for"}},
		Guardrails: []Guardrail{{Name: "rail", Never: []string{"DocumentReference?type=secret"}, Because: "A rule"}}}
	d := permitted(t, readersOf(t, "both", denying), ask(t, "GET Binary/1.0"))
	want := d.NotFound().Error()
	for code, r := range map[Code]fhir.Resource{
		CodeWrongAnswer:     {},
		CodeOutOfReach:      document(t, "1", "lab", ""),
		CodeRestrictedLabel: document(t, "1", "letter", `,"securityLabel":[{"coding":[{"code":"R"}]}]`),
		CodeGuardrail:       document(t, "1", "letter", `,"type":{"coding":[{"code":"secret"}]}`),
		CodeLocked:          edited(t, document(t, "1", "letter", ""), `"current"`, `"superseded"`),
	} {
		released, reasons := d.Release(r)
		wantCode(t, reasons, code)
		if heard := d.Refusal(reasons); !released.IsZero() || heard.Error() != want || heard.Kind != fhir.KindNotFound {
			t.Errorf("%s: %v\nwant %s", code, heard, want)
		}
	}
	if !strings.Contains(want, "no Binary with that id") || !strings.Contains(want, "category=letter") || strings.Contains(want, "referral") {
		t.Errorf("it says %s", want)
	}
}

func TestTheTokenNarrowsWhatIsOpened(t *testing.T) {
	s := readersOf(t, "content", Rules{})
	for scope, want := range map[string]Code{
		"user/DocumentReference.r":                 CodeGranted,
		"user/DocumentReference.rs?status=current": CodeGranted,
		"user/DocumentReference.r?status=entered":  CodeOutsideScope,
		"user/Binary.r":                            CodeScopeMissing,
		"user/DocumentReference.s":                 CodeScopeMissing,
	} {
		req := ask(t, "GET Binary/1.0")
		req.Caller.Scopes = []string{scope}
		d := s.Decide(req)
		released, reasons := d.Release(document(t, "1", "letter", ""))
		if wantCode(t, reasons, want); released.IsZero() == (want == CodeGranted) {
			t.Errorf("%s: %v", scope, codesOf(reasons))
		}
	}
}

func TestEffectiveSaysWhoMayOpenDocuments(t *testing.T) {
	for grants, want := range map[string]bool{"metadata": false, "content": true, "both": true} {
		got := readersOf(t, grants, Rules{}).Effective(amara(t), wednesday(t))
		if len(got) != 1 || got[0].Opens != want {
			t.Errorf("%s: %+v", grants, got)
		}
	}
	searches := grantOf("searches", Permission{Scope: "user/DocumentReference.s", Content: true})
	if got := compiled(t, searches).Effective(amara(t), wednesday(t)); len(got) != 1 || got[0].Opens {
		t.Errorf("a search opens nothing by itself: %+v", got)
	}
}
