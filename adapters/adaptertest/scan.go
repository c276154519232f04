package adaptertest

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"vestibule/adapters"
	"vestibule/fhir"
)

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
