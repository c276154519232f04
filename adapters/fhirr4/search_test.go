package fhirr4

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"vestibule/adapters"
	"vestibule/fhir"
)

func TestH33OnlyWhatTheEMRKnowsIsSentAndTheRestIsFilteredHere(t *testing.T) {
	for _, c := range []struct {
		params string
		quirks Quirks
		sent   string
		found  string
	}{
		{"status=booked", Quirks{}, "status=booked", "a1 a2"},
		{"status=booked&_count=5&_sort=-date", Quirks{}, "status=booked&_sort=-date&_count=5", "a1 a2"},
		{"status=booked&_count=5", Quirks{NoCount: true}, "status=booked", "a1 a2"},
		{"_total=accurate&_elements=status", Quirks{}, "", "a1 a2"},
		{"specialty=cardio", Quirks{}, "", "a2"},
		{"specialty=cardio&patient=Patient/p1", Quirks{}, "patient=Patient/p1", "a2"},
		{"status:not=cancelled", Quirks{}, "", "a1 a2"},
		{"status:not=cancelled", Quirks{Modifiers: []string{"not"}}, "status%3Anot=cancelled", "a1 a2"},
		{"status=booked", Quirks{Ignored: map[string][]string{"Appointment": {"status"}}}, "", "a1 a2"},
		{"patient=Patient/p1,Patient/p2", Quirks{}, "patient=Patient/p1,Patient/p2", "a1 a2"},
		{"identifier=urn:x|a b", Quirks{}, "identifier=urn:x%7Ca%20b", "a1 a2"},
		{"date=ge2026-12-04T09:00:00-05:00", Quirks{}, "date=ge2026-12-04T14:00:00Z", "a1"},
		{"date=2026-12-04T09:00:00-05:00,2026-12-09T09:00-05:00", Quirks{}, "date=ge2026-12-04T14:00:00Z&date=lt2026-12-09T14:01:00Z", "a1"},
	} {
		s := newStub(t, body("application/fhir+json", searchset("", appointment("a1", "1"),
			`{"resourceType":"Appointment","id":"a2","status":"booked","specialty":[{"coding":[{"code":"cardio"}]}]}`)))
		page, err := open(t, Config{Base: s.base(), Quirks: c.quirks}).Search(background, query(t, "Appointment", c.params), "")
		if err != nil {
			t.Errorf("%s: %v", c.params, err)
			continue
		}
		seen, _ := s.requests()
		if got := strings.ReplaceAll(seen[0].URL.RawQuery, "%3A", ":"); got != strings.ReplaceAll(c.sent, "%3A", ":") || ids(page) != c.found || page.Next != "" {
			t.Errorf("%s: sent %q, found %q, next %q", c.params, got, ids(page), page.Next)
		}
	}
}

func TestH35ADayIsTheClinicsWhateverTheEMRTakesItFor(t *testing.T) {
	inside, outside := `{"resourceType":"Appointment","id":"in","start":"2026-12-05T04:30:00Z"}`, `{"resourceType":"Appointment","id":"out","start":"2026-12-04T04:30:00Z"}`
	s := newStub(t, body("application/fhir+json", searchset("", inside, outside)))
	a := open(t, Config{Base: s.base()})
	for params, want := range map[string]string{
		"date=2026-12-04":                "date=ge2026-12-04T00:00:00-05:00&date=lt2026-12-05T00:00:00-05:00",
		"date=gt2026-12-03":              "date=ge2026-12-04T00:00:00-05:00",
		"date=sa2026-12-03T23:59:59.999": "date=ge2026-12-04T00:00:00-05:00",
	} {
		page, err := a.Search(background, query(t, "Appointment", params), "")
		if err != nil || ids(page) != "in" {
			t.Errorf("%s: %q %v", params, ids(page), err)
		}
		seen, _ := s.requests()
		if got := strings.ReplaceAll(seen[len(seen)-1].URL.RawQuery, "%3A", ":"); got != want {
			t.Errorf("%s: sent %q", params, got)
		}
	}
}

func TestASearchThatTheEMRCannotSortIsRefused(t *testing.T) {
	s := newStub(t, hang)
	_, err := open(t, Config{Base: s.base(), Quirks: Quirks{NoSort: true}}).Search(background, query(t, "Appointment", "_sort=date"), "")
	wantError(t, err, fhir.KindNotSupported, "emr-not-supported")
	_, err = open(t, Config{Base: s.base()}).Search(background, query(t, "Appointment", "_sort=_lastUpdated"), "")
	wantError(t, err, fhir.KindNotSupported, "emr-not-supported")
}

