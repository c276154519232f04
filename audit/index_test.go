package audit_test

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
)

// smallHouse is a house whose index is made of segments of 8 records, merged three by three, in steps of a few hundred bytes.
func smallHouse(t testing.TB) *house {
	t.Helper()
	h := newHouse(t)
	h.small = true
	h.reopen()
	return h
}

// busy draws a record of few people and patients, some of it dated out of order.
func busy(t *rapid.T, n int, start time.Time) audit.Record {
	r := read(n)
	r.ID = fmt.Sprintf("%08x-0000-7000-8000-%012x", 0x193e5a0+n/5, n)
	switch rapid.IntRange(0, 9).Draw(t, "kind") {
	case 0:
		r = denial(n)
	case 1:
		r = intent(n)
	}
	r.Agent.Subject = rapid.SampledFrom([]string{"amara", "zoe", "bob", "am"}).Draw(t, "who")
	r.Agent.Name = strings.ToUpper(r.Agent.Subject) + rapid.SampledFrom([]string{" a", " b", "\x00"}).Draw(t, "name")
	r.Agent.Address = fmt.Sprintf("203.0.113.%d", rapid.IntRange(0, 3).Draw(t, "address"))
	r.Patients = nil
	for range rapid.IntRange(0, 3).Draw(t, "patients") {
		r.Patients = append(r.Patients, fmt.Sprintf("Patient/%d", rapid.IntRange(0, 6).Draw(t, "patient")))
	}
	r.Time = start.Add(time.Duration(n)*7*time.Minute + time.Duration(rapid.IntRange(-40, 40).Draw(t, "off"))*time.Minute)
	return r
}

// asked draws a search.
func asked(t *rapid.T, n int, start time.Time) audit.Search {
	some := func(name string, from ...string) []string {
		return rapid.SliceOfN(rapid.SampledFrom(from), 0, 2).Draw(t, name)
	}
	q := audit.Search{
		Patients: some("patients", "Patient/0", "Patient/3", "Patient/9"), Agents: some("agents", "amara", "https://id.assistco.example|zoe", "am"),
		Names: some("names", "A", "am", "zoe", "BOB b", "x"), Subtypes: some("subtypes", "update", "read"),
		Count: rapid.SampledFrom([]int{1, 7, audit.MaxCount}).Draw(t, "count"), Ascending: rapid.Bool().Draw(t, "ascending"),
	}
	for _, p := range some("phases", "intent", "outcome", "denial") {
		q.Phases = append(q.Phases, audit.Phase(p))
	}
	if rapid.Bool().Draw(t, "dated") {
		q.From = start.Add(time.Duration(rapid.IntRange(0, n*7).Draw(t, "from")) * time.Minute)
		q.Until = q.From.Add(time.Duration(rapid.IntRange(0, n*3).Draw(t, "long")) * time.Minute)
	}
	if rapid.IntRange(0, 4).Draw(t, "by id") == 0 {
		at := rapid.IntRange(0, n).Draw(t, "id")
		q.IDs = []string{fmt.Sprintf("%08x-0000-7000-8000-%012x", 0x193e5a0+at/5, at)}
	}
	return q
}

// meets decides about a record without any index.
func meets(r audit.Record, q audit.Search) bool {
	oneOf := func(list []string, fits func(string) bool) bool {
		return len(list) == 0 || slices.ContainsFunc(list, fits)
	}
	interaction := func(s string) bool { return s == r.Interaction }
	return oneOf(q.Patients, func(p string) bool { return slices.Contains(r.Patients, p) }) &&
		oneOf(q.Agents, func(a string) bool { return a == r.Agent.Subject || a == r.Agent.Issuer+"|"+r.Agent.Subject }) &&
		oneOf(q.Names, func(n string) bool { return begins(r.Agent.Name, n) || begins(r.Admin.By, n) }) &&
		oneOf(q.Subtypes, interaction) && oneOf(q.IDs, func(id string) bool { return id == r.ID }) &&
		(len(q.Phases) == 0 || slices.Contains(q.Phases, r.Phase)) &&
		(q.From.IsZero() || !r.Time.Before(q.From)) && (q.Until.IsZero() || r.Time.Before(q.Until))
}

