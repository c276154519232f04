package signals

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"vestibule/audit"
)

// days are n days of work before monday, from the given day back on, of so many patients each.
func days(t *testing.T, from int, patients ...int) (out trail) {
	for i, n := range patients {
		out = append(out, list(monday(t).AddDate(0, 0, from-len(patients)+1+i), "date=2026", pats(0, n)...))
	}
	return out
}

func TestAnAccessAtTheFirstMomentOfThePeriodTakesPart(t *testing.T) {
	first := time.Date(2026, 11, 2, 0, 0, 0, 0, toronto(t))
	got := find(t, trail{read(first.Add(-time.Millisecond), "Task/1"), read(first, "Task/1"), read(first, "Task/1")}, nil)
	if got.Accesses != 2 || got.People != 1 {
		t.Errorf("%+v", got)
	}
}

func TestTheTrailIsReadFromFourWeeksBeforeInTheClinicsCalendar(t *testing.T) {
	zone := toronto(t)
	begin := Settings{Zone: zone, From: time.Date(2026, 11, 2, 5, 0, 0, 0, time.UTC)}.Begin()
	if want := time.Date(2026, 10, 5, 0, 0, 0, 0, zone); !begin.Equal(want) {
		t.Errorf("%s, not %s", begin, want)
	}
}

func TestAPatientMetFourWeeksBeforeIsNoStranger(t *testing.T) {
	known := list(monday(t).AddDate(0, 0, -28), "date=2026", "Patient/1")
	if got := of(find(t, trail{known, read(monday(t), "Task/1", "Patient/1")}, nil), FirstTime); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	late := trail{list(monday(t).AddDate(0, 0, -1), "date=2026", "Patient/1"), list(monday(t).AddDate(0, 0, -40), "date=2026", "Patient/1"), // in the order of the log
		read(monday(t), "Task/1", "Patient/1")}
	if got := of(find(t, late, nil), FirstTime); len(got) != 0 {
		t.Errorf("a record that came late made a stranger: %+v", got)
	}
}

func TestOnesOwnRecordIsNeitherTheFamilysNorTheStaffs(t *testing.T) {
	g := Register{"Patient/1": {Family: "Okafor", Staff: true, Person: amara}}
	got := find(t, trail{list(monday(t), "date=2026", "Patient/1")}, func(s *Settings) { s.Register = g }).Findings
	if len(got) != 1 || got[0].Signal != OwnRecord {
		t.Errorf("%+v", got)
	}
	g = Register{"Patient/1": {Family: "Okafor", Staff: true, Person: "https://id.example|other"}}
	got = find(t, trail{list(monday(t), "date=2026", "Patient/1")}, func(s *Settings) { s.Register = g }).Findings
	if len(got) != 2 || got[0].Signal != SameSurname || got[1].Signal != Staff {
		t.Errorf("%+v", got)
	}
}

func TestAFindingReachesFromItsFirstToItsLastAccessInWhateverOrder(t *testing.T) {
	g := Register{"Patient/1": {Staff: true}}
	late, early := list(monday(t).Add(time.Hour), "date=2026", "Patient/1"), list(monday(t), "date=2026", "Patient/1")
	late.Agent.Name = "Amara, as she was called first"
	got := find(t, trail{late, early}, func(s *Settings) { s.Register = g }).Findings
	if len(got) != 1 || !got[0].From.Equal(monday(t)) || !got[0].Until.Equal(monday(t).Add(time.Hour)) || got[0].Last.Agent.Name != early.Agent.Name || got[0].Count != 2 {
		t.Errorf("%+v", got)
	}
}

