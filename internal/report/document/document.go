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

// Of are the documents that passed in one record.
func Of(e audit.Entry) (out []Transfer) {
	r := &e.Record
	if r.Phase != audit.PhaseOutcome || r.Outcome != audit.OutcomeSuccess {
		return nil
	}
	for _, item := range r.Released {
		received := r.Interaction == "create" && r.Type == "DocumentReference"
		if item.Documents > 0 || received {
			out = append(out, Transfer{e, item, received})
		}
	}
	return out
}

// Make makes the report. It walks the period once; the tables read what it picked again while they are written.
func Make(ctx context.Context, trail report.Trail, platforms map[string]string, because map[string]plain.Because) (report.Report, error) {
	counts := map[bool]int{}
	patients := map[string]bool{}
	picked, err := trail.Pick(ctx, nil, func(e audit.Entry) (bool, error) {
		all := Of(e)
		for _, t := range all {
			counts[t.Received] += max(1, t.Item.Documents)
			for _, p := range t.Item.Patients {
				patients[p] = true
			}
		}
		return len(all) > 0, nil
	})
	if err != nil {
		return report.Report{}, err
	}
	lead := report.Many(counts[false], leadSentOne, leadSent).With(report.Say(report.Many(counts[true], receivedOne, receivedMany)), report.Say(report.Many(len(patients), patientOne, patientMany)))
	r := report.Report{Title: title, Lead: []report.Text{lead}, Notes: []report.Text{noteWhat, noteWhere, noteAddress}}
	for _, received := range [...]bool{false, true} {
		r.Sections = append(r.Sections, section(ctx, picked, received, platforms, because))
	}
	return r, nil
}

// section is the documents of one direction, read while they are written.
func section(ctx context.Context, picked report.Picked, received bool, platforms map[string]string, because map[string]plain.Because) report.Section {
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
		return picked.Each(ctx, func(e audit.Entry) error {
			for _, t := range Of(e) {
				if t.Received != received {
					continue
				}
				if err := yield(t.row(platforms, because)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return s
}

func (t Transfer) row(platforms map[string]string, because map[string]plain.Because) []report.Value {
	r := &t.Entry.Record
	return []report.Value{report.Moment(r.Time), report.Code(t.Item.Ref), t.Kind(), plain.Patients(t.Item.Patients), plain.Who(r),
		plain.Organisation(r, platforms), plain.Address(r), plain.Purposes(r), plain.Authority(r, because)}
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
