// Package signal is the report of what in a trail somebody should look at: what package signals finds, each with its baseline.
package signal

import (
	"context"
	"math"
	"time"

	"vestibule/internal/report"
	"vestibule/internal/report/plain"
	"vestibule/internal/signals"
)

// Options say what is looked at.
type Options struct {
	signals.Settings
	Hours     string            // as written; empty: not known
	Began     time.Time         // when the trail begins
	Platforms map[string]string // titles by name
}

// Make makes the report.
func Make(ctx context.Context, trail report.Trail, o Options) (report.Report, error) {
	found, err := Find(ctx, trail, o)
	if err != nil {
		return report.Report{}, err
	}
	return report.Report{Title: title, Lead: Lead(found), Sections: Sections(found, o), Notes: Notes(found, o)}, nil
}

// Find reads the trail from where the baselines begin.
func Find(ctx context.Context, trail report.Trail, o Options) (signals.Summary, error) {
	trail.From = o.Begin()
	return signals.Find(ctx, trail, o.Settings)
}

// Lead is what was found, in two sentences.
func Lead(found signals.Summary) []report.Text {
	first := leadNone
	if n := len(found.Findings); n > 0 {
		first = report.Many(n, leadOne, leadMany)
	}
	return []report.Text{first, leadOf.With(report.Number(found.Accesses), report.Number(found.People))}
}

// Notes are how to read the findings, and what was not looked for.
func Notes(found signals.Summary, o Options) []report.Text {
	out := []report.Text{noteNoVerdict}
	if o.Settings.Hours == nil {
		out = append(out, noteHours)
	}
	if o.Register == nil {
		out = append(out, noteRegister)
	}
	if len(found.NoBaseline) > 0 {
		var people []report.Value
		for _, key := range found.NoBaseline {
			people = append(people, report.Code(key))
		}
		out = append(out, noteNoBaseline.With(report.List(people...)))
	}
	if o.Began.After(o.Begin()) {
		out = append(out, noteShort.With(report.Day(o.Began)))
	}
	return out
}

// Sections are the findings, a section for each signal that was looked for.
func Sections(found signals.Summary, o Options) []report.Section {
	var out []report.Section
	for _, s := range signals.Signals() {
		n, wanted := nameOf(s), true
		switch s {
		case signals.AfterHours:
			wanted = o.Settings.Hours != nil
		case signals.SameSurname, signals.OwnRecord, signals.Staff:
			wanted = o.Register != nil
		}
		if wanted {
			out = append(out, section(n, s, found, o))
		}
	}
	return out
}

func nameOf(s signals.Signal) named {
	switch s {
	case signals.AfterHours:
		return namedAfterHours
	case signals.Volume:
		return namedVolume
	case signals.FirstTime:
		return namedFirst
	case signals.SameSurname:
		return namedSurname
	case signals.OwnRecord:
		return namedOwn
	case signals.Staff:
		return namedStaff
	}
	return namedSequence
}

func section(n named, s signals.Signal, found signals.Summary, o Options) report.Section {
	var rows [][]report.Value
	for i := range found.Findings {
		if f := &found.Findings[i]; f.Signal == s {
			rows = append(rows, []report.Value{report.At(f.From), report.At(f.Until), plain.Who(&f.Last), plain.Organisation(&f.Last, o.Platforms),
				whatOf(f), baselineOf(f, o), some(f.Patients, report.Say(none)), some(f.Receipts, report.Value{})})
		}
	}
	return report.Section{ID: n.id, Title: n.title, Intro: []report.Text{n.intro}, None: leadNone, Rows: report.Fixed(rows), Columns: []report.Column{
		{ID: "from", Title: columnWhen, Width: 4}, {ID: "until", Title: columnUntil, Width: 4}, {ID: "who", Title: columnWho, Width: 4},
		{ID: "organisation", Title: columnWhere, Width: 4}, {ID: "found", Title: columnFound, Width: 4}, {ID: "baseline", Title: columnBaseline, Width: 5},
		{ID: "patients", Title: columnPatients, Width: 4}, {ID: "records", Title: columnReceipts, Width: 5},
	}}
}

// whatOf is what was counted.
func whatOf(f *signals.Finding) report.Value {
	switch f.Signal {
	case signals.Volume:
		if f.Of == signals.OfDocuments {
			return report.Say(report.Many(f.Count, foundDocument1, foundDocuments))
		}
		return report.Say(report.Many(f.Count, foundPatients1, foundPatients))
	case signals.FirstTime:
		return report.Say(foundMet.With(report.Say(report.Many(len(f.Patients), foundPatients1, foundPatients))))
	case signals.Sequence:
		return report.Say(foundSequence.With(report.Number(f.Count), report.Code(f.IDs[0]), report.Code(f.IDs[len(f.IDs)-1])))
	}
	return report.Say(report.Many(f.Count, foundAccesses1, foundAccesses))
}

// baselineOf is what it was held against.
func baselineOf(f *signals.Finding, o Options) report.Value {
	switch f.Signal {
	case signals.AfterHours:
		return report.Say(baseHours.With(report.Data(o.Hours)))
	case signals.Volume:
		b := f.Baseline
		return report.Say(baseVolume.With(decimal(b.Median), decimal(b.Spread), report.Number(b.Days), decimal(b.Score)))
	case signals.FirstTime:
		return report.Say(baseFirst)
	case signals.Sequence:
		return report.Say(baseSequence)
	}
	return report.Say(baseRegister)
}

// decimal is a number to one place, whole where it is.
func decimal(f float64) report.Value {
	tenths := int(math.Round(10 * f))
	if tenths%10 == 0 {
		return report.Number(tenths / 10)
	}
	return report.Say(pointed.With(report.Number(tenths/10), report.Number(tenths%10)))
}

// most is how many of a list a cell shows.
const most = 12

// some are the first of a list, and how many more there are.
func some(list []string, empty report.Value) report.Value {
	if len(list) == 0 {
		return empty
	}
	var out []report.Value
	for _, s := range list[:min(len(list), most)] {
		out = append(out, report.Code(s))
	}
	if n := len(list) - most; n > 0 {
		out = append(out, report.Say(more.With(report.Number(n))))
	}
	return report.List(out...)
}
