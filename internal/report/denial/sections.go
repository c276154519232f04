package denial

import (
	"context"

	"vestibule/audit"
	"vestibule/internal/report"
	"vestibule/internal/report/plain"
)

var ( // never written to
	title       = report.T("What was refused", "Ce qui a été refusé")
	leadNone    = report.T("Nothing was refused in this period.", "Rien n’a été refusé durant cette période.")
	leadOne     = report.T("{1} request was refused, for {2}, to {3}.", "{1} demande a été refusée, pour {2}, à {3}.")
	leadMany    = report.T("{1} requests were refused, for {2}, to {3}.", "{1} demandes ont été refusées, pour {2}, à {3}.")
	oneReason   = report.T("{1} reason", "{1} motif")
	manyReasons = report.T("{1} reasons", "{1} motifs")
	onePerson   = report.T("{1} person or program", "{1} personne ou programme")
	manyPeople  = report.T("{1} people or programs", "{1} personnes ou programmes")
	leadCommon  = report.T("Most often: {1}", "Le plus souvent : {1}")
	often       = report.T("{1} ({2})", "{1} ({2})")
	whyNoReason = report.T("an old record without a reason code", "une ancienne entrée sans code de motif")
	whyNoGrant  = report.T("no grant was concerned", "aucune autorisation n’était en cause")
	whyNoAddr   = report.T("it came over no network, or over one that does not say", "la demande n’est venue d’aucun réseau, ou d’un réseau qui ne le dit pas")
	alike       = report.T("{1}, {2} times until {3}", "{1}, {2} fois jusqu’au {3}")

	noteCounted    = report.T("Refusals that are alike and never reached the EMR are recorded one by one at first, and then counted minute by minute: such a record says how many there were, and from which network.", "Les refus semblables qui n’ont jamais atteint le DME sont d’abord inscrits un à un, puis comptés minute par minute : une telle entrée indique leur nombre et le réseau d’origine.")
	noteHidden     = report.T("The reasons are complete here. Whoever was refused saw less: what is unknown, hidden or out of reach looks alike to them.", "Les motifs sont complets ici. La personne refusée en a vu moins : ce qui est inconnu, masqué ou hors de portée lui paraît identique.")
	noteUnverified = report.T("“Not verified” are the names that refused sign-ins gave; anybody can claim them.", "« Non vérifié » désigne le nom donné lors d’une connexion refusée ; n’importe qui peut l’invoquer.")

	columnTimes   = report.T("Times", "Nombre")
	columnReason  = report.T("Reason", "Motif")
	columnMeans   = report.T("What it means", "Ce que cela signifie")
	columnNext    = report.T("What to do", "Que faire")
	columnPeople  = report.T("People", "Personnes")
	columnLast    = report.T("Last", "Dernière fois")
	columnFirst   = report.T("First", "Première fois")
	columnWho     = report.T("Who", "Qui")
	columnWhere   = report.T("Organisation", "Organisation")
	columnReasons = report.T("Reasons", "Motifs")
	columnGrant   = report.T("Grant", "Autorisation")
	columnWhen    = report.T("When", "Quand")
	columnWhat    = report.T("What was asked", "Ce qui était demandé")
	columnFrom    = report.T("From", "Adresse")
	columnID      = report.T("Decision", "Décision")

	titleReasons = report.T("By reason", "Par motif")
	titlePeople  = report.T("By person", "Par personne")
	titleGrants  = report.T("By grant", "Par autorisation")
	titleList    = report.T("Each refusal", "Chaque refus")
)

func (m *maker) lead() []report.Text {
	if m.times == 0 {
		return []report.Text{leadNone}
	}
	out := []report.Text{report.Many(m.times, leadOne, leadMany).With(
		report.Say(report.Many(len(m.reasons), oneReason, manyReasons)), report.Say(report.Many(len(m.people), onePerson, manyPeople)))}
	if means, _ := plain.Reason(m.reasons.ranked()[0]); !means.IsZero() {
		out = append(out, leadCommon.With(means))
	}
	return out
}

