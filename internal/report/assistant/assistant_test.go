package assistant_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"vestibule/audit"
	"vestibule/internal/report"
	"vestibule/internal/report/assistant"
	"vestibule/internal/report/reporttest"
)

func TestWorkIsToldInSessions(t *testing.T) {
	amara := reporttest.Amara()
	forged := amara
	forged.Role = audit.RoleUnverified
	at := func(minutes int) time.Time { return reporttest.Began.Add(time.Duration(minutes) * time.Minute) }
	var many []string
	for i := range 6 {
		many = append(many, fmt.Sprintf("Patient/%d", i))
	}
	trail, _ := reporttest.Trail(t,
		audit.Record{Agent: amara, Time: at(0), Interaction: "search-type", Type: "Appointment", Patients: many, Released: []audit.ReleasedItem{{Ref: "Appointment/1", Patients: many}}},
		audit.Record{Agent: amara, Time: at(30), Interaction: "read", Type: "DocumentReference", Patients: many[:1], Released: []audit.ReleasedItem{{Ref: "DocumentReference/1", Documents: 2, Patients: many[:1]}}},
		audit.Record{Phase: audit.PhaseDenial, Agent: amara, Time: at(61), Interaction: "read", Type: "Task", Reasons: []string{"no-grant"}, Repeats: 5, Until: at(62)},
		audit.Record{Phase: audit.PhaseDenial, Agent: forged, Time: at(64), Reasons: []string{"token-signature"}},
		audit.Record{Phase: audit.PhaseIntent, Agent: amara, Time: at(65), Interaction: "update", Type: "Task", Patients: many[:1]},
		audit.Record{Agent: audit.Agent{Issuer: amara.Issuer, Subject: "noor", Name: "Noor"}, Time: at(66), Interaction: "read", Type: "Task"},
	)
	r, err := assistant.Make(t.Context(), trail, assistant.Options{Agent: amara.Key(), Gap: 30 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	sessions := reporttest.Rows(t, r, "sessions", report.English)
	if len(sessions) != 2 {
		t.Fatalf("%v", sessions)
	}
	for i, want := range []map[string]string{
		{"lasted": "30 min", "accesses": "2", "refusals": "0", "patients": "6", "documents": "2"},
		{"lasted": "1 min", "accesses": "0", "refusals": "5", "patients": "0", "documents": "0"},
	} {
		for column, value := range want {
			if sessions[i][column] != value {
				t.Errorf("session %d: %s is %q", i, column, sessions[i][column])
			}
		}
	}
	accesses := reporttest.Rows(t, r, "accesses", report.English)
	if len(accesses) != 3 || accesses[0]["patients"] != "Patient/0; Patient/1; Patient/2; Patient/3; and 2 more" || accesses[2]["information"] != "nothing of a patient was shown" {
		t.Errorf("%v", accesses)
	}
	if rows := reporttest.Rows(t, r, "patients", report.English); len(rows) != 6 || rows[0]["patient"] != "Patient/0" || rows[0]["times"] != "2" {
		t.Errorf("%v", rows)
	}
	if got := r.Lead[0].In(report.Voice{Language: report.English, Zone: time.UTC}); !strings.HasPrefix(got, "2 sessions of work with 2 accesses, 5 refusals and 2 documents opened, about 6 patients") {
		t.Error(got)
	}
}

func TestWhoDidNothingIsToldSo(t *testing.T) {
	trail, _ := reporttest.Trail(t, audit.Record{Agent: reporttest.Amara(), Interaction: "read", Type: "Task"})
	r, err := assistant.Make(t.Context(), trail, assistant.Options{Agent: "https://id.assistco.example|nobody", Gap: time.Hour})
	if err != nil || len(reporttest.Rows(t, r, "accesses", report.English)) != 0 {
		t.Fatal(err)
	}
	if got := r.Lead[0].In(report.Voice{Language: report.English, Zone: time.UTC}); !strings.HasPrefix(got, "There is nothing on record") {
		t.Error(got)
	}
}

func TestAnAccessThatFailedShowedNothingOfItsPatient(t *testing.T) {
	write := audit.Record{Agent: reporttest.Amara(), Interaction: "update", Type: "Task", Patients: []string{"Patient/1"}}
	failed := write
	failed.Outcome = audit.OutcomeMajor
	trail, _ := reporttest.Trail(t, failed, write)
	r, err := assistant.Make(t.Context(), trail, assistant.Options{Agent: reporttest.Amara().Key(), Gap: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	if rows := reporttest.Rows(t, r, "patients", report.English); len(rows) != 1 || rows[0]["times"] != "1" {
		t.Errorf("%v", rows)
	}
}
