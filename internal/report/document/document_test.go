package document_test

import (
	"testing"
	"time"

	"vestibule/audit"
	"vestibule/internal/report"
	"vestibule/internal/report/document"
	"vestibule/internal/report/reporttest"
)

func TestTheRegisterHoldsWhatPassedAndNothingElse(t *testing.T) {
	item := func(ref string, documents int) []audit.ReleasedItem {
		return []audit.ReleasedItem{{Ref: ref, Patients: []string{"Patient/1"}, Documents: documents}}
	}
	amara := reporttest.Amara()
	failed := audit.Record{Agent: amara, Interaction: "read", Type: "DocumentReference", Outcome: audit.OutcomeSerious, Released: item("DocumentReference/failed", 1)}
	trail, _ := reporttest.Trail(t,
		audit.Record{Agent: amara, Interaction: "read", Type: "DocumentReference", Patients: []string{"Patient/1"}, Released: item("DocumentReference/sent", 3)},
		audit.Record{Agent: amara, Interaction: "read", Type: "DocumentReference", Patients: []string{"Patient/1"}, Released: item("DocumentReference/seen", 0)},
		audit.Record{Agent: amara, Interaction: "create", Type: "DocumentReference", Patients: []string{"Patient/1"}, Released: item("DocumentReference/received", 0)},
		audit.Record{Agent: amara, Interaction: "create", Type: "Task", Patients: []string{"Patient/1"}, Released: item("Task/1", 0)},
		audit.Record{Phase: audit.PhaseDenial, Agent: amara, Interaction: "create", Type: "DocumentReference", Reasons: []string{"no-grant"}},
		audit.Record{Agent: amara, Interaction: "create", Type: "DocumentReference", Outcome: audit.OutcomeSerious, Reasons: []string{"emr-failed"}}, failed,
	)
	r, err := document.Make(t.Context(), trail, map[string]string{"assistco": "AssistCo"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, section := range []string{"sent", "received"} {
		rows := reporttest.Rows(t, r, section, report.English)
		if len(rows) != 1 || rows[0]["document"] != "DocumentReference/"+section || rows[0]["address"] != "203.0.113.9" || rows[0]["organisation"] != "AssistCo" || rows[0]["patient"] != "Patient/1" {
			t.Errorf("%s: %v", section, rows)
		}
	}
	if got := r.Lead[0].In(report.Voice{Language: report.English, Zone: time.UTC}); got != "3 documents were sent and 1 received, about 1 patient." {
		t.Error(got)
	}
}
