package fhir

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// criterion is a parameter with its value, and members of a resource of the type that meet it or do not.
type criterion struct {
	typ, key, value string
	meets, fails    []string
}

func (c criterion) check(t *testing.T) {
	t.Helper()
	parsed := clause(t, c.typ, c.key, c.value)
	for _, m := range c.meets {
		if !parsed.Match(resource(t, `{"resourceType":"`+c.typ+`",`+m+`}`)) {
			t.Errorf("%s=%s does not match %s", c.key, c.value, m)
		}
	}
	for _, m := range c.fails {
		if parsed.Match(resource(t, `{"resourceType":"`+c.typ+`",`+m+`}`)) {
			t.Errorf("%s=%s matches %s", c.key, c.value, m)
		}
	}
	if again := clause(t, c.typ, parsed.Key(), parsed.Value()); !again.Equal(parsed) {
		t.Errorf("%s=%s reads back as %s=%s", parsed.Key(), parsed.Value(), again.Key(), again.Value())
	}
}

func TestTokensMatchByR4(t *testing.T) {
	const status = "http://hl7.org/fhir/appointmentstatus"
	coded := func(codings ...string) string {
		return `"serviceType":[{"coding":[` + strings.Join(codings, ",") + `]}]`
	}
	for _, c := range []criterion{
		{"Appointment", "status", "booked", []string{`"status":"booked"`, `"st\u0061tus":"book\u0065d"`},
			[]string{`"status":"Booked"`, `"status":"bookedx"`, `"status":null`, `"status":["x"]`, `"status":{"code":"booked"}`, `"_status":"booked"`, `"id":"booked"`}},
		{"Appointment", "status", "booked,arrived", []string{`"status":"booked"`, `"status":"arrived"`}, []string{`"status":"cancelled"`}},
		{"Appointment", "status", status + "|booked", []string{`"status":"booked"`}, []string{`"status":"arrived"`}},
		{"Appointment", "status", "http://other|booked", nil, []string{`"status":"booked"`}},
		{"Appointment", "status", "|booked", []string{`"status":"booked"`}, nil},
		{"Appointment", "status", status + "|", []string{`"status":"booked"`, `"status":"anything"`}, []string{`"id":"1"`, `"status":""`}},
		{"Appointment", "status:not", "booked,arrived", []string{`"status":"cancelled"`, `"id":"1"`}, []string{`"status":"booked"`, `"status":"arrived"`}},
		{"Appointment", "status:missing", "true", []string{`"id":"1"`, `"status":null`, `"status":[]`}, []string{`"status":"booked"`}},
		{"Appointment", "status:missing", "false", []string{`"status":"booked"`}, []string{`"id":"1"`, `"status":null`}},
		{"Appointment", "part-status", "declined", []string{`"participant":[{"status":"accepted"},{"status":"declined"}]`}, []string{`"participant":[{"status":"accepted"}]`, `"status":"declined"`}},
		{"Appointment", "service-type", "124", []string{coded(`{"code":"124"}`), coded(`{"code":"1"}`, `{"system":"s","code":"124"}`), `"serviceType":{"coding":{"code":"124"}}`},
			[]string{coded(`{"code":"12"}`), coded(`{"system":"124"}`), `"serviceType":[{"text":"124"}]`, `"serviceType":[{"code":"124"}]`, `"serviceType":["124"]`}},
		{"Appointment", "service-type", "s|124", []string{coded(`{"system":"s","code":"124"}`)}, []string{coded(`{"code":"124"}`), coded(`{"system":"t","code":"124"}`), coded(`{"system":"s"}`, `{"code":"124"}`)}},
		{"Appointment", "service-type", "|124", []string{coded(`{"code":"124"}`)}, []string{coded(`{"system":"s","code":"124"}`)}},
		{"Appointment", "service-type", "s|", []string{coded(`{"system":"s","code":"124"}`), coded(`{"system":"s"}`)}, []string{coded(`{"code":"124"}`)}},
		{"Appointment", "service-type:not", "s|124", []string{coded(`{"code":"124"}`), `"id":"1"`}, []string{coded(`{"code":"1"}`, `{"system":"s","code":"124"}`)}},
		{"Appointment", "service-type:text", "consultation g", []string{`"serviceType":[{"text":"Consultation générale"}]`, coded(`{"display":"CONSULTATION G"}`)}, []string{`"serviceType":[{"text":"une consultation g"}]`, coded(`{"code":"consultation g"}`)}},
		{"Appointment", "service-type", `a\,b\|c\\d\$`, []string{coded(`{"code":"a,b|c\\d$"}`)}, []string{coded(`{"code":"a"}`)}},
		{"Appointment", "identifier", "s|7", []string{`"identifier":[{"system":"s","value":"7"}]`}, []string{`"identifier":[{"value":"7"}]`, `"identifier":[{"system":"s","code":"7"}]`}},
		{"Appointment", "identifier", "a7", []string{`"identifier":{"value":"a7"}`}, []string{`"identifier":[{"value":"A7"}]`}},
		{"Appointment", "identifier:text", "chart", []string{`"identifier":[{"type":{"text":"Chart no"}}]`}, []string{`"identifier":[{"value":"chart"}]`}},
		{"Appointment", "identifier:of-type", "http://terminology.hl7.org/CodeSystem/v2-0203|MR|7",
			[]string{`"identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]},"value":"7"}]`},
			[]string{`"identifier":[{"value":"7"}]`, `"identifier":[{"type":{"coding":[{"code":"MR"}]},"value":"7"}]`, `"identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]},"value":"8"}]`}},
		{"DocumentReference", "identifier", "m,i", []string{`"masterIdentifier":{"value":"m"}`, `"identifier":[{"value":"i"}]`}, []string{`"masterIdentifier":{"value":"x"}`}},
		{"DocumentReference", "format", "s|f", []string{`"content":[{},{"format":{"system":"s","code":"f"}}]`}, []string{`"content":[{"format":{"coding":[{"system":"s","code":"f"}]}}]`}},
		{"DocumentReference", "format:text", "réf", []string{`"content":[{"format":{"display":"Référence"}}]`}, []string{`"content":[{"format":{"text":"Référence"}}]`}},
		{"DocumentReference", "contenttype", "application/PDF", []string{`"content":[{"attachment":{"contentType":"Application/pdf"}}]`}, []string{`"content":[{"attachment":{"contentType":"application/pdfx"}}]`}},
		{"DocumentReference", "language", "urn:ietf:bcp:47|FR-ca", []string{`"content":[{"attachment":{"language":"fr-CA"}}]`}, []string{`"language":"fr-CA"`}},
		{"DocumentReference", "relation", "replaces", []string{`"relatesTo":[{"code":"replaces"}]`}, []string{`"relatesTo":[{"code":"appends"}]`}},
		{"Task", "_id", "7,8", []string{`"id":"7"`, `"id":"8"`}, []string{`"id":"77"`, `"status":"7"`}},
		{"Task", "_tag", "s|x", []string{`"meta":{"tag":[{"system":"s","code":"x"}]}`}, []string{`"meta":{"security":[{"system":"s","code":"x"}]}`}},
		{"Task", "_security:not", "R", []string{`"meta":{"security":[{"code":"N"}]}`, `"id":"1"`}, []string{`"meta":{"security":[{"code":"N"},{"system":"s","code":"R"}]}`}},
		{"Task", "intent", "http://hl7.org/fhir/request-intent|order", []string{`"intent":"order"`}, []string{`"intent":"plan"`}},
	} {
		c.check(t)
	}
}

