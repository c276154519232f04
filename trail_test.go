package vestibule_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule"
	"vestibule/audit"
	"vestibule/fhir"
	"vestibule/policy"
)

// look is a search of the trail, as the auditor.
func (w *world) look(t *testing.T, query string, change ...func(*vestibule.TrailRequest)) vestibule.Answer {
	t.Helper()
	values, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	auditor := w.caller
	auditor.Subject, auditor.Name = "audrey", "Audrey Lin"
	req := vestibule.TrailRequest{Request: vestibule.Request{Clinic: "maple", Base: "https://gw.test/audit/maple", Caller: auditor, Raw: "/AuditEvent?" + query}, Search: values}
	for _, c := range change {
		c(&req)
	}
	return w.Trail(t.Context(), req)
}

// bundle is what of a searchset is looked at.
type bundle struct {
	Total *int
	Link  []struct{ Relation, URL string }
	Entry []struct{ Resource struct{ ID, Recorded string } }
}

func searchset(t *testing.T, a vestibule.Answer) (b bundle, next string) {
	t.Helper()
	if a.Err() != nil {
		t.Fatal(a.Err())
	}
	if err := json.Unmarshal([]byte(body(a)), &b); err != nil {
		t.Fatal(err)
	}
	for _, l := range b.Link {
		if l.Relation == "next" {
			_, next, _ = strings.Cut(l.URL, "?")
		}
	}
	return b, next
}

// Page links of the trail hold no patient, are the auditor's own, and lead through every event once while new ones come.
func TestThePagesOfATrailAreStableAndSealed(t *testing.T) {
	w := newWorld(t, stocked(t), bookings...)
	for range 7 {
		w.ask(t, "GET", "/Appointment/mine", "")
	}
	for _, order := range []string{"", "&_sort=date"} {
		var ids []string
		query := "patient=Patient/1&subtype=read&_count=2&_total=accurate" + order
		for query != "" {
			b, next := searchset(t, w.look(t, query))
			if b.Total == nil || *b.Total < 7 || len(b.Entry) > 2 {
				t.Fatalf("%d entries of %v", len(b.Entry), b.Total)
			}
			for _, e := range b.Entry {
				ids = append(ids, e.Resource.ID)
			}
			if strings.Contains(next, "Patient") || next != "" && !strings.HasPrefix(next, "_cursor=") {
				t.Errorf("the next page is %s", next)
			}
			if other := w.look(t, next, func(r *vestibule.TrailRequest) { r.Caller.ClientID = "another" }); next != "" && code(other) != "cursor-refused" {
				t.Errorf("another client's link answers %v", other.Err())
			}
			query = next
			if order == "" && len(ids) < 6 {
				w.ask(t, "GET", "/Appointment/mine", "") // newer ones belong to no later page
			}
		}
		sorted := slices.Clone(ids)
		slices.Sort(sorted)
		if len(slices.Compact(sorted)) != len(ids) || order == "" && len(ids) != 7 {
			t.Errorf("order %q: %d events: %v", order, len(ids), ids)
		}
	}
	b, _ := searchset(t, w.look(t, "patient=Patient/1&_total=none"))
	if b.Total != nil {
		t.Error("a total that nobody asked for")
	}
}

// Each look says in its own record what was looked for, on which page, and how much was shown; what is refused is named.
func TestALookSaysWhatItShowed(t *testing.T) {
	w := newWorld(t, stocked(t), bookings...)
	for range 3 {
		w.ask(t, "GET", "/Appointment/mine", "")
	}
	_, next := searchset(t, w.look(t, "patient=Patient/1&_count=2"))
	if r := w.last(t); r.Shown != 2 || r.Query != "_count=2&patient=Patient%2F1" || r.Agent.Role != audit.RoleAuditor {
		t.Errorf("recorded %+v", r)
	}
	w.look(t, next)
	if r := w.last(t); r.Shown != 1 || r.Query != "_count=2&patient=Patient%2F1" {
		t.Errorf("the second page is recorded as %+v", r)
	}
	for query, want := range map[string]string{"patient.birthdate=1970": "parameter-not-supported", "_cursor=x": "cursor-refused", next + "&patient=2": "cursor-refused",
		"outcome=5": "parameter-invalid", "patient.identifier=urn:oid:2.16.840.1.113883.4.50|9": "parameter-not-supported"} {
		a := w.look(t, query)
		if code(a) != want {
			t.Errorf("%s: %v", query, a.Err())
		}
		if r := w.last(t); r.Phase != audit.PhaseDenial || r.Raw == "" || r.Shown != 0 {
			t.Errorf("%s is recorded as %+v", query, r)
		}
	}
	w.clock = w.clock.Add(time.Hour - time.Second) // the caller's token still holds, the link does not
	if a := w.look(t, next); code(a) != "cursor-refused" {
		t.Errorf("an old link: %v", a.Err())
	}
}

