package policytest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vestibule/internal/policytest"
	"vestibule/policy"
)

const amara, noor = "https://id.assistco.example|amara", "https://id.assistco.example|noor"

func clinic() policy.Clinic {
	return policy.Clinic{Name: "maple", Zone: time.FixedZone("EST", -5*3600), Teams: map[string][]string{"assistco/desk": {amara}}}
}

// file is tests of the given requests, each by amara and expected to be permitted.
func file(requests ...string) policytest.File {
	f := policytest.File{Clinic: "maple", Name: "some", At: "2026-12-01T10:00",
		Callers: map[string]policytest.Caller{
			"amara": {User: amara, Platform: "assistco", Purposes: []string{"PATADMIN"}, Address: "203.0.113.7"},
			"noor":  {User: noor, Platform: "assistco"},
		},
		Resources: []policytest.Given{
			`{"resourceType":"Appointment","id":"7","status":"booked","comment":"c","start":"2026-12-02T10:00:00-05:00","participant":[{"actor":{"reference":"Patient/17"},"status":"accepted"},{"actor":{"reference":"Practitioner/42"}}]}`,
			`{"resourceType":"Task","id":"9","status":"requested","intent":"order","note":[{"text":"n"}],"owner":{"reference":"Organization/desk"}}`,
		}}
	for i, r := range requests {
		f.Tests = append(f.Tests, policytest.Test{Name: fmt.Sprint("test ", i), As: "amara", Request: r, Expect: "permitted"})
	}
	return f
}

func prepare(t *testing.T, f policytest.File) []*policytest.Question {
	t.Helper()
	questions, mistakes := policytest.Prepare(f, clinic().Zone)
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	return questions
}

func cover(t *testing.T, rules policy.Rules, about []string, questions []*policytest.Question) policytest.Coverage {
	t.Helper()
	set, err := policy.Compile(clinic(), rules)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range questions {
		if wrong := q.Wrong(q.Ask(set)); len(wrong) > 0 {
			t.Fatal(q.Name, wrong)
		}
	}
	last := 0
	found, err := policytest.Cover(t.Context(), clinic(), rules, about, questions, func(done, _ int) { last = done })
	if err != nil || last != len(found) {
		t.Fatalf("%d of %d clauses reported, %v", last, len(found), err)
	}
	return found
}

// everything is a grant with every clause there is.
func everything() policy.Grant {
	return policy.Grant{
		Clinic: "maple", Name: "all", To: policy.To{Team: "assistco/desk"}, Because: "b", From: "2026-11-01", Until: "2027-02-01",
		Hours: "Mon-Fri 07:00-18:00, Sat 08:00-12:00", Networks: []string{"203.0.113.0/24", "198.51.100.0/24"}, Purposes: []string{"PATADMIN", "TREAT"},
		Permissions: []policy.Permission{
			{Scope: "user/Appointment.rus?practitioner=Practitioner/42&status=booked,pending", Window: "-1d..+90d",
				Elements: []string{"status", "start", "participant"}, Write: []string{"status", "start"}, Transitions: []string{"booked->cancelled", "pending->booked"}},
			{Scope: "user/DocumentReference.read", Content: true},
		},
		Limits: policy.Limits{RequestsPerMinute: 60, PagesPerSearch: 5},
	}
}

