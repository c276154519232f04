package policytest_test

import (
	"strings"
	"testing"

	"vestibule/internal/policytest"
	"vestibule/policy"
)

// TestATestThatIsWrongSaysSo holds every expectation to being able to fail.
func TestATestThatIsWrongSaysSo(t *testing.T) {
	rules := policy.Rules{Grants: []policy.Grant{{Clinic: "maple", Name: "g", To: policy.To{User: amara}, Because: "b", Until: "2027-02-01", Hours: "Mon-Fri 08:00-18:00",
		Limits: policy.Limits{RequestsPerMinute: 60},
		Permissions: []policy.Permission{{Scope: "user/Appointment.rus", Elements: []string{"status", "start", "participant.actor"}, Write: []string{"status", "start"}},
			{Scope: "user/Task.c", Write: []string{"status", "intent"}}}}}}
	set, err := policy.Compile(clinic(), rules)
	if err != nil {
		t.Fatal(err)
	}
	limits := policy.Limits{RequestsPerMinute: 61}
	tests := []struct {
		test policytest.Test
		want string // "": nothing is wrong
	}{
		{policytest.Test{Request: "GET Appointment/7", Expect: "permitted"}, ""},
		{policytest.Test{Request: "GET Task/9", Expect: "permitted"}, "expected permitted, got denied:|interaction-not-granted: "},
		{policytest.Test{Request: "GET Appointment/7", Expect: "denied", Reason: "out-of-reach"}, "expected denied (out-of-reach), got permitted:|[g"},
		{policytest.Test{Request: "GET Appointment/7", At: "2026-12-01T19:00", Expect: "denied", Reason: "out-of-reach"}, "expected denied (out-of-reach), got denied:|outside-hours: |[g hours Mon-Fri 08:00-18:00]"},
		{policytest.Test{Request: "GET Appointment/7", At: "2026-12-01T19:00:00-05:00", Expect: "denied", Reason: "outside-hours"}, ""},
		{policytest.Test{Request: "GET Appointment/8", Expect: "permitted"}, "The EMR of this test holds no Appointment/8."},
		{policytest.Test{Request: "GET Appointment?status=booked", Expect: "permitted", Visible: []string{}}, "visible: expected none, got Appointment/7"},
		{policytest.Test{Request: "GET Appointment?status=noshow", Expect: "permitted", Visible: []string{}}, ""},
		{policytest.Test{Request: "GET Appointment?comment=x", Expect: "permitted"}, "no search parameter"},
		{policytest.Test{Request: "GET Appointment/7", Expect: "permitted", Shows: []string{"comment"}}, "shows: expected comment of Appointment/7, which is hidden"},
		{policytest.Test{Request: "GET Appointment/7", Expect: "permitted", Shows: []string{"participant.actor", "start"}}, ""},
		{policytest.Test{Request: "GET Appointment/7", Expect: "permitted", Shows: []string{"participant"}}, "shows: expected all of participant of Appointment/7, of which a part is hidden"},
		{policytest.Test{Request: "GET Appointment/7", Expect: "permitted", Shows: []string{"description"}}, "nothing that comes back has description in the EMR"},
		{policytest.Test{Request: "GET Appointment/7", Expect: "permitted", Hides: []string{"start"}}, "hides: expected nothing of start of Appointment/7"},
		{policytest.Test{Request: "GET Appointment/7", Expect: "permitted", Hides: []string{"description"}}, "so that there is nothing to hide"},
		{policytest.Test{Request: "GET Appointment/7", Expect: "permitted", Hides: []string{"comment"}, Grants: []string{"g"}}, ""},
		{policytest.Test{Request: "GET Appointment/7", Expect: "permitted", Grants: []string{"h"}}, "grants: expected h, got g"},
		{policytest.Test{Request: "GET Appointment/7", Expect: "permitted", Limits: &limits}, "limits: expected requestsPerMinute 61, got requestsPerMinute 60"},
		{policytest.Test{Request: "PUT Appointment/7", Change: `{"status":"arrived"}`, Expect: "permitted", Changed: []string{"start"}}, "changed: expected start, got status"},
		{policytest.Test{Request: "PUT Appointment/7", Change: `{"start":null}`, Expect: "permitted", Changed: []string{"start"}}, ""},
		{policytest.Test{Request: "PUT Appointment/8", Change: `{"status":"arrived"}`, Expect: "denied", Reason: "not-found-or-out-of-reach"}, ""},
		{policytest.Test{Request: "POST Task", Body: `{"resourceType":"Task","status":"draft","intent":"order"}`, Expect: "permitted", Changed: []string{"intent", "status"}}, ""},
		{policytest.Test{Request: "POST Task", Body: `"Task/9"`, Expect: "denied", Reason: "element-not-writable"}, ""},
	}
	for _, test := range tests {
		f := file()
		test.test.Name, test.test.As = "t", "amara"
		f.Tests = []policytest.Test{test.test}
		questions, mistakes := policytest.Prepare(f, clinic().Zone)
		var got []string
		for _, m := range mistakes {
			got = append(got, m.Text)
		}
		if len(mistakes) == 0 {
			got = questions[0].Wrong(questions[0].Ask(set))
		}
		for _, want := range strings.Split(test.want, "|") {
			if text := strings.Join(got, "\n"); test.want == "" && text != "" || !strings.Contains(text, want) {
				t.Errorf("%+v:\n%s\nwant %q", test.test, text, want)
			}
		}
	}
}

