package fhir

import (
	"encoding/json"
	"strings"
	"testing"
)

// LocalRef reads in place what ParseRef reads from a string, and nothing else.
func TestALocalReferenceIsReadAlikeInPlace(t *testing.T) {
	for s, want := range map[string]Ref{
		"Patient/17":                         {Type: "Patient", ID: "17"},
		"Patient/17/_history/2":              {Type: "Patient", ID: "17", Version: "2"},
		"Patient/a.b-C":                      {Type: "Patient", ID: "a.b-C"},
		"":                                   {},
		"Patient":                            {},
		"Patient/":                           {},
		"/17":                                {},
		"patient/17":                         {},
		"Patient/..":                         {},
		"Patient/17/":                        {},
		"Patient/17/_history":                {},
		"Patient/17/_history/":               {},
		"Patient/17/_history/2/3":            {},
		"Patient/17/_History/2":              {},
		"Patient/17/18":                      {},
		"Patient/17?x":                       {},
		"#p":                                 {},
		"urn:uuid:1":                         {},
		"https://x.example/Patient/17":       {},
		"Patient/" + strings.Repeat("a", 65): {},
	} {
		if got, ok := ParseRef(s); got != want || ok != (want != Ref{}) {
			t.Errorf("ParseRef(%q) = %v, %v", s, got, ok)
		}
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		for _, spelt := range []string{string(text), strings.Replace(string(text), "t", `\u0074`, 1)} {
			v, err := Parse([]byte(spelt), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			typ, id, ok := v.LocalRef()
			if string(typ) != want.Type || string(id) != want.ID || ok != (want != Ref{}) {
				t.Errorf("LocalRef of %s is %s/%s, %v", spelt, typ, id, ok)
			}
		}
	}
	for _, other := range []string{`["Patient/17"]`, `17`, `null`, `{"reference":"Patient/17"}`} {
		v, err := Parse([]byte(other), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, ok := v.LocalRef(); ok {
			t.Errorf("%s is a reference", other)
		}
	}
}
