package plain

import (
	"strings"

	"vestibule/audit"
	"vestibule/internal/report"
)

// word is a row of a table of codes.
type word struct {
	code string
	text report.Text
}

// find is the text of a code.
func find(table []word, code string) (report.Text, bool) {
	for _, w := range table {
		if w.code == code {
			return w.text, true
		}
	}
	return report.Text{}, false
}

var interactions = []word{ // never written to, as all that follows
	{"read", report.T("looked at", "a consulté")},
	{"vread", report.T("asked for an older version of", "a demandé une version antérieure de")},
	{"search-type", report.T("searched", "a cherché")},
	{"search-system", report.T("searched everything", "a cherché partout")},
	{"create", report.T("created", "a créé")},
	{"update", report.T("changed", "a modifié")},
	{"patch", report.T("changed", "a modifié")},
	{"delete", report.T("asked to delete", "a demandé la suppression de")},
	{"history", report.T("asked for the history of", "a demandé l’historique de")},
	{"batch", report.T("sent several requests at once", "a envoyé plusieurs demandes à la fois")},
	{"operation", report.T("asked for an operation", "a demandé une opération")},
	{"capabilities", report.T("asked what the clinic offers", "a demandé ce que la clinique offre")},
	{"audit-read", report.T("looked at an entry of this trail", "a consulté une entrée de ce registre")},
	{"audit-search", report.T("searched this trail", "a fait une recherche dans ce registre")},
	{"audit-export", report.T("exported this trail", "a exporté ce registre")},
	{"audit-proof", report.T("asked for a proof out of this trail", "a demandé une preuve tirée de ce registre")},
	{"audit-report", report.T("made a report of this trail", "a établi un rapport tiré de ce registre")},
	{"audit-verify", report.T("verified this trail", "a vérifié ce registre")},
	{"audit-replay", report.T("decided past accesses again", "a rejoué des accès passés")},
	{"forward-again", report.T("sent entries of this trail again", "a renvoyé des entrées de ce registre")},
	{"trail-review", report.T("reviewed a month of this trail", "a examiné un mois de ce registre")},
	{"retention-delete", report.T("deleted entries at the end of their retention", "a supprimé des entrées à la fin de leur conservation")},
	{"erasure", report.T("deleted entries by law", "a supprimé des entrées en vertu de la loi")},
	{"audit-shrink", report.T("looked at what a grant was used for", "a examiné l’usage d’une autorisation")},
}

// wanted are interactions that came to nothing.
var wanted = []word{
	{"read", report.T("wanted to look at", "voulait consulter")},
	{"search-type", report.T("wanted to search", "voulait chercher")},
	{"create", report.T("wanted to create", "voulait créer")},
	{"update", report.T("wanted to change", "voulait modifier")},
	{"patch", report.T("wanted to change", "voulait modifier")},
	{"audit-search", report.T("wanted to search this trail", "voulait chercher dans ce registre")},
	{"audit-read", report.T("wanted to look at an entry of this trail", "voulait consulter une entrée de ce registre")},
}

var types = []word{
	{"Appointment", report.T("appointments", "rendez-vous")},
	{"Task", report.T("tasks", "tâches")},
	{"DocumentReference", report.T("documents", "documents")},
	{"Patient", report.T("the patient’s own record", "dossier du patient")},
	{"Binary", report.T("a document’s content", "contenu d’un document")},
	{"AuditEvent", report.T("the trail", "registre des accès")},
}

var (
	textAsked    = report.T("asked for", "a demandé")
	textDid      = report.T("{1}: {2}", "{1} : {2}")
	whyUnread    = report.T("the request could not be understood", "la demande n’a pas pu être comprise")
	whyNoAccess  = report.T("this was no access to a resource", "ce n’était pas un accès à une ressource")
	whyNoPurpose = report.T("the person’s sign-in states no purpose", "la connexion de la personne n’indique aucune finalité")
)

// Did is what was done, without saying to what.
func Did(r *audit.Record) report.Value {
	name := r.Interaction
	if name == "" {
		name = r.Admin.Action
	}
	if name == "" && r.Type != "" {
		return report.Say(textAsked)
	}
	if name == "" {
		return report.Unknown(whyUnread)
	}
	_, written := Written(r)
	if text, ok := find(wanted, name); ok && !written && (r.Phase == audit.PhaseDenial || r.Phase == audit.PhaseOutcome && r.Outcome != audit.OutcomeSuccess) {
		return report.Say(text)
	}
	if text, ok := find(interactions, name); ok {
		return report.Say(text)
	}
	return report.Code(name)
}

// Type is what kind of resource it was.
func Type(r *audit.Record) report.Value {
	if r.Type == "" {
		return report.Unknown(whyNoAccess)
	}
	if text, ok := find(types, r.Type); ok {
		return report.Say(text)
	}
	return report.Code(r.Type)
}

// What is what was done, and to what kind of resource.
func What(r *audit.Record) report.Value {
	if r.Type == "" {
		return Did(r)
	}
	return report.Say(textDid.With(Did(r), Type(r)))
}

// purposes are the codes of v3-ActReason that the gateway lets through, see http://terminology.hl7.org/ValueSet/v3-PurposeOfUse.
var purposes = []word{
	{"PATADMIN", report.T("patient administration, such as booking", "administration des patients, comme la prise de rendez-vous")},
	{"TREAT", report.T("treatment", "traitement")},
	{"COC", report.T("coordination of care", "coordination des soins")},
	{"CAREMGT", report.T("care management", "gestion des soins")},
	{"RECORDMGT", report.T("keeping the records in order", "tenue des dossiers")},
	{"HPAYMT", report.T("payment for health care", "paiement des soins")},
	{"HOPERAT", report.T("running the clinic", "fonctionnement de la clinique")},
	{"HTEST", report.T("a test", "essai")},
	{"ETREAT", report.T("emergency treatment", "traitement d’urgence")},
	{"BTG", report.T("breaking the glass, in an emergency", "bris de glace, en cas d’urgence")},
	{"PATRQT", report.T("the patient asked for it", "demande du patient")},
	{"FAMRQT", report.T("the family asked for it", "demande de la famille")},
	{"SUPNWK", report.T("help by a supporting person", "aide d’une personne de soutien")},
	{"PUBHLTH", report.T("public health", "santé publique")},
	{"HRESCH", report.T("research", "recherche")},
	{"HMARKT", report.T("marketing", "marketing")},
}

// Purposes is why, in the words of the person’s sign-in.
func Purposes(r *audit.Record) report.Value {
	var out []report.Value
	for _, code := range r.Purposes {
		if text, ok := find(purposes, strings.ToUpper(code)); ok {
			out = append(out, report.Say(text))
		} else {
			out = append(out, report.Code(code))
		}
	}
	if len(out) == 0 {
		return report.Unknown(whyNoPurpose)
	}
	return report.List(out...)
}