func TestEveryClauseOfAGrantIsTakenAway(t *testing.T) {
	found := cover(t, policy.Rules{Grants: []policy.Grant{everything()}}, nil, prepare(t, file("GET Appointment/7")))
	var got []string
	for _, c := range found {
		line := c.Path + " | " + c.Text
		if c.Aside != "" {
			line += " (" + string(c.Aside) + ")"
		}
		got = append(got, line)
	}
	const reads = "user/Appointment.rus?practitioner=Practitioner/42&status=booked,pending"
	want := []string{
		"to | to: nobody else", "from | from 2026-11-01", "until | until 2027-02-01",
		"hours | hours: at no other time", "hours | hours Mon-Fri 07:00-18:00", "hours | hours Sat 08:00-12:00",
		"networks[0] | network 203.0.113.0/24", "networks[1] | network 198.51.100.0/24", "networks | networks: from nowhere else",
		"purposes[0] | purpose PATADMIN", "purposes[1] | purpose TREAT", "purposes | purposes: for no other",
		"permissions[0] | permission " + reads,
		"permissions[0].scope | interaction r of " + reads, "permissions[0].scope | interaction u of " + reads, "permissions[0].scope | interaction s of " + reads,
		"permissions[0].scope | criterion practitioner=Practitioner/42", "permissions[0].scope | criterion status=booked,pending",
		"permissions[0].scope | criterion status=booked", "permissions[0].scope | criterion status=pending",
		"permissions[0].window | window -1d..+90d: not before", "permissions[0].window | window -1d..+90d: not after",
		"permissions[0].elements[0] | element status (cannot be without it)", "permissions[0].elements[1] | element start (cannot be without it)",
		"permissions[0].elements[2] | element participant (cannot be without it)", "permissions[0].elements | elements: shows nothing else",
		"permissions[0].transitions[0] | transition booked->cancelled", "permissions[0].transitions[1] | transition pending->booked",
		"permissions[0].transitions | transitions: no other",
		"permissions[0].write[0] | write status (cannot be without it)", "permissions[0].write[1] | write start", "permissions[0].write | write: nothing else",
		"permissions[1] | permission user/DocumentReference.read",
		"permissions[1].scope | interaction r of user/DocumentReference.read", "permissions[1].scope | interaction s of user/DocumentReference.read",
		"permissions[1].content | content",
		"limits.requestsPerMinute | limit requestsPerMinute", "limits.pagesPerSearch | limit pagesPerSearch",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEveryClauseOfARuleThatDeniesIsTakenAway(t *testing.T) {
	f := file("GET Task/9")
	rules := policy.Rules{
		Grants: []policy.Grant{{Clinic: "maple", Name: "g", To: policy.To{Platform: "assistco"}, Because: "b", Until: "2027-02-01",
			Permissions: []policy.Permission{{Scope: "user/Appointment.rs"}, {Scope: "user/Task.rs"}, {Scope: "user/DocumentReference.rs"}}}},
		Directives: []policy.Directive{{Clinic: "maple", Name: "d", Patient: "Patient/17", Resources: []string{"Appointment?status=booked", "Task/9"},
			To: []policy.Whom{{User: amara}, {Team: "assistco/desk"}}, From: "2026-11-01", Until: "2027-02-01", Because: "b"}},
		Guardrails: []policy.Guardrail{{Name: "r", Never: []string{"DocumentReference?category=psychiatry&status=current"}, Networks: []string{"203.0.113.0/24", "198.51.100.0/24"}, Because: "b"}},
	}
	var got []string
	for _, c := range cover(t, rules, []string{"d", "r"}, prepare(t, f)) {
		got = append(got, strings.TrimPrefix(c.Path+": "+c.Text, ": "))
	}
	want := []string{
		"the directive", "resources[0]: locks Appointment?status=booked", "resources[1]: locks Task/9", "resources[0]: criterion status=booked of Appointment?status=booked",
		"resources: locks nothing else", "to[0]: locks out " + amara, "to[1]: locks out assistco/desk", "to: locks out nobody else",
		"from: from 2026-11-01", "until: until 2027-02-01",
		"never[0]: never DocumentReference?category=psychiatry&status=current",
		"never[0]: criterion category=psychiatry of DocumentReference?category=psychiatry&status=current", "never[0]: criterion status=current of DocumentReference?category=psychiatry&status=current",
		"networks[0]: network 203.0.113.0/24", "networks[1]: network 198.51.100.0/24", "networks: networks: from nowhere else",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// noticedBy is which test notices a clause, by its text.
func noticedBy(t *testing.T, c policytest.Coverage, text string) policytest.Clause {
	t.Helper()
	for _, clause := range c {
		if clause.Text == text {
			return clause
		}
	}
	t.Fatalf("there is no clause %q", text)
	return policytest.Clause{}
}

func TestAClauseIsNoticedByTheTestThatIsAboutItAndByNoOther(t *testing.T) {
	rules := policy.Rules{Grants: []policy.Grant{{Clinic: "maple", Name: "g", To: policy.To{User: amara}, Because: "b", Until: "2027-02-01", Hours: "Mon-Fri 08:00-18:00",
		Permissions: []policy.Permission{{Scope: "user/Appointment.ru?practitioner=Practitioner/42", Window: "0d..+7d", Elements: []string{"participant", "start", "status"}, Write: []string{"status", "start"}}}}}}
	tests := []struct {
		clause string
		test   policytest.Test
	}{
		{"to: nobody else", policytest.Test{As: "noor", Request: "GET Appointment/7", Expect: "denied", Reason: "no-grant"}},
		{"until 2027-02-01", policytest.Test{At: "2027-02-02T10:00", Request: "GET Appointment/7", Expect: "denied", Reason: "grant-expired"}},
		{"hours: at no other time", policytest.Test{At: "2026-12-01T19:00", Request: "GET Appointment/7", Expect: "denied", Reason: "outside-hours"}},
		{"interaction r of user/Appointment.ru?practitioner=Practitioner/42", policytest.Test{Request: "GET Appointment/7", Expect: "permitted"}},
		{"interaction u of user/Appointment.ru?practitioner=Practitioner/42", policytest.Test{Request: "PUT Appointment/7", Change: `{"status":"arrived"}`, Expect: "permitted"}},
		{"elements: shows nothing else", policytest.Test{Request: "GET Appointment/7", Expect: "permitted", Hides: []string{"comment"}}},
		{"element status", policytest.Test{Request: "GET Appointment/7", Expect: "permitted", Shows: []string{"status"}}},
		{"write start", policytest.Test{Request: "PUT Appointment/7", Change: `{"start":"2026-12-03T10:00:00-05:00"}`, Expect: "permitted"}},
		{"write: nothing else", policytest.Test{Request: "PUT Appointment/7", Change: `{"comment":"mine"}`, Expect: "denied", Reason: "element-not-writable"}},
		{"window 0d..+7d: not after", policytest.Test{Request: "PUT Appointment/7", Change: `{"start":"2026-12-13T10:00:00-05:00"}`, Expect: "denied", Reason: "write-out-of-reach"}},
		{"window 0d..+7d: not before", policytest.Test{At: "2026-12-03T10:00", Request: "GET Appointment/7", Expect: "denied", Reason: "outside-window"}},
	}
	neutral := prepare(t, func() policytest.File {
		f := file()
		f.Tests = []policytest.Test{{Name: "neutral", As: "amara", Request: "GET Task/9", Expect: "denied", Reason: "type-not-granted"}}
		return f
	}())
	before := cover(t, rules, nil, neutral)
	for _, test := range tests {
		f := file()
		test.test.Name = "the test"
		if test.test.As == "" {
			test.test.As = "amara"
		}
		f.Tests = []policytest.Test{test.test}
		if c := noticedBy(t, cover(t, rules, []string{"g"}, prepare(t, f)), test.clause); c.By != "some: the test" {
			t.Errorf("%s is not noticed", test.clause)
		}
		if c := noticedBy(t, before, test.clause); c.By != "" || c.Aside != "" {
			t.Errorf("%s is noticed by %q or set aside (%s), and nothing is about it", test.clause, c.By, c.Aside)
		}
	}
}

// TestWhatAnotherRuleDoesAnywayDoesNotCount: nobody could write a test that notices it.
func TestWhatAnotherRuleDoesAnywayDoesNotCount(t *testing.T) {
	grant := func(name string) policy.Grant {
		return policy.Grant{Clinic: "maple", Name: name, To: policy.To{Platform: "assistco"}, Because: "b", Until: "2027-02-01", Permissions: []policy.Permission{{Scope: "user/Task.r"}}}
	}
	rules := policy.Rules{Grants: []policy.Grant{grant("one"), grant("two")},
		Directives: []policy.Directive{{Clinic: "maple", Name: "d", Patient: "Patient/17", Resources: []string{"Task"}, Because: "b"}}}
	found := cover(t, rules, nil, prepare(t, file("GET Task/9")))
	for _, text := range []string{"permission user/Task.r", "locks nothing else"} {
		if c := noticedBy(t, found, text); c.Aside != policytest.Idle {
			t.Errorf("%s: %+v, want it set aside", text, c)
		}
	}
	if c := noticedBy(t, found, "the directive"); c.Aside != "" || c.By != "" {
		t.Errorf("the directive: %+v, want it to count and not to be noticed", c)
	}
}

// TestADirectiveCountsWhereATestNamesItsPatient: a clinic has many, and most tests are about none of them.
func TestADirectiveCountsWhereATestNamesItsPatient(t *testing.T) {
	directive := func(name, patient string) policy.Directive {
		return policy.Directive{Clinic: "maple", Name: name, Patient: patient, Resources: []string{"Task"}, Because: "b"}
	}
	rules := policy.Rules{Directives: []policy.Directive{directive("named", "Patient/17"), directive("other", "Patient/18")},
		Grants: []policy.Grant{{Clinic: "maple", Name: "g", To: policy.To{Platform: "assistco"}, Because: "b", Until: "2027-02-01", Permissions: []policy.Permission{{Scope: "user/Task.r"}}}}}
	named := func(c policytest.Coverage, rule string) (n int) {
		for _, clause := range c {
			if clause.Rule == rule {
				n++
			}
		}
		return n
	}
	found := cover(t, rules, nil, prepare(t, file("GET Task/9")))
	if named(found, "named") == 0 || named(found, "other") != 0 {
		t.Errorf("clauses that count: %+v", found)
	}
	if found = cover(t, rules, []string{"other"}, prepare(t, file("GET Task/9"))); named(found, "other") == 0 {
		t.Errorf("clauses that count: %+v", found)
	}
}

func TestALongRunEndsWhenItIsToldTo(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	tried := 0
	_, err := policytest.Cover(ctx, clinic(), policy.Rules{Grants: []policy.Grant{everything()}}, nil, prepare(t, file("GET Appointment/7")), func(done, _ int) {
		if tried = done; done == 3 {
			stop()
		}
	})
	if !errors.Is(err, context.Canceled) || tried != 3 {
		t.Errorf("%d clauses tried, error %v; want it to end after 3", tried, err)
	}
}

func TestPercentIsNeverRoundedUp(t *testing.T) {
	c := make(policytest.Coverage, 200)
	for i := range c[1:] {
		c[i+1].By = "some: test"
	}
	if got := c.Percent(); got != 99 {
		t.Errorf("199 of 200 are %d %%, want 99", got)
	}
	if got := (policytest.Coverage{{Aside: policytest.Needed}}).Percent(); got != 100 {
		t.Errorf("nothing to notice is %d %%, want 100", got)
	}
}
