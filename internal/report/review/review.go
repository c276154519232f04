// Package review is the sheet by which somebody looks at a clinic's trail once a month and signs that they did: the figures, what
// package signals flags, accesses drawn by lot, unused grants, and who signed before.
package review

import (
	"context"
	"fmt"
	"strings"

	"vestibule/audit"
	"vestibule/internal/report"
	"vestibule/internal/report/plain"
	"vestibule/internal/report/signal"
	"vestibule/internal/report/usage"
	"vestibule/internal/signals"
)

// Action is the action of signing a sheet, on record. Its subject is that of SignedOff.
const Action = "trail-review"

// Options say what the sheet is about.
type Options struct {
	signal.Options
	Grants []usage.Grant
	Month  string // 2026-10
	Drawn  int    // how many accesses are drawn
}

// SignedOff is the subject of the record of a signature: the month, what was signed, and what the reviewer has to say.
func SignedOff(month, sheet string, followUp int, note string) string {
	return strings.TrimSuffix(fmt.Sprintf("%s sha256:%s follow-up:%d %s", month, sheet, followUp, note), " ")
}

// maker gathers what the sheet says.
type maker struct {
	trail  report.Trail
	o      Options
	used   signals.Usage
	lot    signals.Sample
	counts figures
}

// Make makes the sheet.
func Make(ctx context.Context, trail report.Trail, o Options) (report.Report, error) {
	m := &maker{trail: trail, o: o, used: make(signals.Usage), lot: signals.Sample{Most: o.Drawn}, counts: newFigures()}
	m.trail.From = o.Begin()
	found, err := signals.Find(ctx, m, o.Settings)
	if err != nil {
		return report.Report{}, err
	}
	signed, err := m.signatures(ctx)
	if err != nil {
		return report.Report{}, err
	}
	r := report.Report{Title: title, About: report.Data(o.Month), Lead: append(signal.Lead(found), usage.Lead(m.used, o.Grants)...)}
	r.Sections = append(r.Sections, m.counts.section())
	r.Sections = append(r.Sections, signal.Sections(found, o.Options)...)
	r.Sections = append(r.Sections, m.drawn())
	r.Sections = append(r.Sections, usage.Sections(m.used, o.Grants)...)
	r.Sections = append(r.Sections, signed)
	r.Notes = append([]report.Text{noteHow, noteSign.With(report.Code(o.Month))}, signal.Notes(found, o.Options)...)
	return r, nil
}

// Walk goes through the trail once for everything: the signals want the days before the period too, the rest does not.
func (m *maker) Walk(ctx context.Context, each func(audit.Entry) error) error {
	return m.trail.Walk(ctx, func(e audit.Entry) error {
		if !e.Record.Time.Before(m.o.From) {
			m.used.Add(e)
			m.lot.Add(e)
			m.counts.add(&e.Record)
		}
		return each(e)
	})
}

// drawn are the accesses that the lot fell on.
func (m *maker) drawn() report.Section {
	var rows [][]report.Value
	for _, e := range m.lot.Drawn() {
		r := &e.Record
		rows = append(rows, []report.Value{report.Moment(r.Time), plain.Who(r), plain.What(r), codes(r.Patients), plain.Purposes(r),
			report.Code(e.Place()), report.Say(wordYesNo)})
	}
	return report.Section{ID: "drawn", Title: titleDrawn, Intro: []report.Text{introDrawn}, None: noneDrawn, Rows: report.Fixed(rows),
		Columns: []report.Column{
			{ID: "time", Title: columnWhen, Width: 4}, {ID: "who", Title: columnWho, Width: 4}, {ID: "what", Title: columnWhat, Width: 4},
			{ID: "patients", Title: columnPatients, Width: 4}, {ID: "why", Title: columnWhy, Width: 4}, {ID: "record", Title: columnRecord, Width: 4},
			{ID: "explained", Title: columnExplained, Width: 3},
		}}
}

// signatures are those on record for the month, whenever they were given.
func (m *maker) signatures(ctx context.Context) (report.Section, error) {
	var rows [][]report.Value
	all := m.trail
	all.From, all.Until = m.o.From, all.Until.AddDate(100, 0, 0)
	err := all.Search(ctx, audit.Search{Phases: []audit.Phase{audit.PhaseAdmin}}, func(e audit.Entry) error {
		about, said, ok := strings.Cut(e.Record.Admin.Subject, " ")
		if e.Record.Admin.Action == Action && ok && about == m.o.Month {
			rows = append(rows, []report.Value{report.Moment(e.Record.Time), plain.Who(&e.Record), report.Data(said), report.Code(e.Place())})
		}
		return nil
	})
	return report.Section{ID: "signatures", Title: titleSigned, None: noneSigned, Rows: report.Fixed(rows), Columns: []report.Column{
		{ID: "time", Title: columnWhen, Width: 4}, {ID: "who", Title: columnWho, Width: 4}, {ID: "said", Title: columnSaid, Width: 8},
		{ID: "record", Title: columnRecord, Width: 4},
	}}, err
}

func codes(list []string) report.Value {
	var out []report.Value
	for _, s := range list {
		out = append(out, report.Code(s))
	}
	return report.List(out...)
}
