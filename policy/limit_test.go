package policy

import (
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule/fhir"
)

func limited() Grant {
	g := frontDesk()
	g.Limits = Limits{RequestsPerMinute: 120, PatientsPerDay: 80, DocumentsPerHour: 20, PagesPerSearch: 10}
	return g
}

func TestADecisionHandsOnTheLimitsOfItsGrants(t *testing.T) {
	free := grantOf("free", Permission{Scope: "user/Appointment.r"})
	pages := grantOf("pages", Permission{Scope: "user/Appointment.r"}, Permission{Scope: "user/Appointment.rs"})
	pages.Limits = Limits{PagesPerSearch: 3}
	got := permitted(t, compiled(t, free, pages, limited()), ask(t, "GET Appointment/1")).Limits()
	want := []Limit{{"front-desk-amara@3", limited().Limits}, {"pages@1", Limits{PagesPerSearch: 3}}}
	if !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
	for code, n := range map[Code]int{CodeTooManyRequests: 120, CodeTooManyPatients: 80, CodeTooManyDocuments: 20, CodeTooManyPages: 10, CodeGranted: 0} {
		if got[0].For(code) != n {
			t.Errorf("%s: %d", code, got[0].For(code))
		}
	}
}

func TestALimitThatIsReachedSaysWhichAndWhenItIsFreeAgain(t *testing.T) {
	d := permitted(t, compiled(t, limited()), ask(t, "GET Appointment/1"))
	limit, now := d.Limits()[0], wednesday(t)
	midnight := time.Date(2026, 11, 26, 0, 0, 0, 0, maple(t).Zone)
	for _, c := range []struct {
		code   Code
		freeAt time.Time
		after  time.Duration
		texts  []string
	}{
		{CodeTooManyRequests, now.Add(12 * time.Second), 12 * time.Second, []string{"front-desk-amara allows 120 requests a minute", "at 10:00:12 by the clock of America/Toronto"}},
		{CodeTooManyPatients, midnight.UTC(), 14 * time.Hour, []string{"80 different patients a day", "Thursday, 26 November 2026 at 00:00:00"}},
		{CodeTooManyDocuments, now, time.Second, []string{"20 documents an hour"}}, // at once is not an answer to when
		{CodeTooManyPages, time.Time{}, 0, []string{"10 pages of one search", "Search for less"}},
	} {
		r, e := d.LimitReached(c.code, limit, c.freeAt)
		if r.Code != c.code || r.Grant != "front-desk-amara@3" || r.Text != e.Text || !strings.Contains(r.Detail, "Per") {
			t.Errorf("%+v", r)
		}
		if e.Kind != fhir.KindThrottled || e.Kind.Status() != 429 || e.Code != string(c.code) || e.RetryAfter != c.after {
			t.Errorf("%+v", e)
		}
		for _, want := range c.texts {
			if !strings.Contains(e.Text, want) {
				t.Errorf("%q is not in %s", want, e.Text)
			}
		}
		if strings.Contains(e.Text, "free on") == c.freeAt.IsZero() {
			t.Errorf("%s", e.Text)
		}
	}
	if _, e := (Decision{}).LimitReached(CodeTooManyPages, limit, now); e.Kind != fhir.KindThrottled {
		t.Errorf("%v", e)
	}
}

func TestASentenceSpeaksOfEveryLimit(t *testing.T) {
	want := "No more than 120 requests a minute, 80 different patients a day, 20 documents an hour and 10 pages of one search, for each person.\n"
	if text := limited().Sentence(nil); !strings.Contains(text, want) {
		t.Errorf("%s", text)
	}
	g := grantOf("g", Permission{Scope: "user/Task.r"})
	if text := g.Sentence(nil); strings.Contains(text, "No more") {
		t.Errorf("%s", text)
	}
	g.Limits.PagesPerSearch = 2
	if text := g.Sentence(nil); !strings.Contains(text, "No more than 2 pages of one search, for each person.\n") {
		t.Errorf("%s", text)
	}
}
