package audit_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule/audit"
	"vestibule/fhir"
)

// search is a permitted search whose result spans two patients.
func search(n int) audit.Record {
	r := read(n)
	r.Interaction, r.Resource, r.Query = "search-type", "", "date=ge2026-11-23&practitioner=Practitioner%2F42"
	r.Patients, r.Withheld = []string{"Patient/1", "Patient/2"}, 3
	r.Released = []audit.ReleasedItem{
		{Ref: "Appointment/1/_history/1", Patients: []string{"Patient/1"}, Removed: 2},
		{Ref: "Appointment/2/_history/1", Patients: []string{"Patient/2"}},
		{Ref: "Appointment/3/_history/1", Patients: []string{"Patient/1", "Patient/2"}},
		{Ref: "Appointment/4/_history/1"},
	}
	return r
}

// samples are one entry of each kind.
func samples() map[string]audit.Entry {
	create := read(1)
	create.Interaction = "create"
	nothing := search(15)
	nothing.Query, nothing.Patients, nothing.Released, nothing.Withheld = "patient=Patient%2F9&status=booked", nil, nil, 0
	nothing.Raw = "/Appointment/_search?status=booked&patient:Patient=9"
	noPatient := search(2)
	noPatient.Patients, noPatient.Released = nil, nil
	capabilities := read(3)
	capabilities.Interaction, capabilities.Type, capabilities.Resource, capabilities.Patients, capabilities.Released = "capabilities", "", "", nil, nil
	failed := read(4)
	failed.Outcome, failed.Status, failed.Reasons, failed.Upstream, failed.Released = audit.OutcomeMajor, 504, []string{"timeout"}, "timeout", nil
	unresolved := settle(5, 3)
	unresolved.Phase, unresolved.Outcome = audit.PhaseUnresolved, audit.OutcomeSerious
	robot := read(6)
	robot.Agent.Automated, robot.Agent.TokenID, robot.Agent.Role = true, "", ""
	nameless := read(7)
	nameless.Agent = audit.Agent{Platform: "assistco", Address: "203.0.113.9"}
	trail := search(8)
	trail.Interaction, trail.Type, trail.Query, trail.Patients, trail.Released = audit.InteractionAuditSearch, "AuditEvent", "patient=Patient%2F1", nil, nil
	admin := audit.Record{ID: access(9), Phase: audit.PhaseAdmin, Clinic: "maple", Outcome: "0", Admin: audit.Admin{Action: "grant-apply", Subject: "front-desk-amara", Version: "3", By: "root"}}
	start := audit.Record{ID: access(10), Phase: audit.PhaseSystem, Clinic: "maple", Outcome: "0", Admin: audit.Admin{Action: "start"}}
	refused := denial(11)
	refused.Agent = audit.Agent{Issuer: "https://id.elsewhere.example", Subject: "mallory", Role: audit.RoleUnverified, Address: "198.51.100.9"}
	refused.Status, refused.Reasons, refused.Raw = 401, []string{"token-signature"}, "/DocumentReference/9"
	locked := denial(12)
	locked.Status, locked.Reasons, locked.Rules = 404, []string{"not-found-or-out-of-reach", "locked-by-directive"}, []string{"locked-by-directive: Directive quiet@2"}
	malformed := denial(13)
	malformed.Interaction, malformed.Type, malformed.Resource, malformed.Outcome, malformed.Status = "", "", "", audit.OutcomeMinor, 400
	malformed.Reasons, malformed.Raw = []string{"malformed-path"}, "/Appointment/%2e%2e"
	counted := refused
	counted.ID, counted.Agent, counted.Raw = access(14), audit.Agent{Role: audit.RoleUnverified, Address: "198.51.100.0/24"}, ""
	counted.Repeats, counted.Until = 9980, time.Date(2026, 11, 23, 14, 0, 59, 0, time.UTC)
	everything := full()
	everything.Admin, everything.Repeats, everything.Until, everything.Interaction = audit.Admin{}, 0, time.Time{}, "update"
	out := make(map[string]audit.Entry)
	for name, r := range map[string]audit.Record{
		"read": read(0), "search": search(0), "create": create, "update": settle(5, 3), "search-no-patient": noPatient, "search-nothing": nothing, "capabilities": capabilities,
		"denial": denial(1), "failed": failed, "unresolved": unresolved, "automated": robot, "no-person": nameless, "audit-search": trail, "admin": admin, "start": start,
		"refused-token": refused, "locked": locked, "malformed": malformed, "counted": counted, "full": everything,
	} {
		r.Time = time.Date(2026, 11, 23, 14, 0, 0, 5e6, time.UTC)
		out[name] = audit.Entry{Deployment: deployment, Log: "73616c7473616c74", Index: 12, Record: r}
	}
	return out
}

func TestTheAuditEventsAreTheFrozenOnes(t *testing.T) {
	for name, entry := range samples() {
		var all bytes.Buffer
		for _, event := range entry.AuditEvents() {
			if err := json.Indent(&all, event, "", "  "); err != nil {
				t.Fatal(err)
			}
			all.WriteByte('\n')
		}
		golden(t, "event-"+name+".json", all.Bytes())
	}
}

