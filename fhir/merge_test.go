package fhir

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// shownTo is r as a caller received it.
func shownTo(tb rapid.TB, r Resource, e Elements) Resource {
	tb.Helper()
	out, err := ParseResource(r.Cut(e).AppendTo(nil), Limits{})
	if err != nil {
		tb.Fatalf("%s: %v", r.Bytes(), err)
	}
	return out
}

func TestH12SendingBackWhatWasShownChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, e := anyResource().Draw(t, "resource"), anyElements().Draw(t, "elements")
		m, err := r.Merge(shownTo(t, r, e), e)
		if err != nil {
			t.Fatalf("%s shown %v: %v", r.Bytes(), e.Paths(), err)
		}
		if len(m.Changed) > 0 || string(m.Resource.Bytes()) != string(r.Bytes()) {
			t.Fatalf("%s\nshown %v became %s, changed %v", r.Bytes(), e.Paths(), m.Resource.Bytes(), m.Changed)
		}
	})
}

// anyProposal edits what was shown: members go, others come or say something else.
func anyProposal(t *rapid.T, shown Resource) Resource {
	var members []string
	for name, v := range shown.Value().Members() {
		switch edit := rapid.IntRange(0, 5).Draw(t, "edit"); {
		case isTechnical([]byte(name)) || edit < 3:
			members = append(members, fmt.Sprintf("%q:%s", name, v.Raw()))
		case edit == 3:
			members = append(members, fmt.Sprintf("%q:%s", name, drawJSON(t, 1)))
		}
	}
	for _, name := range []string{"status", "comment", "note", `start`, "x"} {
		if !shown.Value().Get(name).Exists() && rapid.IntRange(0, 3).Draw(t, "new") == 0 {
			members = append(members, fmt.Sprintf("%q:%s", name, drawJSON(t, 1)))
		}
	}
	doc := "{" + strings.Join(members, ",") + "}"
	out, err := ParseResource([]byte(doc), Limits{})
	if err != nil {
		t.Fatalf("%s: %v", doc, err)
	}
	return out
}

func TestH12WhatWasNotShownSurvivesAnUpdate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, e := anyResource().Draw(t, "resource"), anyElements().Draw(t, "elements")
		shown := shownTo(t, r, e)
		proposed := anyProposal(t, shown)
		m, err := r.Merge(proposed, e)
		if err != nil {
			path := AsError(err).Path
			if KindOf(err) != KindUnprocessable || e.Shows(path) || !e.Touches(path) && !partly(e, path) {
				t.Fatalf("%s\nshown %v, sent %s: %v", r.Bytes(), e.Paths(), proposed.Bytes(), err)
			}
			return
		}
		for _, name := range memberNamesOf(r, proposed) {
			before, after := r.Value().Get(name), m.Resource.Value().Get(name)
			sent, saw := proposed.Value().Get(name), shown.Value().Get(name)
			want := before
			switch {
			case isTechnical([]byte(name)), sent.Exists() && saw.Exists() && equal(sent, saw):
			case sent.Exists():
				want = sent
			case saw.Exists():
				want = Value{}
			}
			if string(after.Raw()) != string(want.Raw()) {
				t.Fatalf("%s\nshown %s\nsent  %s\nbecame %s: %s is not %s", r.Bytes(), shown.Bytes(), proposed.Bytes(), m.Resource.Bytes(), name, want.Raw())
			}
			if changed := slices.Contains(m.Changed, elementOf(name)); !changed && string(before.Raw()) != string(after.Raw()) {
				t.Fatalf("%s changed, but %v does not say so", name, m.Changed)
			}
		}
	})
}

// partly is for primitives: an extension "_x" is hidden where "x" is shown in part.
func partly(e Elements, path string) bool { return !e.below(path).everything() }

