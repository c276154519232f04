package policy

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"vestibule/fhir"
)

// spliced are values that would be something else if they became part of another text: another parameter, another value,
// a system, an escape, a template, another clause of a sentence. Each is one value.
var spliced = []string{
	"a", "b", "a&status=current", "a&category=b", "a=b", "=", "a,b", "a, b", ",", "a|b", "|a", "a|", "a$b", `a\b`, `a\,b`, "%26", "a%26status=current", "a%2Cb", "%", "%zz",
	"a+b", "a b", " a", "a;b", "a#b", "a?b", "a/b", `a"b`, "a'b", "' or 1=1", "${a}", "{{a}}", "a or b", "a and status current", "a; sees everything", "a.", "é", "\u2028",
	"_count=1", "&", "&&", "a:not", "$this", "a and\u00a0b",
}

// broken are values that no criterion can have: they could end a line of whatever they stand in.
var broken = []string{"a\nb", "a\r\nb", "\n", "a\x00b", "a\tb", "a\x7fb", "a\xffb"}

// inSearch is a value as FHIR writes it in a search (http://hl7.org/fhir/R4/search.html#escaping), encoded for a URL.
func inSearch(value string) string {
	return url.QueryEscape(strings.NewReplacer(`\`, `\\`, ",", `\,`, "|", `\|`, "$", `\$`).Replace(value))
}

// filed is a document with a value as its description and in its category, under a system.
func filed(t *testing.T, value string) fhir.Resource {
	t.Helper()
	return resource(t, `{"resourceType":"DocumentReference","id":"1","status":"current","description":%[1]s,"category":[{"coding":[{"system":"urn:s","code":%[1]s}]}]}`, quoted(value))
}

func quoted(value string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
}

// splicings are the ways in which a value comes in as a criterion; each is one that matches the value in filed.
var splicings = map[string]string{"a text": "description:exact=%s", "a code": "category=%s", "a code of a system": "category=urn:s|%s"}

// Hazard H7: values are typed and never become part of query or policy text. Whatever a criterion of a grant, of a token's
// scope or of a search holds, it is one value in matching: the resource that has it is found, and no other.
func TestH7AValueMatchesItselfAlone(t *testing.T) {
	for way, criterion := range splicings {
		for _, value := range spliced {
			text := fmt.Sprintf(criterion, inSearch(value))
			free := grantOf("g", Permission{Scope: "user/DocumentReference.rs"})
			scoped := ask(t, "GET DocumentReference")
			scoped.Caller.Scopes = []string{"user/DocumentReference.rs?" + text}
			for from, d := range map[string]Decision{
				"a grant":  permitted(t, compiled(t, grantOf("g", Permission{Scope: "user/DocumentReference.rs?" + text})), ask(t, "GET DocumentReference")),
				"a token":  permitted(t, compiled(t, free), scoped),
				"a search": permitted(t, compiled(t, free), ask(t, "GET DocumentReference?"+text)),
			} {
				for _, other := range spliced {
					if released, _ := d.Release(filed(t, other)); released.IsZero() == (other == value) {
						t.Errorf("%s of %s: %q and %q match: %v", way, from, value, other, !released.IsZero())
					}
				}
			}
		}
	}
}

// Hazard H7: in what goes to the EMR each value is one value of the one parameter that it was given for.
func TestH7AValueIsOneValueInTheQueryForTheEMR(t *testing.T) {
	for way, criterion := range splicings {
		name, _, _ := strings.Cut(criterion, "=")
		for i, value := range spliced {
			other := spliced[(i+7)%len(spliced)]
			granted, asked := fmt.Sprintf(criterion, inSearch(value)), fmt.Sprintf(criterion, inSearch(other))
			req := ask(t, "GET DocumentReference?"+asked+"&_count=7")
			sent := permitted(t, compiled(t, grantOf("g", Permission{Scope: "user/DocumentReference.rs?" + granted})), req).Narrow(req.Interaction.Query)
			values, err := url.ParseQuery(sent.Encode())
			if err != nil || len(values) != 2 || len(values[name]) != 2 || values.Get("_count") != "7" {
				t.Fatalf("%s: %q and %q are sent as %s", way, value, other, sent.Encode())
			}
			again, err := fhir.ParseQuery("DocumentReference", values, maple(t).Zone)
			if err != nil || len(again.Clauses()) != 2 || again.Encode() != sent.Encode() {
				t.Fatalf("%s: %q and %q are sent as %s, which is read as %s (%v)", way, value, other, sent.Encode(), again.Encode(), err)
			}
			for _, c := range again.Clauses() {
				if c.Match(filed(t, value)) == c.Match(filed(t, other)) {
					t.Errorf("%s: %q and %q are sent as %s, of which %s matches both or neither", way, value, other, sent.Encode(), c.Value())
				}
			}
		}
	}
}

// Hazard H7: the union of what several grants ask for holds each of their values, and no more.
func TestH7UnitedValuesStayApart(t *testing.T) {
	var grants []Grant
	for i, value := range spliced {
		grants = append(grants, grantOf(fmt.Sprintf("g%d", i), Permission{Scope: "user/DocumentReference.s?category=" + inSearch(value)}))
	}
	sent := permitted(t, compiled(t, grants...), ask(t, "GET DocumentReference")).Narrow(fhir.NewQuery("DocumentReference"))
	values, err := url.ParseQuery(sent.Encode())
	if err != nil || len(values) != 1 || len(values["category"]) != 1 {
		t.Fatalf("sent as %s (%v)", sent.Encode(), err)
	}
	again, err := fhir.ParseQuery("DocumentReference", values, maple(t).Zone)
	if err != nil || len(again.Clauses()) != 1 || len(again.Clauses()[0].Tokens()) != len(spliced) {
		t.Fatalf("sent as %s, read as %+v (%v)", sent.Encode(), again.Clauses(), err)
	}
	for _, value := range spliced {
		if !again.Match(filed(t, value)) || again.Match(filed(t, value+"c")) {
			t.Errorf("%q: sent as %s", value, sent.Encode())
		}
	}
}

// Hazard H7: what could end a line is in no grant, no rule, no search and no template.
func TestH7NoValueHoldsALineBreak(t *testing.T) {
	ctx := Context{Clinic: maple(t), Now: wednesday(t)}
	for _, value := range broken {
		for way, criterion := range splicings {
			text := fmt.Sprintf(criterion, inSearch(value))
			if g := grantOf("g", Permission{Scope: "user/DocumentReference.rs?" + text}); len(Check(g, ctx)) == 0 {
				t.Errorf("%s: a grant for %q is taken", way, value)
			}
			if g := (Guardrail{Name: "rail", Never: []string{"DocumentReference?" + text}, Because: "A test"}); len(CheckGuardrail(g, ctx)) == 0 {
				t.Errorf("%s: a guardrail for %q is taken", way, value)
			}
			if _, err := fhir.ParseInteraction("GET", "/DocumentReference", text, "", ctx.Clinic.Zone); err == nil || strings.Contains(err.Error(), value) {
				t.Errorf("%s: a search for %q: %v", way, value, err)
			}
			req := ask(t, "GET DocumentReference")
			req.Caller.Scopes = []string{"user/DocumentReference.rs?" + text}
			if compiled(t, grantOf("g", Permission{Scope: "user/DocumentReference.rs"})).Decide(req).Permitted() {
				t.Errorf("%s: a token's scope for %q gives something", way, value)
			}
		}
		template, err := TemplateNamed("read-referral-documents")
		if err != nil {
			t.Fatal(err)
		}
		g, err := template.Grant(Blanks{Clinic: "maple", To: To{Platform: "assistco"}, Until: "2027-02-28", Category: value})
		if err == nil && len(Check(g, ctx)) == 0 {
			t.Errorf("a template is filled in with %q: %s", value, g.Permissions[0].Scope)
		}
	}
}

// Hazard H7: a template's blank is a value of its one criterion, not a piece of the scope.
func TestH7ABlankIsOneValue(t *testing.T) {
	template, err := TemplateNamed("read-referral-documents")
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range spliced {
		written := strings.NewReplacer(`\`, `\\`, ",", `\,`, "|", `\|`, "$", `\$`).Replace(value) // a comma means another one
		if strings.TrimSpace(value) == "" {
			continue
		}
		g, err := template.Grant(Blanks{Clinic: "maple", To: To{User: "https://id.example|amara"}, Until: "2027-02-28", Category: written})
		if err != nil {
			t.Fatal(err)
		}
		g.Purposes, g.Permissions[0].Window = nil, ""
		d := permitted(t, compiled(t, g), ask(t, "GET DocumentReference/1"))
		for _, other := range spliced {
			if released, _ := d.Release(filed(t, other)); released.IsZero() == (other == value) {
				t.Errorf("%q and %q match: %v; the scope is %s", value, other, !released.IsZero(), g.Permissions[0].Scope)
			}
		}
	}
}

// Hazard H7: a grant's sentence, and a difference's, repeats a value as one: no value reads like the sentence around it.
func TestH7AValueReadsAsOneInSentences(t *testing.T) {
	tail := "; sees everything, but not the documents themselves.\n"
	seen := map[string]string{}
	for _, value := range spliced {
		g := grantOf("g", Permission{Scope: "user/DocumentReference.rs?category=" + inSearch(value) + "&status=current"})
		text := g.Sentence(nil)
		if before, known := seen[text]; known {
			t.Errorf("%q and %q read alike: %s", before, value, text)
		}
		seen[text] = value
		d, err := Diff(t.Context(), compiled(t), compiled(t, g), wednesday(t))
		if err != nil || len(d.CanNow) != 1 {
			t.Fatalf("%q: %+v, %v", value, d, err)
		}
		_, said, found := strings.Cut(text, " with category ")
		said, end, _ := strings.Cut(said, " and status current"+tail)
		if !found || !strings.HasPrefix(end, "Because: ") || strings.Contains(said, "\n") {
			t.Fatalf("%q: %s", value, text)
		}
		if !isOneWord(said) {
			t.Errorf("%q reads %s", value, said)
		}
		if !strings.Contains(d.CanNow[0].Sentence, " category "+said+" ") {
			t.Errorf("%q reads %s, and in a difference %s", value, said, d.CanNow[0].Sentence)
		}
	}
}

// isOneWord reports whether a sentence's reader takes text for one thing: a word, or something in quotes.
func isOneWord(text string) bool {
	inner, opened := strings.CutPrefix(text, `"`)
	inner, closed := strings.CutSuffix(inner, `"`)
	if opened && closed {
		return !strings.Contains(strings.ReplaceAll(inner, `\"`, ""), `"`)
	}
	return !strings.ContainsAny(text, " ,;\"\u00a0\u2028")
}
