package audit_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule/audit"
	"vestibule/fhir"
)

// indexes are the places of what a search finds.
func (h *house) indexes(q audit.Search) []int64 {
	h.t.Helper()
	found, err := h.Search(context.Background(), "maple", q)
	if err != nil {
		h.t.Fatal(err)
	}
	out := []int64{}
	for _, e := range found.Entries {
		out = append(out, e.Index)
	}
	return out
}

func TestSearchFindsByEachCriterionNewestFirst(t *testing.T) {
	h := story(t)
	start := h.clock.Now().Add(-time.Hour)
	for name, c := range map[string]struct {
		q    audit.Search
		want []int64
	}{
		"everything":          {audit.Search{}, []int64{9, 8, 7, 6, 5, 4, 3, 2, 1, 0}},
		"a patient":           {audit.Search{Patients: []string{"Patient/2"}}, []int64{9, 3, 2}},
		"two patients":        {audit.Search{Patients: []string{"Patient/2", "Patient/5"}}, []int64{9, 5, 3, 2}},
		"an agent":            {audit.Search{Agents: []string{"https://id.assistco.example|zoe"}}, []int64{1}},
		"a subject":           {audit.Search{Agents: []string{"zoe"}}, []int64{1}},
		"the wrong issuer":    {audit.Search{Agents: []string{"https://elsewhere.example|zoe"}}, []int64{}},
		"a folded name":       {audit.Search{Names: []string{"zoe tr"}}, []int64{1}},
		"a name with accents": {audit.Search{Names: []string{"ZOË"}}, []int64{1}},
		"the end of a name":   {audit.Search{Names: []string{"Tremblay"}}, []int64{}},
		"an outcome":          {audit.Search{Outcomes: []audit.Outcome{"8"}}, []int64{1}},
		"a phase":             {audit.Search{Phases: []audit.Phase{"intent", "denial"}}, []int64{4, 2, 1}},
		"an interaction":      {audit.Search{Subtypes: []string{"update"}}, []int64{4, 3, 2}},
		"an action and phase": {audit.Search{Actions: []string{"U"}, Phases: []audit.Phase{"outcome"}}, []int64{3}},
		"a type of event":     {audit.Search{Types: []string{"110113"}}, []int64{1}},
		"a write":             {audit.Search{Writes: []string{"0123456789abcdef"}}, []int64{3}},
		"an access":           {audit.Search{IDs: []string{access(2)}}, []int64{3, 2}},
		"records":             {audit.Search{Indexes: []int64{7, 2, 99, -1, 7}}, []int64{7, 2}},
		"not before":          {audit.Search{From: start.Add(time.Hour)}, []int64{9, 8, 7, 6, 5}},
		"before":              {audit.Search{Until: start.Add(time.Millisecond)}, []int64{4, 3, 2, 1, 0}},
		"exclusive end":       {audit.Search{Until: start}, []int64{}},
		"agent and patient":   {audit.Search{Agents: []string{"amara"}, Patients: []string{"Patient/5"}}, []int64{5}},
		"a page":              {audit.Search{Before: 6, Count: 2}, []int64{5, 4}},
	} {
		if got := h.indexes(c.q); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

// bigHouse holds 1,500 records in three commits' worth of segments and a tail, three clinics' traffic apart.
func bigHouse(t testing.TB, n int) *house {
	t.Helper()
	h := newHouse(t)
	done := make(chan error, n)
	for i := range n {
		r := read(i)
		r.Patients = []string{fmt.Sprintf("Patient/%d", i%97)}
		r.Time = h.clock.Now().Add(time.Duration(i) * time.Second)
		if i%250 == 7 {
			r.Agent.Name, r.Agent.Subject = "Bob Roy", "bob"
		}
		go func() {
			_, err := h.Append(context.Background(), r)
			done <- err
		}()
	}
	for range n {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	return h
}

func TestSearchAgreesWithReadingEveryRecord(t *testing.T) {
	h := bigHouse(t, 1700)
	h.waitIndexed(1)
	all, err := h.Search(context.Background(), "maple", audit.Search{Count: audit.MaxCount})
	if err != nil {
		t.Fatal(err)
	}
	rest, err := h.Search(context.Background(), "maple", audit.Search{Count: audit.MaxCount, Before: all.Next})
	if err != nil {
		t.Fatal(err)
	}
	entries := append(all.Entries, rest.Entries...)
	if len(entries) != 1700 || rest.Next != 0 {
		t.Fatalf("two pages hold %d entries, next %d", len(entries), rest.Next)
	}
	for name, c := range map[string]struct {
		q    audit.Search
		want func(audit.Record) bool
	}{
		"patient": {audit.Search{Patients: []string{"Patient/5", "Patient/96"}}, func(r audit.Record) bool { return slices.Contains([]string{"Patient/5", "Patient/96"}, r.Patients[0]) }},
		"agent":   {audit.Search{Names: []string{"bob"}}, func(r audit.Record) bool { return r.Agent.Subject == "bob" }},
		"both": {audit.Search{Agents: []string{"bob"}, Patients: []string{"Patient/7"}},
			func(r audit.Record) bool { return r.Agent.Subject == "bob" && r.Patients[0] == "Patient/7" }},
		"access": {audit.Search{IDs: []string{access(3)}}, func(r audit.Record) bool { return r.ID == access(3) }},
		"time": {audit.Search{From: h.clock.Now().Add(600 * time.Second), Until: h.clock.Now().Add(700 * time.Second)}, func(r audit.Record) bool {
			return !r.Time.Before(h.clock.Now().Add(600*time.Second)) && r.Time.Before(h.clock.Now().Add(700*time.Second))
		}},
	} {
		var want []int64
		for _, e := range entries {
			if c.want(e.Record) {
				want = append(want, e.Index)
			}
		}
		c.q.Count = audit.MaxCount
		if got := h.indexes(c.q); !slices.Equal(got, want) || len(want) == 0 {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

// waitIndexed waits until the index holds at least n segments. The index has no bell to ring: it is asked.
func (h *house) waitIndexed(n int64) {
	h.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for h.count(`SELECT count(*) FROM segment WHERE log <> 0 AND state = 1`) < n {
		if time.Now().After(deadline) {
			h.t.Fatalf("the index has %d segments, want %d", h.count(`SELECT count(*) FROM segment WHERE log <> 0 AND state = 1`), n)
		}
		if err := h.Ping(context.Background()); err != nil {
			h.t.Fatal(err)
		}
	}
}

func TestPagingNeverRepeatsOrSkips(t *testing.T) {
	h := bigHouse(t, 1200)
	h.waitIndexed(1)
	q := audit.Search{Count: 7, Agents: []string{"amara"}}
	var seen []int64
	for {
		found, err := h.Search(context.Background(), "maple", q)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range found.Entries {
			seen = append(seen, e.Index)
		}
		if found.Next == 0 {
			break
		}
		if len(seen) == 70 {
			h.append(read(5000)) // what comes later changes no page
		}
		q.Before = found.Next
	}
	if !slices.IsSortedFunc(seen, func(a, b int64) int { return int(b - a) }) || len(seen) != 1195 || len(slices.Compact(seen)) != 1195 {
		t.Errorf("paging gave %d entries, want 1195 in order", len(seen))
	}
}

func TestTheIndexIsMadeAgainFromTheRecords(t *testing.T) {
	q := audit.Search{Patients: []string{"Patient/5"}, Count: audit.MaxCount}
	h := bigHouse(t, 1300)
	h.waitIndexed(1)
	want := h.indexes(q)
	for _, damage := range []string{
		`DELETE FROM posting; DELETE FROM segment; DELETE FROM open_intent`,
		`DELETE FROM segment`,
		`DELETE FROM segment WHERE first = 0`,
		`DELETE FROM segment WHERE log = 1`,
		`UPDATE segment SET count = count + 100000`,
	} {
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
		h.exec(damage)
		h.open()
		if got := h.indexes(q); !slices.Equal(got, want) {
			t.Errorf("after %s: got %v, want %v", damage, got, want)
		}
		h.waitIndexed(1)
		if got := h.indexes(q); !slices.Equal(got, want) {
			t.Errorf("after %s and the rebuild: got %v, want %v", damage, got, want)
		}
		for _, report := range verifyDB(t, h) {
			if !report.OK() {
				t.Errorf("after %s: %s", damage, report)
			}
		}
	}
}

func TestADamagedIndexIsFoundAndMended(t *testing.T) {
	for _, damage := range []string{
		`UPDATE posting SET entries = x'00' WHERE key = (SELECT MAX(key) FROM posting)`,
		`DELETE FROM posting WHERE key = (SELECT MIN(key) FROM posting)`,
		`UPDATE posting SET key = x'7a' WHERE key = (SELECT MIN(key) FROM posting)`,
		`UPDATE segment SET max_time = max_time - 1`,
		`INSERT INTO open_intent (log, idx) VALUES (1, 3)`,
	} {
		h := bigHouse(t, 700)
		h.waitIndexed(1)
		h.exec(damage)
		if report := verifyDB(t, h)[0]; report.OK() || !strings.Contains(report.String(), "reindex") {
			t.Errorf("%s: not found:\n%s", damage, report)
		}
		if err := h.Reindex(context.Background()); err != nil {
			t.Fatal(err)
		}
		h.waitIndexed(1)
		if report := verifyDB(t, h)[0]; !report.OK() {
			t.Errorf("%s: not mended:\n%s", damage, report)
		}
	}
}

func TestIntentsWithoutAnOutcomeAreFoundAfterARestart(t *testing.T) {
	h := story(t)
	r := intent(50)
	r.Clinic = "birch"
	h.append(r)
	h.reopen()
	open, err := h.Unresolved(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if len(open) != 2 || open[0].Record.ID != access(4) || open[1].Record.Clinic != "birch" {
		t.Fatalf("unresolved: %+v", open)
	}
	for _, e := range open {
		r := audit.Record{ID: e.Record.ID, Phase: audit.PhaseUnresolved, Clinic: e.Record.Clinic, Intent: &e.Index, Outcome: audit.OutcomeSerious}
		h.append(r)
	}
	if open, err = h.Unresolved(context.Background()); err != nil || len(open) != 0 {
		t.Errorf("after settling: %v %v", open, err)
	}
}

func TestIntentsSettledLongAfterAreNotOrphans(t *testing.T) {
	h := newHouse(t)
	first := h.append(intent(9000)).Index()
	left := h.append(intent(9001)).Index()
	for round := range 2 {
		done := make(chan error, 700)
		for i := range 700 {
			go func() { _, err := h.Append(context.Background(), read(round*700+i)); done <- err }()
		}
		for range 700 {
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
		h.waitIndexed(int64(round + 1))
		if round == 0 {
			h.append(settle(9000, first))
		}
	}
	open, err := h.Orphans(context.Background(), "maple")
	if err != nil || len(open) != 1 || open[0].Index != left {
		t.Errorf("orphans %v %v, want the intent at %d", open, err, left)
	}
	if report := verifyDB(t, h)[0]; !report.OK() {
		t.Errorf("%s", report)
	}
}

func TestAClinicWithoutALogHasNoEntries(t *testing.T) {
	h := story(t)
	found, err := h.Search(context.Background(), "birch", audit.Search{})
	if err != nil || len(found.Entries) != 0 {
		t.Errorf("search: %v %v", found, err)
	}
	if open, err := h.Orphans(context.Background(), "birch"); err != nil || len(open) != 0 {
		t.Errorf("orphans: %v %v", open, err)
	}
	if _, err := h.Read(context.Background(), "birch", 0); fhir.KindOf(err) != fhir.KindNotFound {
		t.Errorf("read: %v", err)
	}
	if e, err := h.Read(context.Background(), "maple", 1); err != nil || e.Record.Agent.Subject != "zoe" {
		t.Errorf("read: %v %v", e, err)
	}
}

func TestSearchStopsWhenItsCallerDoes(t *testing.T) {
	h := story(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := h.Search(ctx, "maple", audit.Search{}); fhir.KindOf(err) != fhir.KindUnavailable {
		t.Errorf("search: %v", err)
	}
	if _, err := h.Orphans(ctx, "maple"); fhir.KindOf(err) != fhir.KindUnavailable {
		t.Errorf("orphans: %v", err)
	}
	if _, err := h.Unresolved(ctx); fhir.KindOf(err) != fhir.KindUnavailable {
		t.Errorf("unresolved: %v", err)
	}
	if _, err := h.Checkpoint(ctx, "maple"); err == nil {
		t.Error("a checkpoint for a caller that is gone")
	}
}
