package signal

import "vestibule/internal/report"

var ( // never written to
	title = report.T("What somebody should look at", "Ce qui mérite un examen")

	leadNone = report.T("Nothing was flagged.", "Rien n’a été signalé.")
	leadOne  = report.T("One thing was flagged.", "Un élément a été signalé.")
	leadMany = report.T("{1} things were flagged.", "{1} éléments ont été signalés.")
	leadOf   = report.T("Accesses in the period: {1}. People and programs who made them: {2}.", "Accès durant la période : {1}. Personnes et programmes à l’origine : {2}.")

	noteNoVerdict  = report.T("A flag is no verdict and stops nobody. Most of what is flagged has a good reason; the person who knows the work should find it.", "Un signalement n’est pas un verdict et n’arrête personne. La plupart ont une bonne explication ; il revient à quelqu’un qui connaît le travail de la trouver.")
	noteHours      = report.T("After hours: the clinic’s document does not say when it is open, so nothing was held against that. Add a line such as “hours: Mon-Fri 08:00-18:00”, or give --hours.", "Hors des heures : le document de la clinique ne dit pas quand elle est ouverte ; rien n’a donc été comparé. Ajoutez une ligne comme « hours: Mon-Fri 08:00-18:00 », ou donnez --hours.")
	noteRegister   = report.T("Same surname, own record, staff: no register of patients was given (--register), and the trail holds no names of patients, so nothing was held against that.", "Même nom de famille, propre dossier, personnel : aucune liste de patients n’a été donnée (--register), et le registre ne contient aucun nom de patient ; rien n’a donc été comparé.")
	noteNoBaseline = report.T("Volume: too few days of work among the 28 before are on record to compare with, for: {1}.", "Volume : trop peu de jours de travail figurent parmi les 28 précédents pour une comparaison, pour : {1}.")
	noteShort      = report.T("The trail begins on {1}. What is usual before that is not known, so that somebody’s first weeks show more patients as new to them.", "Le registre commence le {1}. Ce qui était habituel auparavant n’est pas connu ; les premières semaines d’une personne montrent donc davantage de patients comme nouveaux pour elle.")

	columnWhen     = report.T("When", "Quand")
	columnUntil    = report.T("Until", "Jusqu’à")
	columnWho      = report.T("Who", "Qui")
	columnWhere    = report.T("Organisation", "Organisation")
	columnFound    = report.T("What was found", "Ce qui a été trouvé")
	columnBaseline = report.T("Held against", "Comparé à")
	columnPatients = report.T("Patients", "Patients")
	columnReceipts = report.T("Records", "Entrées")

	foundAccesses1 = report.T("one access", "un accès")
	foundAccesses  = report.T("{1} accesses", "{1} accès")
	foundPatients1 = report.T("one patient", "un patient")
	foundPatients  = report.T("{1} patients", "{1} patients")
	foundDocument1 = report.T("one document", "un document")
	foundDocuments = report.T("{1} documents", "{1} documents")
	foundSequence  = report.T("{1} ids one after the other, {2} to {3}", "{1} identifiants à la suite, de {2} à {3}")
	foundMet       = report.T("{1}, asked for in particular", "{1}, par recherche ciblée")

	baseHours    = report.T("open {1}", "ouverture : {1}")
	baseVolume   = report.T("usually {1} a day, give or take {2} (the middle of {3} days worked); score {4}, flagged above 3.5", "habituellement {1} par jour, à {2} près (médiane de {3} jours travaillés) ; indice {4}, signalé au-dessus de 3,5")
	baseFirst    = report.T("the 28 days before, lists included", "les 28 jours précédents, listes comprises")
	baseRegister = report.T("the register of patients given", "la liste de patients fournie")
	baseSequence = report.T("five or more, at most ten minutes apart", "cinq ou plus, à dix minutes d’intervalle au plus")

	pointed = report.T("{1}.{2}", "{1},{2}")
	more    = report.T("and {1} more", "et {1} de plus")
	none    = report.T("none left", "aucun n’est sorti")
)

// named is a signal's heading and what it means.
type named struct {
	id           string
	title, intro report.Text
}

var (
	namedAfterHours = named{"after-hours", report.T("After hours", "Hors des heures d’ouverture"), report.T("Somebody worked while the clinic was closed. Programs that run by themselves are left out.", "Quelqu’un a travaillé alors que la clinique était fermée. Les programmes autonomes sont exclus.")}
	namedVolume     = named{"volume", report.T("Unusual volume", "Volume inhabituel"), report.T("Somebody handled far more patients or documents in a day than on their own days before.", "Quelqu’un a traité en un jour bien plus de patients ou de documents que lors de ses propres journées précédentes.")}
	namedFirst      = named{"first-time", report.T("Patients looked up for the first time", "Patients recherchés pour la première fois"), report.T("Somebody asked for a patient in particular whom they had met on no list and in no access before.", "Quelqu’un a demandé en particulier un patient que cette personne n’avait rencontré ni dans une liste ni lors d’un accès auparavant.")}
	namedSurname    = named{"same-surname", report.T("Same surname", "Même nom de famille"), report.T("The patient bears a name of the person who looked.", "Le patient porte un nom de la personne qui a consulté.")}
	namedOwn        = named{"own-record", report.T("One’s own record", "Son propre dossier"), report.T("Somebody looked at what is about themselves.", "Quelqu’un a consulté ce qui le concerne lui-même.")}
	namedStaff      = named{"staff", report.T("People who work here", "Membres du personnel"), report.T("The patient works at the clinic.", "Le patient travaille à la clinique.")}
	namedSequence   = named{"sequence", report.T("One number after the other", "Un numéro après l’autre"), report.T("Somebody asked for ids that follow each other, found or not, as when trying what is there.", "Quelqu’un a demandé des identifiants qui se suivent, trouvés ou non, comme pour essayer ce qui existe.")}
)
