package patient

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"vestibule/audit"
	"vestibule/internal/report"
	"vestibule/internal/report/plain"
)

// Options say what is asked.
type Options struct {
	Patient   string                   // "Patient/123"
	Platforms map[string]string        // titles of the platforms by name
	Because   map[string]plain.Because // why grants were given, by "name@version"
	ShownOnly bool                     // only what was shown or written: the index alone is asked
	Proof     bool                     // there is a bundle: rows name its files
}

// Made is a report, and what its rows stand for.
type Made struct {
	report.Report
	g *gatherer
}

// Make makes the report.
func Make(ctx context.Context, trail report.Trail, o Options) (*Made, error) {
	g, err := gather(ctx, trail, o.Patient, o.ShownOnly)
	if err != nil {
		return nil, err
	}
	m := &Made{g: g}
	s := &sheet{o: o, g: g}
	m.Report = report.Report{Title: title, About: report.Code(o.Patient), Lead: s.lead()}
	m.Sections = []report.Section{s.people()}
	for how, t := range [...]report.Text{shown: titleShown, attempt: titleAttempts, look: titleLooks} {
		m.Sections = append(m.Sections, s.list(belongs(how), t))
	}
	if o.ShownOnly {
		m.Sections = m.Sections[:2]
		m.Notes = append(m.Notes, noteShownOnly)
	}
	if g.counted > 0 {
		m.Notes = append(m.Notes, noteCounted.With(report.Number(g.counted)))
	}
	if s.nothing() {
		m.Notes = append(m.Notes, noteNumber)
	}
	m.Notes = append(m.Notes, noteGateway, noteNames, noteOthers, noteWords, noteDeny)
	if o.Proof {
		m.Notes = append(m.Notes, noteProof, noteSealed)
	}
	return m, nil
}

// sheet turns what was found into tables.
type sheet struct {
	o Options
	g *gatherer
}

// list is the records of one kind, one by one, oldest first.
func (s *sheet) list(how belongs, title report.Text) report.Section {
	sec := report.Section{ID: [...]string{"accesses", "attempts", "looks"}[how], Title: title, Intro: intros[how], None: nones[how], Columns: []report.Column{
		{ID: "time", Title: columnWhen, Width: 5}, {ID: "who", Title: columnWho, Width: 4}, {ID: "organisation", Title: columnWhere, Width: 4},
		{ID: "role", Title: columnRole, Width: 4}, {ID: "information", Title: columnWhat, Width: 7}, {ID: "purpose", Title: columnWhy, Width: 5},
		{ID: "authority", Title: columnAuthority, Width: 6}, {ID: "outcome", Title: columnOutcome, Width: 5},
	}}
	if s.o.Proof {
		sec.Columns = append(sec.Columns, report.Column{ID: "proof", Title: columnProof, Width: 3})
	}
	var rows [][]report.Value
	for i := range s.g.found {
		if f := &s.g.found[i]; f.how == how {
			row := s.row(f)
			if s.o.Proof {
				row = append(row, report.Code(fileOf(i)))
			}
			rows = append(rows, row)
		}
	}
	sec.Rows = report.Fixed(rows)
	return sec
}

// fileOf is the name, without its ending, of what proves the i-th row.
func fileOf(i int) string { return fmt.Sprintf("%04d", i+1) }

func (s *sheet) row(f *found) []report.Value {
	r := &f.entry.Record
	what := plain.Information(f.items)
	if len(f.items) == 0 {
		what = plain.What(r)
	}
	return []report.Value{report.At(r.Time), plain.Who(r), s.where(r), s.role(r), what, s.why(r), plain.Authority(r, s.o.Because), s.outcome(f)}
}

// where is the person's organisation; on the gateway's own machine there is none.
func (s *sheet) where(r *audit.Record) report.Value {
	if r.Agent.Subject == "" && r.Admin.By != "" {
		return report.Say(wordHere)
	}
	return plain.Organisation(r, s.o.Platforms)
}

func (s *sheet) role(r *audit.Record) report.Value {
	if r.Agent.Role == audit.RoleAuditor {
		return report.Say(wordAuditor)
	}
	if r.Agent.Subject == "" && r.Admin.By != "" {
		return report.Say(wordOperator)
	}
	return plain.Teams(r)
}

func (s *sheet) why(r *audit.Record) report.Value {
	if r.Type == "AuditEvent" || r.Admin.Action != "" {
		return report.Say(wordOversight)
	}
	return plain.Purposes(r)
}

// outcome is how it ended for this patient.
func (s *sheet) outcome(f *found) report.Value {
	r := &f.entry.Record
	if r.Phase != audit.PhaseOutcome || r.Outcome != audit.OutcomeSuccess {
		return plain.Ended(r)
	}
	withheld := r.Withheld > 0 && f.asked.onlyNames(s.o.Patient) && !f.asked.others && len(f.asked.refs) == 0
	switch {
	case f.how == look:
		return report.Say(sayLooked)
	case r.Interaction == "create":
		return report.Say(sayCreated)
	case r.Interaction == "update":
		return report.Say(sayChanged)
	case withheld && len(f.items) > 0:
		return report.List(report.Say(sayShown), report.Say(s.kept(r)))
	case withheld:
		return report.Say(s.kept(r))
	case len(f.items) == 0:
		return report.Say(sayNothing)
	}
	return report.Say(sayShown)
}

// kept says how much of the patient's was kept back, and whether the patient had asked for that.
func (s *sheet) kept(r *audit.Record) report.Text {
	for _, rule := range slices.Concat(r.Reasons, r.Rules) {
		switch code, _, _ := strings.Cut(rule, ":"); code {
		case "locked-by-directive", "patient-unclear":
			return report.Many(r.Withheld, sayLocked, sayLockeds)
		}
	}
	return report.Many(r.Withheld, sayKept, sayKepts)
}
