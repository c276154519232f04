package adaptertest

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"vestibule/adapters"
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

// scene is what a type's rows are while a search is tried: enough of them that every parameter has something to leave out.
type scene struct {
	rows []fhir.Resource
	a    adapters.EMR
}

// scene puts rows in and reads every row there is.
func (s *suite) scene(t T, h subject) scene {
	t.Helper()
	patients := []string{s.patient(t), s.patient(t), s.patient(t)}
	for i := range 14 {
		d := s.draft(t)
		d.Patient, d.Practitioner, d.Status = patients[i%3], s.world.Practitioners[i%2], h.Statuses[i%len(h.Statuses)]
		d.Start = s.noon(i).Add(time.Duration(i%5-2) * 5 * time.Hour)
		h.Seed(t, d)
	}
	if h.More != nil {
		for i := range 3 {
			d := s.draft(t)
			d.Patient = patients[i]
			h.More(t, d, i)
		}
	}
	sc := scene{a: s.direct(t)}
	sc.rows = s.scan(t, sc.a, h)
	if len(sc.rows) < 14 {
		t.Fatalf("14 rows and more were put in, and the full scan finds %d", len(sc.rows))
	}
	return sc
}

// scan is the full scan: every row by its id, or where rows cannot be read, a search without criteria that has to find them all.
func (s *suite) scan(t T, a adapters.EMR, h subject) []fhir.Resource {
	t.Helper()
	ids := h.IDs(t)
	var rows []fhir.Resource
	if slices.Contains(h.Interactions, fhir.InteractionRead) {
		for _, id := range ids {
			rows = append(rows, s.read(t, a, h, id))
		}
	} else {
		rows = s.all(t, a, s.query(t, h, ""))
		s.sameIDs(t, "a search without criteria", rows, ids)
	}
	within := s.query(t, h, "")
	return slices.DeleteFunc(rows, func(r fhir.Resource) bool { return !within.Match(r) })
}

// query reads a search as a caller would write it, with what the EMR needs in every search.
func (s *suite) query(t T, h subject, criteria string) fhir.Query {
	t.Helper()
	q, err := s.ask(h, criteria)
	if err != nil {
		t.Fatalf("%s: %v", criteria, err)
	}
	return q
}

func (s *suite) ask(h subject, criteria string) (fhir.Query, error) {
	values, err := url.ParseQuery(strings.Trim(h.Within+"&"+criteria, "&"))
	if err != nil {
		return fhir.Query{}, err
	}
	return fhir.ParseQuery(h.Name, values, s.zone)
}

// all follows a search to its end.
func (s *suite) all(t T, a adapters.EMR, q fhir.Query) []fhir.Resource {
	t.Helper()
	rows, err := collect(a, q)
	if err != nil {
		t.Fatalf("search: %v", err)
	}
	return rows
}

// mostPages is where a search is taken to have no end.
const mostPages = 2000

func collect(a adapters.EMR, q fhir.Query) ([]fhir.Resource, error) {
	var rows []fhir.Resource
	cursor := ""
	for range mostPages {
		page, err := a.Search(background(), q, cursor)
		if err != nil {
			return nil, err
		}
		rows = append(rows, page.Resources...)
		if cursor = page.Next; cursor == "" {
			return rows, nil
		}
	}
	return nil, fhir.E("adaptertest", fhir.KindUpstream, "endless", "The search does not end.")
}

func idsOf(rows []fhir.Resource) []string {
	out := make([]string, 0, len(rows))
	for _, r := range rows {
		out = append(out, r.ID())
	}
	return out
}

// sameIDs fails unless the rows found are those wanted, each once.
func (s *suite) sameIDs(t T, what string, found []fhir.Resource, want []string) {
	t.Helper()
	got := idsOf(found)
	slices.Sort(got)
	want = slices.Sorted(slices.Values(want))
	if slices.Equal(got, want) {
		return
	}
	missing := slices.DeleteFunc(slices.Clone(want), func(id string) bool { return slices.Contains(got, id) })
	surplus := slices.DeleteFunc(slices.Clone(got), func(id string) bool { return slices.Contains(want, id) })
	t.Errorf("%s: found %d, the full scan %d; not found %v, not to be found %v, repeated %v",
		what, len(got), len(want), missing, surplus, len(got) != len(slices.Compact(slices.Clone(got))))
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
