package policy

import (
	"strings"
	"testing"

	"vestibule/fhir"
)

func blanks() Blanks {
	return Blanks{
		Clinic: "maple", To: To{User: "https://id.example|amara"}, Until: "2027-02-22",
		Practitioner: "Practitioner/42", Owner: "Organization/front-desk", Category: "https://emr.example/kinds?a&b|re+ferral",
	}
}

// filled is the Set of one template, as it comes.
func filled(t *testing.T, name string, b Blanks) *Set {
	t.Helper()
	template, err := TemplateNamed(name)
	if err != nil {
		t.Fatal(err)
	}
	g, err := template.Grant(b)
	if err != nil {
		t.Fatal(err)
	}
	if mistakes := Check(g, contextOf(t)); len(mistakes) > 0 {
		t.Fatalf("%s: %v", name, mistakes)
	}
	return compiled(t, g)
}

func TestEveryTemplateIsAGoodGrantWithNothingToAdvise(t *testing.T) {
	for _, template := range Templates() {
		s := filled(t, template.Name, blanks())
		g := s.all[0].src
		for _, e := range Advise(g, contextOf(t)) {
			t.Errorf("%s: %v", template.Name, e)
		}
		if template.Means == "" || g.Because == "" || !strings.HasPrefix(g.Name, template.Name+"-") || !strings.HasSuffix(g.Name, "-amara") {
			t.Errorf("%+v", g)
		}
		for _, p := range g.Permissions {
			if strings.Contains(p.Scope, "DocumentReference.rs") != (template.Name == "read-referral-documents") {
				t.Errorf("%s gives %s", template.Name, p.Scope)
			}
		}
	}
	if _, err := TemplateNamed("everything"); err == nil || !strings.Contains(err.Error(), "there are book-and-move-appointments, ") {
		t.Errorf("%v", err)
	}
	if _, err := (Template{}).Grant(blanks()); err == nil {
		t.Error("the zero template is a grant")
	}
}

func TestATemplateSaysWhichBlankIsMissing(t *testing.T) {
	for _, template := range Templates() {
		for _, b := range []Blanks{{}, {Practitioner: "42", Owner: "Pharmacy/1", Category: " "}, {Practitioner: "Patient/42"}} {
			if _, err := template.Grant(b); err == nil || !strings.HasPrefix(err.Error(), template.Needs[0]+": say ") {
				t.Errorf("%s: %v", template.Name, err)
			}
		}
	}
}

func TestTwoGrantsOfATemplateHaveTwoNames(t *testing.T) {
	template := Templates()[0]
	names := map[string]bool{}
	for _, change := range []func(*Blanks){
		func(*Blanks) {}, func(b *Blanks) { b.Practitioner = "Practitioner/43" }, func(b *Blanks) { b.To.User = "https://id.example|Ben.O'Dea" },
		func(b *Blanks) { b.To = To{Team: "assistco/front-desk"} }, func(b *Blanks) { b.To = To{Platform: "assistco"} },
	} {
		b := blanks()
		change(&b)
		g, err := template.Grant(b)
		if err != nil || !validName(g.Name) || names[g.Name] {
			t.Errorf("%s: %v", g.Name, err)
		}
		names[g.Name] = true
	}
	b := blanks()
	b.Name, b.Because = "mine", "Says so"
	if g, err := template.Grant(b); err != nil || g.Name != "mine" || g.Because != "Says so" {
		t.Errorf("%+v %v", g, err)
	}
}

