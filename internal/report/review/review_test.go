package review_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule/audit"
	"vestibule/internal/report"
	"vestibule/internal/report/reporttest"
	"vestibule/internal/report/review"
	"vestibule/internal/report/signal"
	"vestibule/internal/report/usage"
	"vestibule/internal/signals"
	"vestibule/policy"
)

// november is the month of all of these sheets.
func november(t *testing.T) (zone *time.Location, from, until time.Time) {
	t.Helper()
	zone, err := time.LoadLocation("America/Toronto")
	if err != nil {
		t.Fatal(err)
	}
	return zone, time.Date(2026, 11, 1, 0, 0, 0, 0, zone), time.Date(2026, 12, 1, 0, 0, 0, 0, zone)
}

func sheet(t *testing.T, drawn int, records ...audit.Record) report.Report {
	t.Helper()
	zone, from, until := november(t)
	trail, _ := reporttest.Trail(t, records...)
	trail.From, trail.Until = from, until
	r, err := review.Make(t.Context(), trail, review.Options{Options: signal.Options{Settings: signals.Settings{Zone: zone, From: from, Until: until}},
		Grants: []usage.Grant{{Cite: "desk@2", Name: "desk", Parts: []policy.Part{{Type: "Task", Letters: "rs"}}}}, Month: "2026-11", Drawn: drawn})
	if err != nil {
		t.Fatal(err)
	}
	r.Head.Zone = zone
	return r
}

func released(n int, documents int, patients ...string) (out []audit.ReleasedItem) {
	for i := range n {
		out = append(out, audit.ReleasedItem{Ref: fmt.Sprintf("Task/%d/_history/1", i), Patients: patients, Documents: documents})
	}
	return out
}

