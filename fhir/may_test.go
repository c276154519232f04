package fhir

import (
	"strings"
	"testing"
)

// What denies holds wherever it may match: every way in which an EMR may write what a rule means without writing it as the
// rule does.
func TestWhatMayMatchIsEverythingThatDoesNotCertainlyNot(t *testing.T) {
	coded := func(codings ...string) string {
		return `"category":[{"coding":[` + strings.Join(codings, ",") + `]}]`
	}
	actor := func(ref string) string {
		return `"contained":[{"resourceType":"Patient","id":"p"},{"resourceType":"Device","id":"d"},{"resourceType":"Device","id":"two"},{"resourceType":"Patient","id":"two"},{"resourceType":"Device","id":"two"}],"participant":[{"actor":` + ref + `}]`
	}
	const lab = `{"system":"http://s","code":"lab"}`
	for _, c := range []criterion{
		{"DocumentReference", "category", "http://s|psychiatry", []string{
			coded(`{"system":"http://s","code":"psychiatry"}`), coded(`{"code":"psychiatry"}`), coded(`{"system":" ","code":"psychiatry"}`),
			coded(`{"system":"http://s","code":"Psychiatry"}`), coded(`{"system":"HTTP://S ","code":" psychiatry\t"}`), coded(lab, `{"code":"PSYCHIATRY"}`),
			coded(`{"system":"http://s","display":"Psychiatry"}`), coded(`{"display":"Psychiatry"}`), coded(`{"system":"http://s","code":["psychiatry"]}`),
			`"category":[{"text":"Psychiatry"}]`, `"category":[{}]`, `"category":[{"coding":[],"text":"x"}]`, `"category":"psychiatry"`, `"category":[{"coding":"psychiatry"}]`,
			`"category":[{"coding":[[{"code":"psychiatry"}]]}]`, `"category":[[{"coding":{"code":"p\u0073ychiatry"}}]]`, `"category":[{"coding":[` + lab + `]},{"text":"Psychiatry"}]`,
		}, []string{coded(lab), coded(`{"code":"lab"}`), coded(`{"system":"http://t","code":"psychiatry"}`), coded(`{"system":"http://t","display":"Psychiatry"}`),
			`"category":[{"coding":[` + lab + `],"text":"psychiatry"}]`, `"category":[]`, `"category":null`, `"type":{"text":"Psychiatry"}`, `"id":"psychiatry"`}},
		{"DocumentReference", "category", "psychiatry", []string{coded(`{"system":"http://t","code":"psychiatry"}`), coded(`{"code":"Psychiatry"}`)}, []string{coded(`{"code":"psychiatry2"}`)}},
		{"DocumentReference", "category", "|psychiatry", []string{coded(`{"system":"http://t","code":"psychiatry"}`)}, []string{coded(lab)}},
		{"DocumentReference", "category", "http://s|", []string{coded(lab), coded(`{"code":"lab"}`), `"category":[{"text":"x"}]`}, []string{coded(`{"system":"http://t","code":"lab"}`)}},
		{"DocumentReference", "category", "a,Écho", []string{coded(`{"code":"éCHO"}`), coded(`{"code":"A"}`)}, []string{coded(`{"code":"echo"}`), coded(`{"code":"éch"}`), coded(`{"code":"é"}`)}},
		{"DocumentReference", "category:not", "psychiatry", []string{coded(lab), coded(`{"code":"Psychiatry"}`), `"category":[{"text":"psychiatry"}]`, `"id":"1"`}, []string{coded(`{"code":"psychiatry"}`)}},
		{"DocumentReference", "category:text", "psych", []string{`"category":[{"text":" Psychiatry"}]`, coded(`{"display":"PSYCH"}`), coded(`{"code":"x"}`), `"category":[{"text":["psych"]}]`}, []string{coded(`{"display":"Lab"}`), `"category":[{"text":"Lab"}]`, `"id":"1"`}},
		{"DocumentReference", "category:missing", "true", []string{`"id":"1"`, `"category":null`, `"category":[{}]`}, []string{coded(lab), `"category":[{"text":"x"}]`}},
		{"DocumentReference", "category:missing", "false", []string{coded(lab), `"category":[{}]`}, []string{`"id":"1"`, `"category":[]`, `"category":[null]`}},
		{"DocumentReference", "contenttype", "text/plain", []string{`"content":[{"attachment":{"contentType":"TEXT/Plain; charset=utf-8"}}]`}, []string{`"content":[{"attachment":{"contentType":"text/html"}}]`, `"content":[{"attachment":{}}]`}},
		{"DocumentReference", "format", "urn:f|a", []string{`"content":[{"format":{"code":"A"}}]`, `"content":[{"format":{"display":"a"}}]`}, []string{`"content":[{"format":{"system":"urn:g","code":"a"}}]`}},
		{"Appointment", "status", "booked", []string{`"status":"Booked "`, `"status":{"code":"booked"}`, `"status":""`}, []string{`"status":"pending"`, `"status":null`, `"id":"1"`}},
		{"Appointment", "identifier", "urn:i|a7", []string{`"identifier":[{"value":"A7"}]`, `"identifier":[{"system":"urn:i"}]`}, []string{`"identifier":[{"system":"urn:j","value":"a7"}]`, `"identifier":[{"value":"a8"}]`}},
		{"Appointment", "identifier:of-type", "urn:t|MR|a7", []string{`"identifier":[{"value":"A7"}]`, `"identifier":[{"type":{"coding":[{"code":"mr"}]}}]`, `"identifier":[{"type":{"text":"MR"},"value":"a7"}]`},
			[]string{`"identifier":[{"type":{"coding":[{"code":"DL"}]},"value":"a7"}]`, `"identifier":[{"value":"a8"}]`}},
		{"Appointment", "identifier:text", "mr", []string{`"identifier":[{"value":"a7"}]`, `"identifier":[{"type":{"text":"MRN"}}]`}, []string{`"identifier":[{"type":{"text":"Licence"}}]`}},
		{"DocumentReference", "date", "2026-05-05", []string{`"date":"2026-05"`, `"date":"2026"`, `"date":"2026-05-05T10:00:00-04:00"`, `"date":"5 May 2026"`, `"date":["2026-05-05"]`, `"date":7`}, []string{`"date":"2026-06"`, `"date":"2026-05-06"`, `"id":"1"`}},
		{"DocumentReference", "date", "ge2026-05-05", []string{`"date":"2026-05"`, `"date":"2027"`}, []string{`"date":"2026-05-04"`, `"date":"2026-04"`}},
		{"DocumentReference", "date", "le2026-05-05", []string{`"date":"2026-05"`, `"date":"2026-05-05"`}, []string{`"date":"2026-05-06"`}},
		{"DocumentReference", "date", "gt2026-05-05", []string{`"date":"2026-05"`}, []string{`"date":"2026-05-05"`}},
		{"DocumentReference", "date", "sa2026-05-05", []string{`"date":"2026-05"`}, []string{`"date":"2026-05-05"`}},
		{"DocumentReference", "date", "eb2026-05-05", []string{`"date":"2026-05"`}, []string{`"date":"2026-05-05"`}},
		{"DocumentReference", "date", "ne2026-05-05", []string{`"date":"2026-05"`, `"date":"2026-05-06"`}, []string{`"date":"2026-05-05"`, `"date":"2026-05-05T10:00"`}},
		{"DocumentReference", "date", "ap2026-05-05", []string{`"date":"2026-05"`, `"date":"2026-05-06"`}, []string{`"date":"2026-05-07"`}},
		{"Task", "period", "2026-05-05", []string{`"executionPeriod":{"start":"2026-05-01"}`, `"executionPeriod":{"start":"2026-06-01","end":"2026-01-01"}`, `"executionPeriod":{}`, `"executionPeriod":{"end":"soon"}`}, []string{`"executionPeriod":{"start":"2026-05-06"}`}},
		{"Appointment", "patient", "Patient/17", []string{
			actor(`{"reference":"Patient/17"}`), actor(`{"reference":"Patient/17/_history/3"}`), actor(`{"reference":"https://other.example/fhir/Patient/9"}`), actor(`{"reference":"urn:uuid:1"}`),
			actor(`{"reference":"#p"}`), actor(`{"reference":"#two"}`), actor(`{"reference":"#x"}`), actor(`{"identifier":{"value":"9"}}`), actor(`{"display":"Jane Roe"}`), actor(`"Patient/17"`), actor(`{"reference":["Patient/17"]}`),
			actor(`{"reference":"./Patient/17","type":"Device"}`), actor(`{"reference":"patient/17"}`), actor(`{"reference":"https://a/Practitioner/1/_history/../../Patient/17"}`),
			actor(`{"type":"patient","identifier":{"value":"9"}}`), actor(`{"type":"Resource","display":"x"}`), actor(`{"type":"http://hl7.org/fhir/StructureDefinition/Patient","display":"x"}`),
		}, []string{
			actor(`{"reference":"Patient/18"}`), actor(`{"reference":"Practitioner/17"}`), actor(`{"reference":"#d"}`), actor(`{"reference":"https://other.example/fhir/Device/17"}`), actor(`{"type":"Device","identifier":{"value":"9"}}`),
			actor(`{"reference":"urn:uuid:1","type":"Device"}`), actor(`null`), `"participant":[{"status":"accepted"}]`, `"id":"1"`,
		}},
		{"Appointment", "patient", "https://emr.example/Patient/17", []string{actor(`{"reference":"Patient/17"}`), actor(`{"reference":"https://b.example/Patient/17"}`)}, []string{actor(`{"reference":"Patient/117"}`), actor(`{"reference":"Device/17"}`)}},
		{"Appointment", "patient:missing", "true", []string{actor(`{"display":"Jane Roe"}`), actor(`{"reference":"#p"}`), actor(`{"reference":"Practitioner/1"}`)}, []string{actor(`{"reference":"Patient/1"}`)}},
		{"Appointment", "patient:missing", "false", []string{actor(`{"display":"Jane Roe"}`), actor(`{"reference":"#p"}`), actor(`{"reference":"Patient/1"}`)}, []string{actor(`{"reference":"Practitioner/1"}`), actor(`{"reference":"#d"}`), `"id":"1"`}},
		{"Appointment", "patient:identifier", "urn:i|9", []string{actor(`{"identifier":{"value":"9"}}`), actor(`{"identifier":{}}`), actor(`{"reference":"#p","identifier":{"value":"9"}}`)},
			[]string{actor(`{"reference":"Patient/1"}`), actor(`{"type":"Device","identifier":{"value":"9"}}`), actor(`{"identifier":{"value":"8"}}`)}},
		{"Task", "focus", "urn:uuid:1", []string{`"focus":{"display":"x"}`, `"focus":{"type":"Device","display":"x"}`}, []string{`"focus":{"reference":"Task/1"}`}},
		{"DocumentReference", "relationship", "DocumentReference/1$replaces", []string{`"relatesTo":[{"code":"Replaces","target":{"display":"x"}}]`, `"relatesTo":[{"target":{"reference":"DocumentReference/1"}}]`, `"relatesTo":[{"code":"replaces"}]`},
			[]string{`"relatesTo":[{"code":"appends","target":{"reference":"DocumentReference/1"}}]`, `"relatesTo":[{"code":"replaces","target":{"reference":"DocumentReference/2"}},{"code":"appends"}]`}},
		{"DocumentReference", "description", "elo", []string{`"description":" ÉLODIE"`, `"description":["Élodie"]`}, []string{`"description":"Chloé"`, `"description":""`}},
		{"DocumentReference", "description:exact", "Élodie", []string{`"description":"elodie "`}, []string{`"description":"Élodie M"`}},
		{"DocumentReference", "description:contains", "die", []string{`"description":"ÉLODIE M"`}, []string{`"description":"Chloé"`}},
		{"DocumentReference", "_profile", "http://p/a", []string{`"meta":{"profile":["HTTP://p/a|1.0"]}`, `"meta":{"profile":[{"url":"http://p/a"}]}`, `"meta":{"profile":["http://p/a/ "]}`}, []string{`"meta":{"profile":["http://p/b"]}`, `"meta":{}`}},
		{"DocumentReference", "_profile:below", "http://p", []string{`"meta":{"profile":["HTTP://p/a"]}`}, []string{`"meta":{"profile":["http://pa"]}`}},
		{"DocumentReference", "_profile:above", "http://p/a", []string{`"meta":{"profile":["HTTP://p"]}`}, []string{`"meta":{"profile":["http://q"]}`}},
	} {
		parsed := clause(t, c.typ, c.key, c.value)
		for want, members := range map[bool][]string{true: c.meets, false: c.fails} {
			for _, m := range members {
				r := resource(t, `{"resourceType":"`+c.typ+`",`+m+`}`)
				if got := parsed.MayMatch(r); got != want || parsed.Match(r) && !got {
					t.Errorf("%s=%s may match %s: %v", c.key, c.value, m, got)
				}
			}
		}
	}
	r := resource(t, `{"resourceType":"Appointment","status":"booked"}`)
	if m := r.Matching(); m.May([]Clause{{}}) || m.May([]Clause{clause(t, "Task", "status:not", "requested")}) || !m.May(nil) {
		t.Error("no criterion, or another type's, may match")
	}
}