// A search is on record as it was sent, beside what was understood of it, and under the patient that it named, whether or not anything
// of that patient was found. A page link is on record as the search that it stands for.
func TestASearchIsOnRecordAsItWasSent(t *testing.T) {
	e := stocked(t)
	e.put(t, appointment("second", "42", "1", now))
	w := newWorld(t, e, bookings...)
	sent := func(path string) func(*vestibule.Request) { return func(r *vestibule.Request) { r.Raw = path } }
	const path = "/Appointment?status=booked&patient=nobody"
	w.ask(t, "GET", path, "", sent(path))
	if r := w.last(t); r.Raw != path || r.Query != "patient=Patient%2Fnobody&status=booked" || len(r.Patients) != 0 {
		t.Errorf("on record: %q, %q, %v", r.Raw, r.Query, r.Patients)
	}
	b, _ := searchset(t, w.look(t, "patient=nobody"))
	if len(b.Entry) != 1 {
		t.Fatalf("%d events of a patient who was asked for", len(b.Entry))
	}
	var set struct {
		Link []struct{ Relation, URL string }
	}
	if err := json.Unmarshal([]byte(body(w.ask(t, "GET", "/Appointment?_count=1", "", sent("/Appointment?_count=1")))), &set); err != nil {
		t.Fatal(err)
	}
	for _, l := range set.Link {
		if _, next, _ := strings.Cut(l.URL, "/fhir/maple"); l.Relation == "next" {
			if a := w.ask(t, "GET", next, "", sent(next)); a.Err() != nil || w.last(t).Raw != "" || w.last(t).Query != "_count=1" {
				t.Errorf("%v, on record of the next page: %q, %q", a.Err(), w.last(t).Raw, w.last(t).Query)
			}
			return
		}
	}
	t.Errorf("no next page: %+v", set.Link)
}

// Whoever is stopped in person finds the stop's name on record, not in the answer.
func TestTheStopThatKeptAnAuditorOutIsOnRecord(t *testing.T) {
	w := newWorld(t, stocked(t), bookings...)
	w.under(t, policy.Rules{Stops: []policy.Stop{{Name: "lost-laptop", Person: "https://id.example|audrey", Because: "A laptop was stolen", Version: 3}}})
	a := w.look(t, "")
	if code(a) != "person-stopped" || strings.Contains(body(a), "lost-laptop") {
		t.Errorf("answered %v", a.Err())
	}
	if r := w.last(t); len(r.Rules) != 1 || !strings.Contains(r.Rules[0], "lost-laptop@3") {
		t.Errorf("the record names %v", r.Rules)
	}
}

// The trail says what it is searched by, and means it.
func TestTheTrailStatesWhatItIsSearchedBy(t *testing.T) {
	w := newWorld(t, stocked(t), bookings...)
	var s struct {
		Rest []struct {
			Resource []struct {
				Type             string
				SupportedProfile []string
				SearchParam      []struct{ Name, Type string }
			}
		}
	}
	if err := json.Unmarshal([]byte(body(w.TrailStatement(w.Clinic("maple"), "https://gw.test/audit/maple"))), &s); err != nil {
		t.Fatal(err)
	}
	if got := s.Rest[0].Resource[0].SupportedProfile; !slices.Equal(got, audit.Profiles()) {
		t.Errorf("it states the profiles %v", got)
	}
	params := s.Rest[0].Resource[0].SearchParam
	if len(params) != len(audit.Params())+2 || s.Rest[0].Resource[0].Type != "AuditEvent" {
		t.Fatalf("it states %+v", s)
	}
	for _, p := range params {
		value := map[string]string{"date": "2026", "reference": "Patient/1", "uri": "urn:x", "token": "E", "string": "x"}[p.Type]
		switch p.Name {
		case "outcome":
			value = "0"
		case "patient.identifier":
			value = "urn:vestibule:patient|1"
		}
		if a := w.look(t, p.Name+"="+value); a.Err() != nil {
			t.Errorf("%s, which is stated: %v", p.Name, a.Err())
		}
	}
	if n := len(w.records(t)); n != len(params) {
		t.Errorf("%d records of %d looks: the statement is no look", n, len(params))
	}
}

// What an access used, met and was kept from stands in its record.
func TestARecordSaysHowTheEMRWasReachedAndWhichRulesKeptBack(t *testing.T) {
	w := newWorld(t, stocked(t), bookings...)
	c := *w.Clinic("maple")
	c.System, c.Rules, c.Teams = audit.System{Adapter: "made-up v1", Product: "Toy EMR 1", Connection: "emr@4"}, "abc123", map[string][]string{w.caller.ID(): {"assistco/desk", "assistco/night"}}
	w.SetClinics(&c)
	a := w.ask(t, "GET", "/Appointment", "", func(r *vestibule.Request) {
		r.Route, r.Software, r.Raw = "GET /fhir/{clinic}/{type}", "desk/2.1\r\n", "/Appointment?secret=1"
		r.Caller.Assurance = "mfa"
	})
	r := w.last(t)
	if a.Err() != nil || r.System != c.System || r.Policy != "abc123" || r.Title != "Maple" || r.Agent.Team != "assistco/desk,assistco/night" || r.Agent.Software != "desk/2.1" || r.Agent.Assurance != "mfa" ||
		r.Route != "GET /fhir/{clinic}/{type}" || r.Raw != "/Appointment?secret=-" {
		t.Errorf("%v, recorded %+v", a.Err(), r)
	}
	if r.Withheld == 0 || len(r.Rules) == 0 || !strings.HasPrefix(r.Rules[0], string(policy.CodeOutOfReach)) {
		t.Errorf("withheld %d by %v", r.Withheld, r.Rules)
	}
	w.ask(t, "GET", "/Appointment?_has=1", "", func(r *vestibule.Request) {
		r.Raw = "/Appointment?_has=1&access_token=hunter2&client_secret=x%3By&z=" + strings.Repeat("long", 1000)
	})
	if r := w.last(t); !strings.HasPrefix(r.Raw, "/Appointment?_has=1&access_token=-&client_secret=-&z=long") || len(r.Raw) != audit.MaxRaw {
		t.Errorf("as sent: %s", r.Raw)
	}
	if fhir.KindOf(w.ask(t, "GET", "/Task", "").Err()) != fhir.KindForbidden || len(unknown(w.last(t))) == 0 {
		t.Error("the record of a refusal does not say what it does not know")
	}
}

func unknown(r audit.Record) []audit.Unknown { return r.Unknown() }
