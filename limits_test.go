package vestibule_test

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vestibule"
	"vestibule/audit"
	"vestibule/policy"
)

// limited gives the assistant a version of the one grant, with limits.
func (w *world) limited(t *testing.T, version int, limits policy.Limits, permissions ...policy.Permission) {
	t.Helper()
	grant := policy.Grant{Clinic: "maple", Name: "front-desk", To: policy.To{User: assistant}, Because: "Covers the front desk",
		Until: "2027-01-31", Permissions: permissions, Limits: limits, Version: version, Approved: now.AddDate(0, 0, -1)}
	toronto, err := time.LoadLocation("America/Toronto")
	if err != nil {
		t.Fatal(err)
	}
	set, err := policy.Compile(policy.Clinic{Name: "maple", Zone: toronto}, policy.Rules{Grants: []policy.Grant{grant}})
	if err != nil {
		t.Fatal(err)
	}
	w.SetClinics(&vestibule.Clinic{Name: "maple", Title: "Maple", Zone: toronto, Policy: set, EMR: w.behind()})
}

// restart is another gateway on the same ledger, as after a restart.
func (w *world) restart(t *testing.T) {
	t.Helper()
	g, err := vestibule.New(vestibule.Options{Ledger: w.ledger, Secret: make([]byte, 32), Now: func() time.Time { return w.clock }})
	if err != nil {
		t.Fatal(err)
	}
	w.Gateway = g
}

// day is an EMR with an appointment for each of n patients, p1 to pn.
func day(t *testing.T, n int) *emr {
	t.Helper()
	e := newEMR(t, 100)
	for i := range n {
		e.put(t, appointment(fmt.Sprintf("a%d", i+1), "42", fmt.Sprintf("p%d", i+1), now.Add(time.Hour)))
	}
	return e
}

func (w *world) expect(t *testing.T, path, want string) {
	t.Helper()
	if got := code(w.ask(t, "GET", path, "")); got != want {
		t.Errorf("%s at %s: %q, want %q", path, w.clock.Format(time.TimeOnly), got, want)
	}
}

func TestRequestsAMinuteAreLimitedAlsoAfterARestart(t *testing.T) {
	w := newWorld(t, day(t, 3), bookings...)
	w.limited(t, 1, policy.Limits{RequestsPerMinute: 3}, bookings...)
	for _, path := range []string{"/Appointment/a1", "/Appointment/unknown", "/Appointment"} {
		w.expect(t, path, map[bool]string{true: "not-found-or-out-of-reach"}[strings.HasSuffix(path, "unknown")])
		w.clock = w.clock.Add(10 * time.Second)
	}
	a := w.ask(t, "GET", "/Appointment/a1", "")
	if code(a) != "too-many-requests" || a.Err().RetryAfter != 30*time.Second || a.Err().Kind.Status() != 429 {
		t.Fatalf("%v, again after %v, want too-many-requests and 30s", a.Err(), a.Err().RetryAfter)
	}
	w.restart(t)
	w.limited(t, 2, policy.Limits{RequestsPerMinute: 3}, bookings...) // a new version is no new allowance
	w.expect(t, "/Appointment/a1", "too-many-requests")
	w.clock = w.clock.Add(31 * time.Second)
	w.expect(t, "/Appointment/a1", "") // what was refused did not count
	w.expect(t, "/Appointment/a1", "too-many-requests")
}

func TestPatientsADayAreLimitedByTheClinicsCalendarAlsoAfterARestart(t *testing.T) {
	w := newWorld(t, day(t, 5), bookings...)
	w.caller.Expires = now.AddDate(0, 0, 2)
	w.limited(t, 1, policy.Limits{PatientsPerDay: 3}, bookings...)
	w.expect(t, "/Appointment/a1", "")
	w.expect(t, "/Appointment/a2", "")
	w.expect(t, "/Appointment", "too-many-patients") // all five at once
	w.expect(t, "/Appointment/a3", "")               // what was refused did not count
	w.expect(t, "/Appointment/a4", "too-many-patients")
	w.restart(t)
	w.limited(t, 2, policy.Limits{PatientsPerDay: 3}, bookings...)
	w.expect(t, "/Appointment/a4", "too-many-patients")
	w.expect(t, "/Appointment/a2", "") // seen before
	booking := withMeta(appointment("new", "42", "p5", now.Add(time.Hour)), "", "")
	booking = strings.Replace(strings.Replace(booking, `,"id":""`, "", 1), fmt.Sprintf(`,"comment":%q`, marker), "", 1)
	booking = strings.Replace(booking, `,"meta":{"versionId":""}`, "", 1)
	if a := w.ask(t, "POST", "/Appointment", booking); code(a) != "too-many-patients" || w.emr.wrote() > 0 {
		t.Errorf("a create for a fourth patient: %v, %d writes; want too-many-patients and none", a.Err(), w.emr.wrote())
	}
	w.clock = time.Date(2026, 11, 24, 4, 59, 0, 0, time.UTC) // 23:59 in Toronto
	a := w.ask(t, "GET", "/Appointment/a5", "")
	if code(a) != "too-many-patients" || a.Err().RetryAfter != time.Minute {
		t.Errorf("before midnight: %v, again after %v, want a minute", a.Err(), a.Err().RetryAfter)
	}
	w.clock = w.clock.Add(time.Minute)
	w.expect(t, "/Appointment/a5", "")
}

