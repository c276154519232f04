package policy

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule/fhir"
)

// completed gives the rules of a test what each has to have.
func completed(rules Rules) Rules {
	for i := range rules.Directives {
		d := &rules.Directives[i]
		d.Clinic, d.Name, d.Because, d.Version = "maple", fmt.Sprintf("lock-%d", i), "The patient asked", 2
	}
	for i := range rules.Guardrails {
		g := &rules.Guardrails[i]
		g.Name, g.Because, g.Version = fmt.Sprintf("rail-%d", i), "A test", 5
	}
	return rules
}

// denied is a case of a code that a guardrail or a directive brings about, read by amara under the design guide's grant.
func denied(code Code, line string, rules Rules, r func(*testing.T) fhir.Resource) reasonCase {
	return reasonCase{code, func(t *testing.T) ([]Reason, *fhir.Error) {
		rules.Grants = []Grant{frontDesk()}
		d := ruled(t, completed(rules)).Decide(ask(t, line))
		released, reasons := d.Release(r(t))
		if !released.IsZero() || text(released) != "" {
			t.Errorf("released %s", text(released))
		}
		if detail := reasons[0].Detail; detail != "Directive lock-0@2" && detail != "Guardrail rail-0@5" {
			t.Errorf("the trail is told %q", detail)
		}
		return reasons, d.Refusal(reasons)
	}}
}

// everything is a grant of all there is to amara.
func everything() Grant {
	return grantOf("all",
		Permission{Scope: "user/Appointment.crus", Write: []string{"status", "start", "participant", "comment"}},
		Permission{Scope: "user/Task.crus", Write: []string{"status", "for", "owner", "description", "intent", "priority", "focus"}},
		Permission{Scope: "user/DocumentReference.crus", Write: []string{"status", "category", "subject", "context"}})
}

func docOf(t testing.TB, members string) fhir.Resource {
	t.Helper()
	return resource(t, `{"resourceType":"DocumentReference","id":"d","meta":{"versionId":"1"},"status":"current"%s}`, members)
}

func TestADirectiveLocksWhatItNames(t *testing.T) {
	psychiatry := docOf(t, `,"category":[{"coding":[{"code":"psychiatry"}]}],"subject":{"reference":"Patient/p2"}`)
	referral := docOf(t, `,"category":[{"coding":[{"code":"referral"}]}],"subject":{"reference":"Patient/p2/_history/7"}`)
	ofOther := docOf(t, `,"category":[{"coding":[{"code":"psychiatry"}]}],"subject":{"reference":"Patient/p3"}`)
	for name, c := range map[string]struct {
		d    Directive
		r    fhir.Resource
		want Code
	}{
		"everything of the patient":          {Directive{Patient: "Patient/p2"}, referral, CodeLocked},
		"nothing of another":                 {Directive{Patient: "Patient/p2"}, ofOther, CodeGranted},
		"an id that only begins alike":       {Directive{Patient: "Patient/p"}, referral, CodeGranted},
		"one type":                           {Directive{Patient: "Patient/p2", Resources: []string{"DocumentReference"}}, referral, CodeLocked},
		"another type":                       {Directive{Patient: "Patient/p2", Resources: []string{"Appointment", "Task"}}, referral, CodeGranted},
		"one resource":                       {Directive{Patient: "Patient/p2", Resources: []string{"Task", "DocumentReference/d"}}, referral, CodeLocked},
		"another resource":                   {Directive{Patient: "Patient/p2", Resources: []string{"DocumentReference/e"}}, referral, CodeGranted},
		"a category":                         {Directive{Patient: "Patient/p2", Resources: []string{"DocumentReference?category=psychiatry"}}, psychiatry, CodeLocked},
		"another category":                   {Directive{Patient: "Patient/p2", Resources: []string{"DocumentReference?category=psychiatry"}}, referral, CodeGranted},
		"all criteria":                       {Directive{Patient: "Patient/p2", Resources: []string{"DocumentReference?category=psychiatry&status=superseded"}}, psychiatry, CodeGranted},
		"her platform":                       {Directive{Patient: "Patient/p2", To: []Whom{{Platform: "assistco"}}}, referral, CodeLocked},
		"another platform":                   {Directive{Patient: "Patient/p2", To: []Whom{{Platform: "helpers"}}}, referral, CodeGranted},
		"her":                                {Directive{Patient: "Patient/p2", To: []Whom{{Platform: "helpers"}, {User: "https://id.example|amara"}}}, referral, CodeLocked},
		"a namesake of another issuer":       {Directive{Patient: "Patient/p2", To: []Whom{{User: "https://id2.example|amara"}}}, referral, CodeGranted},
		"her team":                           {Directive{Patient: "Patient/p2", To: []Whom{{Team: "assistco/front-desk"}}}, referral, CodeLocked},
		"the team of that name elsewhere":    {Directive{Patient: "Patient/p2", To: []Whom{{Team: "helpers/front-desk"}}}, referral, CodeGranted},
		"a team that is no more":             {Directive{Patient: "Patient/p2", To: []Whom{{Team: "assistco/night"}}}, referral, CodeLocked},
		"the patient a document's source is": {Directive{Patient: "Patient/p2"}, docOf(t, `,"context":{"sourcePatientInfo":{"reference":"Patient/p2"}}`), CodeLocked},
		"the patient a task is about":        {Directive{Patient: "Patient/p3"}, task(t, "d", "Organization/1", ""), CodeLocked},
		"the patient a task works on":        {Directive{Patient: "Patient/p9"}, task(t, "d", "Organization/1", `,"focus":{"reference":"Patient/p9"}`), CodeLocked},
		"one of several patients": {Directive{Patient: "Patient/p9"}, resource(t, `{"resourceType":"Appointment","id":"d","participant":[
			{"actor":{"reference":"Patient/p1"}},{"actor":{"reference":"Practitioner/1"}},{"actor":{"reference":"Patient/p9"}}]}`), CodeLocked},
		"a patient under an escaped name": {Directive{Patient: "Patient/p2"}, docOf(t, `,"\u0073ubject":{"referenc\u0065":"Patien\u0074/p2"}`), CodeLocked},
	} {
		t.Run(name, func(t *testing.T) {
			s := ruled(t, completed(Rules{Grants: []Grant{everything()}, Directives: []Directive{c.d}}))
			for _, line := range []string{"GET " + c.r.Type() + "/d", "GET " + c.r.Type()} {
				released, reasons := permitted(t, s, ask(t, line)).Release(c.r)
				wantCode(t, reasons, c.want)
				if released.IsZero() == (c.want == CodeGranted) {
					t.Errorf("%s: released %q", line, text(released))
				}
			}
		})
	}
}

