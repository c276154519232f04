package patient

import (
	"slices"
	"time"

	"vestibule/internal/report"
	"vestibule/internal/report/plain"
)

// person is somebody who appears in the report.
type person struct {
	who, where, role report.Value
	shown, attempts  int
	first, last      time.Time
}

// persons are those who saw or wrote something, or tried to, in the order of their first appearance.
func (s *sheet) persons() (out []*person) {
	byKey := map[string]*person{}
	for i := range s.g.found {
		f := &s.g.found[i]
		r := &f.entry.Record
		if f.how == look {
			continue
		}
		p := byKey[plain.Key(r)]
		if p == nil {
			p = &person{first: r.Time}
			byKey[plain.Key(r)] = p
			out = append(out, p)
		}
		p.who, p.where, p.role, p.last = plain.Who(r), s.where(r), s.role(r), r.Time
		if f.how == shown {
			p.shown++
		} else {
			p.attempts++
		}
	}
	return out
}

func (s *sheet) people() report.Section {
	sec := report.Section{ID: "people", Title: titlePeople, None: nones[shown], Columns: []report.Column{
		{ID: "who", Title: columnWho, Width: 5}, {ID: "organisation", Title: columnWhere, Width: 5}, {ID: "role", Title: columnRole, Width: 4},
		{ID: "accesses", Title: columnShown, Width: 3}, {ID: "attempts", Title: columnTried, Width: 3},
		{ID: "first", Title: columnFirst, Width: 4}, {ID: "last", Title: columnLast, Width: 4},
	}}
	var rows [][]report.Value
	for _, p := range s.persons() {
		rows = append(rows, []report.Value{p.who, p.where, p.role, report.Number(p.shown), report.Number(p.attempts), report.At(p.first), report.At(p.last)})
	}
	sec.Rows = report.Fixed(rows)
	return sec
}

// nothing reports whether the patient was neither shown nor asked for.
func (s *sheet) nothing() bool {
	return !slices.ContainsFunc(s.g.found, func(f found) bool { return f.how != look })
}

// lead is the answer: how many people of how many organisations, when first and last, and what was refused.
func (s *sheet) lead() []report.Text {
	people, where := map[string]bool{}, map[string]bool{}
	accesses, attempts := 0, 0
	var first, last time.Time
	for i := range s.g.found {
		f := &s.g.found[i]
		r := &f.entry.Record
		switch f.how {
		case shown:
			accesses++
			people[plain.Key(r)], where[r.Agent.Platform] = true, true
			if first.IsZero() {
				first = r.Time
			}
			last = r.Time
		case attempt:
			attempts++
		}
	}
	out := []report.Text{leadNobody}
	who := []report.Value{report.Say(report.Many(len(people), onePerson, manyPeople)), report.Say(report.Many(len(where), oneOrganisation, manyOrganisations))}
	switch {
	case accesses == 1:
		out = []report.Text{leadOnce.With(append(who, report.At(first))...)}
	case accesses > 1:
		out = []report.Text{leadPeople.With(append(who, report.Number(accesses), report.At(first), report.At(last))...)}
	}
	if attempts > 0 {
		out = append(out, report.Many(attempts, leadAttempt, leadAttempts))
	}
	return out
}
