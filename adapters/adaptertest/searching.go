package adaptertest

import (
	"net/url"
	"slices"
	"strings"

	"vestibule/fhir"
)

func searchPromises() []promise {
	search := []need{does(fhir.InteractionSearch)}
	return []promise{
		{name: "a search finds what a full scan finds, for each parameter alone", needs: search, keep: findsByEach},
		{name: "a search finds what a full scan finds, for parameters together", needs: search, keep: findsByPairs},
		{name: "a parameter is claimed only if rows can be found by it", needs: search, keep: claimsAreTried},
		{name: "a sorted search is in order, or refused by name", needs: search, keep: sortsOrRefuses},
		{name: "what is found reads the same as when it is read", needs: append(search, does(fhir.InteractionRead)), keep: findsWhatReads},
	}
}

// compare tries one search against the full scan. refusable says that the EMR may refuse it.
func (s *suite) compare(t T, sc scene, h subject, criteria string, refusable bool) (hits int) {
	t.Helper()
	q := s.query(t, h, criteria).WithCount(200)
	var want []string
	for _, r := range sc.rows {
		if q.Match(r) {
			want = append(want, r.ID())
		}
	}
	found, err := collect(sc.a, q)
	if err != nil && refusable && fhir.KindOf(err) == fhir.KindNotSupported {
		return len(want)
	}
	if err != nil {
		t.Errorf("%s: %v", criteria, err)
		return len(want)
	}
	s.sameIDs(t, criteria, found, want)
	return len(want)
}

func findsByEach(t T, s *suite, h subject) {
	sc := s.scene(t, h)
	s.compare(t, sc, h, "", false)
	for _, p := range fhir.SearchParams(h.Name) {
		claimed := slices.Contains(h.Search, p.Name)
		for _, criteria := range s.criteria(h, p, sc.rows) {
			s.compare(t, sc, h, criteria, !claimed || strings.Contains(criteria, ":"))
		}
	}
}

func claimsAreTried(t T, s *suite, h subject) {
	sc := s.scene(t, h)
	for _, name := range h.Search {
		p, _ := fhir.LookUpParam(h.Name, name)
		if len(values(p, sc.rows)) == 0 {
			t.Errorf("%s is claimed, and no row has a value for it: have Holding.More put one in", name)
		}
	}
}

func findsByPairs(t T, s *suite, h subject) {
	sc := s.scene(t, h)
	first := map[string]string{}
	for _, name := range h.Search {
		p, _ := fhir.LookUpParam(h.Name, name)
		if v := values(p, sc.rows); len(v) > 0 {
			first[name] = url.QueryEscape(name) + "=" + url.QueryEscape(v[0])
		}
	}
	for i, a := range h.Search {
		for _, b := range h.Search[i+1:] {
			if first[a] != "" && first[b] != "" {
				s.compare(t, sc, h, first[a]+"&"+first[b], false)
			}
		}
	}
}

func findsWhatReads(t T, s *suite, h subject) {
	sc := s.scene(t, h)
	found := map[string]string{}
	for _, r := range s.all(t, sc.a, s.query(t, h, "").WithCount(7)) {
		found[r.ID()] = string(r.Bytes())
	}
	for _, r := range sc.rows {
		if b, ok := found[r.ID()]; !ok || b != string(r.Bytes()) {
			t.Errorf("a row reads otherwise in a search (found: %v)", ok)
		}
	}
}

func sortsOrRefuses(t T, s *suite, h subject) {
	sc := s.scene(t, h)
	for _, p := range fhir.SearchParams(h.Name) {
		for _, key := range []string{p.Name, "-" + p.Name} {
			q, err := s.ask(h, "_sort="+key)
			if err != nil {
				continue // no order that the gateway knows
			}
			rows, err := collect(sc.a, q.WithCount(5))
			if !h.Sort || err != nil && !slices.Contains(h.Search, p.Name) {
				if e := wantError(t, "_sort="+key, err, is(fhir.KindNotSupported)); e.Path != "_sort" {
					t.Errorf("the refusal of _sort names %q", e.Path)
				}
				continue
			}
			if err != nil {
				t.Errorf("_sort=%s: %v", key, err)
				continue
			}
			s.sameIDs(t, "_sort="+key, rows, idsOf(sc.rows))
			inOrder(t, q, p, rows)
		}
	}
}

// inOrder fails where two rows that have the element stand in the wrong order. Where rows without it stand is the EMR's
// choice (http://hl7.org/fhir/R4/search.html#sort does not say).
func inOrder(t T, q fhir.Query, p fhir.SearchParam, rows []fhir.Resource) {
	t.Helper()
	var last fhir.Resource
	for _, r := range rows {
		if len(values(p, []fhir.Resource{r})) == 0 {
			continue
		}
		if !last.IsZero() && q.Less(last, r) > 0 {
			t.Errorf("_sort by %s is not in order", p.Name)
			return
		}
		last = r
	}
}