func TestReferencesMatchByR4(t *testing.T) {
	actor := func(refs ...string) string {
		var out []string
		for _, r := range refs {
			out = append(out, `{"actor":`+r+`}`)
		}
		return `"participant":[` + strings.Join(out, ",") + `]`
	}
	ref := func(s string) string { return `{"reference":"` + s + `"}` }
	for _, c := range []criterion{
		{"Appointment", "actor", "Patient/1", []string{actor(ref("Practitioner/1"), ref("Patient/1")), actor(ref("Patient/1/_history/3"))},
			[]string{actor(ref("Patient/11")), actor(ref("Practitioner/1")), actor(ref("https://x/Patient/1")), actor(ref("#Patient/1")), actor(`{"display":"Patient/1"}`), actor(`"Patient/1"`), actor(ref(""))}},
		{"Appointment", "actor", "Patient/1/_history/9", []string{actor(ref("Patient/1"))}, nil},
		{"Appointment", "patient", "1", []string{actor(ref("Patient/1"))}, []string{actor(ref("Practitioner/1"))}},
		{"Appointment", "patient", "Patient/1,2", []string{actor(ref("Patient/2"))}, []string{actor(ref("Patient/3"))}},
		{"Appointment", "actor:Practitioner", "1", []string{actor(ref("Practitioner/1"))}, []string{actor(ref("Patient/1"))}},
		{"Appointment", "actor:Practitioner", "Practitioner/1", []string{actor(ref("Practitioner/1"))}, nil},
		{"Appointment", "actor", "https://x/fhir/Patient/1", []string{actor(ref("https://x/fhir/Patient/1")), actor(ref("https://x/fhir/Patient/1/_history/2"))}, []string{actor(ref("Patient/1")), actor(ref("https://y/fhir/Patient/1"))}},
		{"Task", "focus", "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", []string{`"focus":{"reference":"urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"}`}, []string{`"focus":{"reference":"urn:uuid:0"}`}},
		{"Task", "focus", "Anything/7", []string{`"focus":{"reference":"Anything/7"}`}, nil},
		{"Appointment", "patient:missing", "true", []string{`"id":"1"`, actor(ref("Practitioner/1"))}, []string{actor(ref("Patient/1")), actor(ref("https://x/Patient/1")), actor(`{"type":"Patient"}`), actor(`{"identifier":{"value":"7"}}`)}},
		{"Appointment", "actor:missing", "false", []string{actor(ref("Practitioner/1")), actor(`{}`)}, []string{`"participant":[{"status":"accepted"}]`, `"participant":[{"actor":null}]`}},
		{"Task", "owner:identifier", "s|7", []string{`"owner":{"identifier":{"system":"s","value":"7"}}`}, []string{`"owner":{"identifier":{"value":"7"}}`, `"owner":{"reference":"s|7"}`, `"identifier":[{"system":"s","value":"7"}]`}},
		{"Task", "patient:identifier", "7", []string{`"for":{"type":"Patient","identifier":{"value":"7"}}`, `"for":{"reference":"Patient/1","identifier":{"value":"7"}}`},
			[]string{`"for":{"identifier":{"value":"7"}}`, `"for":{"reference":"Group/1","type":"Patient","identifier":{"value":"7"}}`}},
		{"DocumentReference", "relationship", "DocumentReference/1$replaces", []string{`"relatesTo":[{"code":"replaces","target":{"reference":"DocumentReference/1"}}]`},
			[]string{`"relatesTo":[{"code":"appends","target":{"reference":"DocumentReference/1"}},{"code":"replaces","target":{"reference":"DocumentReference/2"}}]`}},
	} {
		c.check(t)
	}
}