// More places than a Matching remembers are all looked at.
func TestWhatMayMatchMayBeTheLastOfMany(t *testing.T) {
	many := strings.Repeat(`{"actor":{"reference":"Practitioner/1"}},`, 20)
	r := resource(t, `{"resourceType":"Appointment","participant":[`+many+`{"actor":{"identifier":{"value":"9"}}}]}`)
	if !clause(t, "Appointment", "patient", "Patient/17").MayMatch(r) {
		t.Error("the last participant is not looked at")
	}
}

func TestAskingWhatMayMatchAllocatesNothing(t *testing.T) {
	r := resource(t, `{"resourceType":"DocumentReference","id":"1","status":"current","date":"2026-05","category":[{"coding":[{"system":"http://s","code":"Psychiatry"}]}],"subject":{"reference":"Patient/1"}}`)
	m := r.Matching()
	rules := [][]Clause{
		{clause(t, "DocumentReference", "category", "http://a-long-name-of-a-code-system.example/CodeSystem/categories|psychiatry-and-what-else-there-is")},
		{clause(t, "DocumentReference", "subject", "Patient/2")}, {clause(t, "DocumentReference", "date", "2026-05-05"), clause(t, "DocumentReference", "status", "superseded")},
	}
	if n := testing.AllocsPerRun(100, func() {
		for _, clauses := range rules {
			if m.May(clauses) {
				t.Fatal("it may match")
			}
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
