package signal_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"vestibule/audit"
	"vestibule/internal/report"
	"vestibule/internal/report/reporttest"
	"vestibule/internal/report/signal"
	"vestibule/internal/signals"
	"vestibule/policy"
)

// monday is the first day of the period.
var monday = time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)

func access(at time.Time, interaction, resource, query string, patients ...string) audit.Record {
	r := audit.Record{Agent: reporttest.Amara(), Time: at, Interaction: interaction, Type: "Task", Resource: resource, Query: query, Patients: patients}
	for _, p := range patients {
		r.Released = append(r.Released, audit.ReleasedItem{Ref: "Task/1/_history/1", Patients: []string{p}, Documents: 1})
	}
	return r
}

// month is a trail in which every signal is.
func month() (out []audit.Record) {
	for back := 20; back > 0; back-- {
		out = append(out, access(monday.AddDate(0, 0, -back).Add(10*time.Hour), "search-type", "", "date=2026", "Patient/1", "Patient/2"))
	}
	for i := range 5 {
		out = append(out, access(monday.Add(10*time.Hour+time.Duration(i)*time.Minute), "read", fmt.Sprintf("Task/%d", 7+i), ""))
	}
	var many []string
	for i := range 15 {
		many = append(many, fmt.Sprintf("Patient/x%02d", 2*i))
	}
	return append(out, access(monday.Add(20*time.Hour), "search-type", "", "patient="+strings.ReplaceAll(strings.Join(many, ","), "Patient/", ""), many...))
}

func made(t *testing.T, change func(*signal.Options), records ...audit.Record) report.Report {
	t.Helper()
	hours, err := policy.ParseHours("Mon-Fri 08:00-17:00")
	if err != nil {
		t.Fatal(err)
	}
	o := signal.Options{Settings: signals.Settings{Zone: time.UTC, From: monday, Until: monday.AddDate(0, 0, 7), Hours: &hours,
		Register: signals.Register{"Patient/x00": {Family: "Okafor"}, "Patient/x04": {Staff: true}, "Patient/x02": {Person: reporttest.Amara().Key()}}},
		Hours: "Mon-Fri 08:00-17:00", Platforms: map[string]string{"assistco": "AssistCo"}}
	if change != nil {
		change(&o)
	}
	trail, _ := reporttest.Trail(t, records...)
	trail.From, trail.Until = o.Settings.From, o.Settings.Until
	r, err := signal.Make(t.Context(), trail, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestEachFlagNamesItsSignalAndItsBaseline(t *testing.T) {
	r := made(t, nil, month()...)
	for id, want := range map[string]struct{ found, baseline, patients string }{
		"after-hours":  {"one access", "open Mon-Fri 08:00-17:00", "and 3 more"},
		"volume":       {"15 patients", "usually 2 a day, give or take 1 (the middle of 20 days worked); score 8.8, flagged above 3.5", "and 3 more"},
		"first-time":   {"15 patients, asked for in particular", "the 28 days before, lists included", "Patient/x22; and 3 more"},
		"same-surname": {"one access", "the register of patients given", "Patient/x00"},
		"own-record":   {"one access", "the register of patients given", "Patient/x02"},
		"staff":        {"one access", "the register of patients given", "Patient/x04"},
		"sequence":     {"5 ids one after the other, Task/7 to Task/11", "five or more, at most ten minutes apart", "none left"},
	} {
		rows := reporttest.Rows(t, r, id, report.English)
		if id == "volume" && len(rows) == 2 && rows[1]["found"] == "15 documents" {
			rows = rows[:1]
		}
		if len(rows) != 1 || rows[0]["found"] != want.found || rows[0]["baseline"] != want.baseline || !strings.HasSuffix(rows[0]["patients"], want.patients) ||
			rows[0]["who"] != "Amara Okafor" || rows[0]["organisation"] != "AssistCo" || !strings.Contains(rows[0]["records"], "/") {
			t.Errorf("%s: %v", id, rows)
		}
	}
	if got := reporttest.Rows(t, r, "volume", report.French)[0]["baseline"]; got != "habituellement 2 par jour, à 1 près (médiane de 20 jours travaillés)\u00a0; indice 8,8, signalé au-dessus de 3,5" {
		t.Error(got)
	}
	if got := reporttest.Rows(t, r, "sequence", report.English)[0]; got["from"] != "November\u00a02, 2026, 10:00" || got["until"] != "November\u00a02, 2026, 10:04" || strings.Count(got["records"], ";") != 4 {
		t.Error(got)
	}
	if got := said(r.Lead); got != "8 things were flagged. Accesses in the period: 6. People and programs who made them: 1." {
		t.Error(got)
	}
}

func said(texts []report.Text) string {
	var out []string
	for _, text := range texts {
		out = append(out, text.In(report.Voice{Language: report.English, Zone: time.UTC}))
	}
	return strings.Join(out, " ")
}

func TestWhatWasNotLookedForIsSaid(t *testing.T) {
	sections := func(r report.Report) string {
		var out []string
		for _, s := range r.Sections {
			out = append(out, s.ID)
		}
		return strings.Join(out, " ")
	}
	r := made(t, nil, month()...)
	if got := sections(r); got != "after-hours volume first-time same-surname own-record staff sequence" || said(r.Notes) == "" || strings.Contains(said(r.Notes), "held against that") {
		t.Errorf("%s: %s", got, said(r.Notes))
	}
	r = made(t, func(o *signal.Options) { o.Settings.Hours, o.Register = nil, nil }, month()...)
	if got := sections(r); got != "volume first-time sequence" || strings.Count(said(r.Notes), "so nothing was held against that") != 2 {
		t.Errorf("%s: %s", got, said(r.Notes))
	}
	r = made(t, nil, month()[25])
	if got := said(r.Notes); !strings.Contains(got, "are on record to compare with, for: https://id.assistco.example|amara.") {
		t.Error(got)
	}
	begin := monday.AddDate(0, 0, -28)
	for began, want := range map[time.Time]bool{begin: false, begin.Add(time.Hour): true} {
		r = made(t, func(o *signal.Options) { o.Began = began })
		if strings.Contains(said(r.Notes), "The trail begins on") != want || said(r.Lead) != "Nothing was flagged. Accesses in the period: 0. People and programs who made them: 0." {
			t.Errorf("%s: %s %s", began, said(r.Lead), said(r.Notes))
		}
	}
}

func TestOneFlagIsOneThing(t *testing.T) {
	r := made(t, nil, access(monday.Add(20*time.Hour), "create", "Task/1", ""))
	if got := said(r.Lead); !strings.HasPrefix(got, "One thing was flagged.") {
		t.Error(got)
	}
}
