package main

import (
	"strings"
	"testing"
	"time"

	"vestibule/internal/store"
	"vestibule/policy"
)

// A grant is due for review by the clinic's calendar: from the start of the day that lies reviewEvery days after the day of
// its last approval, whatever the clocks did in between, and again in the fortnight before its end.
func TestAGrantIsDueForReviewByTheClinicsCalendar(t *testing.T) {
	at := func(s string) time.Time {
		when, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	for name, c := range map[string]struct {
		zone, approved, reviewed, until string
		days                            int
		due                             string
	}{
		"after ninety days":                    {"America/Regina", "2026-01-10T18:00:00Z", "", "2026-12-31", 90, "2026-04-10"},
		"the day is the clinic's, not UTC's":   {"America/St_Johns", "2026-01-11T03:29:00Z", "", "2026-12-31", 90, "2026-04-10"},
		"a minute later it is the next":        {"America/St_Johns", "2026-01-11T03:30:00Z", "", "2026-12-31", 90, "2026-04-11"},
		"over the spring change of clocks":     {"America/Toronto", "2026-03-07T23:30:00Z", "", "2026-12-31", 1, "2026-03-08"},
		"over the autumn change of clocks":     {"America/Toronto", "2026-11-01T03:30:00Z", "", "2027-10-01", 2, "2026-11-02"},
		"a review renews it":                   {"America/Regina", "2026-01-10T18:00:00Z", "2026-03-01T18:00:00Z", "2026-12-31", 90, "2026-05-30"},
		"a fortnight before its end":           {"America/Regina", "2026-01-10T18:00:00Z", "", "2026-03-31", 90, "2026-03-17"},
		"not again, once reviewed in it":       {"America/Regina", "2026-01-10T18:00:00Z", "2026-03-17T18:00:00Z", "2026-03-31", 90, "2026-06-15"},
		"a short grant is not due at once":     {"America/Regina", "2026-01-10T18:00:00Z", "", "2026-01-20", 90, "2026-04-10"},
		"the last review before the fortnight": {"America/Regina", "2026-01-10T18:00:00Z", "2026-03-16T18:00:00Z", "2026-03-31", 90, "2026-03-17"},
	} {
		t.Run(name, func(t *testing.T) {
			zone, err := time.LoadLocation(c.zone)
			if err != nil {
				t.Fatal(err)
			}
			a := applied{doc: store.Document{By: "ivan", At: at(c.approved), OnRecord: true}, grant: policy.Grant{Until: c.until}, zone: zone, review: c.days}
			if c.reviewed != "" {
				a.doc.Approvals = []store.Approval{{Verdict: store.VerdictReview, At: at(c.reviewed), OnRecord: true}}
			}
			if got := a.due(); got != c.due {
				t.Fatalf("due %s, want %s", got, c.due)
			}
			midnight, err := time.ParseInLocation(time.DateOnly, c.due, zone)
			if err != nil {
				t.Fatal(err)
			}
			if c.due > c.until {
				return // it ends before
			}
			if got := a.state(midnight.Add(-time.Second)); got != "in force" {
				t.Errorf("a second before: %s", got)
			}
			if got := a.state(midnight); got != "in force, due for review since "+c.due {
				t.Errorf("at midnight: %s", got)
			}
		})
	}
}

// The name of a stop is the same for the same thing, another for another, and always one that a document may have.
func TestAStopsNameTellsApartWhatIsStopped(t *testing.T) {
	long := strings.Repeat("a", 63)
	seen := map[string]policy.Stop{}
	for _, s := range []policy.Stop{
		{Everything: true}, {Grant: "front-desk"}, {Platform: "front-desk"}, {Grant: long}, {Grant: long[:62] + "b"},
		{Person: "https://id.example|amara"}, {Person: "https://other.example|amara"}, {Person: "https://id.example|Ämara|x y"},
		{Person: "https://id.example|" + strings.Repeat("é", 300)}, {Person: "https://id.example|--"}, {Person: "https://id.example|auth0|5f7c"},
	} {
		name := stopName(s)
		if other, twice := seen[name]; twice {
			t.Errorf("%+v and %+v are both %s", s, other, name)
		}
		seen[name] = s
		s.Name, s.Because = name, `quotes " and : and \ and # and é`
		if mistakes := policy.CheckStop(s, policy.Context{Clinic: policy.Clinic{Name: "maple", Zone: time.UTC}}); s.Grant == "" && len(mistakes) > 0 {
			t.Errorf("%s: %v", name, mistakes)
		}
		doc, err := read(store.Document{Kind: "Stop", Name: name, Body: stopText(s)})
		if err != nil || *doc.OfStop != s {
			t.Errorf("written as\n%s\nread back as %+v, %v", stopText(s), doc.OfStop, err)
		}
	}
}

// A gateway that serves the folder and does not get a stop on record is no success: whoever stopped something has to know.
func TestAStopThatTheGatewayDoesNotRecordIsAnError(t *testing.T) {
	dir := t.TempDir()
	unlock, err := store.Lock(dir) // a gateway whose ledger cannot write
	if err != nil {
		t.Fatal(err)
	}
	d, err := dataFlags{Data: dir}.create()
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	done, err := d.Apply(t.Context(), "ann", time.Now(), []store.Document{{Kind: "Stop", Name: "everything", Body: stopText(policy.Stop{Name: "everything", Everything: true, Because: "x"})}})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	term := &terminal{Out: &out, Now: time.Now}
	d.patience = time.Millisecond
	if err := d.await(t.Context(), term, done[0].Event); err == nil || !strings.Contains(err.Error(), "has not acted on it within") || out.Len() > 0 {
		t.Errorf("%v, %q", err, out.String())
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	if err := d.await(t.Context(), term, done[0].Event); err != nil || out.String() != "no gateway serves this folder now: it holds from the next start\n" {
		t.Errorf("%v, %q", err, out.String())
	}
}
