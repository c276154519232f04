package fhir

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func search(tb testing.TB, typ, raw string) Query {
	tb.Helper()
	values, err := url.ParseQuery(raw)
	if err != nil {
		tb.Fatal(err)
	}
	q, err := ParseQuery(typ, values, zone(tb, "America/Toronto"))
	if err != nil {
		tb.Fatalf("%s?%s: %v", typ, raw, err)
	}
	return q
}

func TestTheZeroQueryMatchesNothing(t *testing.T) {
	var q Query
	for _, r := range []Resource{{}, resource(t, appointmentJSON(1))} {
		if q.Match(r) || q.With(clause(t, "Appointment", "status:not", "x")).Match(r) || NewQuery("Patient").Match(r) {
			t.Error("it matches something")
		}
	}
	if !q.IsZero() || q.Encode() != "" || q.Type() != "" || !NewQuery("Patient").IsZero() {
		t.Error("it is something")
	}
}

func TestAQueryWithoutCriteriaIsEveryResourceOfItsType(t *testing.T) {
	q := NewQuery("Task")
	if !q.Match(resource(t, taskJSON(1))) || q.Match(resource(t, appointmentJSON(1))) || q.Match(Resource{}) {
		t.Error("it is not")
	}
	if q.With(Clause{}).Match(resource(t, taskJSON(1))) {
		t.Error("a zero criterion lets something through")
	}
}

func TestCommaMeansOrAndRepetitionAnd(t *testing.T) {
	q := search(t, "Appointment", "actor=Patient/1,Patient/2&actor=Practitioner/9")
	with := func(refs ...string) Resource {
		return resource(t, `{"resourceType":"Appointment","participant":[{"actor":{"reference":"`+strings.Join(refs, `"}},{"actor":{"reference":"`)+`"}}]}`)
	}
	for _, c := range []struct {
		r    Resource
		want bool
	}{
		{with("Patient/1", "Practitioner/9"), true}, {with("Practitioner/9", "Patient/2"), true},
		{with("Patient/1"), false}, {with("Practitioner/9"), false}, {with("Patient/3", "Practitioner/9"), false},
	} {
		if q.Match(c.r) != c.want {
			t.Errorf("%s: %v", c.r.Bytes(), !c.want)
		}
	}
}

func TestEqualSearchesEncodeEqually(t *testing.T) {
	want := "_count=20&_elements=start%2Cstatus&_sort=-date%2C_id&_total=accurate&actor=Patient%2F1&date=ge2026-11-01&date=lt2026-12-01&status=arrived%2Cbooked"
	for _, raw := range []string{
		"status=booked,arrived&date=ge2026-11-01&date=lt2026-12-01&actor:Patient=1&_sort=-date,_id&_count=20&_total=accurate&_elements=status,start&_cursor=abc&_format=json&_summary=false",
		"date=lt2026-12-01&_elements=start,status,start&_count=20&_sort=-date,_id&actor=Patient/1&actor=Patient/1/_history/7&date=ge2026-11-01&status=arrived,booked,arrived&_total=accurate",
	} {
		q := search(t, "Appointment", raw)
		if got := q.Encode(); got != want {
			t.Errorf("%s\nencodes to %s\nwant       %s", raw, got, want)
		}
	}
	q := search(t, "Appointment", want)
	if q.Count() != 20 || q.Total() != "accurate" || !slices.Equal(q.Elements(), []string{"start", "status"}) || q.Cursor() != "" || len(q.Clauses()) != 4 {
		t.Errorf("it reads back as %+v", q)
	}
	if keys := q.Sort(); len(keys) != 2 || keys[0].Param.Name != "date" || !keys[0].Descending || keys[1].Param.Name != "_id" || keys[1].Descending {
		t.Errorf("its order is %+v", keys)
	}
	if got := search(t, "Appointment", "_cursor=a%2Bb").Cursor(); got != "a+b" {
		t.Errorf("the cursor is %q", got)
	}
}

