package assistant

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"vestibule/audit"
	"vestibule/internal/report"
	"vestibule/internal/report/plain"
)

// patientsShown is how many patients of one access a row names; the table of patients has all.
const patientsShown = 4

var ( // never written to
	title     = report.T("What one assistant did", "Ce qu’une personne assistante a fait")
	about     = report.T("{1} ({2})", "{1} ({2})")
	leadNone  = report.T("There is nothing on record of this person in this period.", "Rien n’est inscrit au sujet de cette personne durant cette période.")
	leadOne   = report.T("{1} session of work with {2}, {3} and {4}, about {5}; first on {6}, last on {7}.", "{1} séance de travail avec {2}, {3} et {4}, au sujet de {5} ; la première fois le {6}, la dernière fois le {7}.")
	leadMany  = report.T("{1} sessions of work with {2}, {3} and {4}, about {5}; first on {6}, last on {7}.", "{1} séances de travail avec {2}, {3} et {4}, au sujet de {5} ; la première fois le {6}, la dernière fois le {7}.")
	access    = report.T("{1} access", "{1} accès")
	accesses  = report.T("{1} accesses", "{1} accès")
	refusal   = report.T("{1} refusal", "{1} refus")
	refusals  = report.T("{1} refusals", "{1} refus")
	document  = report.T("{1} document opened", "{1} document ouvert")
	documents = report.T("{1} documents opened", "{1} documents ouverts")
	patient   = report.T("{1} patient", "{1} patient")
	patients  = report.T("{1} patients", "{1} patients")
	minutes   = report.T("{1} min", "{1} min")
	hours     = report.T("{1} h {2} min", "{1} h {2} min")
	oneMore   = report.T("and {1} more", "et {1} autre")
	more      = report.T("and {1} more", "et {1} autres")
	alike     = report.T("{1}, {2} times until {3}", "{1}, {2} fois jusqu’au {3}")

	titleSessions = report.T("Sessions of work", "Séances de travail")
	titleTimeline = report.T("Each access", "Chaque accès")
	titlePatients = report.T("The patients", "Les patients")

	columnBegan     = report.T("Began", "Début")
	columnEnded     = report.T("Ended", "Fin")
	columnLasted    = report.T("Lasted", "Durée")
	columnAccesses  = report.T("Accesses", "Accès")
	columnRefusals  = report.T("Refusals", "Refus")
	columnDocuments = report.T("Documents opened", "Documents ouverts")
	columnPatients  = report.T("Patients", "Patients")
	columnPatient   = report.T("Patient", "Patient")
	columnWhen      = report.T("When", "Quand")
	columnWhat      = report.T("What was done", "Ce qui a été fait")
	columnInfo      = report.T("What kind of information", "Quel type de renseignements")
	columnAuthority = report.T("On whose authority", "Avec l’autorisation de qui")
	columnOutcome   = report.T("What came of it", "Résultat")
	columnAddress   = report.T("From", "Adresse")
	columnTimes     = report.T("Accesses that showed something", "Accès ayant montré quelque chose")

	whyNothing     = report.T("nothing of a patient was shown", "rien d’un patient n’a été montré")
	noteSession    = report.T("A session of work ends where nothing follows for more than {1} minutes.", "Une séance de travail prend fin quand rien ne suit pendant plus de {1} minutes.")
	noteUnverified = report.T("Refused sign-ins that only claimed to be this person are not counted here; the report of refusals has them.", "Les connexions refusées qui prétendaient seulement être cette personne ne sont pas comptées ici ; le rapport des refus les contient.")
	noteGateway    = report.T("What the person does outside the gateway is not seen here.", "Ce que la personne fait hors de la passerelle n’est pas visible ici.")
)

