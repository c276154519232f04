package policy

import (
	"strings"
	"testing"
)

// A rule that denies holds wherever it may match: an EMR that leaves out a system, writes a code in capitals or a category in
// words alone, or knows only the month, opens no lock. A grant with the same criteria gives none of that.
func TestRulesThatDenyHoldWhereverTheyMayMatch(t *testing.T) {
	const psychiatry, day, author = "DocumentReference?category=http://s|psychiatry", "DocumentReference?date=2026-05-05", "DocumentReference?author=Practitioner/42"
	for _, c := range []struct {
		name, rule, members string
		denied, granted     bool // by a rule, and by a grant, with the same criteria
	}{
		{"as the rule has it", psychiatry, `"category":[{"coding":[{"system":"http://s","code":"psychiatry"}]}]`, true, true},
		{"without a system", psychiatry, `"category":[{"coding":[{"code":"psychiatry"}]}]`, true, false},
		{"in another case", psychiatry, `"category":[{"coding":[{"system":"http://s","code":"Psychiatry"}]}]`, true, false},
		{"in words alone", psychiatry, `"category":[{"text":"Psychiatry"}]`, true, false},
		{"a coding in words alone", psychiatry, `"category":[{"coding":[{"system":"http://s","display":"Psychiatry"}]}]`, true, false},
		{"another system", psychiatry, `"category":[{"coding":[{"system":"http://t","code":"psychiatry"}]}]`, false, false},
		{"another category", psychiatry, `"category":[{"coding":[{"system":"http://s","code":"referral"}],"text":"Referral"}]`, false, false},
		{"no category", psychiatry, `"type":{"text":"Psychiatry"}`, false, false},
		{"the day", day, `"date":"2026-05-05T09:00:00-04:00"`, true, true},
		{"the month", day, `"date":"2026-05"`, true, false},
		{"no date", day, `"date":"early May"`, true, false},
		{"another month", day, `"date":"2026-06"`, false, false},
		{"undated", day, `"description":"2026-05-05"`, false, false},
		{"the author", author, `"author":[{"reference":"Practitioner/42"}]`, true, true},
		{"an author elsewhere", author, `"author":[{"reference":"https://other.example/Practitioner/7"}]`, true, false},
		{"an author by number", author, `"author":[{"identifier":{"value":"7"}}]`, true, false},
		{"an organization elsewhere", author, `"author":[{"reference":"https://other.example/Organization/42"}]`, false, false},
		{"another author", author, `"author":[{"reference":"Practitioner/43"}]`, false, false},
	} {
		r := docOf(t, `,"subject":{"reference":"Patient/p2"},`+c.members)
		for _, rules := range []Rules{
			{Guardrails: []Guardrail{{Never: []string{c.rule}}}},
			{Directives: []Directive{{Patient: "Patient/p2", Resources: []string{c.rule}}}},
		} {
			rules.Grants = []Grant{everything()}
			released, _ := permitted(t, ruled(t, completed(rules)), ask(t, "GET DocumentReference/d")).Release(r)
			if released.IsZero() != c.denied {
				t.Errorf("%s: %s lets it out is %v", c.name, c.rule, !released.IsZero())
			}
		}
		_, criteria, _ := strings.Cut(c.rule, "?")
		grant := grantOf("g", Permission{Scope: "user/DocumentReference.r?" + criteria})
		if released, _ := permitted(t, compiled(t, grant), ask(t, "GET DocumentReference/d")).Release(r); released.IsZero() == c.granted {
			t.Errorf("%s: granted by %s is %v", c.name, criteria, !released.IsZero())
		}
	}
}

// A lock whose patient cannot be read, about something that cannot be read either.
func TestWhatMayBeTheLockedPatientsAndMayBeLockedIsHeldBack(t *testing.T) {
	s := ruled(t, completed(Rules{Grants: []Grant{everything()}, Directives: []Directive{{Patient: "Patient/p2", Resources: []string{"DocumentReference?category=psychiatry"}}}}))
	for members, want := range map[string]Code{
		`,"subject":{"identifier":{"value":"9"}},"category":[{"text":"Psychiatry"}]`:                      CodePatientUnclear,
		`,"subject":{"identifier":{"value":"9"}},"category":[{"coding":[{"code":"referral"}]}]`:           CodeGranted,
		`,"subject":{"reference":"Patient/p3"},"category":[{"text":"Psychiatry"}]`:                        CodeGranted,
		`,"subject":{"reference":"Patient/p2"},"category":[{"coding":[{"code":"referral"}]},{"text":""}]`: CodeLocked,
	} {
		_, reasons := permitted(t, s, ask(t, "GET DocumentReference/d")).Release(docOf(t, members))
		t.Log(members)
		wantCode(t, reasons, want)
	}
}