func TestABookerBooksMovesAndCancelsAndSeesNoReasons(t *testing.T) {
	s := filled(t, "book-and-move-appointments", blanks())
	before := appointment(t, "1", "42", "2026-11-26T09:00:00-05:00", `,"reasonCode":[{"text":"SECRET"}],"description":"SECRET"`)
	released, _ := permitted(t, s, ask(t, "GET Appointment/1")).Release(before)
	if got := text(released); strings.Contains(got, "SECRET") || strings.Contains(got, "interpreter") || !strings.Contains(got, "Élodie Tremblay") {
		t.Errorf("%s", got)
	}
	shown := resource(t, "%s", text(released))
	for to, want := range map[string]Code{"cancelled": CodeGranted, "fulfilled": CodeStatusNotGranted, "entered-in-error": CodeStatusNotGranted} {
		_, reasons := permitted(t, s, ask(t, "PUT Appointment/1")).Accept(before, edited(t, shown, `"booked"`, `"`+to+`"`))
		wantCode(t, reasons, want)
	}
	accepted, reasons := permitted(t, s, ask(t, "PUT Appointment/1")).Accept(before, edited(t, shown, "2026-11-26T09", "2026-11-27T10"))
	if accepted.IsZero() || !strings.Contains(string(accepted.Resource().Bytes()), "SECRET") {
		t.Errorf("%v", reasons)
	}
	fresh := `{"resourceType":"Appointment","status":"%s","start":"2026-11-26T09:00:00-05:00","participant":[{"actor":{"reference":"Practitioner/42"},"status":"accepted"}]}`
	_, reasons = permitted(t, s, ask(t, "POST Appointment")).Accept(fhir.Resource{}, resource(t, fresh, "booked"))
	wantCode(t, reasons, CodeGranted)
	_, reasons = permitted(t, s, ask(t, "POST Appointment")).Accept(fhir.Resource{}, resource(t, fresh, "arrived"))
	wantCode(t, reasons, CodeStatusNotGranted)
}

func TestAnInboxIsWorkedThroughAndNotGivenAway(t *testing.T) {
	s := filled(t, "handle-task-inbox", blanks())
	before := task(t, "7", "Organization/front-desk", `,"authoredOn":"2026-11-20T10:00:00Z","note":[{"text":"a"}]`)
	released, _ := permitted(t, s, ask(t, "GET Task?status=requested&_sort=-authored-on")).Release(before)
	shown := resource(t, "%s", text(released))
	for _, c := range []struct {
		old, new string
		want     Code
	}{
		{`"requested"`, `"accepted"`, CodeGranted},
		{`[{"text":"a"}]`, `[{"text":"a"},{"text":"called back"}]`, CodeGranted},
		{`"requested"`, `"completed"`, CodeStatusNotGranted},
		{"Organization/front-desk", "Practitioner/9", CodeElementNotWritable},
	} {
		_, reasons := permitted(t, s, ask(t, "PUT Task/7")).Accept(before, edited(t, shown, c.old, c.new))
		wantCode(t, reasons, c.want)
	}
	if s.Decide(ask(t, "POST Task")).Permitted() {
		t.Error("an inbox makes tasks")
	}
}

func TestWhoFilesDocumentsReadsNone(t *testing.T) {
	b := blanks()
	b.Category = "incoming"
	s := filled(t, "file-incoming-documents", b)
	proposed := document(t, "x", "incoming", "")
	d := permitted(t, s, ask(t, "POST DocumentReference"))
	accepted, reasons := d.Accept(fhir.Resource{}, proposed)
	if accepted.IsZero() {
		t.Fatal(reasons)
	}
	released, _ := d.Release(document(t, "77", "incoming", ""))
	if got := members(resource(t, "%s", text(released))); len(got) != 3 {
		t.Errorf("who files sees %v again", got)
	}
	for _, line := range []string{"GET DocumentReference/1", "GET DocumentReference", "PUT DocumentReference/1"} {
		if s.Decide(ask(t, line)).Permitted() {
			t.Errorf("%s is permitted", line)
		}
	}
	_, reasons = d.Accept(fhir.Resource{}, document(t, "x", "psychiatry", ""))
	wantCode(t, reasons, CodeWriteOutOfReach)
}

func TestWhoReadsReferralsReadsNothingElse(t *testing.T) {
	b := blanks()
	b.Category = "referral,consult"
	s := filled(t, "read-referral-documents", b)
	for more, want := range map[string]bool{`,"date":"2026-11-20T10:00:00Z"`: true, `,"date":"2026-01-20T10:00:00Z"`: false, "": false} {
		released, _ := permitted(t, s, ask(t, "GET DocumentReference/1")).Release(document(t, "1", "consult", more))
		if released.IsZero() == want || want && (!strings.Contains(text(released), `"data":"QQ=="`) || strings.Contains(text(released), "emr.example/doc")) {
			t.Errorf("%s: %s", more, text(released))
		}
	}
	released, _ := permitted(t, s, ask(t, "GET DocumentReference/1")).Release(document(t, "1", "psychiatry", `,"date":"2026-11-20T10:00:00Z"`))
	if !released.IsZero() {
		t.Error("another category is released")
	}
}