func (m *maker) byReason() report.Section {
	var rows [][]report.Value
	for _, code := range m.reasons.ranked() {
		t := m.reasons[code]
		means, next := plain.Reason(code)
		rows = append(rows, []report.Value{codeOf(code), report.Number(t.times), means, next, report.Number(len(t.people)), report.At(t.last)})
	}
	return report.Section{ID: "reasons", Title: titleReasons, None: leadNone, Rows: report.Fixed(rows), Columns: []report.Column{
		{ID: "reason", Title: columnReason, Width: 4}, {ID: "times", Title: columnTimes, Width: 2}, {ID: "means", Title: columnMeans, Width: 7},
		{ID: "next", Title: columnNext, Width: 7}, {ID: "people", Title: columnPeople, Width: 2}, {ID: "last", Title: columnLast, Width: 4},
	}}
}

func (m *maker) byPerson() report.Section {
	var rows [][]report.Value
	for _, key := range m.people.ranked() {
		t := m.people[key]
		rows = append(rows, []report.Value{t.who, t.where, report.Number(t.times), t.codes(), report.At(t.first), report.At(t.last)})
	}
	return report.Section{ID: "people", Title: titlePeople, None: leadNone, Rows: report.Fixed(rows), Columns: []report.Column{
		{ID: "who", Title: columnWho, Width: 5}, {ID: "organisation", Title: columnWhere, Width: 5}, {ID: "times", Title: columnTimes, Width: 2},
		{ID: "reasons", Title: columnReasons, Width: 6}, {ID: "first", Title: columnFirst, Width: 4}, {ID: "last", Title: columnLast, Width: 4},
	}}
}

func (m *maker) byGrant() report.Section {
	var rows [][]report.Value
	for _, grant := range m.grants.ranked() {
		t := m.grants[grant]
		name := report.Code(grant)
		if grant == "" {
			name = report.Say(whyNoGrant)
		}
		rows = append(rows, []report.Value{name, report.Number(t.times), t.codes(), report.Number(len(t.people)), report.At(t.last)})
	}
	return report.Section{ID: "grants", Title: titleGrants, None: leadNone, Rows: report.Fixed(rows), Columns: []report.Column{
		{ID: "grant", Title: columnGrant, Width: 5}, {ID: "times", Title: columnTimes, Width: 2}, {ID: "reasons", Title: columnReasons, Width: 8},
		{ID: "people", Title: columnPeople, Width: 2}, {ID: "last", Title: columnLast, Width: 4},
	}}
}

// list is every refusal, read while it is written.
func (m *maker) list(ctx context.Context) report.Section {
	rows := func(yield func([]report.Value) error) error {
		return m.refusals.Each(ctx, func(e audit.Entry) error {
			r := &e.Record
			var reasons []report.Value
			for _, code := range r.Reasons {
				if code != plain.Granted {
					reasons = append(reasons, report.Code(code))
				}
			}
			if len(reasons) == 0 {
				reasons = append(reasons, codeOf(""))
			}
			what, address := plain.What(r), report.Code(r.Agent.Address)
			if r.Repeats > 0 {
				what = report.Say(alike.With(what, report.Number(r.Repeats), report.At(r.Until)))
			}
			if r.Resource != "" {
				what = report.List(what, report.Code(r.Resource))
			}
			if r.Agent.Address == "" {
				address = report.Unknown(whyNoAddr)
			}
			return yield([]report.Value{report.Moment(r.Time), plain.Who(r), what, report.List(reasons...), address, report.Code(r.ID)})
		})
	}
	return report.Section{ID: "refusals", Title: titleList, None: leadNone, Rows: rows, Columns: []report.Column{
		{ID: "time", Title: columnWhen, Width: 4}, {ID: "who", Title: columnWho, Width: 5}, {ID: "what", Title: columnWhat, Width: 5},
		{ID: "reasons", Title: columnReasons, Width: 5}, {ID: "address", Title: columnFrom, Width: 3}, {ID: "decision", Title: columnID, Width: 5},
	}}
}
