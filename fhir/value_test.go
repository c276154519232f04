package fhir

import (
	"slices"
	"strings"
	"testing"
)

func parsed(tb testing.TB, doc string) Value {
	tb.Helper()
	v, err := Parse([]byte(doc), Limits{})
	if err != nil {
		tb.Fatalf("%s: %v", doc, err)
	}
	return v
}

func resource(tb testing.TB, doc string) Resource {
	tb.Helper()
	r, err := ParseResource([]byte(doc), Limits{})
	if err != nil {
		tb.Fatalf("%s: %v", doc, err)
	}
	return r
}

func TestAnAbsentValueAnswersEverything(t *testing.T) {
	var v Value
	if v.Kind() != Absent || v.Exists() || v.Raw() != nil || v.Text() != "" || v.Get("a").Exists() {
		t.Errorf("the zero Value is something: %v", v)
	}
	for range v.Members() {
		t.Error("the zero Value has a member")
	}
	for range v.Items() {
		t.Error("the zero Value has an item")
	}
	for range v.Path("a.b") {
		t.Error("the zero Value has a path")
	}
}

func TestMembersAreFoundByTheNameTheyRead(t *testing.T) {
	v := parsed(t, `{"\u0074ext":"\u00e9\n\ud834\udd1e\/","status":null,"n":1.50,"t":true,"f":false,"a":[1],"o":{}}`)
	if got := v.Get("text").Text(); got != "é\n𝄞/" {
		t.Errorf("text reads %q", got)
	}
	if v.Get(`\u0074ext`).Exists() || v.Get("Text").Exists() || v.Get("").Exists() {
		t.Error("a member answers to a name that is not its own")
	}
	kinds := map[string]JSONKind{"text": String, "status": Null, "n": Number, "t": True, "f": False, "a": Array, "o": Object, "x": Absent}
	for name, want := range kinds {
		if got := v.Get(name).Kind(); got != want {
			t.Errorf("%s is of kind %d, want %d", name, got, want)
		}
	}
	if got := string(v.Get("n").Raw()); got != "1.50" {
		t.Errorf("a decimal reads %s", got)
	}
	var names []string
	for name := range v.Members() {
		names = append(names, name)
	}
	if !slices.Equal(names, []string{"text", "status", "n", "t", "f", "a", "o"}) {
		t.Errorf("members are %v", names)
	}
}

func TestAPathWalksThroughArraysInDocumentOrder(t *testing.T) {
	v := parsed(t, `{"participant":[{"actor":{"reference":"A"}},{},{"actor":[{"reference":"B"},{"reference":["C",["D"]]}]},{"actor":"x"},7]}`)
	var got []string
	for r := range v.Path("participant.actor.reference") {
		got = append(got, string(r.Raw()))
	}
	if want := []string{`"A"`, `"B"`, `"C"`, `"D"`}; !slices.Equal(got, want) {
		t.Errorf("path leads to %v, want %v", got, want)
	}
	for r := range v.Path("participant.actor.reference") {
		if r.Text() != "A" {
			t.Error("the walk went on after it was stopped")
		}
		break
	}
	count := 0
	for range v.Path("") {
		count++
	}
	if count != 1 {
		t.Errorf("the empty path leads to %d values, want the value itself", count)
	}
}

func TestASpanIsWhereAValueStands(t *testing.T) {
	const doc = ` {"a": [1, "x"]}`
	v := parsed(t, doc)
	for item := range v.Get("a").Items() {
		if start, end := item.Span(); doc[start:end] != string(item.Raw()) {
			t.Errorf("%s stands at %d to %d", item.Raw(), start, end)
		}
	}
	if start, end := (Value{}).Span(); start != 0 || end != 0 {
		t.Errorf("nothing stands at %d to %d", start, end)
	}
}

func TestStoppingAWalkStopsIt(t *testing.T) {
	v := parsed(t, `{"a":[1,2],"b":2}`)
	for name := range v.Members() {
		if name != "a" {
			t.Error("Members went on")
		}
		break
	}
	for item := range v.Get("a").Items() {
		if string(item.Raw()) != "1" {
			t.Error("Items went on")
		}
		break
	}
	for item := range v.Get("b").Items() {
		if string(item.Raw()) != "2" {
			t.Errorf("a single value is not its own item: %s", item.Raw())
		}
	}
}