func TestTextsMatchByR4(t *testing.T) {
	for _, c := range []criterion{
		{"DocumentReference", "description", "demande", []string{`"description":"Demande de consultation"`, `"description":"DÉMANDÉ"`}, []string{`"description":"une demande"`, `"description":7`, `"id":"demande"`}},
		{"DocumentReference", "description", "Coeur", []string{`"description":"cœur"`, `"description":"CŒUR et poumons"`}, nil},
		{"DocumentReference", "description", "e\u0301te\u0301", []string{`"description":"été"`, `"description":"ete"`}, nil},
		{"DocumentReference", "description:contains", "CONSULT", []string{`"description":"Demande de consultation"`}, []string{`"description":"Demande"`}},
		{"DocumentReference", "description:exact", "Été", []string{`"description":"Été"`, `"description":"\u00c9t\u00e9"`}, []string{`"description":"été"`, `"description":"Étés"`}},
		{"DocumentReference", "description:missing", "false", []string{`"description":""`}, []string{`"id":"1"`}},
		{"DocumentReference", "description", `a\,b,c`, []string{`"description":"a,b"`, `"description":"c"`}, []string{`"description":"a"`}},
		{"DocumentReference", "location", "https://x/a", []string{`"content":[{"attachment":{"url":"https://x/a"}}]`}, []string{`"content":[{"attachment":{"url":"https://x/a/"}}]`, `"content":[{"attachment":{"url":""}}]`}},
		{"DocumentReference", "location:below", "https://x/a", []string{`"content":[{"attachment":{"url":"https://x/a/b"}}]`, `"content":[{"attachment":{"url":"https://x/a"}}]`}, []string{`"content":[{"attachment":{"url":"https://x/ab"}}]`}},
		{"DocumentReference", "location:below", "https://x/", []string{`"content":[{"attachment":{"url":"https://x/a"}}]`}, []string{`"content":[{"attachment":{"url":"https://xy"}}]`}},
		{"DocumentReference", "location:above", "https://x/a/b", []string{`"content":[{"attachment":{"url":"https://x/a"}}]`, `"content":[{"attachment":{"url":"https://x/a/b"}}]`}, []string{`"content":[{"attachment":{"url":"https://x/a/b/c"}}]`}},
		{"Task", "_profile:below", "urn:a", []string{`"meta":{"profile":["urn:a"]}`}, []string{`"meta":{"profile":["urn:a/b"]}`}},
		{"Task", "_source", "urn:emr", []string{`"meta":{"source":"urn:emr"}`}, []string{`"meta":{"source":"urn:EMR"}`}},
		{"Task", "_lastUpdated", "ge2026-11-01", []string{`"meta":{"lastUpdated":"2026-11-01T12:00:00Z"}`}, []string{`"meta":{"lastUpdated":"2026-10-31T12:00:00Z"}`}},
	} {
		c.check(t)
	}
}

