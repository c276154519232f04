package usage_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"vestibule/audit"
	"vestibule/internal/report"
	"vestibule/internal/report/reporttest"
	"vestibule/internal/report/usage"
	"vestibule/policy"
)

func made(t *testing.T, from, began time.Time, grants []usage.Grant, records ...audit.Record) report.Report {
	t.Helper()
	trail, _ := reporttest.Trail(t, records...)
	trail.From = from
	r, err := usage.Make(t.Context(), trail, grants, began)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func said(texts []report.Text) string {
	var out []string
	for _, text := range texts {
		out = append(out, text.In(report.Voice{Language: report.English, Zone: time.UTC}))
	}
	return strings.Join(out, " ")
}

func TestWhatNobodyUsedIsSaid(t *testing.T) {
	noor := reporttest.Amara()
	noor.Subject = "noor"
	use := func(agent audit.Agent, interaction string, grants ...string) audit.Record {
		return audit.Record{Agent: agent, Interaction: interaction, Type: "Task", Grants: grants}
	}
	grants := []usage.Grant{
		{Cite: "desk@2", Name: "desk", To: "https://id|amara", Until: "2027-01-31", Parts: []policy.Part{{Permission: policy.Permission{Scope: "user/Task.rs"}, Type: "Task", Letters: "rs"}, {Permission: policy.Permission{Scope: "user/Task.u"}, Type: "Task", Letters: "u"},
			{Permission: policy.Permission{Scope: "user/Appointment.r"}, Type: "Appointment", Letters: "r"}}},
		{Cite: "night@1", Name: "night", To: "assistco", Until: "2027-02-28", Parts: []policy.Part{{Permission: policy.Permission{Scope: "user/Task.r"}, Type: "Task", Letters: "r"}}},
	}
	r := made(t, reporttest.Began.Add(time.Minute), time.Time{}, grants,
		use(reporttest.Amara(), "update", "desk@1"), // before the period
		use(reporttest.Amara(), "read", "desk@1"), use(reporttest.Amara(), "search-type", "desk@2", "old@1"), use(noor, "read", "desk@2"))
	if got, want := said(r.Lead), "Grants in force that were not used in this period: 1 of 2. Permissions of the others that were not used: 2 of 3."; got != want {
		t.Errorf("%s", got)
	}
	rows := reporttest.Rows(t, r, "grants", report.English)
	if got, want := fmt.Sprint(rows), fmt.Sprint([]map[string]string{
		{"grant": "desk@2", "to": "https://id|amara", "until": "2027-01-31", "accesses": "3", "people": "2", "last": "November\u00a02, 2026, 14:03"},
		{"grant": "night@1", "to": "assistco", "until": "2027-02-28", "accesses": "0", "people": "0", "last": "never"}}); got != want {
		t.Errorf("%s\n%s", got, want)
	}
	var parts []string
	for _, row := range reporttest.Rows(t, r, "permissions", report.French) {
		parts = append(parts, strings.Join([]string{row["grant"], row["scope"], row["accesses"], row["last"]}, " "))
	}
	if got, want := strings.Join(parts, "\n"), "desk@2 user/Task.rs 3 2\u00a0novembre\u00a02026, 14\u00a0h\u00a003\ndesk@2 user/Task.u 0 jamais\ndesk@2 user/Appointment.r 0 jamais\nnight@1 user/Task.r 0 jamais"; got != want {
		t.Errorf("%s", got)
	}
}

func TestWhereNoGrantIsInForceThatIsSaid(t *testing.T) {
	r := made(t, time.Time{}, time.Time{}, nil)
	if got := said(r.Lead); got != "No grant is in force." {
		t.Error(got)
	}
	for _, s := range r.Sections {
		if rows := reporttest.Rows(t, r, s.ID, report.English); len(rows) != 0 || said([]report.Text{s.None}) != "No grant is in force." {
			t.Errorf("%s: %v", s.ID, rows)
		}
	}
}

func TestATrailThatBeginsWithinThePeriodIsSaid(t *testing.T) {
	from := reporttest.Began
	for began, want := range map[time.Time]bool{from.Add(time.Hour): true, from: false, from.Add(-time.Hour): false} {
		if got := strings.Contains(said(made(t, from, began, nil).Notes), "The trail begins on November\u00a02, 2026"); got != want {
			t.Errorf("%s: %v", began, got)
		}
	}
	if strings.Contains(said(made(t, time.Time{}, from, nil).Notes), "The trail begins") {
		t.Error("the whole trail begins where it begins")
	}
}