func TestValuesAreEqualWhenTheySayTheSame(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{`{"a":1,"b":[2]}`, `{ "b" : [ 2 ], "\u0061":1 }`, true},
		{`"\u00e9"`, `"é"`, true},
		{`1.50`, `1.5`, false},
		{`1.0`, `1`, false},
		{`[1,2]`, `[2,1]`, false},
		{`[1]`, `[1,1]`, false},
		{`[1,1]`, `[1]`, false},
		{`[]`, `{}`, false},
		{`{"a":1}`, `{"a":1,"b":2}`, false},
		{`{"a":1,"c":2}`, `{"a":1,"b":2}`, false},
		{`null`, `null`, true},
		{`true`, `false`, false},
		{`[[{"x":null}]]`, `[[{"x":null}]]`, true},
		{`[[{"x":null}]]`, `[[{"x":false}]]`, false},
	} {
		if got := equal(parsed(t, c.a), parsed(t, c.b)); got != c.want {
			t.Errorf("%s and %s: %v, want %v", c.a, c.b, got, c.want)
		}
	}
	if equal(Value{}, parsed(t, `null`)) || !equal(Value{}, Value{}) {
		t.Error("absent is null, or is not absent")
	}
}

func TestAResourceIsAnObjectWithATypeAndAValidID(t *testing.T) {
	for doc, at := range map[string]string{
		`[]`:                              "",
		`"Task"`:                          "",
		`{}`:                              "resourceType",
		`{"resourceType":1}`:              "resourceType",
		`{"resourceType":""}`:             "resourceType",
		`{"resourceType":"task"}`:         "resourceType",
		`{"resourceType":"Ta/sk"}`:        "resourceType",
		`{"resourceType":"T","id":""}`:    "id",
		`{"resourceType":"T","id":"a/b"}`: "id",
		`{"resourceType":"T","id":".."}`:  "id",
		`{"resourceType":"T","id":5}`:     "id",
		`{"resourceType":"T","id":null}`:  "id",
	} {
		r, err := ParseResource([]byte(doc), Limits{})
		if err == nil || !r.IsZero() || KindOf(err) != KindInvalid || AsError(err).Path != at {
			t.Errorf("%s: %v, want KindInvalid at %q", doc, err, at)
		}
	}
	if _, err := ParseResource([]byte(`{`), Limits{}); err == nil {
		t.Error("a fragment was accepted")
	}
	r := resource(t, ` {"resourceType":"Task","id":"7","meta":{"versionId":"3","lastUpdated":"2026-11-01T10:00:00Z"}} `)
	if r.Type() != "Task" || r.ID() != "7" || r.VersionID() != "3" || r.LastUpdated() != "2026-11-01T10:00:00Z" {
		t.Errorf("read %s %s %s %s", r.Type(), r.ID(), r.VersionID(), r.LastUpdated())
	}
	if r.Ref() != (Ref{"Task", "7", "3"}) || !strings.HasPrefix(string(r.Bytes()), `{"res`) || r.Value().Kind() != Object {
		t.Errorf("ref %v, bytes %s", r.Ref(), r.Bytes())
	}
	if odd := resource(t, `{"resourceType":"Task","id":"7","meta":{"versionId":"a b"}}`); odd.Ref().Version != "" {
		t.Errorf("an unusable version went into %v", odd.Ref())
	}
}

func TestPatientsAreWhoTheResourceIsAbout(t *testing.T) {
	for doc, want := range map[string][]Ref{
		`{"resourceType":"Appointment","participant":[{"actor":{"reference":"Practitioner/1"}},{"actor":{"reference":"Patient/2"}},{"actor":{"reference":"Patient/2/_history/4"}},{"actor":{"reference":"Patient/3"}}]}`: {{Type: "Patient", ID: "2"}, {Type: "Patient", ID: "3"}},
		`{"resourceType":"Task","for":{"reference":"Patient/2"},"focus":{"reference":"Patient/9"}}`:                                                                                                                      {{Type: "Patient", ID: "2"}},
		`{"resourceType":"DocumentReference","subject":{"reference":"Group/2"}}`:                                                                                                                                         nil,
		`{"resourceType":"DocumentReference","subject":{"reference":"Patient/.."}}`:                                                                                                                                      nil,
		`{"resourceType":"Patient","id":"1"}`: nil,
	} {
		if got := resource(t, doc).Patients(); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", doc, got, want)
		}
	}
}