func memberNamesOf(rs ...Resource) []string {
	var out []string
	for _, r := range rs {
		for name := range r.Value().Members() {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func TestAnUpdateIsMergedMemberByMember(t *testing.T) {
	const current = `{"resourceType":"Appointment","id":"1","meta":{"versionId":"3","source":"urn:emr"},"status" : "booked","start":"2026-11-02T09:00:00-05:00",` +
		`"priority":1.50,"comment":"hidden","participant":[{"actor":{"reference":"Patient/1","display":"hidden"}}],"_start":{"id":"s"}}`
	visible, err := NewElements("Appointment", "status", "start", "end", "priority", "participant.actor.reference")
	if err != nil {
		t.Fatal(err)
	}
	head := `{"resourceType":"Appointment","id":"1","meta":{"versionId":"9"},`
	shownStart, shownActor := `"start":"2026-11-02T09:00:00-05:00","_start":{"id":"s"}`, `"participant":[{"actor":{"reference":"Patient/1"}}]`
	for _, c := range []struct{ name, sent, changed, want string }{
		{"one element", head + `"status":"cancelled",` + shownStart + `,"priority":1.50,` + shownActor + `}`, "status",
			strings.Replace(current, `"booked"`, `"cancelled"`, 1)},
		{"white space and escapes are no change", head + ` "st\u0061tus" : "book\u0065d",` + shownStart + `,"priority":1.50,` + shownActor + `}`, "", current},
		{"a decimal's precision is", head + `"status":"booked",` + shownStart + `,"priority":1.5,` + shownActor + `}`, "priority",
			strings.Replace(current, "1.50", "1.5", 1)},
		{"a new element", head + `"status":"booked",` + shownStart + `,"priority":1.50,` + shownActor + `,"end":"2026-11-02T09:15:00-05:00"}`, "end",
			current[:len(current)-1] + `,"end":"2026-11-02T09:15:00-05:00"}`},
		{"a removed element takes its extension along only if that is left out too", head + `"status":"booked","_start":{"id":"s"},"priority":1.50,` + shownActor + `}`, "start",
			strings.Replace(current, `"start":"2026-11-02T09:00:00-05:00",`, "", 1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := resource(t, current).Merge(resource(t, c.sent), visible)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(m.Resource.Bytes()); got != c.want || strings.Join(m.Changed, " ") != c.changed {
				t.Errorf("changed %v:\n%s\nwant\n%s", m.Changed, got, c.want)
			}
		})
	}
	_, err = resource(t, current).Merge(resource(t, head+`"status":"booked",`+shownStart+`,"priority":1.50,"participant":[]}`), visible)
	if err == nil || AsError(err).Reason() != "partly-visible" || AsError(err).Path != "participant" {
		t.Errorf("replacing what is shown in part: %v", err)
	}
}

func TestH12ANarrativeThatWasWithheldIsNotOverwritten(t *testing.T) {
	r := resource(t, `{"resourceType":"Task","id":"1","text":{"div":"all of it"},"status":"requested","contained":[{"resourceType":"Patient"}]}`)
	proposed := resource(t, `{"resourceType":"Task","id":"1","text":{"div":"what I know"},"status":"completed"}`)
	if _, err := r.Merge(proposed, AllElements("Task")); err == nil || AsError(err).Reason() != "partly-visible" || AsError(err).Path != "text" {
		t.Errorf("%v, want partly-visible at text", err)
	}
	m, err := r.Merge(resource(t, `{"resourceType":"Task","id":"1","status":"completed"}`), AllElements("Task"))
	if err != nil || !m.Resource.Value().Get("text").Exists() || !m.Resource.Value().Get("contained").Exists() {
		t.Errorf("%s, %v", m.Resource.Bytes(), err)
	}
}

// bothWays is a resource of n members twice, in one order and in the other.
func bothWays(n int) (forth, back string) {
	var a, b []string
	for i := range n {
		a = append(a, fmt.Sprintf(`"m%d":{"a":1}`, i))
		b = append(b, fmt.Sprintf(`"m%d":{"a":1}`, n-1-i))
	}
	doc := func(members []string) string {
		all := strings.Join(members, ",")
		return `{"resourceType":"Task","id":"1","x":{` + all + `},` + all + `}`
	}
	return doc(a), doc(b)
}

func TestTheOrderOfManyMembersChangesNothing(t *testing.T) {
	forth, back := bothWays(5000)
	m, err := resource(t, forth).Merge(resource(t, back), AllElements("Task"))
	if err != nil || len(m.Changed) > 0 {
		t.Errorf("%d members changed, %v", len(m.Changed), err)
	}
}

// A hostile proposal costs its length, not its square: ten times the members take about ten times as long.
func BenchmarkMergeOfAHostileProposal(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			forth, back := bothWays(n)
			current, err := ParseResource([]byte(forth), Limits{})
			if err != nil {
				b.Fatal(err)
			}
			proposed, err := ParseResource([]byte(back), Limits{})
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := current.Merge(proposed, AllElements("Task")); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestACreateCarriesNoID(t *testing.T) {
	for doc, want := range map[string]string{
		`{"resourceType":"Task","id":"1","_id":{"id":"x"},"status":"draft","decimal": 1.50}`: `{"resourceType":"Task","status":"draft","decimal": 1.50}`,
		`{"resourceType":"Task","status":"draft"}`:                                           `{"resourceType":"Task","status":"draft"}`,
	} {
		if r, err := resource(t, doc).WithoutID(); err != nil || string(r.Bytes()) != want {
			t.Errorf("%s without id is %s, %v", doc, r.Bytes(), err)
		}
	}
}

func TestAMergeRefusesAnotherResource(t *testing.T) {
	r := resource(t, `{"resourceType":"Task","id":"1"}`)
	for doc, code := range map[string]string{
		`{"resourceType":"Appointment","id":"1"}`: "wrong-type",
		`{"resourceType":"Task","id":"2"}`:        "wrong-id",
		`{"resourceType":"Task"}`:                 "wrong-id",
	} {
		if _, err := r.Merge(resource(t, doc), AllElements("Task")); err == nil || AsError(err).Reason() != code {
			t.Errorf("%s: %v, want %s", doc, err, code)
		}
		if _, err := (Resource{}).Merge(resource(t, doc), AllElements("Task")); err == nil {
			t.Errorf("%s was merged into nothing", doc)
		}
	}
	if _, err := r.Merge(Resource{}, AllElements("Task")); err == nil {
		t.Error("nothing was merged")
	}
}
