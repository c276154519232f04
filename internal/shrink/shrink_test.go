package shrink_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vestibule/audit"
	"vestibule/internal/replay"
	"vestibule/internal/replay/replaytest"
	"vestibule/internal/shrink"
	"vestibule/policy"
)

// options shrink the grant of a world's newest rules over everything that happened.
func options(w *replaytest.World) shrink.Options {
	rules := w.Rules[len(w.Rules)-1]
	return shrink.Options{Replay: w.Options(replay.Candidate{}), Clinic: w.PolicyClinic(), Rules: rules, Grant: rules.Grants[0], Now: w.Clock,
		Margin: 3, MostValues: 5}
}

func propose(t testing.TB, o shrink.Options) shrink.Proposal {
	t.Helper()
	p, err := shrink.Propose(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// sent is an appointment as a caller sends it who was shown no comment.
func sent(id, practitioner, patient, status string, start time.Time) string {
	text := replaytest.Appointment(id, "1", practitioner, patient, status, start)
	return strings.NewReplacer(`"meta":{"versionId":"1"},`, "", `"id":"",`, "").Replace(text)
}

// TestAGrantShrinksToWhatItWasUsedFor names every clause of the narrowest grant for a known history.
func TestAGrantShrinksToWhatItWasUsedFor(t *testing.T) {
	w := replaytest.New(t, replaytest.Only(replaytest.Wide()))
	w.OK("ann", "GET", "/Appointment/a0", "") // Practitioner/42, tomorrow
	w.OK("ann", "GET", replaytest.Search("practitioner", "Practitioner/42", "_sort", "date"), "")
	w.OK("ben", "PUT", "/Appointment/a4", sent("a4", "42", "4", "cancelled", replaytest.Begin.AddDate(0, 0, 9)))
	w.Clock = w.Clock.AddDate(0, 0, 2).Add(5*time.Hour + 10*time.Minute) // Wednesday, 14:13
	w.OK("ann", "GET", "/Appointment/a2", "")

	p := propose(t, options(w))
	want := replaytest.Wide()
	want.Hours = "Mon-Wed 09:00-14:30"
	want.Purposes = []string{"PATADMIN"}
	want.Limits = policy.Limits{RequestsPerMinute: 5, PatientsPerDay: 5}
	want.Permissions = []policy.Permission{
		{Scope: "user/Appointment.rs?practitioner=Practitioner/42", Window: "-2d..+12d", Elements: []string{"status", "start", "end", "participant", "comment"}},
		{Scope: "user/Appointment.u?practitioner=Practitioner/42", Window: "+6d..+12d", Write: []string{"start", "status"}},
	}
	got := p.Grant
	for i := range got.Permissions {
		slices.Sort(got.Permissions[i].Write)
	}
	got.Permissions[1].Write = slices.DeleteFunc(got.Permissions[1].Write, func(name string) bool { return name == "end" }) // moved with the start
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if p.Accesses != 4 || p.People != 2 || !p.Changed() || len(p.Difference.CanNow) > 0 || p.Proof.Of(replay.Denied).Accesses+p.Proof.Of(replay.Less).Accesses > 0 {
		t.Errorf("%+v", p)
	}
	notes := strings.Join(p.Notes, "\n")
	for _, note := range []string{"user/Task.rs: never used", "user/Appointment.cu: never used for create", "nothing that left has description"} {
		if !strings.Contains(notes, note) {
			t.Errorf("it does not say %q:\n%s", note, notes)
		}
	}
}

func TestAGrantThatIsAsNarrowAsItsUseStays(t *testing.T) {
	g := replaytest.Grant(1, policy.Permission{Scope: "user/Appointment.r?practitioner=Practitioner/42", Window: "0d..+2d", Elements: []string{"status", "start", "participant"}})
	g.Hours, g.Purposes, g.Limits = "Mon 09:00-09:30", []string{"PATADMIN"}, policy.Limits{RequestsPerMinute: 1, PatientsPerDay: 1}
	w := replaytest.New(t, replaytest.Only(g))
	w.OK("ann", "GET", "/Appointment/a0", "")
	p := propose(t, options(w))
	if diff := cmp.Diff(g, p.Grant); diff != "" || p.Changed() {
		t.Errorf("%s\n%+v", diff, p.Difference)
	}
}

// What cannot be judged any more keeps what it may have needed; what does not depend on it goes all the same.
func TestWhatCannotBeJudgedKeepsItsPermissionWide(t *testing.T) {
	w := replaytest.New(t, replaytest.Only(replaytest.Wide()))
	w.OK("ann", "GET", "/Appointment/a0", "")
	w.OK("ann", "GET", "/Appointment/a2", "")
	delete(w.EMR.Resources, "Appointment/a2")
	o := options(w)
	p := propose(t, o)
	if got := p.Grant.Permissions; len(got) != 1 || got[0].Scope != "user/Appointment.r" || got[0].Window != "" || len(got[0].Elements) != 6 || len(p.Unjudged) == 0 {
		t.Errorf("%+v, not judged %v", got, p.Unjudged)
	}
	o.AcceptUnjudged, o.Replay = true, w.Options(replay.Candidate{})
	if got := propose(t, o).Grant.Permissions[0].Scope; got != "user/Appointment.r?practitioner=Practitioner/42" {
		t.Errorf("accepted, and still %s", got)
	}
}

func TestCriteriaAreGainedOnlyWhereThereAreFewValues(t *testing.T) {
	w := replaytest.New(t, replaytest.Only(replaytest.Wide()))
	for i := range 4 {
		w.OK("ann", "GET", fmt.Sprintf("/Appointment/a%d", i), "") // two practitioners
	}
	o := options(w)
	if got := propose(t, o).Grant.Permissions[0].Scope; got != "user/Appointment.r?practitioner=Practitioner/42,Practitioner/7" {
		t.Error(got)
	}
	o.MostValues, o.Replay = 1, w.Options(replay.Candidate{})
	if got := propose(t, o).Grant.Permissions[0].Scope; got != "user/Appointment.r" {
		t.Error(got)
	}
}

func TestASearchThatFindsNothingIsUseToo(t *testing.T) {
	w := replaytest.New(t, replaytest.Only(replaytest.Wide()))
	w.OK("ann", "GET", replaytest.Search("status", "noshow"), "")
	p := propose(t, options(w))
	if got := p.Grant.Permissions; len(got) != 1 || got[0].Scope != "user/Appointment.s" {
		t.Errorf("%+v", got)
	}
}

// A grant that does not serve a search may show more of what another one finds: that is use, too.
func TestWhatAGrantShowsOfAnothersSearchIsUseToo(t *testing.T) {
	g := replaytest.Grant(1, policy.Permission{Scope: "user/Appointment.s", Elements: []string{"participant", "comment", "description"}})
	other := replaytest.Grant(1, policy.Permission{Scope: "user/Appointment.s", Elements: []string{"status"}})
	other.Name = "other"
	w := replaytest.New(t, policy.Rules{Grants: []policy.Grant{g, other}})
	w.OK("ann", "GET", replaytest.Search("status", "booked"), "")
	p := propose(t, options(w))
	if got := p.Grant.Permissions[0]; p.Accesses != 1 || p.Elsewhere != 0 || !slices.Equal(got.Elements, []string{"participant", "comment"}) || len(p.Kept) > 0 {
		t.Errorf("%+v, %d used, %d elsewhere, given back %v", got, p.Accesses, p.Elsewhere, p.Kept)
	}
}

// An access that the EMR failed was let in, and will be again.
func TestWhatTheEMRFailedIsUseToo(t *testing.T) {
	w := replaytest.New(t, replaytest.Only(replaytest.Wide()))
	w.OK("ann", "GET", replaytest.Search("status", "booked"), "")
	w.EMR.Gone = true
	w.As("ann", "GET", "/Appointment/a0", "")
	w.EMR.Gone = false
	p := propose(t, options(w))
	if got := p.Grant.Permissions; len(got) != 1 || !strings.HasPrefix(got[0].Scope, "user/Appointment.rs?") || len(p.Kept) > 0 {
		t.Errorf("%+v, given back: %v", got, p.Kept)
	}
}

// A search by what is always shown is no reason to list it, and what a permission without a list showed is listed.
func TestSearchesByWhatIsAlwaysShown(t *testing.T) {
	w := replaytest.New(t, replaytest.Only(replaytest.Grant(1, policy.Permission{Scope: "user/Appointment.rs"})))
	w.OK("ann", "GET", replaytest.Search("_id", "a0", "_lastUpdated", "ge2020-01-01", "slot", "Slot/1"), "")
	w.OK("ann", "GET", "/Appointment/a0", "")
	p := propose(t, options(w))
	got := p.Grant.Permissions[0]
	if want := []string{"comment", "end", "participant", "slot", "start", "status"}; !slices.Equal(got.Elements, want) || len(p.Kept) > 0 {
		t.Errorf("%+v, given back: %v", got, p.Kept)
	}
}

func TestAGrantThatWasNotUsedIsNotShrunk(t *testing.T) {
	w := replaytest.New(t, replaytest.Only(replaytest.Wide()))
	w.As("ann", "GET", "/Appointment/nobody", "")
	if p := propose(t, options(w)); p.Accesses != 0 || p.Changed() {
		t.Errorf("%+v", p)
	}
}

// overlooked is a trail of which the first walk misses some accesses: a proposal made of it is too narrow.
type overlooked struct {
	replay.Trail
	missed func(audit.Record) bool
	walks  *int
}

func (o overlooked) Walk(ctx context.Context, clinic string, from, until time.Time, each func(audit.Entry) error) error {
	*o.walks++
	first := *o.walks == 1
	return o.Trail.Walk(ctx, clinic, from, until, func(e audit.Entry) error {
		if first && o.missed(e.Record) {
			return nil
		}
		return each(e)
	})
}

// Whatever the proof finds refused or hidden is given back, by the clause, until nothing is.
func TestWhatTheProofFindsIsGivenBack(t *testing.T) {
	for _, c := range []struct {
		name   string
		missed func(*replaytest.World)
		kept   []shrink.Clause
	}{
		{"another hour", func(w *replaytest.World) {
			w.Clock = w.Clock.Add(5 * time.Hour)
			w.OK("ben", "GET", "/Appointment/a0", "")
		}, []shrink.Clause{shrink.Hours}},
		{"another interaction", func(w *replaytest.World) {
			w.OK("ben", "GET", replaytest.Search("practitioner", "Practitioner/42"), "")
		}, []shrink.Clause{shrink.Interactions, shrink.Window}},
		{"another practitioner's", func(w *replaytest.World) { w.OK("ben", "GET", "/Appointment/a1", "") }, []shrink.Clause{shrink.Criteria, shrink.Window}},
		{"another day's", func(w *replaytest.World) { w.OK("ben", "GET", "/Appointment/a4", "") }, []shrink.Clause{shrink.Window}},
		{"a write", func(w *replaytest.World) {
			w.OK("ben", "PUT", "/Appointment/a0", sent("a0", "42", "0", "cancelled", replaytest.Begin.AddDate(0, 0, 1)))
		}, []shrink.Clause{shrink.Interactions, shrink.Permissions}},
	} {
		w := replaytest.New(t, replaytest.Only(replaytest.Wide()))
		w.OK("ann", "GET", "/Appointment/a0", "")
		c.missed(w)
		o := options(w)
		o.Margin = 0
		o.Replay.Trail = overlooked{w.Ledger, func(r audit.Record) bool { return r.Agent.Subject == "ben" }, new(int)}
		p := propose(t, o)
		if !slices.Equal(p.Kept, c.kept) || p.Proof.Of(replay.Denied).Accesses+p.Proof.Of(replay.Less).Accesses > 0 {
			t.Errorf("%s: given back %v, want %v\n%+v", c.name, p.Kept, c.kept, p.Proof.Groups)
		}
	}
}

// What only an earlier version allowed is not what the present one is used for.
func TestOnlyWhatThePresentVersionAllowsCounts(t *testing.T) {
	w := replaytest.New(t, replaytest.Only(replaytest.Wide()))
	w.OK("ann", "GET", "/Appointment/a0", "")
	w.OK("ann", "POST", "/Appointment", strings.Replace(sent("", "42", "5", "booked", replaytest.Begin.AddDate(0, 0, 2)), `"comment":"made up",`, "", 1))
	w.Clock = w.Clock.Add(time.Hour)
	reading := replaytest.Wide()
	reading.Version, reading.Permissions = 2, reading.Permissions[:1]
	w.Under(replaytest.Only(reading))
	w.Clock = w.Clock.Add(time.Hour)
	w.OK("ann", "GET", "/Appointment/a2", "")
	p := propose(t, options(w))
	if p.Accesses != 2 || p.Elsewhere != 1 || p.Grant.Permissions[0].Scope != "user/Appointment.r?practitioner=Practitioner/42" {
		t.Errorf("%d used, %d elsewhere, %+v", p.Accesses, p.Elsewhere, p.Grant.Permissions)
	}
}

// TestAProposalAllowsEverythingThatWasUsed: whatever people did with whatever grant, the shrunk grant would have let them, is
// one that can be applied, and allows nothing new.
func TestAProposalAllowsEverythingThatWasUsed(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := replaytest.New(t, replaytest.Only(anyGrant(r)))
		for range rapid.IntRange(1, 12).Draw(r, "accesses") {
			anyAccess(r, w)
			w.Clock = w.Clock.Add(time.Duration(rapid.IntRange(0, 40*60).Draw(r, "minutes")) * time.Minute)
		}
		if rapid.IntRange(0, 3).Draw(r, "a resource goes") == 0 {
			delete(w.EMR.Resources, "Appointment/a0")
		}
		o := options(w)
		p, err := shrink.Propose(t.Context(), o)
		if err != nil {
			r.Fatal(err)
		}
		if p.Accesses == 0 {
			return
		}
		present := replay.Candidate{Put: []policy.Grant{o.Grant}}
		again := w.Options(replay.Candidate{Put: []policy.Grant{p.Grant}})
		again.Before = present
		report, err := replay.Run(t.Context(), again)
		if err != nil {
			r.Fatal(err)
		}
		if report.Of(replay.Denied).Accesses+report.Of(replay.Less).Accesses+report.Of(replay.More).Accesses+report.Of(replay.Allowed).Accesses > 0 {
			r.Fatalf("%+v\n%+v\nkept %v", report.Groups, p.Grant, p.Kept)
		}
		if mistakes := policy.Check(p.Grant, policy.Context{Clinic: w.PolicyClinic(), Now: w.Clock}); len(mistakes) > 0 || len(p.Difference.CanNow) > 0 {
			r.Fatalf("%v %v\n%+v", mistakes, p.Difference.CanNow, p.Grant)
		}
	})
}