func TestAQueryIsNotChangedByNarrowingIt(t *testing.T) {
	q := search(t, "Appointment", "status=booked")
	a, b := q.With(clause(t, "Appointment", "actor", "Patient/1")), q.With(clause(t, "Appointment", "_id", "7")).WithCount(5)
	for want, q := range map[string]Query{"status=booked": q, "actor=Patient%2F1&status=booked": a, "_count=5&_id=7&status=booked": b} {
		if got := q.Encode(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	q.Clauses()[0] = Clause{}
	if q.Encode() != "status=booked" {
		t.Error("its criteria were changed from outside")
	}
	if again := a.With(clause(t, "Appointment", "actor:Patient", "1")); len(again.Clauses()) != 2 {
		t.Errorf("a criterion is there twice: %s", again.Encode())
	}
	asked := search(t, "Appointment", "status=booked&_elements=status&_total=accurate&_sort=date&_count=5")
	if got := asked.Whole().Encode(); got != "_count=5&_sort=date&status=booked" {
		t.Errorf("an EMR is asked %s", got)
	}
	if got := q.WithCount(-3).Count(); got != 1 {
		t.Errorf("a page of %d", got)
	}
	if got := q.WithCount(1 << 20).Count(); got != 1000 {
		t.Errorf("a page of %d", got)
	}
}

// manyCodes are n different values.
func manyCodes(n int) string {
	codes := make([]string, n)
	for i := range codes {
		codes[i] = "c" + strconv.Itoa(i)
	}
	return strings.Join(codes, ",")
}

func TestH33WhatIsNotUnderstoodIsNeverIgnored(t *testing.T) {
	long := url.Values{}
	for range maxClauses + 1 {
		long.Add("status", "x")
	}
	wide := url.Values{"status": {manyCodes(200), manyCodes(57)}}
	for _, c := range []struct {
		values url.Values
		kind   Kind
		code   string
		at     string
	}{
		{url.Values{"_count": {"0"}}, KindNotSupported, "parameter-not-supported", "_count"},
		{url.Values{"_count": {"1001"}}, KindInvalid, "invalid-value", "_count"},
		{url.Values{"_count": {"-1"}}, KindInvalid, "invalid-value", "_count"},
		{url.Values{"_count": {"+5"}}, KindInvalid, "invalid-value", "_count"},
		{url.Values{"_count": {"x"}}, KindInvalid, "invalid-value", "_count"},
		{url.Values{"_count": {}}, KindInvalid, "invalid-value", "_count"},
		{url.Values{"_count": {"5", "6"}}, KindInvalid, "repeated-parameter", "_count"},
		{url.Values{"_summary": {"count"}}, KindNotSupported, "parameter-not-supported", "_summary"},
		{url.Values{"_summary": {"true"}}, KindNotSupported, "parameter-not-supported", "_summary"},
		{url.Values{"_sort": {"patient"}}, KindNotSupported, "parameter-not-supported", "_sort"},
		{url.Values{"_sort": {"date,"}}, KindNotSupported, "parameter-not-supported", "_sort"},
		{url.Values{"_sort": {"date,-date"}}, KindInvalid, "invalid-value", "_sort"},
		{url.Values{"_total": {"exact"}}, KindInvalid, "invalid-value", "_total"},
		{url.Values{"_elements": {"status,participant.actor"}}, KindInvalid, "invalid-value", "_elements"},
		{url.Values{"_elements": {"stats"}}, KindInvalid, "invalid-value", "_elements"},
		{url.Values{"_elements": {""}}, KindInvalid, "invalid-value", "_elements"},
		{url.Values{"_elements": {"contained"}}, KindInvalid, "invalid-value", "_elements"},
		{url.Values{"_elements": {strings.Repeat("status,", 65) + "status"}}, KindInvalid, "invalid-value", "_elements"},
		{url.Values{"_cursor": {""}}, KindInvalid, "invalid-value", "_cursor"},
		{url.Values{"_cursor": {strings.Repeat("x", maxCursor+1)}}, KindInvalid, "invalid-value", "_cursor"},
		{url.Values{"_format": {"xml"}}, KindNotAcceptable, "format-not-supported", "_format"},
		{url.Values{"_pretty": {"true"}}, KindNotSupported, "unknown-parameter", "_pretty"},
		{url.Values{"_include": {"Appointment:patient"}}, KindNotSupported, "parameter-not-supported", "_include"},
		{url.Values{"patient.name": {"x"}}, KindNotSupported, "chained-parameter", "patient"},
		{url.Values{"status": {"booked", ""}}, KindInvalid, "invalid-value", "status"},
		{long, KindTooLarge, "search-too-large", ""},
		{wide, KindTooLarge, "search-too-large", ""},
	} {
		q, err := ParseQuery("Appointment", c.values, time.UTC)
		if err == nil || KindOf(err) != c.kind || AsError(err).Reason() != c.code || AsError(err).Path != c.at || !q.IsZero() {
			t.Errorf("%v: %v, want %s at %s", c.values, err, c.code, c.at)
		}
	}
	if _, err := ParseQuery("Patient", nil, nil); err == nil || AsError(err).Reason() != "type-not-supported" {
		t.Errorf("a type that is not supported: %v", err)
	}
	if got := search(t, "Appointment", "_elements=status,id,meta,text").Elements(); len(got) != 4 {
		t.Errorf("_elements does not take the elements that are always there: %v", got)
	}
}

func TestResourcesAreSortedByEveryKeyAndThoseWithoutComeLast(t *testing.T) {
	docs := []string{
		`{"resourceType":"Appointment","id":"a","start":"2026-11-02T09:00:00-05:00","status":"booked"}`,
		`{"resourceType":"Appointment","id":"b","start":"2026-11-02T14:00:00Z","status":"arrived"}`, // the same instant as a
		`{"resourceType":"Appointment","id":"c","start":"2026-11-01T09:00:00-05:00","status":"booked"}`,
		`{"resourceType":"Appointment","id":"d","status":"booked"}`,
		`{"resourceType":"Appointment","id":"e","start":"soon"}`,
		`{"resourceType":"Appointment","id":"f","start":"2026-11-03","participant":[{"status":"tentative"},{"status":"accepted"}]}`,
		`{"resourceType":"Appointment","id":"g","start":"2026-11-02T14:30:00Z","participant":[{"status":"declined"}]}`,
	}
	for sort, want := range map[string]string{
		"date": "cabgfde", "-date": "fgabcde", "date,status": "cbagfde", "status,-date": "bacdfge", "-_id": "gfedcba", "part-status": "fgabcde", "-part-status": "fgabcde",
		"-status,-_id": "dcabgfe", "_lastUpdated": "abcdefg",
	} {
		rs := make([]Resource, len(docs))
		for i, d := range docs {
			rs[i] = resource(t, d)
		}
		slices.SortStableFunc(rs, search(t, "Appointment", "_sort="+sort).Less)
		got := ""
		for _, r := range rs {
			got += r.ID()
		}
		if got != want {
			t.Errorf("by %s: %s, want %s", sort, got, want)
		}
	}
	doc := search(t, "DocumentReference", "_sort=description")
	if doc.Less(resource(t, `{"resourceType":"DocumentReference","description":"Éa"}`), resource(t, `{"resourceType":"DocumentReference","description":"eb"}`)) >= 0 {
		t.Error("text is not sorted as people read it")
	}
	if NewQuery("Task").Less(Resource{}, Resource{}) != 0 {
		t.Error("without keys there is an order")
	}
}