func TestASearchByPostPutsNothingIntoTheURL(t *testing.T) {
	s := newStub(t, body("application/fhir+json", searchset("")))
	if _, err := open(t, Config{Base: s.base(), SearchByPost: true}).Search(background, query(t, "Appointment", "patient=Patient/p1"), ""); err != nil {
		t.Fatal(err)
	}
	seen, sent := s.requests()
	r := seen[0]
	if r.Method != "POST" || r.URL.Path != "/fhir/Appointment/_search" || r.URL.RawQuery != "" || sent[0] != "patient=Patient/p1" || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		t.Errorf("%s %s %s %v", r.Method, r.URL, sent[0], r.Header)
	}
}

func TestASearchTooLongForAURLGoesByPost(t *testing.T) {
	s := newStub(t, body("application/fhir+json", searchset("")))
	var many []string
	for i := range 200 {
		many = append(many, fmt.Sprintf("Patient/0123456789-0123456789-%d", i))
	}
	if _, err := open(t, Config{Base: s.base()}).Search(background, query(t, "Appointment", "patient="+strings.Join(many, ",")), ""); err != nil {
		t.Fatal(err)
	}
	if seen, sent := s.requests(); seen[0].Method != "POST" || len(sent[0]) < 200*20 {
		t.Errorf("%s %s", seen[0].Method, seen[0].URL)
	}
}

func TestH25ARefusalIsNeverAnEmptyPage(t *testing.T) {
	for _, code := range []int{204, 301, 401, 403, 404, 500} {
		s := newStub(t, status(code))
		page, err := open(t, Config{Base: s.base()}).Search(background, query(t, "Appointment", ""), "")
		if err == nil || page.Resources != nil || fhir.KindOf(err) != fhir.KindUpstream {
			t.Errorf("%d became %v, %v", code, page, err)
		}
	}
}

func TestH2WhatWasNotAskedForIsDropped(t *testing.T) {
	page := `{"resourceType":"Bundle","type":"searchset","total":9,"entry":[
		{"search":{"mode":"match"},"resource":` + appointment("a1", "1") + `},
		{"search":{"mode":"include"},"resource":{"resourceType":"Patient","id":"p1"}},
		{"search":{"mode":"include"},"resource":` + appointment("a9", "1") + `},
		{"search":{"mode":"match"},"resource":{"resourceType":"Patient","id":"p2"}},
		{"search":{"mode":"outcome"},"resource":{"resourceType":"OperationOutcome"}},
		{"resource":` + appointment("a2", "1") + `}]}`
	for _, kind := range []string{"searchset", "collection"} {
		s := newStub(t, body("application/json", strings.Replace(page, "searchset", kind, 1)))
		got, err := open(t, Config{Base: s.base()}).Search(background, query(t, "Appointment", ""), "")
		if err != nil || ids(got) != "a1 a2" {
			t.Errorf("%s: %q %v", kind, ids(got), err)
		}
	}
	for _, broken := range []string{
		strings.Replace(page, "searchset", "history", 1), `{"resourceType":"OperationOutcome"}`,
		searchset("", `{"resourceType":"Appointment"}`), `{"resourceType":"Bundle","type":"searchset","entry":[{}]}`,
	} {
		s := newStub(t, body("application/json", broken))
		if got, err := open(t, Config{Base: s.base()}).Search(background, query(t, "Appointment", ""), ""); fhir.KindOf(err) != fhir.KindUpstream || err == nil {
			t.Errorf("%s: %q %v", broken, ids(got), err)
		}
	}
}

