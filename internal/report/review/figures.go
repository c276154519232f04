package review

import (
	"vestibule/audit"
	"vestibule/fhir"
	"vestibule/internal/report"
	"vestibule/internal/report/plain"
)

// figures are what a month comes to.
type figures struct {
	people, patients                                map[string]bool
	reads, searches, writes, refused, failed, looks int
	withheld, documents, changes                    int
}

func newFigures() figures {
	return figures{people: make(map[string]bool), patients: make(map[string]bool)}
}

func (f *figures) add(r *audit.Record) {
	switch {
	case r.Phase == audit.PhaseIntent || r.Phase == audit.PhaseSystem:
		return
	case r.Agent.Role == audit.RoleAuditor:
		f.looks++
		return
	case r.Phase == audit.PhaseAdmin:
		f.changes++
		return
	case r.Phase == audit.PhaseDenial:
		f.refused += max(1, r.Repeats)
		return
	}
	f.withheld += r.Withheld
	if written, _ := plain.Written(r); written {
		f.writes++
		return
	}
	if r.Outcome != audit.OutcomeSuccess {
		f.failed++
		return
	}
	if len(r.Released) > 0 {
		f.people[r.Agent.Key()] = true
	}
	for _, p := range r.Patients {
		f.patients[p] = true
	}
	for i := range r.Released {
		f.documents += r.Released[i].Documents
	}
	switch fhir.InteractionKind(r.Interaction) {
	case fhir.InteractionRead:
		f.reads++
	case fhir.InteractionSearch:
		f.searches++
	case fhir.InteractionCreate, fhir.InteractionUpdate:
		f.writes++
	}
}

func (f *figures) section() report.Section {
	row := func(what report.Text, n int) []report.Value {
		return []report.Value{report.Say(what), report.Number(n)}
	}
	rows := [][]report.Value{
		row(figurePeople, len(f.people)), row(figurePatients, len(f.patients)), row(figureReads, f.reads), row(figureSearches, f.searches),
		row(figureWrites, f.writes), row(figureDocuments, f.documents), row(figureWithheld, f.withheld), row(figureRefused, f.refused),
		row(figureFailed, f.failed), row(figureLooks, f.looks), row(figureChanges, f.changes),
	}
	return report.Section{ID: "figures", Title: titleFigures, Rows: report.Fixed(rows), Columns: []report.Column{
		{ID: "what", Title: columnWhat, Width: 8}, {ID: "number", Title: columnNumber, Width: 2},
	}}
}
