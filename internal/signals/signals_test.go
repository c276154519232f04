package signals

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule/audit"
	"vestibule/policy"
)

// trail is records in their order.
type trail []audit.Record

func (t trail) Walk(_ context.Context, each func(audit.Entry) error) error {
	for i, r := range t {
		if err := each(audit.Entry{Log: "log", Index: int64(i), Record: r}); err != nil {
			return err
		}
	}
	return nil
}

// toronto is the clinic's zone.
func toronto(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("America/Toronto")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

const amara = "https://id.example|amara"

// monday is the first day of the period in all of these tests, at ten in the clinic.
func monday(t *testing.T) time.Time { return time.Date(2026, 11, 2, 10, 0, 0, 0, toronto(t)) }

// read is one access to a resource of each patient.
func read(at time.Time, resource string, patients ...string) audit.Record {
	return audit.Record{Phase: audit.PhaseOutcome, Time: at.UTC(), Interaction: "read", Resource: resource, Patients: patients,
		Agent: audit.Agent{Issuer: "https://id.example", Subject: "amara", Name: "Amara Côté-Okafor", Platform: "assistco"}}
}

// list is a search that released those patients.
func list(at time.Time, query string, patients ...string) audit.Record {
	r := read(at, "", patients...)
	r.Interaction, r.Query = "search-type", query
	return r
}

// pats are n patients from first on.
func pats(first, n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf("Patient/p%04d", 7*(first+i)))
	}
	return out
}