func TestAnAgentIsLockedOutWithItsPlatform(t *testing.T) {
	g := everything()
	g.To.Automated = true
	s := ruled(t, completed(Rules{Grants: []Grant{g}, Directives: []Directive{{Patient: "Patient/p3", To: []Whom{{Platform: "assistco"}}}}}))
	req := ask(t, "GET Task/d")
	req.Caller.Automated = true
	_, reasons := permitted(t, s, req).Release(task(t, "d", "Organization/1", ""))
	wantCode(t, reasons, CodeLocked)
}

func TestADirectiveHoldsOnItsDaysInTheClinicsZone(t *testing.T) {
	s := ruled(t, completed(Rules{Grants: []Grant{everything()}, Directives: []Directive{
		{Patient: "Patient/p1", From: "2026-11-25", Until: "2026-11-26"}, {Patient: "Patient/p2", From: "2026-11-25"}, {Patient: "Patient/p3", Until: "2026-11-26"},
	}}))
	zone := maple(t).Zone
	at := func(day, hour, minute, second int) time.Time {
		return time.Date(2026, 11, day, hour, minute, second, 0, zone).UTC()
	}
	for now, want := range map[time.Time]string{
		at(24, 23, 59, 59): "p3",
		at(25, 0, 0, 0):    "p1 p2 p3",
		at(26, 23, 59, 59): "p1 p2 p3",
		at(27, 0, 0, 0):    "p2",
	} {
		req := ask(t, "GET Task/d")
		req.Now, req.Caller.Expires = now, now.Add(time.Minute)
		var locked []string
		for _, p := range []string{"p1", "p2", "p3"} {
			r := resource(t, `{"resourceType":"Task","id":"d","for":{"reference":"Patient/%s"}}`, p)
			if released, _ := permitted(t, s, req).Release(r); released.IsZero() {
				locked = append(locked, p)
			}
		}
		if got := strings.Join(locked, " "); got != want {
			t.Errorf("at %s locked are %q, want %q", now.In(zone), got, want)
		}
	}
}

