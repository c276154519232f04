// Package document is the register of documents that passed the gateway: sent, where a document left with its content, and received,
// where somebody put one into the clinic's EMR. That a document is there, without its content, is no transfer; reports of accesses
// have it.
package document

import (
	"context"

	"vestibule/audit"
	"vestibule/internal/report"
	"vestibule/internal/report/plain"
)

// Transfer is one document that passed.
type Transfer struct {
	Entry    audit.Entry
	Item     audit.ReleasedItem
	Received bool
}

// Each calls f for every document that passed in the period, in the order of the trail.
func Each(ctx context.Context, trail report.Trail, f func(Transfer) error) error {
	q := audit.Search{Phases: []audit.Phase{audit.PhaseOutcome}, Outcomes: []audit.Outcome{audit.OutcomeSuccess}}
	return trail.Search(ctx, q, func(e audit.Entry) error {
		r := &e.Record
		for _, item := range r.Released {
			received := r.Interaction == "create" && r.Type == "DocumentReference"
			if item.Documents == 0 && !received {
				continue
			}
			if err := f(Transfer{e, item, received}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Make makes the report.
func Make(ctx context.Context, trail report.Trail, platforms map[string]string, because map[string]plain.Because) (report.Report, error) {
	counts := map[bool]int{}
	patients := map[string]bool{}
	err := Each(ctx, trail, func(t Transfer) error {
		counts[t.Received] += max(1, t.Item.Documents)
		for _, p := range t.Item.Patients {
			patients[p] = true
		}
		return nil
	})
	if err != nil {
		return report.Report{}, err
	}
	lead := report.Many(counts[false], leadSentOne, leadSent).With(report.Say(report.Many(counts[true], receivedOne, receivedMany)), report.Say(report.Many(len(patients), patientOne, patientMany)))
	r := report.Report{Title: title, Lead: []report.Text{lead}, Notes: []report.Text{noteWhat, noteWhere, noteAddress}}
	for _, received := range [...]bool{false, true} {
		r.Sections = append(r.Sections, section(ctx, trail, received, platforms, because))
	}
	return r, nil
}

// section is the documents of one direction, read while they are written.
func section(ctx context.Context, trail report.Trail, received bool, platforms map[string]string, because map[string]plain.Because) report.Section {
	s := report.Section{ID: "sent", Title: titleSent, None: noneSent}
	who, where := columnTo, columnToWhere
	if received {
		s = report.Section{ID: "received", Title: titleReceived, None: noneReceived}
		who, where = columnBy, columnByWhere
	}
	s.Columns = []report.Column{
		{ID: "time", Title: columnWhen, Width: 5}, {ID: "document", Title: columnDocument, Width: 5}, {ID: "kind", Title: columnKind, Width: 4},
		{ID: "patient", Title: columnPatient, Width: 4}, {ID: "who", Title: who, Width: 4}, {ID: "organisation", Title: where, Width: 5},
		{ID: "address", Title: columnAddress, Width: 4}, {ID: "purpose", Title: columnPurpose, Width: 5}, {ID: "authority", Title: columnAuthority, Width: 6},
	}
	s.Rows = func(yield func([]report.Value) error) error {
		return Each(ctx, trail, func(t Transfer) error {
			if t.Received != received {
				return nil
			}
			r := &t.Entry.Record
			return yield([]report.Value{report.Moment(r.Time), report.Code(t.Item.Ref), t.Kind(), plain.Patients(t.Item.Patients), plain.Who(r),
				plain.Organisation(r, platforms), plain.Address(r), plain.Purposes(r), plain.Authority(r, because)})
		})
	}
	return s
}

// Kind is what kind of document it is.
func (t Transfer) Kind() report.Value {
	var out []report.Value
	for _, k := range t.Item.Kinds {
		out = append(out, plain.Kind(k))
	}
	if len(out) == 0 {
		return report.Unknown(whyNoKind)
	}
	return report.Enumerate(out...)
}