// The parts of an AuditEvent that BALP constrains.
type parsedEvent struct {
	ID                        string
	Meta                      struct{ Profile []string }
	Type                      struct{ System, Code string }
	Subtype                   []struct{ System, Code string }
	Action, Outcome, Recorded string
	Agent                     []struct {
		Type struct {
			Coding []struct{ System, Code string }
		}
		Who *struct {
			Identifier *struct{ Value string }
			Display    string
		}
		Requestor *bool
		Policy    []string
		Network   *struct{ Address, Type string }
		Media     any
	}
	Entity []parsedEntity
}

type parsedEntity struct {
	Type, Role struct{ System, Code string }
	What       *struct {
		Reference  string
		Identifier *struct{ Value string }
	}
	Name, Query, Description string
	Detail                   []any
}

func parse(t *testing.T, b []byte) parsedEvent {
	t.Helper()
	var e parsedEvent
	if err := json.Unmarshal(b, &e); err != nil {
		t.Fatal(err)
	}
	return e
}

// balp is the table of audit-and-policy 3.1, as IHE's profiles fix it (IHE/ITI.BasicAudit input/fsh).
var balp = map[string]struct {
	action, client, server string
	subtypes, users        []string
	query                  bool
}{
	"Read":   {"R", "110152", "110153", []string{"read", "vread"}, []string{"IRCP"}, false},
	"Query":  {"E", "110153", "110152", []string{"search", "search-type", "search-system"}, []string{"IRCP"}, true},
	"Create": {"C", "110153", "110152", []string{"create"}, []string{"AUT", "INF", "CST"}, false},
	"Update": {"U", "110153", "110152", []string{"update", "patch"}, []string{"AUT", "INF", "CST"}, false},
}

func TestEveryClaimedProfileIsKept(t *testing.T) {
	claimed := make(map[string]int)
	for name, entry := range samples() {
		for _, b := range entry.AuditEvents() {
			e := parse(t, b)
			for _, p := range e.Meta.Profile {
				id, ok := strings.CutPrefix(p, "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.")
				if !ok {
					t.Errorf("%s: profile %s", name, p)
				}
				if claimed[id]++; !slices.Contains(audit.Profiles(), p) {
					t.Errorf("%s claims %s, which the trail does not state", name, id)
				}
				for _, fault := range faultsOf(id, e) {
					t.Errorf("%s claims %s: %s", name, id, fault)
				}
			}
		}
	}
	for _, id := range []string{"PatientRead", "PatientQuery", "Query", "PatientCreate", "PatientUpdate", "OAUTHaccessTokenUse.Minimal"} {
		if claimed[id] == 0 {
			t.Errorf("no sample claims %s", id)
		}
	}
}