func anyGrant(r *rapid.T) policy.Grant {
	reading := rapid.SampledFrom([]policy.Permission{
		{Scope: "user/Appointment.rs", Elements: []string{"status", "start", "end", "participant", "comment", "description"}},
		{Scope: "user/Appointment.rs"},
		{Scope: "user/Appointment.rs?practitioner=Practitioner/42,Practitioner/7", Window: "-90d..+90d", Elements: []string{"schedule", "contact", "notes"}},
		{Scope: "user/Appointment.r?status:not=cancelled", Elements: []string{"status", "start", "participant"}},
	})
	writing := rapid.SampledFrom([]policy.Permission{
		{Scope: "user/Appointment.cu", Write: []string{"status", "start", "end", "participant", "comment"}},
		{Scope: "user/Appointment.u?practitioner=Practitioner/42", Write: []string{"status", "start", "end"}, Transitions: []string{"booked->cancelled", "booked->arrived"}},
		{Scope: "user/Appointment.crus", Elements: []string{"status", "start", "end", "participant", "comment"}, Write: []string{"status", "start", "end", "participant", "comment"}},
		{Scope: "user/Appointment.c", Write: []string{"status", "start", "end", "participant", "comment"}},
	})
	g := replaytest.Grant(1, rapid.SliceOfN(reading, 1, 2).Draw(r, "reading")...)
	g.Permissions = append(g.Permissions, rapid.SliceOfN(writing, 0, 2).Draw(r, "writing")...)
	g.Hours = rapid.SampledFrom([]string{"", "Mon-Fri 07:45-18:00", "Sat-Mon 06:00-20:10, Tue-Thu 00:00-24:00"}).Draw(r, "hours")
	g.Limits = rapid.SampledFrom([]policy.Limits{{}, {PatientsPerDay: 7, RequestsPerMinute: 60}}).Draw(r, "limits")
	return g
}