func begins(name, with string) bool {
	return strings.HasPrefix(strings.ToLower(name), strings.ToLower(with))
}

// everyIndex is the places of all pages of a search.
func (h *house) everyIndex(t *rapid.T, q audit.Search) []int64 {
	out := []int64{}
	for {
		found, err := h.Search(context.Background(), "maple", q)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range found.Entries {
			out = append(out, e.Index)
		}
		if found.Next == 0 {
			return out
		}
		if q.Before, q.Since = found.Next, 0; q.Ascending {
			q.Before, q.Since = 0, found.Next
		}
	}
}

// scanned is what a search has to find, from reading every record.
func (h *house) scanned(t *rapid.T, q audit.Search) []int64 {
	out := []int64{}
	err := h.Walk(context.Background(), "maple", time.Time{}, time.Time{}, func(e audit.Entry) error {
		if meets(e.Record, q) {
			out = append(out, e.Index)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !q.Ascending {
		slices.Reverse(out)
	}
	return out
}

// Whatever is appended, deleted, interrupted and made again: a search finds what reading every record finds, hours are counted
// as they are, and the index is made from the records. Nothing is waited for, so that merges are met at any of their steps.
func TestSearchesOverMergedSegmentsAgreeWithReadingEveryRecord(t *testing.T) {
	histories := 0
	rapid.Check(t, func(rt *rapid.T) {
		if histories++; histories > mostHistories {
			return
		}
		h := smallHouse(t)
		defer h.Close()
		start, n := h.clock.Now(), 0
		for range rapid.IntRange(2, 5).Draw(rt, "rounds") {
			for range rapid.IntRange(1, 60).Draw(rt, "records") {
				h.append(busy(rt, n, start))
				n++
			}
			switch rapid.IntRange(0, 5).Draw(rt, "then") {
			case 0:
				h.reopen() // a merge goes on where it stopped
			case 1:
				if err := h.Reindex(context.Background()); err != nil {
					rt.Fatal(err)
				}
			case 2:
				h.forget(erasure(rapid.SampledFrom([]string{"Patient/3", "Patient/5"}).Draw(rt, "erased")))
			case 3:
				h.waitTidy()
			}
			h.agrees(rt, n, start)
		}
		h.waitTidy()
		h.agrees(rt, n, start)
		if report := verifyDB(t, h)[0]; !report.OK() {
			rt.Fatalf("%s", report)
		}
	})
}

// agrees compares some searches, and hours, with reading every record.
func (h *house) agrees(t *rapid.T, n int, start time.Time) {
	for range 4 {
		q := asked(t, n, start)
		if got, want := h.everyIndex(t, q), h.scanned(t, q); !slices.Equal(got, want) {
			t.Fatalf("%+v\nfinds %v\n want %v", q, got, want)
		}
	}
	zone := rapid.SampledFrom([]string{"America/St_Johns", "America/Toronto", "Asia/Kathmandu"}).Draw(t, "zone")
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	from := start.Truncate(15 * time.Minute).Add(time.Duration(rapid.IntRange(-9, n).Draw(t, "from")) * 15 * time.Minute)
	until := from.Add(time.Duration(rapid.IntRange(0, n).Draw(t, "quarters")) * 15 * time.Minute)
	got, err := h.CountByHour(context.Background(), "maple", from, until, loc)
	if err != nil {
		t.Fatal(err)
	}
	if want := h.hours(t, from, until, loc); !cmp.Equal(got, want) {
		t.Fatalf("from %s until %s: %s", from, until, cmp.Diff(want, got))
	}
}

// hours counts by reading every record.
func (h *house) hours(t *rapid.T, from, until time.Time, zone *time.Location) (out []audit.Hour) {
	counts := map[string]audit.Hour{}
	err := h.Walk(context.Background(), "maple", time.Time{}, time.Time{}, func(e audit.Entry) error {
		if at := e.Record.Time; !at.Before(from) && at.Before(until) {
			local := at.In(zone)
			key := local.Format("2006-01-02T15 -0700")
			hour := counts[key]
			hour.Begin = time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), 0, 0, 0, zone)
			hour.Records++
			counts[key] = hour
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, hour := range counts {
		out = append(out, hour)
	}
	slices.SortFunc(out, func(a, b audit.Hour) int { return a.Begin.Compare(b.Begin) })
	return out
}

// waitTidy waits until there is nothing left to merge or to remove. The index has no bell to ring: it is asked.
func (h *house) waitTidy() {
	h.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for h.count(`SELECT (SELECT count(*) FROM segment WHERE log <> 0 AND state <> 1)
		+ (SELECT count(*) FROM (SELECT 1 FROM segment WHERE log <> 0 GROUP BY log, level HAVING count(*) >= 3))
		+ (SELECT COALESCE(SUM(n), 0) FROM (SELECT MAX(first + count) - 8 >= (SELECT MAX(s.first + s.count) FROM segment s WHERE s.log = batch.log) AS n FROM batch GROUP BY log))`) > 0 {
		if time.Now().After(deadline) {
			h.t.Fatal("the index is not tidied up")
		}
		if err := h.Ping(context.Background()); err != nil {
			h.t.Fatal(err)
		}
	}
}

// Segments do not pile up: of each size there are fewer than are merged, and postings of none but them.
func TestSegmentsAreMergedSizeBySize(t *testing.T) {
	h := smallHouse(t)
	rapid.Check(t, func(rt *rapid.T) {
		if h.count(`SELECT count(*) FROM batch`) > 0 {
			return // one history is enough
		}
		for n := range 700 {
			h.append(busy(rt, n, h.clock.Now()))
		}
	})
	h.waitTidy()
	if n := h.count(`SELECT MAX(level) FROM segment`); n < 3 {
		t.Errorf("the largest segment was merged %d times", n)
	}
	if n := h.count(`SELECT count(*) FROM posting WHERE segment NOT IN (SELECT id FROM segment WHERE state = 1)`); n != 0 {
		t.Errorf("%d rows of segments that are no more", n)
	}
	if report := verifyDB(t, h)[0]; !report.OK() {
		t.Errorf("%s", report)
	}
}

// A merge that failed half way leaves searches whole, and goes on when it can.
func TestAMergeThatFailsIsTriedAgain(t *testing.T) {
	h := smallHouse(t)
	h.exec(`CREATE TRIGGER broken BEFORE UPDATE ON segment WHEN NEW.state = 2 BEGIN SELECT RAISE(ABORT, 'disk'); END`)
	for n := range 100 {
		h.append(read(n))
	}
	h.waitIndexed(3) // under load 32 records are a segment
	q := audit.Search{Patients: []string{"Patient/3"}}
	if got := len(h.indexes(q)); got != 14 {
		t.Errorf("while merges fail: %d entries", got)
	}
	h.exec(`DROP TRIGGER broken`)
	h.clock.Advance(2 * time.Second)
	h.append(read(101))
	h.waitTidy()
	if got := len(h.indexes(q)); got != 15 {
		t.Errorf("after that: %d entries", got)
	}
	if report := verifyDB(t, h)[0]; !report.OK() {
		t.Errorf("%s", report)
	}
}

func TestHoursAreCountedFromQuartersOnly(t *testing.T) {
	h := story(t)
	at := h.clock.Now().Truncate(time.Hour)
	for name, times := range map[string][2]time.Time{"a begin": {at.Add(time.Minute), at}, "an end": {at, at.Add(time.Second)}, "no begin": {{}, at}} {
		if _, err := h.CountByHour(context.Background(), "maple", times[0], times[1], time.UTC); err == nil {
			t.Errorf("%s that is on no quarter was taken", name)
		}
	}
	if _, err := h.CountByHour(context.Background(), "maple", at, at, nil); err == nil {
		t.Error("no zone was taken")
	}
	if hours, err := h.CountByHour(context.Background(), "birch", at, at.Add(time.Hour), time.UTC); err != nil || hours != nil {
		t.Errorf("a clinic without a log: %v %v", hours, err)
	}
}