func TestAClauseHasOneCanonicalForm(t *testing.T) {
	for _, c := range []struct{ key, value, wantKey, want string }{
		{"status", "booked,arrived,booked", "status", "arrived,booked"},
		{"patient", "7", "patient", "Patient/7"},
		{"actor:Patient", "7", "actor", "Patient/7"},
		{"actor", "Patient/7/_history/1", "actor", "Patient/7"},
		{"date", "eq2026-11-02", "date", "2026-11-02"},
		{"date", "2026-07-02T09:30", "date", "2026-07-02T09:30-04:00"},
		{"date", "lt2026-07-02T09:30:00Z", "date", "lt2026-07-02T09:30:00Z"},
		{"service-type", `x\,y,s|a\$`, "service-type", `s|a\$,x\,y`},
		{"status:not", "booked", "status:not", "booked"},
		{"slot:missing", "true", "slot:missing", "true"},
		{"slot:identifier", "|7", "slot:identifier", "|7"},
	} {
		got := clause(t, "Appointment", c.key, c.value)
		if got.Key() != c.wantKey || got.Value() != c.want || got.Type() != "Appointment" || got.Param().Name != strings.Split(c.wantKey, ":")[0] {
			t.Errorf("%s=%s is %s=%s, want %s=%s", c.key, c.value, got.Key(), got.Value(), c.wantKey, c.want)
		}
	}
}

func TestTheZeroClauseMatchesNothing(t *testing.T) {
	var c Clause
	if !c.IsZero() || c.Match(resource(t, appointmentJSON(1))) || c.Match(Resource{}) || c.Key() != "" || c.Value() != "" || c.Param().Name != "" || c.Modifier() != "" {
		t.Errorf("the zero Clause is %s=%s", c.Key(), c.Value())
	}
	booked := clause(t, "Appointment", "status:not", "x")
	if booked.Match(Resource{}) || booked.Match(resource(t, taskJSON(1))) {
		t.Error("a clause matches a resource of another type")
	}
	if _, ok := c.Or(c); ok {
		t.Error("nothing has a union")
	}
}

