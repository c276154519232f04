package adaptertest

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"

	"vestibule/adapters"
	"vestibule/fhir"
)

func pagePromises() []promise {
	search := []need{does(fhir.InteractionSearch)}
	return []promise{
		{name: "pages lose and repeat nothing, at any size, and are never larger than asked for", needs: search, keep: pagesAreWhole},
		{name: "rows that stay are on exactly one page while others come and go", needs: append(search, stablePages), keep: pagesAreStable},
		{name: "a page asked for twice is the same page", needs: search, keep: pagesRepeat},
		{name: "a cursor that is not the adapter's leads nowhere else", needs: search, keep: cursorsAreNotTrusted},
	}
}

func pagesAreWhole(t T, s *suite, h subject) {
	sc := s.scene(t, h)
	want := idsOf(sc.rows)
	for _, count := range []int{1, 2, 3, 7, len(want) - 1, len(want), len(want) + 1, 1000} {
		q := s.query(t, h, "").WithCount(count)
		var found []fhir.Resource
		cursor, pages := "", 0
		for ; pages == 0 || cursor != ""; pages++ {
			page, err := sc.a.Search(background(), q, cursor)
			if err != nil || pages > mostPages || len(page.Resources) > count {
				t.Fatalf("page %d by %d: %d rows, %v", pages, count, len(page.Resources), err)
			}
			found, cursor = append(found, page.Resources...), page.Next
		}
		s.sameIDs(t, "pages", found, want)
	}
}

// pagesAreStable has rows leave and enter the result between pages, before and behind the place that is being read.
func pagesAreStable(t T, s *suite, h subject) {
	a := s.direct(t)
	d := s.draft(t)
	var leaving, staying []string
	for i := range 20 {
		d.Start = s.noon(i)
		id := h.Seed(t, d)
		if i%4 == 1 {
			leaving = append(leaving, id)
		} else {
			staying = append(staying, id)
		}
	}
	q := s.query(t, h, "status="+h.Statuses[0]+"&patient=Patient/"+d.Patient).WithCount(3)
	var found []string
	cursor := ""
	for n := 0; n == 0 || cursor != ""; n++ {
		page, err := a.Search(background(), q, cursor)
		if err != nil || n > mostPages {
			t.Fatal(n, err)
		}
		found, cursor = append(found, idsOf(page.Resources)...), page.Next
		if n < len(leaving) {
			if h.Remove != nil && n%2 == 0 {
				h.Remove(t, leaving[n])
			} else {
				d.Status = h.Statuses[1]
				h.Change(t, leaving[n], d)
				d.Status = ""
			}
			h.Seed(t, d)
		}
	}
	for _, id := range staying {
		if n := len(slices.DeleteFunc(slices.Clone(found), func(f string) bool { return f != id })); n != 1 {
			t.Errorf("a row that stayed throughout was found %d times", n)
		}
	}
}

func pagesRepeat(t T, s *suite, h subject) {
	sc := s.scene(t, h)
	q := s.query(t, h, "").WithCount(4)
	first, err := sc.a.Search(background(), q, "")
	if err != nil || first.Next == "" {
		t.Fatalf("there is no second page: %v", err)
	}
	for _, a := range []adapters.EMR{sc.a, s.direct(t)} { // another adapter is the gateway after a restart, or another gateway
		second, err := a.Search(background(), q, first.Next)
		again, errAgain := a.Search(background(), q, first.Next)
		if err != nil || errAgain != nil || !slices.Equal(idsOf(second.Resources), idsOf(again.Resources)) || second.Next != again.Next {
			t.Errorf("the second page is not the same twice: %v %v", err, errAgain)
		}
		for _, id := range idsOf(second.Resources) {
			if slices.Contains(idsOf(first.Resources), id) {
				t.Errorf("the second page repeats the first")
			}
		}
	}
}

// cursorsAreNotTrusted forges cursors. Each has to be refused as invalid or to lead to rows of the same type in this EMR.
func cursorsAreNotTrusted(t T, s *suite, h subject) {
	sc := s.scene(t, h)
	var lured atomic.Int32
	trap := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { lured.Add(1) }))
	defer trap.Close()
	q := s.query(t, h, "").WithCount(3)
	page, err := sc.a.Search(background(), q, "")
	if err != nil || page.Next == "" {
		t.Fatalf("there is no second page: %v", err)
	}
	good := page.Next
	forged := []string{
		"x", "?", "0", "-1", "~", "1~", "99999999999999999999~", "-1~" + good, "\x00", "é", " ", good + "\r\nX-Injected: 1", good + " HTTP/1.1", good + "#x", "\n" + good,
		trap.URL, trap.URL + "/" + h.Name + "?_count=1", "//" + strings.TrimPrefix(trap.URL, "http://") + "/" + h.Name + "?x=1", "@" + strings.TrimPrefix(trap.URL, "http://") + "?x=1",
		"../admin?x=1", "Patient?_count=3", "Patient/_search?x=1", h.Name + "/../Patient?x=1", h.Name + "/$purge?x=1", "metadata?x=1", h.Name + "%2f..%2fPatient?x=1",
		strings.Repeat("A", 1<<20), good[:len(good)/2], good + good, strings.ToUpper(good), strings.Repeat(good, 1000), `{"offset":-5}`, "null", "eyJvZmZzZXQiOi01fQ",
	}
	for _, c := range forged {
		page, err := sc.a.Search(background(), q, c)
		if err != nil {
			wantError(t, "a forged cursor", err, is(fhir.KindInvalid, "invalid-cursor"), is(fhir.KindUpstream, "emr-request-refused"))
			continue
		}
		for _, id := range idsOf(page.Resources) {
			if !slices.Contains(idsOf(sc.rows), id) {
				t.Errorf("a forged cursor found a row that the full scan does not")
			}
		}
	}
	if n := lured.Load(); n > 0 {
		t.Errorf("%d requests went to an address that a forged cursor named", n)
	}
}
