package policy

import (
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule/fhir"
)

// reasonCase brings about one code.
type reasonCase struct {
	code Code
	make func(t *testing.T) ([]Reason, *fhir.Error)
}

// decided is a case of the decide stage: the design guide's grant, changed, asked with amara's read of an appointment,
// changed.
func decided(code Code, grant func(*Grant), req func(*Request)) reasonCase {
	return reasonCase{code, func(t *testing.T) ([]Reason, *fhir.Error) {
		g, r := frontDesk(), ask(t, "GET Appointment/1")
		if grant != nil {
			grant(&g)
		}
		if req != nil {
			req(&r)
		}
		d := compiled(t, g).Decide(r)
		if d.Permitted() != (code == CodeGranted) {
			t.Errorf("Permitted() = %v", d.Permitted())
		}
		return d.Reasons(), d.Err()
	}}
}

// limitedTo is a case of a limit that is reached.
func limitedTo(code Code) reasonCase {
	return reasonCase{code, func(t *testing.T) ([]Reason, *fhir.Error) {
		d := permitted(t, compiled(t, frontDesk()), ask(t, "GET Appointment/1"))
		reason, heard := d.LimitReached(code, d.Limits()[0], time.Time{})
		return []Reason{reason}, heard
	}}
}

// answered is a case of the release stage: what amara is told when the EMR answers line with the resource.
func answered(code Code, line string, r func(*testing.T) fhir.Resource) reasonCase {
	return reasonCase{code, func(t *testing.T) ([]Reason, *fhir.Error) {
		req := ask(t, line)
		req.Caller.Scopes = []string{"user/Appointment.rs?status=booked", "user/DocumentReference.rs", "user/Task.rs"}
		d := permitted(t, compiled(t, frontDesk()), req)
		released, reasons := d.Release(r(t))
		if !released.IsZero() || text(released) != "" {
			t.Errorf("released %s", text(released))
		}
		return reasons, d.Refusal(reasons)
	}}
}

// proposed is a case of the write stage.
func proposed(code Code, line string, before, after func(*testing.T) fhir.Resource) reasonCase {
	return reasonCase{code, func(t *testing.T) ([]Reason, *fhir.Error) {
		d := permitted(t, compiled(t, frontDesk()), ask(t, line))
		accepted, reasons := d.Accept(before(t), after(t))
		if !accepted.IsZero() {
			t.Errorf("accepted %s", accepted.Resource().Bytes())
		}
		return reasons, d.Refusal(reasons)
	}}
}

func inReach(t *testing.T) fhir.Resource {
	return appointment(t, "1", "42", "2026-11-26T09:00:00-05:00", "")
}
func nothing(*testing.T) fhir.Resource { return fhir.Resource{} }