func TestAResourceWhosePatientCannotBeReadIsHeldBackWhereADirectiveCouldLockIt(t *testing.T) {
	const appointment, doc = `{"resourceType":"Appointment","id":"d","contained":[{"resourceType":"Patient","id":"p"},{"resourceType":"Location","id":"l"}],"participant":[%s]}`,
		`{"resourceType":"DocumentReference","id":"d","status":"current","subject":%s}`
	for name, c := range map[string]struct {
		format, ref string
		want        Code
	}{
		"another server's":               {doc, `{"reference":"https://other.example/fhir/Patient/p2"}`, CodePatientUnclear},
		"another server's, of no type":   {doc, `{"reference":"https://other.example/p2"}`, CodePatientUnclear},
		"another server's group":         {doc, `{"reference":"https://other.example/fhir/Group/g"}`, CodeGranted},
		"another server's, at odds":      {doc, `{"reference":"https://other.example/fhir/Patient/p2/_history/1","type":"Group"}`, CodePatientUnclear},
		"another server's, at odds too":  {doc, `{"reference":"https://other.example/fhir/Group/p2","type":"Patient"}`, CodePatientUnclear},
		"an identifier alone":            {doc, `{"identifier":{"system":"urn:phn","value":"9"}}`, CodePatientUnclear},
		"an identifier of a group":       {doc, `{"identifier":{"system":"urn:phn","value":"9"},"type":"Group"}`, CodeGranted},
		"a urn":                          {doc, `{"reference":"urn:uuid:c757873d-ec9a-4326-a141-556f43239520"}`, CodePatientUnclear},
		"a contained patient":            {appointment, `{"actor":{"reference":"#p"}}`, CodePatientUnclear},
		"a contained location":           {appointment, `{"actor":{"reference":"#l"}}`, CodeGranted},
		"contained, and not there":       {appointment, `{"actor":{"reference":"#x"}}`, CodePatientUnclear},
		"a spelling that is none":        {doc, `{"reference":"patient/p3"}`, CodePatientUnclear},
		"an id that is none":             {doc, `{"reference":"Patient/.."}`, CodePatientUnclear},
		"a list where one belongs":       {doc, `{"reference":["Patient/p3"]}`, CodePatientUnclear},
		"a text where an object belongs": {doc, `"Patient/p3"`, CodePatientUnclear},
		"words alone":                    {doc, `{"display":"Jane Roe"}`, CodePatientUnclear},
		"words beside a patient":         {appointment, `{"actor":{"reference":"Patient/p3"}},{"actor":{"display":"Room 4"}}`, CodeGranted},
		"words for everybody":            {appointment, `{"actor":{"reference":"Practitioner/1"}},{"actor":{"display":"Jane Roe"}}`, CodePatientUnclear},
		"an identifier beside a patient": {appointment, `{"actor":{"reference":"Patient/p3"}},{"actor":{"identifier":{"value":"9"}}}`, CodePatientUnclear},
		"nobody":                         {appointment, `{"type":[{"text":"a room"}]}`, CodeGranted},
		"staff only":                     {appointment, `{"actor":{"reference":"Practitioner/1"}}`, CodeGranted},
		"a literal that says so":         {doc, `{"reference":"Patient/p3"}`, CodeGranted},
	} {
		t.Run(name, func(t *testing.T) {
			r := resource(t, c.format, c.ref)
			for _, rules := range []struct {
				d    Directive
				want Code
			}{
				{Directive{Patient: "Patient/p2"}, c.want},
				{Directive{Patient: "Patient/p2", Resources: []string{"Task"}}, CodeGranted},
				{Directive{Patient: "Patient/p2", Resources: []string{r.Type() + "/other"}}, CodeGranted},
				{Directive{Patient: "Patient/p2", Until: "2026-11-24"}, CodeGranted},
				{Directive{Patient: "Patient/p2", To: []Whom{{Platform: "helpers"}}}, CodeGranted},
			} {
				s := ruled(t, completed(Rules{Grants: []Grant{everything()}, Directives: []Directive{rules.d}}))
				_, reasons := permitted(t, s, ask(t, "GET "+r.Type())).Release(r)
				wantCode(t, reasons, rules.want)
			}
		})
	}
	s := ruled(t, completed(Rules{Grants: []Grant{everything()}, Directives: []Directive{{Patient: "Patient/p2"}}}))
	for format, want := range map[string]Code{
		`"for":{"reference":"Patient/p3"},"focus":{"reference":"urn:uuid:c757873d-ec9a-4326-a141-556f43239520"}`: CodeGranted,
		`"for":{"display":"Jane Roe"},"focus":{"reference":"Patient/p3"}`:                                        CodePatientUnclear,
		`"focus":{"display":"Jane Roe"}`: CodeGranted,
	} {
		_, reasons := permitted(t, s, ask(t, "GET Task/d")).Release(resource(t, `{"resourceType":"Task","id":"d",%s}`, format))
		t.Log(format)
		wantCode(t, reasons, want)
	}
}

