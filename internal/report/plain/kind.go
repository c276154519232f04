package plain

import (
	"strings"

	"vestibule/audit"
	"vestibule/internal/report"
)

// kinds are codes by which resources say what kind of information they are, the system's address before them where the code alone
// would be ambiguous.
var kinds = []word{
	{"loinc.org|57133-1", report.T("referral", "demande de consultation")},
	{"loinc.org|11488-4", report.T("consultation note", "note de consultation")},
	{"loinc.org|11502-2", report.T("laboratory report", "rapport de laboratoire")},
	{"loinc.org|11506-3", report.T("progress note", "note d’évolution")},
	{"loinc.org|18842-5", report.T("discharge summary", "sommaire de congé")},
	{"loinc.org|18748-4", report.T("imaging report", "rapport d’imagerie")},
	{"loinc.org|28635-1", report.T("psychiatry or psychotherapy note", "note de psychiatrie ou de psychothérapie")},
	{"loinc.org|34117-2", report.T("history and physical note", "anamnèse et examen physique")},
	{"loinc.org|34108-1", report.T("visit note", "note de visite")},
	{"loinc.org|34133-9", report.T("summary of an episode", "sommaire d’un épisode de soins")},
	{"loinc.org|57833-6", report.T("prescription", "ordonnance")},
	{"v2-0276|CHECKUP", report.T("check-up", "examen périodique")},
	{"v2-0276|EMERGENCY", report.T("emergency", "urgence")},
	{"v2-0276|FOLLOWUP", report.T("follow-up", "suivi")},
	{"v2-0276|ROUTINE", report.T("routine", "régulier")},
	{"v2-0276|WALKIN", report.T("walk-in", "sans rendez-vous préalable")},
	{"service-type|124", report.T("general practice", "médecine générale")},
	{"document-category|referral", report.T("referral", "demande de consultation")},
	{"document-category|lab", report.T("laboratory", "laboratoire")},
	{"document-category|consult", report.T("consultation", "consultation")},
	{"task-kind|book", report.T("booking", "prise de rendez-vous")},
	{"task-kind|call", report.T("call", "appel")},
	{"task-kind|chart", report.T("chart", "dossier")},
	{"task-kind|form", report.T("form", "formulaire")},
	{"task-kind|renew", report.T("renewal", "renouvellement")},
}

// Kind is what a code of a released item says: "system|code" in words, and the code itself where there are none.
func Kind(code string) report.Value {
	for _, w := range kinds {
		if strings.HasSuffix(code, "/"+w.code) {
			return report.Say(w.text)
		}
	}
	_, bare, ok := strings.Cut(code, "|")
	if !ok || bare == "" {
		bare = code
	}
	return report.Code(bare)
}

// counted are the types with their number: "2 appointments".
var counted = []struct {
	typ       string
	one, many report.Text
}{
	{"Appointment", report.T("{1} appointment", "{1} rendez-vous"), report.T("{1} appointments", "{1} rendez-vous")},
	{"Task", report.T("{1} task", "{1} tâche"), report.T("{1} tasks", "{1} tâches")},
	{"DocumentReference", report.T("{1} document’s description", "la description de {1} document"), report.T("the descriptions of {1} documents", "la description de {1} documents")},
}

var (
	textOther   = report.T("{1} × {2}", "{1} × {2}")
	textKinds   = report.T("{1} ({2})", "{1} ({2})")
	textWhole   = report.T("{1} document in full", "{1} document au complet")
	textWholes  = report.T("{1} documents in full", "{1} documents au complet")
	textPartly  = report.T("in part: {1} details were left out", "en partie : {1} éléments ont été retirés")
	textPartOne = report.T("in part: {1} detail was left out", "en partie : {1} élément a été retiré")
)

// Information is what kind of information items are: for each type how many, of which kinds, and how many documents left in full.
func Information(items []audit.ReleasedItem) report.Value {
	var out []report.Value
	removed, documents := 0, 0
	for _, typ := range typesOf(items) {
		n := 0
		var seen []string
		for i := range items {
			if typeOf(items[i].Ref) != typ {
				continue
			}
			n++
			for _, k := range items[i].Kinds {
				seen = appendNew(seen, k)
			}
			removed += items[i].Removed
			documents += items[i].Documents
		}
		out = append(out, named(typ, n, seen))
	}
	if documents > 0 {
		out = append(out, report.Say(report.Many(documents, textWhole, textWholes)))
	}
	if removed > 0 {
		out = append(out, report.Say(report.Many(removed, textPartOne, textPartly)))
	}
	return report.List(out...)
}

// named is a number of resources of a type, with the kinds among them.
func named(typ string, n int, seen []string) report.Value {
	what := report.Say(textOther.With(report.Number(n), report.Code(typ)))
	for _, c := range counted {
		if c.typ == typ {
			what = report.Say(report.Many(n, c.one, c.many))
		}
	}
	if len(seen) == 0 {
		return what
	}
	words := make([]report.Value, 0, len(seen))
	for _, k := range seen {
		words = append(words, Kind(k))
	}
	return report.Say(textKinds.With(what, report.Enumerate(words...)))
}

func typesOf(items []audit.ReleasedItem) (out []string) {
	for i := range items {
		out = appendNew(out, typeOf(items[i].Ref))
	}
	return out
}

// typeOf is the type of a reference "Type/id/_history/version".
func typeOf(ref string) string {
	typ, _, _ := strings.Cut(ref, "/")
	return typ
}

func appendNew(list []string, s string) []string {
	for _, have := range list {
		if have == s {
			return list
		}
	}
	return append(list, s)
}
