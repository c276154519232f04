package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vestibule/fhir"
)

// consent is a made-up active Consent with that provision; change replaces parts of its text.
func consent(t testing.TB, provision string, change ...string) fhir.Value {
	t.Helper()
	text := `{"resourceType":"Consent","id":"c-1","meta":{"versionId":"3"},"text":{"status":"generated"},"status":"active",
		"scope":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"patient-privacy"}]},
		"category":[{"coding":[{"system":"http://loinc.org","code":"59284-0"}]}],"patient":{"reference":"Patient/p2"},"dateTime":"2026-11-20",
		"policyRule":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"OPTIN"}]},"provision":` + provision + `}`
	text = strings.NewReplacer(change...).Replace(text)
	v, err := fhir.Parse([]byte(text), fhir.Limits{})
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

func consentOptions(t testing.TB) ConsentOptions {
	return ConsentOptions{Clinic: maple(t), Now: wednesday(t), Issuers: []string{"https://id.example"},
		Actors: map[string]Whom{"Organization/f001": {Platform: "assistco"}, "urn:npi|9": {User: "https://id.example|chloe"}}}
}

// recipient is an actor who would receive.
func recipient(reference string) string {
	return `{"role":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ParticipationType","code":"PRCP"}]},"reference":` + reference + `}`
}

func TestAConsentsDenialsBecomeDirectives(t *testing.T) {
	directive := func(change func(*Directive)) []Directive {
		d := Directive{Clinic: "maple", Name: "consent-c-1", Patient: "Patient/p2", Because: "Consent/c-1, given 2026-11-20"}
		change(&d)
		return []Directive{d}
	}
	for name, c := range map[string]struct {
		provision string
		want      []Directive
	}{
		"everything from everybody": {`{"type":"deny"}`, directive(func(d *Directive) {})},
		"an organization":           {`{"type":"deny","actor":[` + recipient(`{"reference":"Organization/f001","display":"AssistCo"}`) + `]}`, directive(func(d *Directive) { d.To = []Whom{{Platform: "assistco"}} })},
		"people, platforms, teams": {`{"type":"deny","actor":[` + strings.Join([]string{
			recipient(`{"identifier":{"system":"https://id.example","value":"amara"}}`), recipient(`{"identifier":{"system":"urn:npi","value":"9"}}`),
			recipient(`{"identifier":{"system":"urn:vestibule:platform","value":"assistco"}}`), recipient(`{"reference":"Organization/f001"}`),
			strings.Replace(recipient(`{"identifier":{"system":"urn:vestibule:team","value":"assistco/front-desk"}}`), "PRCP", "IRCP", 1)}, ",") + `]}`,
			directive(func(d *Directive) {
				d.To = []Whom{{User: "https://id.example|amara"}, {User: "https://id.example|chloe"}, {Platform: "assistco"}, {Team: "assistco/front-desk"}}
			})},
		"reading and changing": {`{"type":"deny","action":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentaction","code":"access"}]},
			{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentaction","code":"correct"}]}]}`, directive(func(d *Directive) {})},
		"types": {`{"type":"deny","class":[{"system":"http://hl7.org/fhir/resource-types","code":"Task"},{"system":"http://hl7.org/fhir/resource-types","code":"Observation"}]}`,
			directive(func(d *Directive) { d.Resources = []string{"Task"} })},
		"resources": {`{"type":"deny","data":[{"meaning":"instance","reference":{"reference":"Task/9"}},{"meaning":"instance","reference":{"reference":"Observation/3"}}]}`,
			directive(func(d *Directive) { d.Resources = []string{"Task/9"} })},
		"a kind of document": {`{"type":"deny","class":[{"system":"http://hl7.org/fhir/resource-types","code":"DocumentReference"}],
			"code":[{"coding":[{"system":"http://loinc.org","code":"34117-2"},{"system":"http://emr.example/a&b","code":"psy,1"}]}]}`,
			directive(func(d *Directive) {
				for _, param := range []string{"category", "event", "facility", "format", "setting", "type"} {
					d.Resources = append(d.Resources, "DocumentReference?"+param+`=http://loinc.org|34117-2,http://emr.example/a%26b|psy\,1`)
				}
			})},
		"what is labelled": {`{"type":"deny","securityLabel":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"SUD"}]}`,
			directive(func(d *Directive) {
				const codes = "http://terminology.hl7.org/CodeSystem/v3-ActCode|SUD,http://terminology.hl7.org/CodeSystem/v3-ActCode|ETHUD,http://terminology.hl7.org/CodeSystem/v3-ActCode|OPIOIDUD"
				d.Resources = []string{"Appointment?_security=" + codes, "DocumentReference?_security=" + codes, "DocumentReference?security-label=" + codes, "Task?_security=" + codes}
			})},
		"days":           {`{"type":"deny","period":{"start":"2026-11-20","end":"2027-11-30"}}`, directive(func(d *Directive) { d.From, d.Until = "2026-11-20", "2027-11-30" })},
		"months":         {`{"type":"deny","period":{"start":"2026-11","end":"2027-02"}}`, directive(func(d *Directive) { d.From, d.Until = "2026-11-01", "2027-02-28" })},
		"years":          {`{"type":"deny","period":{"start":"2026","end":"2027"}}`, directive(func(d *Directive) { d.From, d.Until = "2026-01-01", "2027-12-31" })},
		"moments":        {`{"type":"deny","period":{"start":"2026-11-20T05:00:00Z","end":"2027-11-30T23:59:59-05:00"}}`, directive(func(d *Directive) { d.From, d.Until = "2026-11-20", "2027-11-30" })},
		"below a permit": {`{"type":"permit","period":{"start":"2026-11-20","end":"2027"},"provision":[{"type":"permit","purpose":[{"code":"TREAT"}]},{"type":"deny","period":{"start":"2026-12-01"}}]}`, directive(func(d *Directive) { d.From, d.Until = "2026-12-01", "2027-12-31" })},
		"far below":      {`{"provision":[{"provision":[{"type":"deny"}],"type":"permit"}]}`, directive(func(d *Directive) {})},
		"what is labelled, with all below": {`{"type":"deny","class":[{"system":"http://hl7.org/fhir/resource-types","code":"Task"}],"securityLabel":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"BH"}]}`,
			directive(func(d *Directive) {
				const sys = "http://terminology.hl7.org/CodeSystem/v3-ActCode|"
				d.Resources = []string{"Task?_security=" + sys + "BH," + sys + "COGN," + sys + "DVD," + sys + "EMOTDIS"}
			})},
		"what is labelled, with nothing below": {`{"type":"deny","class":[{"system":"http://hl7.org/fhir/resource-types","code":"Task"}],"securityLabel":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"PSY"}]}`,
			directive(func(d *Directive) {
				d.Resources = []string{"Task?_security=http://terminology.hl7.org/CodeSystem/v3-ActCode|PSY"}
			})},
		"several": {`{"provision":[{"type":"deny","class":[{"system":"http://hl7.org/fhir/resource-types","code":"Task"}]},{"type":"permit","provision":[{"type":"deny","data":[{"meaning":"instance","reference":{"reference":"Appointment/1"}}]}]}]}`,
			append(directive(func(d *Directive) { d.Resources = []string{"Task"} }), directive(func(d *Directive) { d.Name, d.Resources = "consent-c-1-rule-2", []string{"Appointment/1"} })...)},
		"over":           {`{"type":"deny","period":{"end":"2026-11-24"}}`, nil},
		"nothing served": {`{"type":"deny","class":[{"system":"http://hl7.org/fhir/resource-types","code":"Observation"}]}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := ReadConsent(consent(t, c.provision), consentOptions(t))
			if diff := cmp.Diff(c.want, got.Directives); diff != "" || len(got.Mistakes) > 0 {
				t.Errorf("%v\n%s", got.Mistakes, diff)
			}
			if _, err := Compile(maple(t), Rules{Directives: got.Directives}); err != nil {
				t.Error(err)
			}
			if (c.want == nil) != (len(got.Directives) == 0) || c.want == nil && len(got.Notes) == 0 {
				t.Errorf("notes %q", got.Notes)
			}
		})
	}
}

// What was read is what is locked: a document that says the code anywhere, or carries a label below the one named.
func TestWhatAConsentDeniesIsLocked(t *testing.T) {
	got := ReadConsent(consent(t, `{"provision":[
		{"type":"deny","class":[{"system":"http://hl7.org/fhir/resource-types","code":"DocumentReference"}],"code":[{"coding":[{"system":"http://loinc.org","code":"34117-2"}]}]},
		{"type":"deny","securityLabel":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"SPI"}]}]}`), consentOptions(t))
	cleared := Permission{Scope: "user/DocumentReference.r?security-label=PSY,STD"}
	s := ruled(t, Rules{Grants: []Grant{everything(), grantOf("cleared", cleared)}, Directives: got.Directives})
	for members, want := range map[string]Code{
		`,"type":{"coding":[{"system":"http://loinc.org","code":"34117-2"}]}`:                                        CodeLocked,
		`,"context":{"facilityType":{"coding":[{"system":"http://loinc.org","code":"34117-2"}]}}`:                    CodeLocked,
		`,"type":{"coding":[{"system":"http://snomed.info/sct","code":"34117-2"}]}`:                                  CodeGranted,
		`,"securityLabel":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"PSY"}]}]`: CodeLocked,
		`,"securityLabel":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"STD"}]}]`: CodeGranted,
	} {
		_, reasons := permitted(t, s, ask(t, "GET DocumentReference/d")).Release(docOf(t, members+`,"subject":{"reference":"Patient/p2"}`))
		t.Log(members)
		wantCode(t, reasons, want)
	}
}

func TestWhatADirectiveCannotSayIsRefusedWithItsPath(t *testing.T) {
	const provision, class = "provision", `"class":[{"system":"http://hl7.org/fhir/resource-types","code":"DocumentReference"}]`
	actor := func(reference string) string { return `{"type":"deny","actor":[` + recipient(reference) + `]}` }
	for name, c := range map[string]struct {
		provision string
		change    []string
		paths     []string
	}{
		"another resource":           {`{"type":"deny"}`, []string{`"Consent"`, `"Contract"`}, []string{"resourceType"}},
		"no status":                  {`{"type":"deny"}`, []string{`"status":"active",`, ``}, []string{"status"}},
		"another scope":              {`{"type":"deny"}`, []string{"patient-privacy", "research"}, []string{"scope"}},
		"another scope's system":     {`{"type":"deny"}`, []string{"consentscope", "other"}, []string{"scope"}},
		"no local patient":           {`{"type":"deny"}`, []string{"Patient/p2", "https://emr.example/Patient/p2"}, []string{"patient"}},
		"no id":                      {`{"type":"deny"}`, []string{`"id":"c-1",`, ``}, []string{"id"}},
		"an opt-out":                 {`{"type":"deny"}`, []string{"OPTIN", "OPTOUT"}, []string{"policyRule"}},
		"a modifier":                 {`{"type":"deny"}`, []string{`"meta"`, `"modifierExtension":[{"url":"urn:x"}],"meta"`}, []string{"modifierExtension"}},
		"implicit rules":             {`{"type":"deny"}`, []string{`"meta"`, `"implicitRules":"urn:x","meta"`}, []string{"implicitRules"}},
		"nothing provided":           {`{}`, []string{`,"provision":{}`, ``}, []string{provision}},
		"nothing denied":             {`{"type":"permit","provision":[{"type":"permit"}]}`, nil, []string{provision}},
		"neither":                    {`{"type":"forbid"}`, nil, []string{"provision.type"}},
		"a rule without a type":      {`{"provision":[{"actor":[]}]}`, nil, []string{"provision.provision[0].type"}},
		"a modifier of a rule":       {`{"type":"deny","modifierExtension":[{"url":"urn:x"}]}`, nil, []string{"provision.modifierExtension"}},
		"an exception":               {`{"type":"deny","provision":[{"type":"permit"}]}`, nil, []string{"provision.provision"}},
		"a purpose, a time":          {`{"type":"deny","purpose":[{"code":"TREAT"}],"dataPeriod":{"start":"2020"}}`, nil, []string{"provision.purpose", "provision.dataPeriod"}},
		"limits above":               {`{"type":"permit","actor":[],"purpose":[],"provision":[{"type":"deny"}]}`, nil, []string{"provision.actor", "provision.purpose"}},
		"reading only":               {`{"type":"deny","action":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentaction","code":"access"}]}]}`, nil, []string{"provision.action"}},
		"an actor unknown":           {actor(`{"reference":"Practitioner/xcda-author"}`), nil, []string{"provision.actor[0].reference"}},
		"an actor by a number":       {actor(`{"identifier":{"system":"http://hl7.org/fhir/sid/us-npi","value":"1"}}`), nil, []string{"provision.actor[0].reference"}},
		"an actor in words":          {actor(`{"display":"AssistCo"}`), nil, []string{"provision.actor[0].reference"}},
		"an actor's team unknown":    {actor(`{"identifier":{"system":"urn:vestibule:team","value":"assistco/night"}}`), nil, []string{provision}},
		"the author":                 {strings.Replace(actor(`{"reference":"Organization/f001"}`), "PRCP", "AUT", 1), nil, []string{"provision.actor[0].role"}},
		"actors none":                {`{"type":"deny","actor":[]}`, nil, []string{"provision.actor"}},
		"actors no list":             {`{"type":"deny","actor":` + recipient(`{"reference":"Organization/f001"}`) + `}`, nil, []string{"provision.actor"}},
		"a modifier of an actor":     {strings.Replace(actor(`{"reference":"Organization/f001"}`), `"role"`, `"modifierExtension":[{}],"role"`, 1), nil, []string{"provision.actor[0].modifierExtension"}},
		"a class of another system":  {`{"type":"deny","class":[{"system":"urn:ietf:bcp:13","code":"application/pdf"}]}`, nil, []string{"provision.class[0]"}},
		"a code of anything":         {`{"type":"deny","code":[{"coding":[{"system":"http://loinc.org","code":"1"}]}]}`, nil, []string{"provision.code"}},
		"a code in words":            {`{"type":"deny",` + class + `,"code":[{"text":"psychiatry"}]}`, nil, []string{"provision.code[0]"}},
		"a code without a system":    {`{"type":"deny",` + class + `,"code":[{"coding":[{"system":"http://loinc.org","code":"1"},{"code":"2"}]}]}`, nil, []string{"provision.code[0]"}},
		"a label of confidentiality": {`{"type":"deny","securityLabel":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"R"}]}`, nil, []string{"provision.securityLabel"}},
		"two labels":                 {`{"type":"deny","securityLabel":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"PSY"},{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"STD"}]}`, nil, []string{"provision.securityLabel"}},
		"what is related":            {`{"type":"deny","data":[{"meaning":"related","reference":{"reference":"Task/9"}}]}`, nil, []string{"provision.data[0].meaning"}},
		"another server's resource":  {`{"type":"deny","data":[{"meaning":"instance","reference":{"reference":"https://x.example/Task/9"}}]}`, nil, []string{"provision.data[0].reference"}},
		"a resource of a class":      {`{"type":"deny",` + class + `,"data":[{"meaning":"instance","reference":{"reference":"Task/9"}}]}`, nil, []string{"provision.data"}},
		"part of a day":              {`{"type":"deny","period":{"start":"2026-11-20T09:00:00-05:00","end":"2027-11-30T12:00:00Z"}}`, nil, []string{"provision.period.start", "provision.period.end"}},
		"another zone's day":         {`{"type":"deny","period":{"start":"2026-11-20T00:00:00Z"}}`, nil, []string{"provision.period.start"}},
		"no time":                    {`{"type":"deny","period":{"start":"soon"}}`, nil, []string{"provision.period.start"}},
		"days that never come":       {`{"type":"permit","period":{"end":"2027-01-31"},"provision":[{"type":"deny","period":{"start":"2027-02-01"}}]}`, nil, []string{"provision.provision[0]"}},
		"one denial of two":          {`{"provision":[{"type":"deny"},{"type":"deny","purpose":[]}]}`, nil, []string{"provision.provision[1].purpose"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := ReadConsent(consent(t, c.provision, c.change...), consentOptions(t))
			if paths := pathsOf(got.Mistakes); !slices.Equal(paths, c.paths) || len(got.Directives) > 0 {
				t.Errorf("refused at %q, want %q; directives %v", paths, c.paths, got.Directives)
			}
		})
	}
}