func TestAUnionIsSaidOnlyWhereItCanBe(t *testing.T) {
	for _, c := range []struct{ key, a, b, want string }{
		{"status", "booked", "arrived,booked", "arrived,booked"},
		{"patient", "1", "Patient/2", "Patient/1,Patient/2"},
		{"date", "2026-11-02", "2026-11-05", "2026-11-02,2026-11-05"},
		{"status:not", "booked", "booked", "booked"},
		{"status:not", "booked", "arrived", ""},
		{"status:missing", "true", "false", ""},
	} {
		got, ok := clause(t, "Appointment", c.key, c.a).Or(clause(t, "Appointment", c.key, c.b))
		if ok != (c.want != "") || got.Value() != c.want {
			t.Errorf("%s=%s or %s is %q, %v; want %q", c.key, c.a, c.b, got.Value(), ok, c.want)
		}
	}
	most := clause(t, "Appointment", "status", manyCodes(maxValues))
	if u, ok := most.Or(clause(t, "Appointment", "status", "booked")); ok || !u.IsZero() {
		t.Errorf("a union has %d values", len(u.Tokens()))
	}
	many := clause(t, "Appointment", "status", strings.TrimSuffix(strings.Repeat("x,", 255), ",")+",y")
	for _, pair := range [][2]Clause{
		{clause(t, "Appointment", "status", "booked"), clause(t, "Appointment", "status:not", "booked")},
		{clause(t, "Appointment", "status", "booked"), clause(t, "Task", "status", "booked")},
		{clause(t, "Appointment", "status", "booked"), clause(t, "Appointment", "part-status", "booked")},
		{clause(t, "Appointment", "status", "booked"), {}},
	} {
		if u, ok := pair[0].Or(pair[1]); ok || !u.IsZero() {
			t.Errorf("%s=%s or %s=%s is %s", pair[0].Key(), pair[0].Value(), pair[1].Key(), pair[1].Value(), u.Value())
		}
	}
	if many.Value() != "x,y" {
		t.Errorf("repeated values are kept: %s", many.Value())
	}
	elsewhere, err := ParseClause("Appointment", "date", "2026-11-02", zone(t, "America/Regina"))
	if err != nil {
		t.Fatal(err)
	}
	if here := clause(t, "Appointment", "date", "2026-11-02"); here.Equal(elsewhere) {
		t.Error("a day in Toronto is a day in Regina")
	} else if _, ok := here.Or(elsewhere); ok {
		t.Error("days of two zones have a union")
	}
}

func TestAdaptersCanReadAClause(t *testing.T) {
	tokens := clause(t, "Appointment", "service-type", "s|a,|b,c").Tokens()
	if want := []Token{{Code: "c", Plain: true}, {System: "s", Code: "a"}, {Code: "b"}}; !slices.Equal(tokens, want) {
		t.Errorf("tokens are %+v, want %+v", tokens, want)
	}
	if got := clause(t, "Appointment", "service-type:text", "a").Tokens(); got != nil {
		t.Errorf(":text has tokens %v", got)
	}
	refs, complete := clause(t, "Appointment", "actor", "Patient/1,Practitioner/2").Refs()
	if !complete || !slices.Equal(refs, []Ref{{Type: "Patient", ID: "1"}, {Type: "Practitioner", ID: "2"}}) {
		t.Errorf("refs are %v, %v", refs, complete)
	}
	for key, value := range map[string]string{"actor": "Patient/1,https://x/Patient/2", "actor:identifier": "7", "actor:missing": "true", "status": "booked"} {
		if refs, complete := clause(t, "Appointment", key, value).Refs(); complete {
			t.Errorf("%s=%s is said to be answered by %v alone", key, value, refs)
		}
	}
}

func TestH1WhatLooksElsewhereIsRefusedByName(t *testing.T) {
	for key, code := range map[string]string{
		"_has:Appointment:patient:status": "parameter-not-supported", "_has": "parameter-not-supported", "_filter": "parameter-not-supported", "_query": "parameter-not-supported",
		"_contained": "parameter-not-supported", "_containedType": "parameter-not-supported", "_text": "parameter-not-supported", "_content": "parameter-not-supported",
		"_list": "parameter-not-supported", "_type": "parameter-not-supported", "_include": "parameter-not-supported", "_include:iterate": "parameter-not-supported",
		"_revinclude": "parameter-not-supported", "_summary": "parameter-not-supported",
		"patient.name": "chained-parameter", "patient:Patient.birthdate": "chained-parameter", "actor:Practitioner.name:exact": "chained-parameter",
		"name": "unknown-parameter", "birthdate": "unknown-parameter", "": "unknown-parameter", "Status": "unknown-parameter", "_ID": "unknown-parameter", "owner": "unknown-parameter",
		"status:in": "modifier-not-supported", "status:not-in": "modifier-not-supported", "status:above": "modifier-not-supported", "status:below": "modifier-not-supported", "status:text": "modifier-not-supported",
		"status:": "modifier-not-supported", "status:exact": "modifier-not-supported", "status:not:not": "modifier-not-supported", "date:not": "modifier-not-supported", "actor:not": "modifier-not-supported",
		"patient:Practitioner": "modifier-not-supported", "actor:Group": "modifier-not-supported", "actor:below": "modifier-not-supported", "status:of-type": "modifier-not-supported", "specialty:of-type": "modifier-not-supported",
	} {
		c, err := ParseClause("Appointment", key, "Patient/1", time.UTC)
		if err == nil || KindOf(err) != KindNotSupported || AsError(err).Reason() != code || !c.IsZero() {
			t.Errorf("%s: %v, want %s", key, err, code)
			continue
		}
		name, _, _ := strings.Cut(strings.ReplaceAll(key, ".", ":"), ":")
		if path := AsError(err).Path; name != "" && path != name {
			t.Errorf("%s: the error is about %q", key, path)
		}
	}
	if _, err := ParseClause("Patient", "name", "x", nil); err == nil || AsError(err).Reason() != "type-not-supported" {
		t.Errorf("a type that is not supported: %v", err)
	}
	if _, err := ParseClause("DocumentReference", "relationship:missing", "true", nil); err == nil || AsError(err).Reason() != "modifier-not-supported" {
		t.Errorf("a composite with a modifier: %v", err)
	}
	_, err := ParseClause("Appointment", "Tremblay, Élodie", "x", nil)
	if err == nil || strings.Contains(err.Error(), "Tremblay") || !strings.Contains(err.Error(), "practitioner") {
		t.Errorf("a value in the wrong place is repeated, or nothing is offered: %v", err)
	}
}

