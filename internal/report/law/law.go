package law

import (
	"context"
	"strings"

	"vestibule/audit"
	"vestibule/internal/report"
	"vestibule/internal/report/document"
	"vestibule/internal/report/plain"
)

// Law is one that lists what a log has to hold.
type Law struct {
	Name     string // a word, for the command line
	Title    report.Text
	Citation report.Text
	Status   report.Text // what is known of its being in force
	sections []part
}

// part is one list of a law.
type part struct {
	id       string
	title    report.Text
	each     source
	elements []Element
}

// Element is one thing that a law lists.
type Element struct {
	ID    string // a word, for programs
	Cite  string // its letter or paragraph
	Name  report.Text
	Width int
	value func(*row) report.Value
}

// row is one access to one patient's information, or one document.
type row struct {
	*audit.Record
	patient   string               // empty: the resource does not say whose it is
	items     []audit.ReleasedItem // the patient's
	received  bool                 // of a document: into the EMR
	platforms map[string]string
	because   map[string]plain.Because
}

// source calls yield for every row of a part.
type source func(ctx context.Context, m *maker, yield func(*row) error) error

type maker struct {
	trail     report.Trail
	platforms map[string]string
	because   map[string]plain.Because
}

// Find is the law of a name.
func Find(name string) (Law, bool) {
	for _, l := range Laws() {
		if l.Name == name {
			return l, true
		}
	}
	return Law{}, false
}

// Names are the laws, as the command line takes them.
func Names() (out []string) {
	for _, l := range Laws() {
		out = append(out, l.Name)
	}
	return out
}

// Parts are the lists of the law: their titles, and what each asks for.
func (l Law) Parts() (titles []report.Text, elements [][]Element) {
	for _, p := range l.sections {
		titles, elements = append(titles, p.title), append(elements, p.elements)
	}
	return titles, elements
}

// Make makes the extract. Its rows are read while they are written.
func Make(ctx context.Context, l Law, trail report.Trail, platforms map[string]string, because map[string]plain.Because) report.Report {
	m := &maker{trail, platforms, because}
	r := report.Report{Title: l.Title, About: report.Say(l.Citation), Lead: []report.Text{lead}, Notes: []report.Text{noteAdvice, l.Status, noteUnknown, noteGateway}}
	for _, p := range l.sections {
		r.Sections = append(r.Sections, p.section(ctx, m))
	}
	return r
}

func (p part) section(ctx context.Context, m *maker) report.Section {
	s := report.Section{ID: p.id, Title: p.title, None: none}
	for _, e := range p.elements {
		width := e.Width
		if width == 0 {
			width = 4
		}
		s.Columns = append(s.Columns, report.Column{ID: e.ID, Title: columnTitle.With(report.Data(e.Cite), report.Say(e.Name)), Width: width})
	}
	s.Rows = func(yield func([]report.Value) error) error {
		return p.each(ctx, m, func(r *row) error {
			values := make([]report.Value, 0, len(p.elements))
			for _, e := range p.elements {
				v := e.value(r)
				if v.IsZero() {
					v = report.Unknown(whyNotHeld)
				}
				values = append(values, v)
			}
			return yield(values)
		})
	}
	return s
}

// accesses are the accesses to patients' information, one row for each patient.
func accesses(ctx context.Context, m *maker, yield func(*row) error) error {
	return m.trail.Walk(ctx, func(e audit.Entry) error {
		r := &e.Record
		if !isAccess(r) {
			return nil
		}
		for _, patient := range patientsOf(r) {
			if err := yield(&row{Record: r, patient: patient, items: itemsOf(r, patient), platforms: m.platforms, because: m.because}); err != nil {
				return err
			}
		}
		return nil
	})
}

// isAccess reports whether something of a patient was shown or written, or nobody knows whether it was.
func isAccess(r *audit.Record) bool {
	switch {
	case r.Type == "AuditEvent", r.Interaction == "", strings.HasPrefix(r.Interaction, "audit-"), r.Interaction == "capabilities":
		return false
	case r.Phase == audit.PhaseUnresolved:
		return true
	}
	if _, written := plain.Written(r); written {
		return true
	}
	return r.Phase == audit.PhaseOutcome && r.Outcome == audit.OutcomeSuccess && (len(r.Released) > 0 || len(r.Patients) > 0)
}

// patientsOf are the patients of an access; an empty one stands for what does not say whose it is.
func patientsOf(r *audit.Record) []string {
	out := append([]string(nil), r.Patients...)
	for i := range r.Released {
		if len(r.Released[i].Patients) == 0 {
			return append(out, "")
		}
	}
	if len(out) == 0 {
		return []string{""}
	}
	return out
}

func itemsOf(r *audit.Record, patient string) (out []audit.ReleasedItem) {
	for _, item := range r.Released {
		if patient == "" && len(item.Patients) == 0 {
			out = append(out, item)
		}
		for _, p := range item.Patients {
			if p == patient {
				out = append(out, item)
			}
		}
	}
	return out
}

// transfers are the documents that passed with their content.
func transfers(ctx context.Context, m *maker, yield func(*row) error) error {
	return m.trail.Walk(ctx, func(e audit.Entry) error {
		for _, t := range document.Of(e) {
			patients := t.Item.Patients
			if len(patients) == 0 {
				patients = []string{""}
			}
			for _, p := range patients {
				if err := yield(&row{Record: &e.Record, patient: p, items: []audit.ReleasedItem{t.Item}, received: t.Received, platforms: m.platforms, because: m.because}); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
