package denial_test

import (
	"testing"
	"time"

	"vestibule/audit"
	"vestibule/internal/report"
	"vestibule/internal/report/denial"
	"vestibule/internal/report/reporttest"
)

func TestRefusalsAreCountedByReasonPersonAndGrant(t *testing.T) {
	amara := reporttest.Amara()
	noor := audit.Agent{Issuer: amara.Issuer, Subject: "noor", Name: "Noor Haddad", Platform: "assistco"}
	denied := func(a audit.Agent, reasons ...string) audit.Record {
		return audit.Record{Phase: audit.PhaseDenial, Agent: a, Interaction: "read", Type: "Task", Reasons: reasons}
	}
	hidden := denied(amara, "not-found-or-out-of-reach", "granted", "restricted-label")
	hidden.Rules = []string{"restricted-label: front-desk@1 user/Task.r"}
	hidden.Resource = "Task/7"
	many := denied(audit.Agent{Role: audit.RoleUnverified, Issuer: amara.Issuer, Subject: "amara"}, "token-signature")
	many.Repeats, many.Until = 40, reporttest.Began.Add(time.Hour)
	trail, _ := reporttest.Trail(t, denied(amara, "no-grant"), denied(noor, "no-grant"), hidden, many, audit.Record{Agent: amara, Interaction: "read", Type: "Task"})
	r, err := denial.Make(t.Context(), trail, map[string]string{"assistco": "AssistCo"})
	if err != nil {
		t.Fatal(err)
	}
	for section, want := range map[string][][2]string{
		"reasons": {{"token-signature", "40"}, {"no-grant", "2"}, {"restricted-label", "1"}},
		"people":  {{"somebody who said to be amara (not verified)", "40"}, {"Amara Okafor", "2"}, {"Noor Haddad", "1"}},
		"grants":  {{"no grant was concerned", "42"}, {"front-desk@1", "1"}},
	} {
		rows := reporttest.Rows(t, r, section, report.English)
		if len(rows) != len(want) {
			t.Fatalf("%s: %v", section, rows)
		}
		for i, w := range want {
			if name := rows[i][map[string]string{"reasons": "reason", "people": "who", "grants": "grant"}[section]]; name != w[0] || rows[i]["times"] != w[1] {
				t.Errorf("%s: %v", section, rows[i])
			}
		}
	}
	people := reporttest.Rows(t, r, "people", report.English)
	if people[0]["reasons"] != "token-signature (40)" || people[0]["first"] != "November\u00a02, 2026, 14:03" || people[0]["last"] != "November\u00a02, 2026, 15:00" {
		t.Errorf("%v", people[0])
	}
	if rows := reporttest.Rows(t, r, "refusals", report.English); len(rows) != 4 || rows[2]["reasons"] != "not-found-or-out-of-reach; restricted-label" ||
		rows[0]["what"] != "wanted to look at: tasks" || rows[2]["what"] != "wanted to look at: tasks; Task/7" {
		t.Errorf("%v", rows)
	}
	if got := reporttest.Rows(t, r, "reasons", report.French)[1]["means"]; got != "Aucune autorisation de cette clinique ne nomme l’appelant, son équipe ou sa plateforme." {
		t.Error(got)
	}
	if got := r.Lead[0].In(report.Voice{Language: report.English, Zone: time.UTC}); got != "43 requests were refused, for 3 reasons, to 3 people or programs." {
		t.Error(got)
	}
}
