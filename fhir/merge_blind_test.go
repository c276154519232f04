package fhir

import "testing"

// Where a member stands after a caller has written it without having been shown it does not tell whether it was there: the
// caller may be shown it later.
func TestAMemberWrittenBlindStandsWhereANewOneWould(t *testing.T) {
	shown, err := NewElements("Task", "status", "priority")
	if err != nil {
		t.Fatal(err)
	}
	parse := func(members string) Resource {
		r, err := ParseResource([]byte(`{"resourceType":"Task","id":"1","status":"requested",`+members+`}`), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	proposed := parse(`"description":"new","priority":"urgent","note":[{"text":"b"}]`)
	want := string(parse(`"priority":"urgent","description":"new","note":[{"text":"b"}]`).Bytes())
	for _, is := range []string{`"priority":"routine"`, `"description":"old","priority":"routine"`, `"note":[{"text":"a"}],"priority":"routine","description":"old"`} {
		merged, err := parse(is).Merge(proposed, shown)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(merged.Resource.Bytes()); got != want {
			t.Errorf("%s becomes\n%s, want\n%s", is, got, want)
		}
	}
}