func TestAGuardrailKeepsFromEverybodyWhatItNames(t *testing.T) {
	psychiatry := docOf(t, `,"category":[{"coding":[{"code":"psychiatry"}]}]`)
	for name, c := range map[string]struct {
		never []string
		want  Code
	}{
		"a category":       {[]string{"Task", "DocumentReference?category=psychiatry"}, CodeGuardrail},
		"another category": {[]string{"DocumentReference?category=referral"}, CodeGranted},
		"a type":           {[]string{"DocumentReference"}, CodeGuardrail},
		"one resource":     {[]string{"DocumentReference/d"}, CodeGuardrail},
		"another resource": {[]string{"DocumentReference/e"}, CodeGranted},
	} {
		s := ruled(t, completed(Rules{Grants: []Grant{everything()}, Guardrails: []Guardrail{{Never: c.never}}}))
		_, reasons := permitted(t, s, ask(t, "GET DocumentReference/d")).Release(psychiatry)
		t.Log(name)
		wantCode(t, reasons, c.want)
	}
}

func TestH8AGuardrailsNetworksHoldForEveryCaller(t *testing.T) {
	s := ruled(t, completed(Rules{Grants: []Grant{everything()}, Guardrails: []Guardrail{
		{Networks: []string{"203.0.113.0/24", "2001:db8::/32"}}, {Networks: []string{"203.0.0.0/16", "2001:db8::/32"}},
	}}))
	for address, want := range map[string]Code{
		"203.0.113.9": CodeGranted, "::ffff:203.0.113.9": CodeGranted, "2001:db8::1": CodeGranted, "203.0.114.9": CodeOutsideGuardrail, "198.51.100.1": CodeOutsideGuardrail, "": CodeOutsideGuardrail,
	} {
		req := ask(t, "GET Task/d")
		if req.Caller.Address = (netip.Addr{}); address != "" {
			req.Caller.Address = netip.MustParseAddr(address)
		}
		d := s.Decide(req)
		t.Log(address)
		wantCode(t, d.Reasons(), want)
		if want != CodeGranted && strings.Contains(d.Err().Text, "203.0") {
			t.Errorf("the refusal tells the networks: %s", d.Err().Text)
		}
	}
}

// A write may neither begin nor end in what is denied, and the caller hears what they hear of any resource out of reach.
func TestH9WritesCannotTouchWhatIsDenied(t *testing.T) {
	mine := Permission{Scope: "user/Task.crus?owner=Organization/1", Write: []string{"status", "for", "owner", "description", "intent"}}
	open := `{"resourceType":"Task","id":"d","status":"requested","intent":"order","for":{"reference":"Patient/%s"},"owner":{"reference":"Organization/%s"},"description":"%s"}`
	rules := completed(Rules{
		Grants:     []Grant{grantOf("mine", mine)},
		Directives: []Directive{{Patient: "Patient/locked", Resources: []string{"Task?status=requested"}}},
		Guardrails: []Guardrail{{Never: []string{"Task?intent=plan"}}},
	})
	s := ruled(t, rules)
	body := func(patient, owner, description string) fhir.Resource {
		return resource(t, open, patient, owner, description)
	}
	unclear := resource(t, "%s", strings.Replace(string(body("x", "1", "a").Bytes()), "Patient/x", "urn:oid:1.2.3", 1))
	guarded := resource(t, "%s", strings.Replace(string(body("p1", "1", "a").Bytes()), `"order"`, `"plan"`, 1))
	for name, c := range map[string]struct {
		line          string
		before, after fhir.Resource
		want          []Code
	}{
		"create, of another patient":   {"POST Task", fhir.Resource{}, body("p1", "1", "a"), []Code{CodeGranted}},
		"create, out of reach":         {"POST Task", fhir.Resource{}, body("p1", "2", "a"), []Code{CodeWriteOutOfReach}},
		"create, locked":               {"POST Task", fhir.Resource{}, body("locked", "1", "a"), []Code{CodeWriteOutOfReach, CodeLocked}},
		"create, locked, out of reach": {"POST Task", fhir.Resource{}, body("locked", "2", "a"), []Code{CodeWriteOutOfReach}},
		"create, unclear":              {"POST Task", fhir.Resource{}, unclear, []Code{CodeWriteOutOfReach, CodePatientUnclear}},
		"create, guarded":              {"POST Task", fhir.Resource{}, guarded, []Code{CodeWriteOutOfReach, CodeGuardrail}},
		"update, of another patient":   {"PUT Task/d", body("p1", "1", "a"), body("p1", "1", "b"), []Code{CodeGranted}},
		"update, out of reach":         {"PUT Task/d", body("p1", "2", "a"), body("p1", "1", "b"), []Code{CodeOutOfReach}},
		"update, locked":               {"PUT Task/d", body("locked", "1", "a"), body("locked", "1", "b"), []Code{CodeLocked}},
		"update, to unlock":            {"PUT Task/d", body("locked", "1", "a"), body("p1", "1", "a"), []Code{CodeLocked}},
		"update, guarded":              {"PUT Task/d", guarded, body("p1", "1", "a"), []Code{CodeGuardrail}},
		"update, unclear":              {"PUT Task/d", unclear, body("p1", "1", "a"), []Code{CodePatientUnclear}},
		"update, to lock":              {"PUT Task/d", body("p1", "1", "a"), body("locked", "1", "a"), []Code{CodeWriteOutOfReach, CodeLocked}},
		"update, to guard":             {"PUT Task/d", body("p1", "1", "a"), guarded, []Code{CodeWriteOutOfReach, CodeGuardrail}},
		"update, out of reach after":   {"PUT Task/d", body("p1", "1", "a"), body("p1", "2", "a"), []Code{CodeWriteOutOfReach}},
	} {
		t.Run(name, func(t *testing.T) {
			d := permitted(t, s, ask(t, c.line))
			accepted, reasons := d.Accept(c.before, c.after)
			if got := codesOf(reasons); !slices.Equal(got, c.want) {
				t.Errorf("reasons %v, want %v", got, c.want)
			}
			if accepted.IsZero() == (c.want[0] == CodeGranted) {
				t.Errorf("accepted %v", !accepted.IsZero())
			}
			if c.want[0] == CodeGranted {
				return
			}
			heard, want := d.Refusal(reasons), d.NotFound()
			if c.want[0] == CodeWriteOutOfReach {
				_, plain := d.Accept(c.before, body("p1", "2", "a"))
				want = d.Refusal(plain)
			}
			if *heard != *want {
				t.Errorf("heard %v, want %v as of any other", heard, want)
			}
		})
	}
}