func TestAMonthInFigures(t *testing.T) {
	amara, bot := reporttest.Amara(), reporttest.Amara()
	bot.Subject, bot.Automated = "bot", true
	nobody := reporttest.Amara()
	nobody.Subject = "found-nothing"
	_, from, until := november(t)
	ok := func(interaction string, documents int, patients ...string) audit.Record {
		return audit.Record{Agent: amara, Interaction: interaction, Type: "Task", Patients: patients, Released: released(len(patients), documents, patients...)}
	}
	intent := ok("update", 0, "Patient/7")
	intent.Phase, intent.Released = audit.PhaseIntent, nil
	before, after := ok("read", 1, "Patient/before"), ok("read", 1, "Patient/after")
	before.Time, after.Time = from.Add(-time.Millisecond), until
	first, last := ok("read", 0, "Patient/3"), ok("read", 0, "Patient/3")
	first.Time, last.Time = from, until.Add(-time.Millisecond)
	withheld := audit.Record{Agent: nobody, Interaction: "search-type", Type: "Task", Withheld: 4}
	failed := audit.Record{Agent: nobody, Interaction: "update", Type: "Task", Outcome: audit.OutcomeMajor, Patients: []string{"Patient/9"}}
	unresolved := audit.Record{Agent: nobody, Phase: audit.PhaseUnresolved, Interaction: "update", Type: "Task", Patients: []string{"Patient/9"}, Outcome: audit.OutcomeMajor}
	index := int64(0)
	written := audit.Record{Agent: nobody, Interaction: "update", Type: "Task", Outcome: audit.OutcomeSerious, Intent: &index, Reasons: []string{"written-out-of-reach"}, Patients: []string{"Patient/8"}}
	look := audit.Record{Agent: audit.Agent{Issuer: "https://id", Subject: "ann", Role: audit.RoleAuditor}, Interaction: "audit-search", Type: "AuditEvent"}
	refusedLook := look
	refusedLook.Phase = audit.PhaseDenial
	search := ok("search-type", 0, "Patient/1", "Patient/2")
	search.Agent = bot
	r := sheet(t, 0, before, after, first, last, search, intent, ok("update", 0, "Patient/1"), ok("create", 2, "Patient/4"), withheld, failed, unresolved, written, look, refusedLook,
		audit.Record{Agent: nobody, Interaction: "capabilities"}, audit.Record{Phase: audit.PhaseSystem, Outcome: audit.OutcomeMajor, Admin: audit.Admin{Action: "start"}},
		audit.Record{Phase: audit.PhaseAdmin, Admin: audit.Admin{Action: "grant-apply", Subject: "desk", By: "ann"}},
		audit.Record{Phase: audit.PhaseDenial, Agent: nobody, Interaction: "read"}, audit.Record{Phase: audit.PhaseDenial, Agent: nobody, Interaction: "read", Repeats: 7})
	var got []string
	for _, row := range reporttest.Rows(t, r, "figures", report.English) {
		got = append(got, row["what"]+": "+row["number"])
	}
	want := []string{"people and programs who were given something: 2", "patients of whom something left: 4", "single resources looked at: 2", "searches: 2",
		"resources created or changed: 3", "documents that left with their content: 2", "resources that the rules kept back: 4", "requests refused: 8",
		"requests that failed, at the EMR or on the way: 2", "looks into the trail: 2", "changes of grants and other settings, and reports: 1"}
	if !slices.Equal(got, want) {
		t.Errorf("%s\n\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestALotIsOfTheMonthsAccessesAndTheSameOnEverySheet(t *testing.T) {
	_, from, _ := november(t)
	var records []audit.Record
	for i := range 40 {
		r := audit.Record{Agent: reporttest.Amara(), Interaction: "read", Type: "Task", Purposes: []string{"PATADMIN"}, Patients: []string{fmt.Sprint("Patient/", i)}}
		if i%2 == 0 {
			r.Time = from.Add(-time.Hour)
		}
		records = append(records, r)
	}
	zone, from, until := november(t)
	trail, _ := reporttest.Trail(t, records...)
	trail.From, trail.Until = from, until
	var before []map[string]string
	for range 2 {
		r, err := review.Make(t.Context(), trail, review.Options{Options: signal.Options{Settings: signals.Settings{Zone: zone, From: from, Until: until}}, Month: "2026-11", Drawn: 5})
		if err != nil {
			t.Fatal(err)
		}
		r.Head.Zone = zone
		rows := reporttest.Rows(t, r, "drawn", report.English)
		if len(rows) != 5 || before != nil && fmt.Sprint(rows) != fmt.Sprint(before) {
			t.Errorf("%v\n%v", rows, before)
		}
		before = rows
	}
	for _, row := range before {
		var n int
		if _, err := fmt.Sscanf(row["patients"], "Patient/%d", &n); err != nil || n%2 == 0 || row["explained"] != "yes / no" || !strings.HasSuffix(row["record"], fmt.Sprint("/", n)) ||
			row["why"] != "patient administration, such as booking" || row["who"] != "Amara Okafor" || row["what"] != "looked at: tasks" {
			t.Errorf("%v", row)
		}
	}
}

func TestASheetListsTheSignaturesOfItsMonthWheneverTheyWereGiven(t *testing.T) {
	_, from, until := november(t)
	sign := func(month, note string, at time.Time, action string) audit.Record {
		return audit.Record{Phase: audit.PhaseAdmin, Time: at, Admin: audit.Admin{Action: action, Subject: review.SignedOff(month, "abc", 1, note), By: "Ann Roy"}}
	}
	r := sheet(t, 5, sign("2026-11", "late", until.AddDate(2, 0, 0), review.Action), sign("2026-11", "", until, review.Action), sign("2026-10", "other", until, review.Action),
		sign("2026-11", "another action", until, "grant-apply"), audit.Record{Time: from, Agent: reporttest.Amara(), Interaction: "read", Type: "Task", Grants: []string{"desk@1"}})
	rows := reporttest.Rows(t, r, "signatures", report.English)
	if len(rows) != 2 || rows[0]["said"] != "sha256:abc follow-up:1 late" || rows[1]["said"] != "sha256:abc follow-up:1" || rows[0]["who"] != "Ann Roy (on the gateway’s machine)" ||
		rows[1]["time"] != "December 1, 2026, 00:00:00" && rows[1]["time"] != "December\u00a01, 2026, 00:00:00" {
		t.Errorf("%v", rows)
	}
	if grants := reporttest.Rows(t, r, "grants", report.English); len(grants) != 1 || grants[0]["accesses"] != "1" {
		t.Errorf("%v", grants)
	}
	v := report.Voice{Language: report.English, Zone: r.Head.Zone}
	var lead, notes []string
	for _, text := range r.Lead {
		lead = append(lead, text.In(v))
	}
	for _, text := range r.Notes {
		notes = append(notes, text.In(v))
	}
	if want := "Nothing was flagged. Accesses in the period: 1. People and programs who made them: 1. Grants in force that were not used in this period: 0 of 1. Permissions of the others that were not used: 0 of 1."; strings.Join(lead, " ") != want {
		t.Errorf("%q", lead)
	}
	if !strings.Contains(strings.Join(notes, " "), "sign-off --month 2026-11 --sheet") || r.About.In(v) != "2026-11" {
		t.Errorf("%q", notes)
	}
}

func TestASheetLooksForSignalsWithTheDaysBefore(t *testing.T) {
	_, from, _ := november(t)
	search := func(at time.Time) audit.Record {
		return audit.Record{Agent: reporttest.Amara(), Time: at, Interaction: "search-type", Type: "Task", Query: "patient=1", Patients: []string{"Patient/1"}, Released: released(1, 0, "Patient/1")}
	}
	for days, want := range map[int]int{27: 0, 30: 1} { // met so long before
		r := sheet(t, 5, search(from.AddDate(0, 0, -days)), search(from.Add(time.Hour)))
		if rows := reporttest.Rows(t, r, "first-time", report.English); len(rows) != want {
			t.Errorf("%d days: %v", days, rows)
		}
	}
}
