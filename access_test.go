package vestibule_test

import (
	"fmt"
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

// Promise 2 and 6: what may be seen arrives byte for byte, what may not be seen is not there.
func TestAReadIsCutToTheGrant(t *testing.T) {
	w := newWorld(t, stocked(t), bookings...)
	a := w.ask(t, "GET", "/Appointment/mine", "")
	if a.Err() != nil {
		t.Fatal(a.Err())
	}
	text := body(a)
	if strings.Contains(text, marker) {
		t.Errorf("hidden elements left: %s", text)
	}
	for _, kept := range []string{`"start":"2026-11-24T09:00:00Z"`, `"reference":"Patient/1"`, `"SUBSETTED"`} {
		if !strings.Contains(text, kept) {
			t.Errorf("%s is missing from %s", kept, text)
		}
	}
	if a.Version() != "1" {
		t.Errorf("version %q, want 1", a.Version())
	}
}

// Hazard H9: unknown, out of reach and restricted answer alike, to the byte.
func TestH9UnknownAndOutOfReachAnswerAlike(t *testing.T) {
	e := stocked(t)
	e.put(t, strings.Replace(appointment("locked", "42", "3", now), `"versionId":"1"`,
		`"versionId":"1","security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"R"}]`, 1))
	w := newWorld(t, e, bookings...)
	for _, method := range []string{"GET", "PUT"} {
		var texts []string
		for _, id := range []string{"none", "other", "locked"} {
			a := w.ask(t, method, "/Appointment/"+id, strings.Replace(moved, `"id":"mine"`, `"id":"`+id+`"`, 1), ifMatch("1"))
			if a.Err() == nil || a.Err().Kind != fhir.KindNotFound {
				t.Fatalf("%s %s: %v, want not found", method, id, a.Err())
			}
			texts = append(texts, strings.ReplaceAll(body(a), a.Decision(), "DECISION"))
		}
		slices.Sort(texts)
		if texts = slices.Compact(texts); len(texts) != 1 {
			t.Errorf("%s: the answers differ:\n%s", method, strings.Join(texts, "\n"))
		}
	}
}

// Promise 4, hazards H20 and H23: every attempt is on record, and there are as many records as answers.
func TestH23EveryAttemptIsOnRecord(t *testing.T) {
	w := newWorld(t, stocked(t), bookings...)
	asked := []struct{ method, path, body, version, phases string }{
		{"GET", "/Appointment/mine", "", "", "outcome"},
		{"GET", "/Appointment/other", "", "", "denial"},
		{"GET", "/Appointment", "", "", "outcome"},
		{"GET", "/Task", "", "", "denial"},
		{"GET", "/Appointment?_has:x=1", "", "", "denial"},
		{"GET", "/Patient/1", "", "", "denial"},
		{"DELETE", "/Appointment/mine", "", "", "denial"},
		{"PUT", "/Appointment/mine", moved, "", "denial"},
		{"PUT", "/Appointment/mine", moved, "0", "denial"},
		{"PUT", "/Appointment/mine", "{", "1", "denial"},
		{"POST", "/Appointment", proposal, "", "intent outcome"},
		{"PUT", "/Appointment/mine", moved, "1", "intent outcome"},
		{"GET", "/metadata", "", "", "outcome"},
	}
	var want []string
	for _, q := range asked {
		a := w.ask(t, q.method, q.path, q.body, ifMatch(q.version))
		if !a.Receipt().Valid() {
			t.Errorf("%s %s: no receipt: %v", q.method, q.path, a.Err())
		}
		for phase := range strings.FieldsSeq(q.phases) {
			want = append(want, phase+" "+a.Decision())
		}
	}
	var got []string
	for _, r := range w.records(t) {
		got = append(got, string(r.Phase)+" "+r.ID)
		if r.Agent.Subject != "amara" || r.Agent.Name != "Amara Okafor" || r.Clinic != "maple" {
			t.Errorf("record %s does not say who: %+v", r.ID, r.Agent)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("records\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Promise 7: what belongs into a header and stands in an address is not on record, however its name is spelt.
func TestNoSecretOfAnAddressIsOnRecord(t *testing.T) {
	w := newWorld(t, stocked(t), bookings...)
	auditor := w.caller
	auditor.Subject, auditor.Name = "audrey", "Audrey Lin"
	const jwt = "eyJhbGciOiJFUzI1NiJ9.hunter2.c2ln"
	for _, query := range []string{"access_token=hunter2", "x=1&access%5Ftoken=hunter2&y=2", "x=1;Access_%54oken=hunter2;y=2", "%70assword=hunter2", "client_secret=a%26hunter2", "a?token=hunter2",
		"%zz_token=hunter2", "status=" + jwt, jwt, "patient=Patient/" + jwt + "&y=2"} {
		w.ask(t, "GET", "/Appointment/mine?"+query, "", func(r *vestibule.Request) { r.Raw = "/Appointment/mine?" + query })
		r := w.last(t)
		if strings.Contains(r.Raw, "hunter2") || !strings.HasPrefix(r.Raw, "/Appointment/mine?") || strings.Contains(query, "y=2") != strings.Contains(r.Raw, "y=2") {
			t.Errorf("%s is on record as %s", query, r.Raw)
		}
		values, _ := url.ParseQuery(query)
		w.Trail(t.Context(), vestibule.TrailRequest{Request: vestibule.Request{Clinic: "maple", Caller: auditor, Raw: "/AuditEvent?" + query}, Search: values})
		if r := w.last(t); strings.Contains(fmt.Sprint(r), "hunter2") {
			t.Errorf("%s is on record as %+v", query, r)
		}
	}
	w.ask(t, "GET", "/Task/1", "", func(r *vestibule.Request) { r.Raw = "/Task/1?a=b&=&&c;d?e=%zz&f" })
	if r := w.last(t); r.Raw != "/Task/1?a=b&=&&c;d?e=%zz&f" {
		t.Errorf("without a secret: %s", r.Raw)
	}
}

// A refused token leaves a record of what it claimed, and an unknown clinic one in the gateway's own log.
func TestWhatWasClaimedIsOnRecord(t *testing.T) {
	w := newWorld(t, stocked(t), bookings...)
	refused := fhir.E("identity", fhir.KindUnauthenticated, "token-expired", "Sign in again.")
	a := w.ask(t, "GET", "/Appointment/mine", "", func(r *vestibule.Request) {
		r.Caller, r.Claim, r.Refused, r.Address = policy.Caller{}, vestibule.Claim{Issuer: "https://id.example", Subject: "mallory"}, refused, "198.51.100.9"
	})
	if code(a) != "token-expired" || len(w.emr.calls) != 0 {
		t.Fatalf("answered %v after EMR calls %v", a.Err(), w.emr.calls)
	}
	r := w.last(t)
	if r.Agent.Subject != "mallory" || r.Agent.Role != "unverified" || r.Agent.Address != "198.51.100.9" || r.Phase != audit.PhaseDenial {
		t.Errorf("recorded %+v", r)
	}
	a = w.ask(t, "GET", "/Appointment/mine", "", func(r *vestibule.Request) { r.Clinic = "nowhere" })
	if code(a) != "unknown-clinic" || !a.Receipt().Valid() {
		t.Errorf("an unknown clinic: %v, receipt %v", a.Err(), a.Receipt())
	}
}

// A look into the trail is on record like any other access, with no reason but what it is; and it is for auditors only.
func TestALookIntoTheTrailIsOnRecord(t *testing.T) {
	w := newWorld(t, stocked(t), bookings...)
	w.ask(t, "GET", "/Appointment/mine", "")
	auditor := w.caller
	auditor.Subject, auditor.Name = "audrey", "Audrey Lin"
	for _, c := range []struct {
		caller policy.Caller
		code   string
	}{{auditor, ""}, {w.caller, "not-an-auditor"}} {
		a := w.Trail(t.Context(), vestibule.TrailRequest{Request: vestibule.Request{Clinic: "maple", Caller: c.caller}, Search: url.Values{"patient": {"Patient/1"}}})
		if code(a) != c.code || !a.Receipt().Valid() || strings.Contains(body(a), "Amara Okafor") != (c.code == "") {
			t.Errorf("%s: %v %s", c.caller.Name, a.Err(), body(a))
		}
		r := w.last(t)
		if r.Interaction != "audit-search" || r.Query != "patient=Patient%2F1" || r.Agent.Subject != c.caller.Subject || slices.Contains(r.Reasons, "request-incomplete") {
			t.Errorf("recorded as %+v", r)
		}
	}
}

// Whoever is stopped in person looks into no trail either; when everything at a clinic is stopped, its auditors can still see
// what happened.
func TestAStoppedAuditorSeesNoTrail(t *testing.T) {
	for want, stop := range map[string]policy.Stop{
		"person-stopped":   {Person: "https://id.example|audrey"},
		"platform-stopped": {Platform: "assistco"},
		"":                 {Everything: true},
	} {
		w := newWorld(t, stocked(t), bookings...)
		stop.Name, stop.Because, stop.Version = "stop", "A laptop was stolen", 1
		w.under(t, policy.Rules{Stops: []policy.Stop{stop}})
		auditor := w.caller
		auditor.Subject, auditor.Name = "audrey", "Audrey Lin"
		a := w.Trail(t.Context(), vestibule.TrailRequest{Request: vestibule.Request{Clinic: "maple", Caller: auditor}})
		if code(a) != want || !a.Receipt().Valid() {
			t.Errorf("%+v: %v", stop, a.Err())
		}
	}
}

// Hazards H3 and H4: pages are filled from as many of the EMR's as it takes; there is a next link exactly if there is more
// to see, and a total only where it is exact.
func TestH4PagesTellNothingOfWhatIsHidden(t *testing.T) {
	for hidden := range 8 {
		for _, visible := range []int{0, 1, 3, 4, 5, 9} {
			t.Run(fmt.Sprintf("%d visible after %d hidden each", visible, hidden), func(t *testing.T) {
				e := newEMR(t, 3)
				for v := range visible {
					for h := range hidden {
						e.put(t, appointment(fmt.Sprintf("h%d-%d", v, h), "43", "9", now))
					}
					e.put(t, appointment(fmt.Sprintf("v%d", v), "42", "1", now))
				}
				for h := range hidden {
					e.put(t, appointment(fmt.Sprintf("end-%d", h), "43", "9", now))
				}
				w := newWorld(t, e, bookings...)
				walk(t, w, visible)
			})
		}
	}
}

// walk follows a search of four entries a page to its end.
func walk(t *testing.T, w *world, visible int) {
	path := "/Appointment?_count=4"
	for page, left := 0, visible; ; page, left = page+1, left-4 {
		a := w.ask(t, "GET", path, "")
		if a.Err() != nil {
			t.Fatal(a.Err())
		}
		b, err := fhir.ParseBundle([]byte(body(a)), fhir.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		entries, err := b.Entries()
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) != max(0, min(4, left)) {
			t.Fatalf("page %d has %d entries with %d left to see", page, len(entries), left)
		}
		total, counted := b.Total()
		if exact := page == 0 && left <= 4; counted != exact || exact && total != visible {
			t.Errorf("page %d: total %d (given: %v) of %d", page, total, counted, visible)
		}
		next := b.Link("next")
		if (next != "") != (left > 4) {
			t.Fatalf("page %d: next link %q with %d left after it", page, next, left-len(entries))
		}
		if next == "" {
			return
		}
		if strings.Contains(next, "count") || !strings.HasPrefix(next, "https://gw.test/fhir/maple/Appointment?_cursor=") {
			t.Errorf("a page link tells its query: %s", next)
		}
		path = strings.TrimPrefix(next, "https://gw.test/fhir/maple")
	}
}

// Hazard H3: nobody else turns a page, not even who may do exactly the same, there or elsewhere.
func TestH3APageLinkIsItsCallersAlone(t *testing.T) {
	e := newEMR(t, 3)
	for i := range 9 {
		e.put(t, appointment(fmt.Sprintf("v%d", i), "42", "1", now))
	}
	w := newWorld(t, e, bookings...)
	w.alike(t, "maple", "birch")
	b, err := fhir.ParseBundle([]byte(body(w.ask(t, "GET", "/Appointment?_count=4", ""))), fhir.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	next := strings.TrimPrefix(b.Link("next"), "https://gw.test/fhir/maple")
	for name, c := range map[string]struct {
		path   string
		change func(*vestibule.Request)
	}{
		"another person":    {next, func(r *vestibule.Request) { r.Caller.Subject = "eve" }},
		"another issuer":    {next, func(r *vestibule.Request) { r.Caller.Issuer = "https://id2.example" }},
		"another program":   {next, func(r *vestibule.Request) { r.Caller.ClientID = "other" }},
		"at another clinic": {next, func(r *vestibule.Request) { r.Clinic = "birch" }},
		"of another type":   {strings.Replace(next, "/Appointment", "/Task", 1), func(*vestibule.Request) {}},
	} {
		if a := w.ask(t, "GET", "/Appointment?_count=4", "", c.change); a.Err() != nil {
			t.Errorf("%s: may not search either: %v", name, a.Err())
		}
		if a := w.ask(t, "GET", c.path, "", c.change); code(a) != "cursor-refused" || !a.Receipt().Valid() {
			t.Errorf("%s: %v %s", name, a.Err(), body(a))
		}
	}
	if a := w.ask(t, "GET", next, ""); a.Err() != nil {
		t.Errorf("its owner: %v", a.Err())
	}
}

// Hazard H3: a page link is no key: it is bound to the caller, the client, the clinic and the grants, and it ends.
func TestH3APageLinkIsDecidedAfresh(t *testing.T) {
	e := newEMR(t, 3)
	for i := range 9 {
		e.put(t, appointment(fmt.Sprintf("v%d", i), "42", "1", now))
	}
	w := newWorld(t, e, bookings...)
	b, err := fhir.ParseBundle([]byte(body(w.ask(t, "GET", "/Appointment?_count=4", ""))), fhir.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	next := strings.TrimPrefix(b.Link("next"), "https://gw.test/fhir/maple")
	for name, change := range map[string]func(*vestibule.Request){
		"another caller": func(r *vestibule.Request) { r.Caller.Subject = "eve" },
		"another client": func(r *vestibule.Request) { r.Caller.ClientID = "other" },
	} {
		if a := w.ask(t, "GET", next, "", change); a.Err() == nil {
			t.Errorf("%s was served the page", name)
		}
	}
	if a := w.ask(t, "GET", next[:len(next)-2]+"xx", ""); code(a) != "cursor-refused" {
		t.Errorf("a forged link: %v", a.Err())
	}
	if a := w.ask(t, "GET", next, ""); a.Err() != nil {
		t.Errorf("its owner: %v", a.Err())
	}
	w.grant(t, 2, bookings...)
	if a := w.ask(t, "GET", next, ""); code(a) != "cursor-refused" {
		t.Errorf("after a new version of the grant: %v", a.Err())
	}
	w.grant(t, 1, bookings...)
	w.clock = now.Add(16 * time.Minute)
	if a := w.ask(t, "GET", next, ""); code(a) != "cursor-refused" {
		t.Errorf("after its end: %v", a.Err())
	}
}

// Hazards H3 and H33: the pages after the first hold what was searched for, cut as was asked, whatever the EMR sends.
func TestH3EveryPageIsOfTheSearch(t *testing.T) {
	e := newEMR(t, 3)
	for i := range 12 {
		text := appointment(fmt.Sprintf("v%d", i), "42", "1", now)
		if i%2 == 1 {
			text = strings.Replace(text, `"booked"`, `"cancelled"`, 1)
		}
		e.put(t, text)
	}
	w := newWorld(t, e, bookings...)
	path, seen := "/Appointment?status=booked&_elements=status&_count=2", 0
	for path != "" {
		a := w.ask(t, "GET", path, "")
		b, err := fhir.ParseBundle([]byte(body(a)), fhir.Limits{})
		if err != nil || strings.Contains(body(a), "cancelled") || strings.Contains(body(a), `"start"`) {
			t.Fatalf("%v: %s", a.Err(), body(a))
		}
		seen += strings.Count(body(a), `"booked"`)
		path = strings.TrimPrefix(b.Link("next"), "https://gw.test/fhir/maple")
	}
	if seen != 6 {
		t.Errorf("%d found, want 6", seen)
	}
}

// What the decision asked of the token is on record, so that it can be made again: the scopes for the type, and no other.
func TestTheScopesThatADecisionLookedAtAreOnRecord(t *testing.T) {
	w := newWorld(t, stocked(t), bookings...)
	w.ask(t, "GET", "/Appointment/mine", "")
	r := w.records(t)
	last := r[len(r)-1]
	if len(last.Scopes) == 0 || slices.ContainsFunc(last.Scopes, func(s string) bool { return !strings.Contains(s, "/Appointment.") && !strings.Contains(s, "/*.") }) {
		t.Errorf("scopes on record: %v", last.Scopes)
	}
}