// What the EMR makes of a write may be locked; of that the writer is shown no more than that it is there.
func TestWhatAWriteBroughtAboutIsShownOnlyWhereItIsNotLocked(t *testing.T) {
	s := ruled(t, completed(Rules{Grants: []Grant{everything()}, Directives: []Directive{{Patient: "Patient/p3"}}}))
	released, _ := permitted(t, s, ask(t, "POST Task")).Release(task(t, "d", "Organization/1", ""))
	if got := text(released); strings.Contains(got, "p3") || strings.Contains(got, "call back") {
		t.Errorf("shown %s", got)
	}
}

// The first resource of an unclear patient picks the directives that apply; any number of goroutines may be the first.
func TestADecisionIsSafeForManyWithDirectives(t *testing.T) {
	s := ruled(t, completed(Rules{Grants: []Grant{everything()}, Directives: []Directive{{Patient: "Patient/p2"}}}))
	d := permitted(t, s, ask(t, "GET DocumentReference"))
	r := docOf(t, `,"subject":{"reference":"urn:oid:1.2"}`)
	done := make(chan Code)
	for range 8 {
		go func() {
			_, reasons := d.Release(r)
			done <- reasons[0].Code
		}()
	}
	for range 8 {
		if code := <-done; code != CodePatientUnclear {
			t.Error(code)
		}
	}
}

// Hundreds of lock-boxes of other patients cost a page next to nothing: a resource is looked up by its patients.
func TestLocksOfOthersAreNotGoneThrough(t *testing.T) {
	var locks []Directive
	for i := range 500 {
		locks = append(locks, Directive{Patient: fmt.Sprintf("Patient/other-%d", i), Resources: []string{"Task?status=requested"}})
	}
	r := task(t, "d", "Organization/1", "")
	cost := func(rules Rules) float64 {
		d := permitted(t, ruled(t, rules), ask(t, "GET Task"))
		return testing.AllocsPerRun(100, func() { d.Release(r) })
	}
	without, beside := cost(Rules{Grants: []Grant{everything()}}), cost(completed(Rules{Grants: []Grant{everything()}, Directives: locks}))
	if beside > without {
		t.Errorf("%v allocations beside 500 locks, %v without", beside, without)
	}
	s := ruled(t, completed(Rules{Directives: locks}))
	if of := s.denials.byType["Task"].byPatient["other-7"]; len(of) != 1 {
		t.Errorf("%d locks of one patient", len(of))
	}
}