func TestABaselineIsOfTheDaysWorkedAmongTheFourWeeksBefore(t *testing.T) {
	for name, c := range map[string]struct {
		before trail
		today  int
		want   string // days, median and spread of the finding; empty: none
	}{
		"five days":                 {days(t, -1, 1, 1, 1, 1, 1), 10, "5 1 1"},
		"four days":                 {days(t, -1, 1, 1, 1, 1), 10, ""},
		"nine patients":             {days(t, -1, 1, 1, 1, 1, 1), 9, ""},
		"of the first day, too":     {days(t, -24, 1, 1, 1, 1, 1), 10, "5 1 1"},
		"not of the day before":     {days(t, -25, 1, 1, 1, 1, 1), 10, ""},
		"an even number of days":    {days(t, -1, 1, 1, 1, 2, 2, 2), 10, "6 1.5 1"},
		"days that differ a lot":    {days(t, -1, 2, 6, 10, 14, 18), 31, "5 10 4"},
		"within what differs a lot": {days(t, -1, 2, 6, 10, 14, 18), 30, ""},
	} {
		got := of(find(t, append(c.before, list(monday(t), "date=2026", pats(0, c.today)...)), nil), Volume)
		said := ""
		if len(got) > 0 {
			said = fmt.Sprint(got[0].Baseline.Days, got[0].Baseline.Median, got[0].Baseline.Spread)
		}
		if said != c.want {
			t.Errorf("%s: %q, not %q", name, said, c.want)
		}
	}
}

func TestOnlyADayOfManyNeedsABaseline(t *testing.T) {
	bob := list(monday(t), "date=2026", pats(0, 10)...)
	bob.Agent.Subject = "bob"
	got := find(t, trail{list(monday(t), "date=2026", pats(0, 9)...), bob}, nil)
	if fmt.Sprint(got.NoBaseline) != "[https://id.example|bob]" {
		t.Errorf("%q", got.NoBaseline)
	}
}

func TestAVolumeIsOfTheWholeDayAndItsRecords(t *testing.T) {
	opened := func(minutes int, patients ...string) audit.Record {
		r := list(monday(t).Add(time.Duration(minutes)*time.Minute), "date=2026", patients...)
		r.Released = []audit.ReleasedItem{{Ref: "DocumentReference/1", Documents: 3}, {Ref: "DocumentReference/2", Documents: 3}}
		return r
	}
	records := append(days(t, -1, 1, 1, 1, 1, 1), opened(30, "Patient/1"), opened(0, "Patient/2"), read(monday(t).Add(time.Hour), "Task/1"))
	got := of(find(t, records, nil), Volume)
	if len(got) != 1 || got[0].Count != 12 || !got[0].From.Equal(monday(t)) || !got[0].Until.Equal(monday(t).Add(time.Hour)) || fmt.Sprint(got[0].Receipts) != "[log/5 log/6]" ||
		fmt.Sprint(got[0].Patients) != "[Patient/1 Patient/2]" {
		t.Errorf("%+v", got)
	}
}

func TestAWalkMayTakeTenMinutesFromIDToID(t *testing.T) {
	var records trail
	for i := range 5 {
		records = append(records, read(monday(t).Add(time.Duration(i)*10*time.Minute), fmt.Sprintf("Task/%d", i)))
	}
	got := of(find(t, records, nil), Sequence)
	if len(got) != 1 {
		t.Errorf("%+v", got)
	}
	for i := range records {
		records[i].Resource = fmt.Sprintf("Task/%c-%d", 'a'+i, i)
	}
	if got := of(find(t, records, nil), Sequence); len(got) != 0 {
		t.Errorf("ids of different forms: %+v", got)
	}
}

func TestWhatIsCreatedIsAskedForByNobodyAndWhatIsUnresolvedIs(t *testing.T) {
	created := read(monday(t), "Task/1", "Patient/1")
	created.Interaction = "create"
	unresolved := read(monday(t), "Task/1", "Patient/1")
	unresolved.Phase = audit.PhaseUnresolved
	anonymous := read(monday(t), "Task/1")
	anonymous.Phase, anonymous.Agent = audit.PhaseDenial, audit.Agent{}
	if got := find(t, trail{created, anonymous}, nil); len(got.Findings) != 0 || got.Accesses != 1 {
		t.Errorf("%+v", got)
	}
	if got := find(t, trail{unresolved}, nil); len(of(got, FirstTime)) != 1 {
		t.Errorf("%+v", got)
	}
}