func TestAConsentThatIsNotActiveLocksNothing(t *testing.T) {
	for _, status := range []string{"draft", "proposed", "rejected", "inactive", "entered-in-error"} {
		got := ReadConsent(consent(t, `{"type":"deny"}`, `"status":"active"`, fmt.Sprintf(`"status":%q`, status)), consentOptions(t))
		if len(got.Mistakes) > 0 || len(got.Directives) > 0 || len(got.Notes) != 1 || !strings.Contains(got.Notes[0], "consent-c-1") {
			t.Errorf("%s: %+v", status, got)
		}
	}
}

// A directive is found again by its name when its Consent is imported again, whatever the Consent's id looks like.
func TestConsentsKeepTheirDirectivesNames(t *testing.T) {
	seen := map[string]string{}
	for _, id := range []string{"c-1", "C-1", "c.1", "c-1-", strings.Repeat("a", 64), strings.Repeat("a", 63)} {
		for _, n := range []int{1, 2, 99} {
			name := consentName(id, n)
			if name != consentName(id, n) || !validName(name) || len(name) > 63 || strings.HasSuffix(name, "-") || seen[name] != "" {
				t.Errorf("%s is named %s, as is %s", id, name, seen[name])
			}
			seen[name] = id
		}
	}
}

func FuzzReadConsent(f *testing.F) {
	for _, seed := range []string{`{"type":"deny"}`, `{"provision":[{"type":"deny","data":[{"meaning":"instance","reference":{"reference":"Task/9"}}]}]}`,
		`{"type":"deny","period":{"start":"2026-11-20T05:00:00Z","end":"2027"},"class":[{"system":"http://hl7.org/fhir/resource-types","code":"Task"}]}`,
		`{"type":"deny","securityLabel":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"SPI"}],"code":[{"coding":[{"system":"|,$\\","code":"&%#+ "}]}]}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, provision string) {
		v, err := fhir.Parse([]byte(`{"resourceType":"Consent","id":"c","status":"active","scope":{"coding":{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"patient-privacy"}},"patient":{"reference":"Patient/1"},"provision":`+provision+`}`), fhir.Limits{})
		if err != nil {
			return
		}
		got := ReadConsent(v, consentOptions(t))
		if len(got.Mistakes)+len(got.Directives)+len(got.Notes) == 0 {
			t.Error("nothing became of it, and nothing is said")
		}
		if _, err := Compile(maple(t), Rules{Directives: got.Directives}); err != nil {
			t.Error(err)
		}
	})
}