func TestPagesAreFollowedWithinTheBaseOnly(t *testing.T) {
	var link string
	s := newStub(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.RawQuery, "page=2") {
			answerFHIR(w, 200, searchset("", appointment("a2", "1")))
			return
		}
		answerFHIR(w, 200, searchset(link, appointment("a1", "1")))
	})
	aliases := []string{"https://emr.example.test/r4/"}
	for _, good := range []string{
		s.base() + "/Appointment?page=2", s.base() + "?page=2&_getpages=x", s.base() + "/Appointment/?page=2&q=%2F..%2F", s.base() + "/Appointment/_search?page=2",
		"Appointment?page=2", "/fhir/Appointment?page=2", "https://emr.example.test/r4/Appointment?page=2", "//" + strings.TrimPrefix(s.base(), "http://") + "/Appointment?page=2",
	} {
		link = good
		a := open(t, Config{Base: s.base(), Aliases: aliases})
		first, err := a.Search(background, query(t, "Appointment", ""), "")
		if err != nil || ids(first) != "a1" || first.Next == "" {
			t.Errorf("%s: %q %v", good, first.Next, err)
			continue
		}
		second, err := a.Search(background, query(t, "Appointment", ""), first.Next)
		if err != nil || ids(second) != "a2" || second.Next != "" {
			t.Errorf("%s: %q %v", good, ids(second), err)
		}
	}
	for _, foreign := range []string{
		"https://evil.example.test/fhir/Appointment?page=2", "http://evil.example.test/?page=2", strings.Replace(s.base(), "http:", "https:", 1) + "/Appointment?page=2",
		s.base() + "/../admin?page=2", s.base() + "/Appointment/../../admin?page=2", s.base() + "/%2e%2e/admin?page=2", s.base() + "/Patient?page=2",
		s.base() + "/Appointment/a1?page=2", s.base() + "/Appointment", s.base() + "x/Appointment?page=2", s.base() + "//Appointment?page=2", s.base() + "/?page=2#f",
		s.URL + "/Appointment?page=2", s.base() + "/Appointment/$op?page=2", strings.Replace(s.base(), "http://", "http://u:p@", 1) + "/Appointment?page=2",
		"mailto:x@example.test", "ht!tp://%", s.base() + "/Appointment%2F..%2F..%2Fadmin?page=2", "http:" + "/Appointment?page=2" + marker,
	} {
		link = foreign
		_, err := open(t, Config{Base: s.base(), Aliases: aliases}).Search(background, query(t, "Appointment", ""), "")
		wantError(t, err, fhir.KindUpstream, "emr-link-foreign")
		if t.Failed() {
			t.Fatal(foreign)
		}
	}
}

func TestH3ACursorLeadsNowhereElse(t *testing.T) {
	s := newStub(t, body("application/fhir+json", searchset("")))
	a := open(t, Config{Base: s.base()})
	for _, cursor := range []string{
		"x", "Patient?x=1", "../admin?x=1", "Appointment/../Patient?x=1", "Appointment?", "Appointment?a b", "Appointment?a\r\nX: y", "Appointment?é", "Appointment?a#b",
		"https://evil.example.test/?x=1", "//evil.example.test/?x=1", "/?x=1", "-1~Appointment?x=1", "0~Appointment?x=1", "x~Appointment?x=1", "99999999~", "1~x", "Appointment?" + strings.Repeat("x", 9000),
	} {
		_, err := a.Search(background, query(t, "Appointment", ""), cursor)
		wantError(t, err, fhir.KindInvalid, "invalid-cursor")
		if t.Failed() {
			t.Fatal(cursor)
		}
	}
	if seen, _ := s.requests(); len(seen) != 0 {
		t.Errorf("%d requests", len(seen))
	}
}

func TestAnEMRWithoutCountIsDividedHereWithoutLossOrRepeat(t *testing.T) {
	s := newStub(t, func(w http.ResponseWriter, r *http.Request) {
		page, next := 0, ""
		if n, _ := fmt.Sscanf(r.URL.RawQuery, "page=%d", &page); n == 0 {
			next = "Appointment?page=1"
		}
		var all []string
		for i := range 7 {
			all = append(all, appointment(fmt.Sprintf("a%d-%d", page, i), "1"))
		}
		answerFHIR(w, 200, searchset(next, all...))
	})
	a := open(t, Config{Base: s.base(), Quirks: Quirks{NoCount: true}})
	var sizes []int
	seen := map[string]bool{}
	for cursor, first := "", true; first || cursor != ""; first = false {
		page, err := a.Search(background, query(t, "Appointment", "_count=3"), cursor)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Resources {
			if seen[r.ID()] {
				t.Errorf("%s twice", r.ID())
			}
			seen[r.ID()] = true
		}
		sizes = append(sizes, len(page.Resources))
		cursor = page.Next
	}
	if len(seen) != 14 || fmt.Sprint(sizes) != "[3 3 1 3 3 1]" {
		t.Errorf("%d in %v", len(seen), sizes)
	}
	if page, err := a.Search(background, query(t, "Appointment", "_count=3"), "50~"); err != nil || len(page.Resources) != 0 || page.Next != "" {
		t.Errorf("past the end: %v %v", page, err)
	}
}