// anyAccess asks for something; what is refused is no use of the grant.
func anyAccess(r *rapid.T, w *replaytest.World) {
	who := rapid.SampledFrom([]string{"ann", "ben"}).Draw(r, "who")
	id := fmt.Sprintf("a%d", rapid.IntRange(0, 5).Draw(r, "id"))
	start := w.Clock.Truncate(time.Second).AddDate(0, 0, rapid.IntRange(-20, 40).Draw(r, "day"))
	status := rapid.SampledFrom([]string{"booked", "cancelled", "arrived"}).Draw(r, "status")
	practitioner := rapid.SampledFrom([]string{"42", "7"}).Draw(r, "practitioner")
	switch rapid.IntRange(0, 3).Draw(r, "what") {
	case 0:
		w.As(who, "GET", "/Appointment/"+id, "")
	case 1:
		params := rapid.SampledFrom([][]string{{"status", "booked"}, {"practitioner", "Practitioner/7", "_sort", "date"}, {"date", "ge2026-11-05"}, {"_elements", "start,comment"}}).Draw(r, "search")
		w.As(who, "GET", replaytest.Search(params...), "")
	case 2:
		w.As(who, "PUT", "/Appointment/"+id, sent(id, practitioner, id[1:], status, start))
	case 3:
		w.As(who, "POST", "/Appointment", sent("", practitioner, "5", status, start))
	}
}