func TestAPatientMayBeNamedByEveryParameterForOne(t *testing.T) {
	for query, want := range map[string]int{
		"patient=1": 1, "patient=Patient/1": 1, "subject=Patient/1": 1, "actor=Patient/1": 1, "actor:Patient=1": 1, "subject:Patient=1": 1, "actor=1": 0, "subject=1": 0,
		"actor=Practitioner/1": 0, "practitioner=1": 0, "patient=1,2": 1, "patient=2": 0, "status=1": 0, "%": 0,
	} {
		if got := of(find(t, trail{list(monday(t), query, "Patient/1")}, nil), FirstTime); len(got) != want {
			t.Errorf("%s: %+v", query, got)
		}
	}
	for query, want := range map[string]int{"patient=5,6,7,8,9": 1, "patient=5,6,7&patient=8,9": 1, "patient=5,60,6,7,8": 0, "actor=Patient/5,Patient/6,Patient/7&patient=8,9": 1} {
		if got := of(find(t, trail{list(monday(t), query)}, nil), Sequence); len(got) != want {
			t.Errorf("%s: %+v", query, got)
		}
	}
}

func TestADayIsTheClinicsDay(t *testing.T) {
	evening := time.Date(2026, 11, 2, 23, 30, 0, 0, toronto(t))
	got := of(find(t, trail{list(evening, "patient=1", "Patient/1"), list(evening.Add(-4*time.Hour), "patient=2", "Patient/2"), list(evening.Add(time.Hour), "patient=3", "Patient/3")}, nil), FirstTime)
	if len(got) != 2 || got[0].Count != 2 {
		t.Errorf("%+v", got)
	}
}

func TestARegisterMaySayYesInEveryWayAndNamesInAnyCase(t *testing.T) {
	for _, yes := range []string{"yes", "TRUE", "1", " oui "} {
		g, err := ReadRegister(strings.NewReader("id,staff,family\n 7 ,\"" + yes + "\",\n"))
		if err != nil || !g["Patient/7"].Staff {
			t.Errorf("%q: %v %v", yes, g, err)
		}
	}
	for family, want := range map[string]bool{"OKAFOR": true, "côté": true, "Li": false, "Amara": true, "Oka": false, "": false, "De La Okafor": true} {
		if got := (Registered{Family: family}).shares("Amara Côté-Okafor Li"); got != want {
			t.Errorf("%q: %v", family, got)
		}
	}
}

func TestALotIsOfPeoplesAccessesInTheOrderOfTheLog(t *testing.T) {
	s := Sample{Most: 4}
	admin := audit.Record{Phase: audit.PhaseAdmin}
	for i := range int64(60) {
		r := read(monday(t), "Task/1")
		if i%2 == 1 {
			r = admin
		}
		r.Salt = fmt.Sprint(i)
		s.Add(audit.Entry{Index: 60 - i, Record: r})
	}
	drawn := s.Drawn()
	if len(drawn) != 4 || len(s.drawn) != 4 {
		t.Fatalf("%d of %d", len(drawn), len(s.drawn))
	}
	for i, e := range drawn {
		if e.Record.Phase == audit.PhaseAdmin || i > 0 && e.Index <= drawn[i-1].Index {
			t.Errorf("%d is %s at %d", i, e.Record.Phase, e.Index)
		}
	}
	if none := (&Sample{}).Drawn(); len(none) != 0 {
		t.Error(none)
	}
}

func TestTheLastUseIsTheLatestInWhateverOrder(t *testing.T) {
	u := make(Usage)
	for _, hour := range []int{5, 9, 2} {
		r := read(monday(t).Add(time.Duration(hour)*time.Hour), "Task/1")
		r.Type, r.Grants = "Task", []string{"desk@1"}
		u.Add(audit.Entry{Record: r})
	}
	r := read(monday(t).AddDate(0, 0, 3), "AuditEvent/1")
	r.Type, r.Grants, r.Agent.Role = "AuditEvent", []string{"desk@1"}, audit.RoleAuditor
	u.Add(audit.Entry{Record: r})
	r = read(monday(t), "Task/1")
	r.Type, r.Interaction, r.Grants = "Task", "update", []string{"desk@1"}
	u.Add(audit.Entry{Record: r})
	latest := monday(t).Add(9 * time.Hour)
	if g := u["desk"]; g.Accesses != 4 || !g.Last.Equal(latest) || !g.Permission(part("Task", "ru")).Last.Equal(latest) || g.Permission(part("Task", "c")).Accesses != 0 {
		t.Errorf("%+v", g)
	}
}
