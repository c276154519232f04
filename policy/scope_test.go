package policy

import (
	"slices"
	"strings"
	"testing"
)

func TestScopesAreReadAsSMARTWritesThem(t *testing.T) {
	for text, want := range map[string]string{ // letters, "-" not a SMART scope, or a part of the error
		"user/Appointment.rs":                     "rs",
		"user/Appointment.cruds":                  "cruds",
		"system/Task.c":                           "c",
		"user/*.rs":                               "rs",
		"user/Appointment.rs?status=booked":       "rs",
		"patient/Task.rs":                         "rs",
		"user/Appointment.read":                   "rs",
		"user/Appointment.write":                  "cud",
		"user/Appointment.*":                      "cruds",
		"openid":                                  "-",
		"launch/patient":                          "-",
		"https://fhir.example/user/Appointment.r": "-",
		"user/Appointment.sr":                     "write rs instead of sr",
		"user/Appointment.rr":                     "write r instead of rr",
		"user/Appointment.":                       "are not interactions",
		"user/Appointment.x":                      "are not interactions",
		"user/Appointment":                        "is not a scope",
		"user/.rs":                                "is not a scope",
		"user/Appointment.rs?":                    "is not a scope",
		"user/Patient.rs":                         "not a type that can be granted",
		"user/appointment.rs":                     "not a type that can be granted",
	} {
		s, _, smart, err := splitScope(text)
		got := s.letters.String()
		switch {
		case err != nil:
			got = err.Error()
		case !smart:
			got = "-"
		}
		if got != want && (err == nil || !strings.Contains(got, want)) {
			t.Errorf("%s is %q, want %q", text, got, want)
		}
	}
}

func TestTokenScopesOnlyEverAddToEachOther(t *testing.T) {
	zone := maple(t).Zone
	for _, c := range []struct {
		scopes    []string
		automated bool
		free      bool
		narrowed  int
	}{
		{[]string{"user/Appointment.rs"}, false, true, 0},
		{[]string{"user/*.r"}, false, true, 0},
		{[]string{"user/Appointment.read"}, false, true, 0},
		{[]string{"user/Appointment.r?status=booked", "user/Appointment.r?status=pending"}, false, false, 2},
		{[]string{"user/Appointment.r?status=booked", "user/Appointment.r"}, false, true, 0},
		{[]string{"user/*.r?status=booked"}, false, false, 1},
		{[]string{"user/Appointment.r?no-such=1", "user/Appointment.r?status", "user/Appointment.r?status=%zz", "user/Appointment.sr"}, false, false, 0},
		{[]string{"user/Appointment.s", "user/Task.r", "openid", "user/Patient.r", "patient/Appointment.r", "system/Appointment.r"}, false, false, 0},
		{[]string{"system/Appointment.r"}, true, true, 0},
		{[]string{"user/Appointment.r"}, true, true, 0},
		{nil, false, false, 0},
	} {
		caller := Caller{Scopes: c.scopes, Automated: c.automated}
		got := scopesFor(caller, "Appointment", letterRead, zone)
		if got.free != c.free || len(got.scopes) != c.narrowed || got.none() != (!c.free && c.narrowed == 0) {
			t.Errorf("%v: free %v, %d narrowed", c.scopes, got.free, len(got.scopes))
		}
	}
}

func TestCriteriaAreURLEncodedAndKeepTheirOrder(t *testing.T) {
	got, err := parseCriteria("DocumentReference", "category=http%3A%2F%2Floinc.org%7C11488-4&status=current", maple(t).Zone)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, c := range got {
		keys = append(keys, c.Key()+"="+c.Value())
	}
	if !slices.Equal(keys, []string{"category=http://loinc.org|11488-4", "status=current"}) {
		t.Errorf("%q", keys)
	}
}

// The design's own example writes rsu: the order of a grant's interactions says nothing, that of a token's is SMART's.
func TestTheOrderOfAGrantsInteractionsDoesNotMatter(t *testing.T) {
	for text, want := range map[string]string{
		"user/Task.rsu?owner=Organization/a.b": "user/Task.rus?owner=Organization/a.b",
		"user/Task.rs":                         "user/Task.rs",
		"user/Task.rr":                         "user/Task.rr",
		"user/Task.read":                       "user/Task.read",
		"openid":                               "openid",
		"":                                     "",
	} {
		if got := inOrder(text); got != want {
			t.Errorf("inOrder(%q) = %q, want %q", text, got, want)
		}
	}
	s := compiled(t, grantOf("g", Permission{Scope: "user/Task.su?owner=Organization/a", Write: []string{"status"}}))
	permitted(t, s, ask(t, "GET Task?status=requested"))
}
