package vestibule_test

import (
	"os"
	"strings"
	"testing"

	"vestibule"
	"vestibule/audit"
	"vestibule/fhir"
	"vestibule/internal/balptest"
)

// events are the AuditEvents of all tests of this package: when the tests are over, they are validated.
var events balptest.Collection

func TestMain(m *testing.M) { os.Exit(events.Main(m)) }

// Every interaction and refusal that a caller can bring about has its AuditEvents, which are valid, and only a success claims
// a profile.
func TestEveryKindOfAccessHasValidEvents(t *testing.T) {
	w := newWorld(t, stocked(t), bookings...)
	for _, q := range []struct{ method, path, body, version string }{
		{"GET", "/Appointment/mine", "", ""}, {"GET", "/Appointment/other", "", ""}, {"GET", "/Appointment?status=booked", "", ""}, {"GET", "/Task", "", ""},
		{"GET", "/Appointment?_has:x=1", "", ""}, {"GET", "/Patient/1", "", ""}, {"DELETE", "/Appointment/mine", "", ""}, {"PATCH", "/Appointment/mine", "", ""},
		{"GET", "/Appointment/mine/_history/1", "", ""}, {"GET", "/Appointment/mine/_history", "", ""}, {"POST", "/", "{}", ""}, {"GET", "/Appointment/$everything", "", ""},
		{"PUT", "/Appointment/mine", moved, ""}, {"PUT", "/Appointment/mine", "{", "1"}, {"POST", "/Appointment", proposal, ""}, {"PUT", "/Appointment/mine", moved, "1"},
		{"GET", "/metadata", "", ""}, {"GET", "/%2e%2e", "", ""},
	} {
		w.ask(t, q.method, q.path, q.body, ifMatch(q.version), func(r *vestibule.Request) {
			r.RequestID, r.Traceparent, r.Route, r.Raw, r.Software = "r-1", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "GET /x", q.path, "desk/1.0"
		})
	}
	for range 12 {
		w.ask(t, "GET", "/Appointment/mine", "", forged("198.51.100.9"))
	}
	auditor := w.caller
	auditor.Subject, auditor.Name = "audrey", "Audrey Lin"
	for _, id := range []string{"", "0"} {
		w.Trail(t.Context(), vestibule.TrailRequest{Request: vestibule.Request{Clinic: "maple", Base: "https://gw.test/audit/maple", Caller: auditor}, ID: id})
	}
	w.emr.onCall = func(string) error { return fhir.E("emr", fhir.KindTimeout, "emr-timeout", "late") }
	w.ask(t, "GET", "/Appointment/mine", "")
	if err := w.RecordCounted(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	found, err := w.ledger.Search(t.Context(), "maple", audit.Search{Count: audit.MaxCount})
	if err != nil {
		t.Fatal(err)
	}
	var all [][]byte
	for _, e := range found.Entries {
		for _, event := range e.AuditEvents() {
			if r := e.Record; strings.Contains(string(event), "IHE.BasicAudit.Patient") != (r.Outcome == "0" && len(r.Patients) > 0) {
				t.Errorf("%s of %s, outcome %s, %d patients: what it claims is not so", r.Phase, r.Interaction, r.Outcome, len(r.Patients))
			}
			all = append(all, event)
		}
	}
	verdict := balptest.Validate(t, all)
	for _, p := range verdict.Problems {
		t.Error(p)
	}
	for _, profile := range []string{"PatientRead", "PatientQuery", "Create", "PatientUpdate", "OAUTHaccessTokenUse.Minimal"} {
		if verdict.Profiles[profile] == 0 {
			t.Errorf("no access claims %s: %v", profile, verdict.Profiles)
		}
	}
}