// faultsOf is where an event breaks a profile.
func faultsOf(id string, e parsedEvent) (out []string) {
	want := func(ok bool, format string, args ...any) {
		if !ok {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	agents := make(map[string]int)
	for _, a := range e.Agent {
		agents[a.Type.Coding[0].Code]++
	}
	if id == "OAUTHaccessTokenUse.Minimal" {
		for _, a := range e.Agent {
			if a.Type.Coding[0].Code == "UserOauthAgent" {
				want(*a.Requestor && len(a.Policy) == 1 && strings.HasPrefix(a.Policy[0], "urn:ietf:params:oauth:jti:") && a.Network == nil, "token agent %+v", a)
			}
		}
		want(agents["UserOauthAgent"] == 1, "%d token agents", agents["UserOauthAgent"])
		return out
	}
	base, patient := strings.CutPrefix(id, "Patient")
	p := balp[base]
	want(e.Type.Code == "rest" && e.Outcome == "0" && e.Action == p.action && e.Recorded != "", "type %v outcome %v action %v", e.Type, e.Outcome, e.Action)
	want(len(e.Subtype) == 1 && slices.Contains(p.subtypes, e.Subtype[0].Code), "subtype %v", e.Subtype)
	want(agents[p.client] == 1 && agents[p.server] == 1, "client and server: %v", agents)
	for _, a := range e.Agent {
		code := a.Type.Coding[0].Code
		network := code == p.client || code == p.server
		want(a.Who != nil && a.Requestor != nil && (a.Network != nil) == network, "agent %s: who, requestor or network", code)
		if code != p.client && code != p.server && code != "UserOauthAgent" {
			want(slices.Contains(p.users, code) && *a.Requestor, "user of type %s", code)
		}
	}
	entities := make(map[string]int)
	for _, en := range e.Entity {
		entities[en.Type.Code]++
		switch en.Type.Code {
		case "1":
			want(en.Role.Code == "1" && strings.HasPrefix(en.What.Reference, "Patient/"), "patient entity %+v", en)
		case "2":
			raw, err := base64.StdEncoding.DecodeString(en.Query)
			want(p.query == (en.Query != "") && err == nil, "query %q", en.Query)
			want(!p.query || en.Role.Code == "24" && en.What == nil && en.Detail == nil && en.Description != "" && len(raw) > 0, "query entity %+v", en)
			want(p.query || en.Role.Code == "4" && en.What.Reference != "", "data entity %+v", en)
		case "XrequestId":
			want(en.What.Identifier.Value != "", "transaction %+v", en)
		}
		want(en.Name == "" || en.Query == "", "sev-1: name and query")
	}
	want(entities["2"] == 1 && entities["XrequestId"] <= 1, "entities %v", entities)
	want(entities["1"] == map[bool]int{true: 1}[patient], "%d patients", entities["1"])
	return out
}

func TestOnlySuccessesClaimAProfile(t *testing.T) {
	for _, name := range []string{"denial", "failed", "unresolved", "admin", "start", "audit-search", "capabilities"} {
		for _, b := range samples()[name].AuditEvents() {
			e := parse(t, b)
			for _, p := range e.Meta.Profile {
				if e.Outcome != "0" || !strings.HasSuffix(p, "Minimal") {
					t.Errorf("%s claims %s", name, p)
				}
			}
		}
	}
	for name, spoil := range map[string]func(*audit.Record){
		"no address":  func(r *audit.Record) { r.Agent.Address = "" },
		"no client":   func(r *audit.Record) { r.Agent.ClientID, r.Agent.Platform = "", "" },
		"no resource": func(r *audit.Record) { r.Resource = "" },
	} {
		entry := samples()["read"]
		spoil(&entry.Record)
		if e := parse(t, entry.AuditEvents()[0]); slices.ContainsFunc(e.Meta.Profile, func(p string) bool { return strings.HasSuffix(p, "PatientRead") }) {
			t.Errorf("%s: a profile is claimed all the same", name)
		}
	}
}

func TestH22ThereIsOneEventForEachPatient(t *testing.T) {
	entry := samples()["search"]
	events := entry.AuditEvents()
	if len(events) != 2 {
		t.Fatalf("%d events for two patients", len(events))
	}
	for i, b := range events {
		e := parse(t, b)
		if want := fmt.Sprintf("12-%d", i+1); e.ID != want || !fhir.ValidID(e.ID) {
			t.Errorf("id %s, want %s", e.ID, want)
		}
		other := fmt.Sprintf("Patient/%d", 2-i)
		if strings.Contains(string(b), `"`+other+`"`) {
			t.Errorf("event %s of Patient/%d names %s", e.ID, i+1, other)
		}
		if strings.Contains(string(b), fmt.Sprintf("Appointment/%d/", 2-i)) {
			t.Errorf("event %s shows what was released of the other patient", e.ID)
		}
	}
	if got := entry.EventsFor(audit.Search{Patients: []string{"Patient/2"}}); len(got) != 1 || parse(t, got[0]).ID != "12-2" {
		t.Errorf("the events of one patient: %d", len(got))
	}
	q, err := audit.EventSearch("12-1")
	if err != nil {
		t.Fatal(err)
	}
	if got := entry.EventsFor(q); len(got) != 1 || parse(t, got[0]).ID != "12-1" {
		t.Errorf("the event asked for by id: %d", len(got))
	}
	if _, err := audit.EventSearch("x"); fhir.KindOf(err) != fhir.KindNotFound {
		t.Errorf("an id that is none: %v", err)
	}
}

func TestEventsAreFoundByWhatTheySay(t *testing.T) {
	h := story(t)
	h.append(search(60))
	for query, want := range map[string]int{
		"": 10, "patient=1": 2, "_id=10-2": 1, "_id=10": 0, "_id=1": 1, "outcome=8": 1, "action=E": 2, "action=U": 1, "agent-name=zoe": 1, "subtype=search-type": 2,
		"type=rest&date=ge2026-11-23T11:00": 7, "agent=https://id.assistco.example|zoe": 1,
	} {
		v, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		zone, err := time.LoadLocation("America/St_Johns")
		if err != nil {
			t.Fatal(err)
		}
		q, err := audit.ParseSearch(v, zone)
		if err != nil {
			t.Fatal(err)
		}
		found, err := h.Search(context.Background(), "maple", q)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, e := range found.Entries {
			n += len(e.EventsFor(q))
		}
		if n != want {
			t.Errorf("%q finds %d events, want %d", query, n, want)
		}
	}
}

func TestAnIntentHasNoEventOfItsOwn(t *testing.T) {
	if events := (audit.Entry{Record: intent(1)}).AuditEvents(); len(events) != 0 {
		t.Errorf("%d events", len(events))
	}
}

func TestWhatIsDoneToTheGatewayHasItsCode(t *testing.T) {
	for action, want := range map[string]string{
		"start": "110120", "stop": "110121", "grant-revoke": "110136", "platform-apply": "110137", "directive-apply": "110135", "connection-apply": "110129",
		"software-update": "110131", "audit-stopped": "110133", "audit-resumed": "110134", "something-else": "something-else",
	} {
		entry := samples()["admin"]
		entry.Record.Admin.Action = action
		e := parse(t, entry.AuditEvents()[0])
		if len(e.Subtype) != 1 || e.Subtype[0].Code != want {
			t.Errorf("%s has subtype %v, want %s", action, e.Subtype, want)
		}
	}
}