// reasonCases is every reason code, in the order of checks.
func reasonCases() []reasonCase {
	caller := func(change func(*Caller)) func(*Request) { return func(r *Request) { change(&r.Caller) } }
	later := func(t func(time.Time) time.Time) func(*Request) {
		return func(r *Request) { r.Now = t(r.Now); r.Caller.Expires = r.Now.Add(time.Minute) }
	}
	return []reasonCase{
		decided(CodeGranted, nil, nil),
		decided(CodeNobody, nil, func(r *Request) { r.Caller = Caller{} }),
		decided(CodeNobody, nil, func(r *Request) { r.Now = r.Caller.Expires }),
		decided(CodeIncomplete, nil, func(r *Request) { r.Clinic = "" }),
		decided(CodeIncomplete, nil, func(r *Request) { r.Now = time.Time{} }),
		decided(CodeIncomplete, nil, func(r *Request) { r.Interaction = fhir.Interaction{} }),
		decided(CodeIncomplete, nil, func(r *Request) { r.Interaction.ID = ".." }),
		decided(CodeIncomplete, nil, func(r *Request) { r.Interaction.Type = "Patient" }),
		decided(CodeIncomplete, nil, func(r *Request) { r.Interaction.Kind = fhir.InteractionDelete }),
		decided(CodeIncomplete, nil, func(r *Request) { r.Interaction.Kind = fhir.InteractionSearch }),
		decided(CodeWrongClinic, nil, func(r *Request) { r.Clinic = "oak" }),
		stopped(CodeClinicStopped, Stop{Everything: true}),
		stopped(CodePlatformStopped, Stop{Platform: "assistco"}),
		stopped(CodePersonStopped, Stop{Person: "https://id.example|amara"}),
		denied(CodeOutsideGuardrail, "GET Appointment/1", Rules{Guardrails: []Guardrail{{Networks: []string{"198.51.100.0/24"}}}}, inReach),
		decided(CodeNoGrant, nil, caller(func(c *Caller) { c.Subject = "eve" })),
		decided(CodeNotStarted, func(g *Grant) { g.From = "2026-11-26" }, nil),
		decided(CodeNotStarted, func(g *Grant) { g.Approved = time.Date(2026, 11, 25, 15, 0, 1, 0, time.UTC) }, nil),
		decided(CodeNotStarted, func(g *Grant) {
			g.From, g.Approved = "2026-11-01", time.Date(2026, 11, 25, 15, 0, 1, 0, time.UTC)
		}, nil),
		decided(CodeExpired, nil, later(func(time.Time) time.Time { return time.Date(2027, 3, 1, 15, 0, 0, 0, time.UTC) })),
		decided(CodePeopleOnly, nil, caller(func(c *Caller) { c.Automated = true })),
		decided(CodeAgentsOnly, func(g *Grant) { g.To.Automated = true }, nil),
		decided(CodeOutsideHours, nil, later(func(n time.Time) time.Time { return n.Add(8 * time.Hour) })),
		decided(CodeNetworkUnknown, nil, caller(func(c *Caller) { c.Address = netip.Addr{} })),
		decided(CodeOutsideNetworks, nil, caller(func(c *Caller) { c.Address = netip.MustParseAddr("203.0.114.1") })),
		decided(CodePurposeMissing, nil, caller(func(c *Caller) { c.Purposes = nil })),
		decided(CodePurposeNotGranted, nil, caller(func(c *Caller) { c.Purposes = []string{"PATADMIN", "TREAT"} })),
		stopped(CodeGrantPaused, Stop{Clinic: "maple", Grant: "front-desk-amara"}),
		decided(CodeTypeNotGranted, func(g *Grant) { g.Permissions = g.Permissions[2:] }, nil),
		decided(CodeNotGranted, nil, func(r *Request) { r.Interaction = fhir.Interaction{Kind: fhir.InteractionCreate, Type: "Appointment"} }),
		decided(CodeScopeMissing, nil, caller(func(c *Caller) { c.Scopes = []string{"openid", "user/Task.rs", "user/Appointment.s"} })),
		{CodeParameterHidden, func(t *testing.T) ([]Reason, *fhir.Error) {
			d := compiled(t, frontDesk()).Decide(ask(t, "GET Task?priority=urgent&status=requested"))
			return d.Reasons(), d.Err()
		}},
		documentHidden("metadata"),
		documentHidden("both"),
		limitedTo(CodeTooManyRequests),
		limitedTo(CodeTooManyPatients),
		limitedTo(CodeTooManyDocuments),
		limitedTo(CodeTooManyPages),
		answered(CodeWrongAnswer, "GET Appointment/2", inReach),
		answered(CodeWrongAnswer, "GET Appointment/1", func(t *testing.T) fhir.Resource { return task(t, "1", "Organization/front-desk", "") }),
		answered(CodeWrongAnswer, "GET Appointment/1", nothing),
		answered(CodeOutOfReach, "GET Appointment/1", func(t *testing.T) fhir.Resource {
			return appointment(t, "1", "43", "2026-11-26T09:00:00-05:00", "")
		}),
		answered(CodeOutsideScope, "GET Appointment/1", func(t *testing.T) fhir.Resource {
			return resource(t, "%s", strings.Replace(string(inReach(t).Bytes()), "booked", "pending", 1))
		}),
		answered(CodeOutsideWindow, "GET Appointment/1", func(t *testing.T) fhir.Resource {
			return appointment(t, "1", "42", "2026-11-23T23:59:59-05:00", "")
		}),
		answered(CodeRestrictedLabel, "GET Appointment/1", func(t *testing.T) fhir.Resource {
			return resource(t, "%s", strings.Replace(string(inReach(t).Bytes()), `"versionId":"1"`, `"security":[{"code":"R"}]`, 1))
		}),
		denied(CodeGuardrail, "GET Appointment/1", Rules{Guardrails: []Guardrail{{Never: []string{"Appointment?status=booked"}}}}, inReach),
		denied(CodeLocked, "GET Appointment/1", Rules{Directives: []Directive{{Patient: "Patient/p1"}}}, inReach),
		denied(CodePatientUnclear, "GET Appointment/1", Rules{Directives: []Directive{{Patient: "Patient/p2"}}}, func(t *testing.T) fhir.Resource {
			return resource(t, "%s", strings.Replace(string(inReach(t).Bytes()), "Patient/p1", "https://other.example/fhir/Patient/p1", 1))
		}),
		answered(CodeQueryMismatch, "GET Appointment?date=2026-11-27", inReach),
		proposed(CodeWrongResource, "PUT Appointment/1", inReach, func(t *testing.T) fhir.Resource {
			return appointment(t, "2", "42", "2026-11-26T09:00:00-05:00", "")
		}),
		proposed(CodeNotFound, "PUT Appointment/1", nothing, inReach),
		proposed(CodeElementNotWritable, "PUT Appointment/1", inReach, func(t *testing.T) fhir.Resource {
			return appointment(t, "1", "42", "2026-11-26T09:00:00-05:00", `,"priority":1`)
		}),
		proposed(CodeMisshapen, "PUT Appointment/1", inReach, func(t *testing.T) fhir.Resource {
			return edited(t, inReach(t), `"booked"`, `["booked"]`)
		}),
		{CodeStatusNotGranted, func(t *testing.T) ([]Reason, *fhir.Error) {
			g := frontDesk()
			g.Permissions[1].Transitions = []string{"booked->cancelled"}
			d := permitted(t, compiled(t, g), ask(t, "PUT Appointment/1"))
			_, reasons := d.Accept(inReach(t), edited(t, inReach(t), `"booked"`, `"noshow"`))
			return reasons, d.Refusal(reasons)
		}},
		proposed(CodeWriteOutOfReach, "PUT Appointment/1", inReach, func(t *testing.T) fhir.Resource {
			return appointment(t, "1", "42", "2027-05-26T09:00:00-05:00", "")
		}),
	}
}