func find(t *testing.T, records trail, change func(*Settings)) Summary {
	t.Helper()
	zone := toronto(t)
	s := Settings{Zone: zone, From: time.Date(2026, 11, 2, 0, 0, 0, 0, zone), Until: time.Date(2026, 12, 1, 0, 0, 0, 0, zone)}
	if change != nil {
		change(&s)
	}
	out, err := Find(t.Context(), records, s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// of are the findings of one signal.
func of(s Summary, signal Signal) []Finding {
	return slices.DeleteFunc(slices.Clone(s.Findings), func(f Finding) bool { return f.Signal != signal })
}

func TestWorkWhileTheClinicIsClosedIsGatheredByDay(t *testing.T) {
	hours, err := policy.ParseHours("Mon-Fri 08:00-17:00")
	if err != nil {
		t.Fatal(err)
	}
	day := monday(t)
	robot := read(day.Add(10*time.Hour), "Task/1")
	robot.Agent.Subject, robot.Agent.Automated = "bot", true
	records := trail{
		read(day.AddDate(0, 0, -3).Add(12*time.Hour), "Appointment/1", "Patient/1"), // before the period
		read(day, "Appointment/1", "Patient/1"),
		read(day.Add(7*time.Hour), "Appointment/1", "Patient/1"), // 17:00 is closed
		read(day.Add(8*time.Hour), "Appointment/2", "Patient/2"),
		robot,
		read(day.AddDate(0, 0, 5), "Appointment/3", "Patient/3"), // a Saturday, at ten
	}
	got := of(find(t, records, func(s *Settings) { s.Hours = &hours }), AfterHours)
	if len(got) != 2 || got[0].Count != 2 || fmt.Sprint(got[0].Patients, got[0].Receipts) != "[Patient/1 Patient/2] [log/2 log/3]" || got[0].From.Hour() != 17 || got[1].Count != 1 {
		t.Errorf("%+v", got)
	}
	if got := of(find(t, records, nil), AfterHours); len(got) != 0 {
		t.Errorf("without hours: %+v", got)
	}
}

// usual is twelve patients a day on each working day of the four weeks before, one more or less every other day.
func usual(t *testing.T) trail {
	var records trail
	for back := 28; back > 0; back-- {
		day := monday(t).AddDate(0, 0, -back)
		if day.Weekday() != time.Sunday && day.Weekday() != time.Saturday {
			records = append(records, list(day, "date=2026", pats(0, 11+back%3)...))
		}
	}
	return records
}

func TestADayIsHeldAgainstThePersonsOwnPast(t *testing.T) {
	day := monday(t)
	records := append(usual(t), list(day, "date=2026", pats(0, 17)...), list(day.AddDate(0, 0, 1), "date=2026", pats(0, 18)...))
	got := of(find(t, records, nil), Volume)
	if len(got) != 1 || got[0].Count != 18 || got[0].Of != OfPatients || got[0].Baseline.Median != 12 || got[0].Baseline.Days < 19 || got[0].Baseline.Score <= 3.5 {
		t.Errorf("%+v", got)
	}
	if got[0].From.Day() != 3 {
		t.Error(got[0].From)
	}
}

func TestADayBeforeThePeriodIsNoFinding(t *testing.T) {
	records := append(usual(t)[:15], list(monday(t).AddDate(0, 0, -1), "date=2026", pats(0, 80)...))
	if got := find(t, records, nil); len(got.Findings) != 0 || got.Accesses != 0 || got.People != 0 {
		t.Errorf("%+v", got)
	}
}

func TestWhoHasNoPastIsNamedInsteadOfJudged(t *testing.T) {
	got := find(t, trail{list(monday(t), "date=2026", pats(0, 40)...)}, nil)
	if len(got.Findings) != 0 || fmt.Sprint(got.NoBaseline) != "["+amara+"]" {
		t.Errorf("%+v", got)
	}
}

func TestDocumentsAreAVolumeOfTheirOwn(t *testing.T) {
	var records trail
	for back := 10; back >= 0; back-- {
		r := list(monday(t).AddDate(0, 0, -back), "patient=p1", "Patient/p1")
		r.Released = []audit.ReleasedItem{{Ref: "DocumentReference/1", Documents: 1}}
		if back == 0 {
			r.Released[0].Documents = 12
		}
		records = append(records, r)
	}
	if got := of(find(t, records, nil), Volume); len(got) != 1 || got[0].Of != OfDocuments || got[0].Count != 12 {
		t.Errorf("%+v", got)
	}
}

func TestAPatientMetOnAListIsNoStranger(t *testing.T) {
	day := monday(t)
	records := trail{
		list(day.AddDate(0, 0, -20), "date=2026", "Patient/7"),
		list(day.AddDate(0, 0, -28), "date=2026", "Patient/8"),
		read(day, "Appointment/1", "Patient/7"),
		list(day.Add(time.Minute), "patient=Patient/9", "Patient/9"),
		list(day.Add(2*time.Minute), "date=2026&patient=p10", "Patient/p10"),
		read(day.Add(3*time.Minute), "Appointment/1", "Patient/9"), // known by now
		list(day.Add(4*time.Minute), "date=2026", "Patient/11"),
		read(day.AddDate(0, 0, 1), "Appointment/1", "Patient/8"), // met 29 days before
	}
	got := of(find(t, records, nil), FirstTime)
	if len(got) != 2 || fmt.Sprint(got[0].Patients) != "[Patient/9 Patient/p10]" || fmt.Sprint(got[1].Patients) != "[Patient/8]" {
		t.Errorf("%+v", got)
	}
}

func TestTheRegisterTellsRelativesColleaguesAndOneself(t *testing.T) {
	g, err := ReadRegister(strings.NewReader("\ufeffID,note,family,staff,person\n1,x,COTE,,\nPatient/2,x,Lee,yes,\n3,x,Okafor,no," + amara + "\n4,,Ng,,\n"))
	if err != nil {
		t.Fatal(err)
	}
	day := monday(t)
	records := trail{list(day, "date=2026", "Patient/1", "Patient/2", "Patient/3", "Patient/4", "Patient/5"), read(day.AddDate(0, 0, 2), "Appointment/1", "Patient/1")}
	got := find(t, records, func(s *Settings) { s.Register = g })
	if f := of(got, SameSurname); len(f) != 1 || fmt.Sprint(f[0].Patients, f[0].Count) != "[Patient/1] 2" {
		t.Errorf("%+v", f)
	}
	if f := of(got, Staff); len(f) != 1 || fmt.Sprint(f[0].Patients) != "[Patient/2]" {
		t.Errorf("%+v", f)
	}
	if f := of(got, OwnRecord); len(f) != 1 || fmt.Sprint(f[0].Patients) != "[Patient/3]" {
		t.Errorf("%+v", f)
	}
}

func TestFindingsOfOneMomentStandInOneOrder(t *testing.T) {
	g := Register{}
	var records trail
	for i := range 20 {
		records = append(records, list(monday(t), fmt.Sprintf("_id=%d,%d,%d,%d,%d", i*9, i*9+1, i*9+2, i*9+3, i*9+4), pats(0, 20)...))
		records[i].Type = fmt.Sprintf("Type%02d", i)
	}
	for _, p := range pats(0, 20) {
		g[p] = Registered{Staff: true}
	}
	var want []string
	for range 5 {
		var got []string
		for _, f := range find(t, records, func(s *Settings) { s.Register = g }).Findings {
			got = append(got, fmt.Sprint(f.Signal, f.Patients, f.IDs))
		}
		if len(got) != 41 || want != nil && !slices.Equal(got, want) {
			t.Fatalf("%q\n%q", got, want)
		}
		want = got
	}
}

func TestARegisterThatCannotBeReadSaysWhereAndNotWhat(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    "is empty",
		"family\nRoy\n":                       "one has to be id",
		"id,family\n1,Roy\n1,Secret\n":        "line 3: this id stood in a line before",
		"id,staff\n1,Secret\n":                "line 2: staff has to be yes or no",
		"id\nSecret Name\n":                   "line 2: the id is not one of FHIR",
		"id,family\n1\n":                      "line 2: wrong number of fields",
		"id,family\n1,\"Secret\n":             "line 2",
		"id,id\n1,2\n":                        "names the column id twice",
		"id,family\n\"1\"Secret,\"Secret\"\n": "line 2",
	} {
		_, err := ReadRegister(strings.NewReader(text))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "Secret") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestIDsThatFollowEachOtherAreOneFinding(t *testing.T) {
	day := monday(t)
	var records trail
	ask := func(target string, more ...string) {
		day = day.Add(20 * time.Second)
		r := read(day, target, more...)
		if len(more) == 0 {
			r.Phase = audit.PhaseDenial
		}
		records = append(records, r)
	}
	for i := 8; i < 13; i++ {
		ask(fmt.Sprintf("Appointment/apt-%d", i))
		ask(fmt.Sprintf("Appointment/apt-%d", i), "Patient/1")
	}
	ask("Appointment/apt-20")
	for _, i := range []int{30, 31, 32, 33} {
		ask(fmt.Sprintf("Task/%d", i))
	}
	day = day.Add(11 * time.Minute)
	ask("Task/34")
	got := of(find(t, records, nil), Sequence)
	if len(got) != 1 || got[0].Count != 5 || len(got[0].Receipts) != 10 || got[0].IDs[4] != "Appointment/apt-12" || fmt.Sprint(got[0].Patients) != "[Patient/1]" {
		t.Errorf("%+v", got)
	}
}

func TestASequenceOfSearchesForPatientsIsOneToo(t *testing.T) {
	var records trail
	for i := range 6 {
		records = append(records, list(monday(t).Add(time.Duration(i)*time.Minute), fmt.Sprintf("patient=Patient/%d", 100+i)))
	}
	if got := of(find(t, records, nil), Sequence); len(got) != 1 || got[0].Count != 6 {
		t.Errorf("%+v", got)
	}
}

func TestAWalkDownASearchByIDsAndOneAmongOtherTypesAreSequences(t *testing.T) {
	day := monday(t)
	byID := list(day, "status=booked&_id=7,8,9,10,11,11,12", "Patient/1")
	byID.Type = "Appointment"
	var down, mixed, other trail
	for i := range 5 {
		at := day.Add(time.Duration(i) * time.Minute)
		down = append(down, read(at, fmt.Sprintf("Task/%d", 20-i)))
		mixed = append(mixed, read(at, fmt.Sprintf("Task/%d", 20+i)), read(at, fmt.Sprintf("Appointment/%d", 50*i)))
		other = append(other, read(at, fmt.Sprintf("Task/%d", 20+i%2)), list(at, "_id=none"))
	}
	for name, c := range map[string]struct {
		records trail
		first   string
		want    int
	}{"down": {down, "Task/20", 5}, "by id": {trail{byID}, "Appointment/7", 6}, "mixed": {mixed, "Task/20", 5}, "to and fro": {other, "", 0}} {
		got := of(find(t, c.records, nil), Sequence)
		if c.want == 0 && len(got) == 0 {
			continue
		}
		if len(got) != 1 || got[0].Count != c.want || got[0].IDs[0] != c.first || len(got[0].Receipts) > c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestAPatientLookedUpByTheIDOfAnAppointmentIsLookedUp(t *testing.T) {
	if got := of(find(t, trail{list(monday(t), "_id=7", "Patient/1"), list(monday(t), "_id=7", "Patient/1")}, nil), FirstTime); len(got) != 1 || got[0].Count != 1 {
		t.Errorf("%+v", got)
	}
}

func TestOnlyAccessesTakePart(t *testing.T) {
	look := read(monday(t), "AuditEvent/1", "Patient/1")
	look.Agent.Role = audit.RoleAuditor
	intent := read(monday(t), "Task/1", "Patient/1")
	intent.Phase = audit.PhaseIntent
	counted := read(monday(t), "Task/1")
	counted.Phase, counted.Repeats = audit.PhaseDenial, 900
	if got := find(t, trail{look, intent, counted, {Phase: audit.PhaseAdmin, Time: monday(t)}}, nil); got.Accesses != 0 || len(got.Findings) != 0 {
		t.Errorf("%+v", got)
	}
}

func TestTheLotIsDrawnByTheSaltsAlone(t *testing.T) {
	draw := func(salt string, backwards bool) string {
		s := Sample{Most: 5}
		for i := range int64(200) {
			if backwards {
				i = 199 - i
			}
			r := read(monday(t), "Task/1")
			r.Salt = fmt.Sprintf("%s%d", salt, i)
			s.Add(audit.Entry{Index: i, Record: r})
		}
		s.Add(audit.Entry{Index: 500, Record: audit.Record{Phase: audit.PhaseAdmin}})
		var out []int64
		for _, e := range s.Drawn() {
			out = append(out, e.Index)
		}
		return fmt.Sprint(out)
	}
	if a, b := draw("a", false), draw("a", true); a != b || len(strings.Fields(a)) != 5 {
		t.Error(a, b)
	}
	if draw("a", false) == draw("b", false) {
		t.Error("other salts draw the same lot")
	}
}
