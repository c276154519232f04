package fhir

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestASearchsetReadsBackAsWhatWentIntoIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		resources := rapid.SliceOfN(anyResource(), 0, 4).Draw(t, "resources")
		e := anyElements().Draw(t, "elements")
		set := Searchset{ID: "page-1", Base: "https://gate.example/maple", Self: "https://gate.example/maple/Appointment?a=\"é\"&b=1", Total: rapid.IntRange(-1, 5).Draw(t, "total")}
		if rapid.Bool().Draw(t, "more") {
			set.Next = "https://gate.example/maple/Appointment?_cursor=x%2By"
		}
		for _, r := range resources {
			set.Entries = append(set.Entries, r.Cut(e))
		}
		doc := set.AppendTo([]byte("before"))[len("before"):]
		bundle, err := ParseBundle(doc, Limits{})
		if err != nil {
			t.Fatalf("%s: %v", doc, err)
		}
		entries, err := bundle.Entries()
		if err != nil || len(entries) != len(resources) {
			t.Fatalf("%s: %d entries, %v", doc, len(entries), err)
		}
		for i, entry := range entries {
			if string(entry.Resource.Bytes()) != string(set.Entries[i].AppendTo(nil)) || !entry.Matches("Appointment") || entry.FullURL() != "https://gate.example/maple/Appointment/7" {
				t.Fatalf("entry %d is %+v", i, entry)
			}
			if r := entry.Resource; string(r.AppendRef(nil)) != r.Ref().String() {
				t.Fatalf("%s is written as %s", r.Ref(), r.AppendRef(nil))
			}
		}
		total, known := bundle.Total()
		if known != (set.Total >= 0) || known && total != set.Total || bundle.Type() != "searchset" {
			t.Fatalf("%s: total %d, %v", doc, total, known)
		}
		if bundle.Link("self") != set.Self || bundle.Link("next") != set.Next || bundle.Link("previous") != "" {
			t.Fatalf("%s: links %q %q", doc, bundle.Link("self"), bundle.Link("next"))
		}
	})
}

func TestNothingIsNoEntryOfASearchset(t *testing.T) {
	doc := Searchset{Base: `https://x/"`, Total: -1, Entries: []Cut{{}, resource(t, taskJSON(1)).Cut(Elements{}), {}}}.AppendTo(nil)
	entries := entriesOf(t, doc)
	if len(entries) != 1 || entries[0].FullURL() != `https://x/"/Task/t1` {
		t.Errorf("%s has entries %v", doc, entries)
	}
	if doc := string(Searchset{Total: 0, Entries: []Cut{{}}}.AppendTo(nil)); strings.Contains(doc, "entry") || !strings.Contains(doc, `"total":0`) {
		t.Errorf("an empty page is %s", doc)
	}
}

func TestABundleIsUsedWholeOrNotAtAll(t *testing.T) {
	for doc, at := range map[string]string{
		`{"resourceType":"Bundle","entry":{}}`:                                             "entry",
		`{"resourceType":"Bundle","entry":null}`:                                           "entry",
		`{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Task"}},{}]}`:      "entry[1].resource",
		`{"resourceType":"Bundle","entry":[7]}`:                                            "entry[0].resource",
		`{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"T","id":"/"}}]}`:   "entry[0].resource",
		`{"resourceType":"Bundle","entry":[{"resource":[{"resourceType":"T","id":"1"}]}]}`: "entry[0].resource",
	} {
		bundle, err := ParseBundle([]byte(doc), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if entries, err := bundle.Entries(); err == nil || entries != nil || AsError(err).Path != at {
			t.Errorf("%s: %v, %v, want an error at %s", doc, entries, err, at)
		}
	}
	for _, doc := range []string{`{"resourceType":"Task"}`, `[]`, `{`} {
		if _, err := ParseBundle([]byte(doc), Limits{}); err == nil || KindOf(err) != KindInvalid {
			t.Errorf("%s: %v", doc, err)
		}
	}
	if entries, err := (Bundle{}).Entries(); err != nil || entries != nil {
		t.Errorf("no bundle has entries %v, %v", entries, err)
	}
}

func TestATotalIsAWholeNumberOrUnknown(t *testing.T) {
	for total, want := range map[string]string{"0": "0 true", "12": "12 true", "-1": "0 false", "1.0": "0 false", "1e2": "0 false", `"5"`: "0 false", "null": "0 false", "99999999999999999999": "0 false"} {
		b, err := ParseBundle([]byte(`{"resourceType":"Bundle","total":`+total+`}`), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		n, ok := b.Total()
		if got := fmt.Sprint(n, ok); got != want {
			t.Errorf("%s is %s, want %s", total, got, want)
		}
	}
}

// The budget of dependencies for one page: nothing of it is lost outside the cut list.
func TestAThousandEntriesAreReleasedWithoutLoss(t *testing.T) {
	page := searchsetOf(pageSize)
	elements, queries := seen(t), narrowed(t)
	set := Searchset{ID: "s", Base: "https://gate.example/maple", Self: "x", Total: -1}
	var want []string
	received := map[string]string{}
	for _, e := range entriesOf(t, page) {
		if typ := e.Resource.Type(); queries[typ].Match(e.Resource) {
			set.Entries = append(set.Entries, e.Resource.Cut(elements[typ]))
			want = append(want, e.Resource.ID())
			received[e.Resource.ID()] = string(e.Resource.Bytes()) + subsetted
		}
	}
	var got []string
	for _, e := range entriesOf(t, set.AppendTo(nil)) {
		got = append(got, e.Resource.ID())
		var ls []leaf
		leaves(e.Resource.Value(), "", &ls)
		for _, l := range ls {
			if !strings.Contains(received[e.Resource.ID()], l.raw) {
				t.Fatalf("%s was not in %s as received", l.raw, e.Resource.Ref())
			}
		}
	}
	if !slices.Equal(got, want) || len(got) < 200 || len(got) > 900 {
		t.Errorf("%d entries were released, %d match", len(got), len(want))
	}
}