func TestEveryReasonCodeCanHappenAndIsHeardAsItsRowSays(t *testing.T) {
	seen := map[Code]bool{}
	for _, c := range reasonCases() {
		t.Run(string(c.code), func(t *testing.T) {
			reasons, heard := c.make(t)
			wantCode(t, reasons, c.code)
			info, ok := c.code.Info()
			switch {
			case !ok:
				t.Errorf("%s is not in the list of codes", c.code)
			case c.code == CodeGranted:
				if heard != nil {
					t.Errorf("a granted request is refused: %v", heard)
				}
			case heard.Kind != info.Kind:
				t.Errorf("heard %s, want %s", heard.Kind, info.Kind)
			case info.Stage == StageRelease && heard.Code != string(CodeNotFound):
				t.Errorf("heard %s: a dropped resource has to read like an unknown one", heard.Code)
			case info.Stage != StageRelease && heard.Code != string(c.code):
				t.Errorf("heard %s", heard.Code)
			}
		})
		seen[c.code] = true
	}
	for _, info := range Codes() {
		if !seen[info.Code] {
			t.Errorf("no case brings about %s", info.Code)
		}
	}
}

// The table and the package comment name the codes in the order of checks, and a decision reports the first check that
// fails: each case is broken by everything that later cases break as well.
func TestTheFirstCheckThatFailsIsTheOneReported(t *testing.T) {
	now := time.Date(2027, 3, 1, 4, 0, 0, 0, time.UTC) // Sunday evening in Toronto
	worst := Request{
		Caller: Caller{
			Issuer: "https://id.example", Subject: "amara", Name: "Amara", Platform: "assistco", ClientID: "c", Expires: now.Add(time.Hour),
			Address: netip.MustParseAddr("198.51.100.1"), Purposes: []string{"HMARKT"}, Automated: true,
		},
		Clinic: "maple", Now: now,
		Interaction: interaction(t, "GET Task?priority=urgent"),
	}
	g := frontDesk()
	g.From = "2027-03-02"
	g.Until = "2027-03-03"
	steps := []struct {
		want Code
		mend func(*Grant, *Request)
	}{
		{CodeNotStarted, func(g *Grant, r *Request) { g.From, g.Until = "", "2027-02-27" }},
		{CodeExpired, func(g *Grant, r *Request) { g.Until = "2027-02-28" }},
		{CodePeopleOnly, func(g *Grant, r *Request) { r.Caller.Automated = false }},
		{CodeOutsideHours, func(g *Grant, r *Request) { g.Hours = "Sun 20:00-24:00" }},
		{CodeOutsideNetworks, func(g *Grant, r *Request) { r.Caller.Address = netip.MustParseAddr("203.0.113.1") }},
		{CodePurposeNotGranted, func(g *Grant, r *Request) { r.Caller.Purposes = nil }},
		{CodePurposeMissing, func(g *Grant, r *Request) { r.Caller.Purposes = []string{"PATADMIN"} }},
		{CodeScopeMissing, func(g *Grant, r *Request) { r.Caller.Scopes = []string{"user/Task.rs"} }},
		{CodeParameterHidden, func(g *Grant, r *Request) { r.Interaction = interaction(t, "GET Task?status=requested") }},
		{CodeGranted, func(*Grant, *Request) {}},
	}
	for _, step := range steps {
		wantCode(t, compiled(t, g).Decide(worst).Reasons(), step.want)
		step.mend(&g, &worst)
	}
}