// TestWhatNoTestCanMeanIsAMistake: an expectation that nothing is held against would always pass.
func TestWhatNoTestCanMeanIsAMistake(t *testing.T) {
	good := policytest.Test{Name: "t", As: "amara", Request: "GET Appointment/7", Expect: "permitted"}
	tests := []struct {
		change func(*policytest.Test)
		path   string
		want   string
	}{
		{func(t *policytest.Test) { t.Name = "" }, "tests[0].name", "is missing"},
		{func(t *policytest.Test) { t.As = "" }, "tests[0].as", "one of amara, noor"},
		{func(t *policytest.Test) { t.At = "tomorrow" }, "tests[0].at", "is no moment"},
		{func(t *policytest.Test) { t.Request = "Appointment/7" }, "tests[0].request", "is no request"},
		{func(t *policytest.Test) { t.Request = "DELETE Appointment/7" }, "tests[0].request", ""},
		{func(t *policytest.Test) { t.Request = "GET metadata" }, "tests[0].request", "rules are about"},
		{func(t *policytest.Test) { t.Request = "GET Appointment?_cursor=abc" }, "tests[0].request", "write the search itself"},
		{func(t *policytest.Test) { t.Request = "GET Patient/7" }, "tests[0].request", ""},
		{func(t *policytest.Test) { t.EMR = []policytest.Given{`"Appointment/8"`} }, "tests[0].emr[0]", `no resource "Appointment/8"`},
		{func(t *policytest.Test) { t.EMR = []policytest.Given{`{"resourceType":"Task"}`} }, "tests[0].emr[0]", "has no id"},
		{func(t *policytest.Test) { t.EMR = []policytest.Given{`{"like":"Task/1"}`} }, "tests[0].emr[0]", `no resource "Task/1"`},
		{func(t *policytest.Test) { t.EMR = []policytest.Given{`"Task/9"`, `"Task/9"`} }, "tests[0].emr[1]", "given twice"},
		{func(t *policytest.Test) { t.Body = `{"resourceType":"Task"}` }, "tests[0].body", "sends nothing"},
		{func(t *policytest.Test) { t.Request = "PUT Appointment/7" }, "tests[0].body", "or change"},
		{func(t *policytest.Test) { t.Request, t.Change = "POST Task", `{}` }, "tests[0].change", "is for PUT"},
		{func(t *policytest.Test) { t.Expect = "maybe" }, "tests[0].expect", "permitted or denied"},
		{func(t *policytest.Test) { t.Reason = "no-grant" }, "tests[0].reason", "leave it out"},
		{func(t *policytest.Test) { t.Expect = "denied" }, "tests[0].reason", "is missing"},
		{func(t *policytest.Test) { t.Expect, t.Reason = "denied", "granted" }, "tests[0].reason", "no single request"},
		{func(t *policytest.Test) { t.Expect, t.Reason = "denied", "too-many-requests" }, "tests[0].reason", "no single request"},
		{func(t *policytest.Test) { t.Expect, t.Reason, t.Shows = "denied", "no-grant", []string{"status"} }, "tests[0].shows", "about what is permitted"},
		{func(t *policytest.Test) { t.Visible = []string{} }, "tests[0].visible", "about searches"},
		{func(t *policytest.Test) { t.Changed = []string{} }, "tests[0].changed", "about POST and PUT"},
		{func(t *policytest.Test) { t.Shows = []string{"colour"} }, "tests[0].shows[0]", `no element "colour"`},
		{func(t *policytest.Test) { t.Hides = []string{"schedule"} }, "tests[0].hides[0]", `no element "schedule"`},
		{func(t *policytest.Test) { t.Address = "home" }, "tests[0].address", "is no address"},
	}
	for _, test := range tests {
		f := file()
		one := good
		test.change(&one)
		f.Tests = []policytest.Test{one}
		_, mistakes := policytest.Prepare(f, clinic().Zone)
		if len(mistakes) != 1 || mistakes[0].Path != test.path || !strings.Contains(mistakes[0].Text, test.want) {
			t.Errorf("%+v:\n%v\nwant %s: %q", one, mistakes, test.path, test.want)
		}
	}
	f := file("GET Appointment/7")
	f.Tests = append(f.Tests, f.Tests[0])
	if _, mistakes := policytest.Prepare(f, clinic().Zone); len(mistakes) != 1 || mistakes[0].Path != "tests[1].name" {
		t.Errorf("two tests of one name: %v", mistakes)
	}
}