func TestABadValueIsRefusedWithoutRepeatingIt(t *testing.T) {
	for _, c := range []struct{ typ, key, value string }{
		{"Appointment", "status", ""}, {"Appointment", "status", "a,,b"}, {"Appointment", "status", ","}, {"Appointment", "status", "|"}, {"Appointment", "status", "a|b|c"}, {"Appointment", "status", "secret$x"},
		{"Appointment", "status", `secret\`}, {"Appointment", "status", `secret\x`}, {"Appointment", "status", "secret\x00"}, {"Appointment", "status", "secret\xff"}, {"Appointment", "status", strings.Repeat("x", maxValue+1)},
		{"Appointment", "status", strings.Repeat("x,", maxValues) + "x"}, {"Appointment", "status:missing", "yes"}, {"Appointment", "status:missing", "true,false"}, {"Appointment", "status:missing", ""},
		{"Appointment", "_id", "secret/1"}, {"Appointment", "_id", ".."}, {"Appointment", "_id", "x|1"}, {"Appointment", "_id", "|1"},
		{"Appointment", "actor", "secret"}, {"Appointment", "actor", "Group/secret"}, {"Appointment", "actor", "#secret"}, {"Appointment", "actor", "Patient/"}, {"Appointment", "actor", "Patient/.."}, {"Appointment", "actor", "Patient/a b"},
		{"Appointment", "actor", "ftp://x/Patient/1"}, {"Appointment", "actor", "https://x/Group/1"}, {"Appointment", "actor", "https://x/"}, {"Appointment", "actor", "https://Patient/1"},
		{"Appointment", "patient", "Practitioner/secret"}, {"Appointment", "patient", "urn:uuid:secret"}, {"Appointment", "actor:Patient", "Practitioner/1"}, {"Appointment", "actor:Patient", "urn:uuid:1"},
		{"Appointment", "slot:identifier", "a|b|c"}, {"Appointment", "identifier:of-type", "a|b"}, {"Appointment", "identifier:of-type", "a||c"}, {"Appointment", "specialty:text", "\u0301"},
		{"Appointment", "date", "gt"}, {"Appointment", "date", "xx2026"}, {"Appointment", "date", "GE2026"}, {"Appointment", "date", "2026-11-02,"}, {"Appointment", "date", "ge 2026"},
		{"DocumentReference", "description", ""}, {"DocumentReference", "description", "\u0301"}, {"DocumentReference", "location", ""}, {"DocumentReference", "relationship", "DocumentReference/1"},
		{"DocumentReference", "relationship", "DocumentReference/1$"}, {"DocumentReference", "relationship", "$replaces"}, {"DocumentReference", "relationship", "Patient/1$replaces"}, {"DocumentReference", "relationship", "DocumentReference/1$a$b"},
	} {
		got, err := ParseClause(c.typ, c.key, c.value, time.UTC)
		name, _, _ := strings.Cut(c.key, ":")
		if err == nil || KindOf(err) != KindInvalid || AsError(err).Reason() != "invalid-value" || AsError(err).Path != name || !got.IsZero() {
			t.Errorf("%s=%q: %v, want invalid-value at %s", c.key, c.value, err, name)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%s=%q: the error repeats the value: %v", c.key, c.value, err)
		}
	}
}