func TestH10TheEMRsAddressIsEditedOutOfReferencesAndNothingElse(t *testing.T) {
	var text string
	s := newStub(t, func(w http.ResponseWriter, r *http.Request) { answerFHIR(w, 200, text) })
	b, escaped := s.base(), strings.ReplaceAll(s.base(), "/", `\/`)
	source := `{"resourceType":"Appointment","id":"a1","x": 1.50,"participant":[{"actor":{"reference":"%s/Patient/p1","display":"%s/Patient/p1"}},` +
		`{"actor":{"reference":"%s\/Practitioner\/d1"}},{"actor":{"reference":"https://other.example.test/Patient/p1"}},{"actor":{"reference":"%s/Binary?x"}}],` +
		`"extension":[{"url":"%s/StructureDefinition/x","valueReference":{"reference":{"reference":"%s/Task/t1/_history/2"}}}]}`
	text = fmt.Sprintf(source, b, b, escaped, b, b, b)
	want := strings.Replace(text, `"reference":"`+b+`/Patient/p1"`, `"reference":"Patient/p1"`, 1)
	want = strings.Replace(want, escaped+`\/Practitioner\/d1`, `Practitioner/d1`, 1)
	want = strings.Replace(want, b+`/Task/t1/_history/2`, `Task/t1/_history/2`, 1)
	a := open(t, Config{Base: b})
	got, err := a.Read(background, fhir.Ref{Type: "Appointment", ID: "a1"})
	if err != nil || string(got.Bytes()) != want {
		t.Errorf("%v\n got %s\nwant %s", err, got.Bytes(), want)
	}
	text = searchset("", text, appointment("a2", "1"))
	page, err := a.Search(background, query(t, "Appointment", ""), "")
	if err != nil || string(page.Resources[0].Bytes()) != want || string(page.Resources[1].Bytes()) != appointment("a2", "1") {
		t.Errorf("%v %s", err, page.Resources[0].Bytes())
	}
}

func TestTheCapabilityTableIsWhatTheStatementSays(t *testing.T) {
	read := func(s string, q Quirks) (adapters.Capability, error) {
		v, err := fhir.Parse([]byte(s), fhir.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		return ReadCapability(v, q)
	}
	c, err := read(statement, Quirks{Ignored: map[string][]string{"Appointment": {"date"}}, NoSort: true, StablePages: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(c.Types()); got != "[Appointment DocumentReference Task]" {
		t.Errorf("types %s", got)
	}
	if got := fmt.Sprintf("%+v", c.Type("Appointment")); got != "{Name:Appointment Interactions:[read search-type create update] Search:[_id status patient practitioner identifier] Sort:false Count:true Versions:true ConditionalCreate:true StablePages:true}" {
		t.Errorf("row %s", got)
	}
	if c.Supports("Patient", fhir.InteractionRead) || c.Supports("DocumentReference", fhir.InteractionSearch) || !c.Supports("DocumentReference", fhir.InteractionCreate) || c.Searches("Appointment", "date") || !c.Searches("Task", "status") {
		t.Error("the table does not say what the statement says")
	}
	if (adapters.Capability{}).Supports("Appointment", fhir.InteractionRead) {
		t.Error("the zero table supports something")
	}
	// As vendors write it: parameters for all types at the top, a client's part, members missing.
	c, err = read(`{"resourceType":"CapabilityStatement","rest":[{"mode":"client","resource":[{"type":"Task","interaction":[{"code":"read"}]}]},
		{"searchParam":[{"name":"_id"},{"name":"_count"}],"resource":[{"type":"Appointment"},{},{"type":7}]}]}`, Quirks{})
	if err != nil || fmt.Sprint(c.Types()) != "[Appointment]" || !c.Searches("Appointment", "_id") || c.Supports("Appointment", fhir.InteractionRead) {
		t.Errorf("%v %v", c, err)
	}
	for _, other := range []string{"3.0.2", "5.0.0", "4.3.0"} {
		_, err = read(`{"resourceType":"CapabilityStatement","fhirVersion":"`+other+`"}`, Quirks{})
		wantError(t, err, fhir.KindUpstream, "emr-not-r4")
	}
}

func TestABrokenStatementIsAnError(t *testing.T) {
	for _, text := range []string{"{", `{"resourceType":"` + marker + `"}`, "[]"} {
		srv := newStub(t, hang)
		srv.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answerFHIR(w, 200, text) })
		_, err := open(t, Config{Base: srv.base()}).Capability(background)
		if fhir.KindOf(err) != fhir.KindUpstream || err == nil || strings.Contains(err.Error(), marker) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