func TestCodesAreListedInTheOrderOfChecksAndDescribed(t *testing.T) {
	stages := []Stage{StageDecide, StageRelease, StageWrite}
	last := 0
	for _, info := range Codes() {
		at := slices.Index(stages, info.Stage)
		if at < last {
			t.Errorf("%s stands after a code of a later stage", info.Code)
		}
		last = at
		if info.Means == "" || info.Next == "" {
			t.Errorf("%s lacks its text", info.Code)
		}
	}
	if _, ok := Code("no-such-code").Info(); ok {
		t.Error("an unknown code has a row")
	}
}

func TestThePackageCommentNamesEveryCode(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	words := strings.FieldsFunc(string(doc), func(r rune) bool { return r != '-' && (r < 'a' || r > 'z') })
	for _, info := range Codes() {
		if !slices.Contains(words, string(info.Code)) {
			t.Errorf("doc.go does not name %s", info.Code)
		}
	}
}

func TestADenialSaysWhatToAskFor(t *testing.T) {
	s := compiled(t, frontDesk())
	for line, want := range map[string]string{
		"POST Task":                       "Task.create is not in front-desk-amara; ask for user/Task.c.",
		"GET Task?priority=urgent":        "You cannot search by priority",
		"GET Task?_sort=-authored-on":     "You cannot search by authored-on",
		"GET Task?status=x&priority=asap": "You cannot search by priority",
	} {
		err := s.Decide(ask(t, line)).Err()
		if err == nil || !strings.Contains(err.Text, want) {
			t.Errorf("%s: %v, want %q", line, err, want)
		}
	}
}

func TestTheNearestMissIsTheGrantThatWouldAllowItButForACondition(t *testing.T) {
	closed := grantOf("evening-tasks", Permission{Scope: "user/Task.u", Write: []string{"status"}})
	closed.Hours = "Mon-Fri 18:00-22:00"
	open := grantOf("day-appointments", Permission{Scope: "user/Appointment.rs"})
	d := compiled(t, open, closed).Decide(ask(t, "PUT Task/1"))
	if got := codesOf(d.Reasons()); !slices.Equal(got, []Code{CodeOutsideHours, CodeTypeNotGranted}) {
		t.Errorf("reasons are %v", got)
	}
	if !strings.Contains(d.Err().Text, "Mon-Fri 18:00-22:00") || d.Reasons()[0].Grant != "evening-tasks@1" {
		t.Errorf("%+v", d.Reasons()[0])
	}
}
