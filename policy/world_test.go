package policy

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the tests are about zones, whatever the machine knows

	"vestibule/fhir"
)

// The world of the tests: clinic maple in Toronto, on a Wednesday morning. Everybody in it is made up.

func zoneOf(t testing.TB, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func maple(t testing.TB) Clinic {
	return Clinic{
		Name: "maple", Zone: zoneOf(t, "America/Toronto"),
		Teams: map[string][]string{"assistco/front-desk": {"https://id.example|amara", "https://id.example|chloe"}},
	}
}

func wednesday(t testing.TB) time.Time {
	return time.Date(2026, 11, 25, 10, 0, 0, 0, maple(t).Zone)
}

// amara is the person of caller_test.go with everything a grant may ask for.
func amara(t testing.TB) Caller {
	c := somebody(wednesday(t))
	c.Scopes = []string{"openid", "user/*.cruds"}
	c.Purposes = []string{"PATADMIN"}
	c.Address = netip.MustParseAddr("203.0.113.9")
	return c
}

// frontDesk is the grant of the design guide.
func frontDesk() Grant {
	return Grant{
		Clinic: "maple", Name: "front-desk-amara", Version: 3,
		To:       To{User: "https://id.example|amara"},
		Because:  "Covers the front desk on weekday mornings",
		Until:    "2027-02-28",
		Hours:    "Mon-Fri 07:30-18:00",
		Networks: []string{"203.0.113.0/24"},
		Purposes: []string{"PATADMIN"},
		Permissions: []Permission{
			{Scope: "user/Appointment.rs?practitioner=Practitioner/42", Window: "-1d..+90d"},
			{Scope: "user/Appointment.u?practitioner=Practitioner/42", Window: "0d..+90d", Write: []string{"status", "start", "end", "comment"}},
			{Scope: "user/Task.rus?owner=Organization/front-desk", Elements: []string{"status", "description", "for", "owner", "restriction", "note"}},
			{Scope: "user/DocumentReference.rs?category=referral", Content: true},
		},
		Limits: Limits{PatientsPerDay: 80, RequestsPerMinute: 120},
	}
}

// grantOf is a plain grant to amara.
func grantOf(name string, permissions ...Permission) Grant {
	return Grant{
		Clinic: "maple", Name: name, Version: 1, To: To{User: "https://id.example|amara"},
		Because: "A test", Until: "2027-02-28", Permissions: permissions,
	}
}

func compiled(t testing.TB, grants ...Grant) *Set {
	t.Helper()
	s, err := Compile(maple(t), Rules{Grants: grants})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// interaction reads "GET Appointment?status=booked", "PUT Task/7", "POST Appointment".
func interaction(t testing.TB, line string) fhir.Interaction {
	t.Helper()
	method, target, _ := strings.Cut(line, " ")
	path, query, _ := strings.Cut(target, "?")
	in, err := fhir.ParseInteraction(method, "/"+path, query, "", maple(t).Zone)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return in
}

// ask is what amara asks for on Wednesday.
func ask(t testing.TB, line string) Request {
	t.Helper()
	return Request{Caller: amara(t), Clinic: "maple", Interaction: interaction(t, line), Now: wednesday(t)}
}

// permitted is the decision about a request that has to be permitted.
func permitted(t testing.TB, s *Set, req Request) Decision {
	t.Helper()
	d := s.Decide(req)
	if !d.Permitted() {
		t.Fatalf("%s.%s is denied: %v", req.Interaction.Type, req.Interaction.Kind, d.Reasons())
	}
	return d
}

func resource(t testing.TB, json string, args ...any) fhir.Resource {
	t.Helper()
	r, err := fhir.ParseResource(fmt.Appendf(nil, json, args...), fhir.Limits{})
	if err != nil {
		t.Fatalf("%v in %s", err, json)
	}
	return r
}

// appointment has a comment, a patient and a practitioner; more is further members, with a leading comma.
func appointment(t testing.TB, id, practitioner, start, more string) fhir.Resource {
	t.Helper()
	return resource(t, `{"resourceType":"Appointment","id":"%s","meta":{"versionId":"1"},"status":"booked","start":"%s","comment":"brings an interpreter",`+
		`"participant":[{"actor":{"reference":"Patient/p1","display":"Élodie Tremblay"},"status":"accepted"},`+
		`{"actor":{"reference":"Practitioner/%s"},"status":"accepted"}]%s}`, id, start, practitioner, more)
}

func document(t testing.TB, id, category, more string) fhir.Resource {
	t.Helper()
	return resource(t, `{"resourceType":"DocumentReference","id":"%s","status":"current","category":[{"coding":[{"code":"%s"}]}],`+
		`"subject":{"reference":"Patient/p2"},"content":[{"attachment":{"contentType":"text/plain","data":"QQ==","url":"https://emr.example/doc"}}]%s}`,
		id, category, more)
}

func task(t testing.TB, id, owner, more string) fhir.Resource {
	t.Helper()
	return resource(t, `{"resourceType":"Task","id":"%s","meta":{"versionId":"4"},"status":"requested","intent":"order","priority":"urgent",`+
		`"description":"call back","for":{"reference":"Patient/p3"},"owner":{"reference":"%s"}%s}`, id, owner, more)
}

func text(r Released) string { return string(r.AppendTo(nil)) }

func codesOf(reasons []Reason) []Code {
	var out []Code
	for _, r := range reasons {
		out = append(out, r.Code)
	}
	return out
}

// wantCode fails unless the first of the reasons has the code.
func wantCode(t testing.TB, reasons []Reason, want Code) {
	t.Helper()
	if len(reasons) == 0 || reasons[0].Code != want {
		t.Errorf("reasons are %v, want %s first", codesOf(reasons), want)
	}
}

func queryValues(s string) url.Values {
	v, _ := url.ParseQuery(s)
	return v
}

func members(r fhir.Resource) []string {
	var out []string
	for name := range r.Value().Members() {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func netipMapped(a netip.Addr) netip.Addr { return netip.AddrFrom16(a.As16()) }
