package vestibule_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"vestibule"
	"vestibule/policy"
)

// What a caller tries who has a grant and wants more than it gives.

// A grant that a search does not rest on may show more of what is found. Its limits hold then, and the record cites it.
func TestNoSearchGetsPastTheLimitsOfAGrantThatShowsItsResults(t *testing.T) {
	w := newWorld(t, day(t, 2), bookings...)
	limited := frontDesk(1, policy.Permission{Scope: "user/Appointment.s", Elements: []string{"comment"}})
	limited.Limits = policy.Limits{PatientsPerDay: 1}
	free := frontDesk(1, policy.Permission{Scope: "user/Appointment.s", Elements: []string{"identifier"}})
	free.Name = "free"
	w.under(t, policy.Rules{Grants: []policy.Grant{limited, free}})
	if got := code(w.ask(t, "GET", "/Appointment?identifier:missing=true&_id=a1,a2", "")); got != "too-many-patients" {
		t.Errorf("two patients in one search: %q", got)
	}
	if a := w.ask(t, "GET", "/Appointment?identifier:missing=true&_id=a1", ""); !strings.Contains(body(a), marker) {
		t.Errorf("one patient: %s", body(a))
	}
	if got := fmt.Sprint(w.last(t).Grants); got != "[free@1 front-desk@1]" {
		t.Errorf("the record cites %s", got)
	}
}

// A patient is counted, and looked for in the trail, by whatever names them.
func TestH22TheTrailFindsAPatientWhomATaskIsAbout(t *testing.T) {
	w := newWorld(t, newEMR(t, 10, `{"resourceType":"Task","id":"1","focus":{"reference":"Patient/9"}}`, `{"resourceType":"Task","id":"2","focus":{"reference":"Patient/8"}}`), bookings...)
	g := frontDesk(1, policy.Permission{Scope: "user/Task.r"})
	g.Limits.PatientsPerDay = 1
	w.under(t, policy.Rules{Grants: []policy.Grant{g}})
	w.expect(t, "/Task/1", "")
	w.expect(t, "/Task/2", "too-many-patients")
	auditor := w.caller
	auditor.Subject = "audrey"
	a := w.Trail(t.Context(), vestibule.TrailRequest{Request: vestibule.Request{Clinic: "maple", Base: "https://gw.test/audit/maple", Caller: auditor},
		Search: url.Values{"patient": {"Patient/9"}}})
	if !strings.Contains(body(a), "Task/1") || strings.Contains(body(a), "Task/2") {
		t.Errorf("%s", body(a))
	}
}

// A page link holds the search that it goes on with, however long that was.
func TestLongSearchesHaveNextPages(t *testing.T) {
	var all, ids []string
	for i := range 60 {
		id := fmt.Sprintf("appointment-with-a-long-identifier-%d", i)
		all, ids = append(all, appointment(id, "42", "1", now.Add(time.Hour))), append(ids, id)
	}
	for i := range 150 {
		ids = append(ids, fmt.Sprintf("none-with-a-very-long-identifier-%d", i))
	}
	w := newWorld(t, newEMR(t, 10, all...), bookings...)
	_, link, _ := strings.Cut(body(w.ask(t, "GET", "/Appointment?_id="+strings.Join(ids, ","), "")), `{"relation":"next","url":"https://gw.test/fhir/maple`)
	next, _, _ := strings.Cut(link, `"`)
	if a := w.ask(t, "GET", next, ""); strings.Count(body(a), `"search":`) != 10 {
		t.Errorf("%d bytes of link: %s", len(next), body(a))
	}
}