func TestWhatIsRefusedByALimitHoldsNothingAndIsNoticedOnce(t *testing.T) {
	w := newWorld(t, day(t, 3), bookings...)
	w.limited(t, 1, policy.Limits{PatientsPerDay: 1}, bookings...)
	for range 3 {
		a := w.ask(t, "GET", "/Appointment", "")
		if code(a) != "too-many-patients" || strings.Contains(body(a), "Patient/") || strings.Contains(body(a), marker) {
			t.Fatalf("%v: %s", a.Err(), body(a))
		}
		if r := w.last(t); r.Phase != audit.PhaseDenial || len(r.Released) > 0 || len(r.Patients) > 0 || r.Withheld != 3 {
			t.Errorf("the record says %+v", r)
		}
	}
	notices := 0
	for _, r := range w.records(t) {
		if r.Admin.Action == "limit-reached" {
			notices++
			if r.Admin.Subject != "front-desk@1" || r.Agent.Subject != "amara" || r.Reasons[0] != "too-many-patients" {
				t.Errorf("the notice says %+v", r)
			}
		}
	}
	if notices != 1 {
		t.Errorf("%d notices, want 1", notices)
	}
}

func TestPagesOfASearchAreLimited(t *testing.T) {
	w := newWorld(t, day(t, 4), bookings...)
	w.limited(t, 1, policy.Limits{PagesPerSearch: 2}, bookings...)
	path, want := "/Appointment?_count=1", []string{"", "", "too-many-pages"}
	for page, code := range want {
		a := w.ask(t, "GET", path, "")
		if got := a.Err(); (got == nil) != (code == "") || got != nil && got.Reason() != code {
			t.Fatalf("page %d: %v, want %q", page+1, got, code)
		}
		if link := next(body(a)); link != "" {
			path = "/Appointment?" + link
		}
	}
}

// next is the query of an answer's next link.
func next(body string) string {
	_, rest, found := strings.Cut(body, `"relation":"next","url":"`)
	link, _, _ := strings.Cut(rest, `"`)
	u, err := url.Parse(link)
	if !found || err != nil {
		return ""
	}
	return u.RawQuery
}

func TestDocumentsAnHourAreThoseThatAreOpened(t *testing.T) {
	e := newEMR(t, 100)
	for i := range 3 {
		e.put(t, fmt.Sprintf(`{"resourceType":"DocumentReference","id":"d%d","status":"current","date":"2026-11-23T10:00:00Z",`+
			`"subject":{"reference":"Patient/1"},"content":[{"attachment":{"contentType":"text/plain","data":"TWFkZSB1cA=="}}]}`, i+1))
	}
	metadata := policy.Permission{Scope: "user/DocumentReference.rs"}
	content := metadata
	content.Content = true
	w := newWorld(t, e, bookings...)
	limits := policy.Limits{DocumentsPerHour: 2}
	w.caller.Expires = now.Add(2 * time.Hour)
	w.limited(t, 1, limits, metadata)
	w.expect(t, "/DocumentReference", "") // none of them is opened
	w.limited(t, 2, limits, content)
	w.expect(t, "/DocumentReference", "too-many-documents")
	w.expect(t, "/DocumentReference/d1", "")
	w.clock = w.clock.Add(time.Minute)
	w.expect(t, "/DocumentReference/d1", "") // opened again is another one
	w.restart(t)
	w.limited(t, 3, limits, content)
	w.expect(t, "/DocumentReference/d2", "too-many-documents")
	w.clock = w.clock.Add(59 * time.Minute)
	w.expect(t, "/DocumentReference/d2", "")
}

func TestALimitHoldsForCallersWhoComeAtOnce(t *testing.T) {
	w := newWorld(t, day(t, 20), bookings...)
	w.limited(t, 1, policy.Limits{PatientsPerDay: 7}, bookings...)
	var shown atomic.Int64
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			if w.ask(t, "GET", fmt.Sprintf("/Appointment/a%d", i+1), "").Err() == nil {
				shown.Add(1)
			}
		})
	}
	all.Wait()
	if shown.Load() != 7 {
		t.Errorf("%d patients shown, want 7", shown.Load())
	}
}

func TestWithoutTheTrailNothingIsCountedAndNothingLeaves(t *testing.T) {
	w := newWorld(t, day(t, 1), bookings...)
	w.limited(t, 1, policy.Limits{PatientsPerDay: 7}, bookings...)
	if err := w.db.Close(); err != nil {
		t.Fatal(err)
	}
	if a := w.ask(t, "GET", "/Appointment/a1", ""); a.Err() == nil || a.Err().Kind.Status() != 503 || len(w.emr.calls) > 0 {
		t.Errorf("%v after %v, want 503 before the EMR is asked", a.Err(), w.emr.calls)
	}
}

// Hazard H4: a page of one entry does not tell that dozens of others, which are out of reach, come before it.
func TestH4SmallPagesDoNotCountWhatIsWithheld(t *testing.T) {
	e := newEMR(t, 1)
	for i := range 3 * 20 {
		e.put(t, appointment(fmt.Sprintf("other%d", i), "99", "p9", now.Add(time.Hour)))
	}
	e.put(t, appointment("mine", "42", "p1", now.Add(time.Hour)))
	w := newWorld(t, e, bookings...)
	k := &keen{careless: true}
	for _, key := range e.order {
		k.resources = append(k.resources, e.resources[key])
	}
	served := *w.Clinic("maple")
	served.EMR = k
	w.SetClinics(&served)
	if a := w.ask(t, "GET", "/Appointment?_count=1", ""); a.Err() != nil || !strings.Contains(body(a), `"mine"`) {
		t.Errorf("%v: %s", a.Err(), body(a))
	}
}