func (m *maker) lead() []report.Text {
	if len(m.sessions) == 0 {
		return []report.Text{leadNone}
	}
	s := &m.all
	return []report.Text{report.Many(len(m.sessions), leadOne, leadMany).With(
		report.Say(report.Many(s.accesses, access, accesses)), report.Say(report.Many(s.refusals, refusal, refusals)),
		report.Say(report.Many(s.documents, document, documents)), report.Say(report.Many(len(s.patients), patient, patients)),
		report.At(s.first), report.At(s.last))}
}

func (m *maker) sessionTable() report.Section {
	var rows [][]report.Value
	for _, s := range m.sessions {
		rows = append(rows, []report.Value{report.At(s.first), report.At(s.last), lasted(s.last.Sub(s.first)), report.Number(s.accesses),
			report.Number(s.refusals), report.Number(len(s.patients)), report.Number(s.documents)})
	}
	return report.Section{ID: "sessions", Title: titleSessions, None: leadNone, Rows: report.Fixed(rows), Columns: []report.Column{
		{ID: "began", Title: columnBegan, Width: 4}, {ID: "ended", Title: columnEnded, Width: 4}, {ID: "lasted", Title: columnLasted, Width: 3},
		{ID: "accesses", Title: columnAccesses}, {ID: "refusals", Title: columnRefusals}, {ID: "patients", Title: columnPatients}, {ID: "documents", Title: columnDocuments, Width: 3},
	}}
}

// lasted is a stretch of time in hours and minutes.
func lasted(d time.Duration) report.Value {
	all := int(d.Round(time.Minute).Minutes())
	if all < 60 {
		return report.Say(minutes.With(report.Number(all)))
	}
	return report.Say(hours.With(report.Number(all/60), report.Number(all%60)))
}

// timeline is each access, read while it is written.
func (m *maker) timeline(ctx context.Context) report.Section {
	rows := func(yield func([]report.Value) error) error {
		return m.accesses.Each(ctx, func(e audit.Entry) error {
			r := &e.Record
			what, info := plain.What(r), plain.Information(r.Released)
			if r.Repeats > 0 {
				what = report.Say(alike.With(what, report.Number(r.Repeats), report.At(r.Until)))
			}
			if info.IsZero() {
				info = report.Say(whyNothing)
			}
			return yield([]report.Value{report.Moment(r.Time), what, few(r.Patients), info, plain.Authority(r, m.o.Because), plain.Ended(r), plain.Address(r)})
		})
	}
	return report.Section{ID: "accesses", Title: titleTimeline, None: leadNone, Rows: rows, Columns: []report.Column{
		{ID: "time", Title: columnWhen, Width: 5}, {ID: "what", Title: columnWhat, Width: 4}, {ID: "patients", Title: columnPatients, Width: 4},
		{ID: "information", Title: columnInfo, Width: 6}, {ID: "authority", Title: columnAuthority, Width: 6}, {ID: "outcome", Title: columnOutcome, Width: 5},
		{ID: "address", Title: columnAddress, Width: 3},
	}}
}

// few are the first patients of an access, and how many more there are.
func few(refs []string) report.Value {
	var out []report.Value
	for _, ref := range refs[:min(len(refs), patientsShown)] {
		out = append(out, report.Code(ref))
	}
	if n := len(refs) - patientsShown; n > 0 {
		out = append(out, report.Say(report.Many(n, oneMore, more)))
	}
	return report.List(out...)
}

func (m *maker) patientTable() report.Section {
	keys := slices.SortedFunc(maps.Keys(m.patients), func(a, b string) int {
		return cmp.Or(cmp.Compare(m.patients[b], m.patients[a]), strings.Compare(a, b))
	})
	var rows [][]report.Value
	for _, p := range keys {
		rows = append(rows, []report.Value{report.Code(p), report.Number(m.patients[p])})
	}
	return report.Section{ID: "patients", Title: titlePatients, None: whyNothing, Rows: report.Fixed(rows), Columns: []report.Column{
		{ID: "patient", Title: columnPatient, Width: 4}, {ID: "times", Title: columnTimes, Width: 3},
	}}
}
