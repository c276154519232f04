package law

import "vestibule/internal/report"

var ( // never written to
	columnTitle     = report.T("{1} {2}", "{1} {2}")
	titleAccesses   = report.T("Accesses", "Accès")
	lead            = report.T("Every access of the period with the elements that the text lists; each column names its letter or paragraph.", "Chaque accès de la période avec les éléments que le texte énumère ; chaque colonne indique sa lettre ou sa disposition.")
	none            = report.T("There were none in this period.", "Il n’y en a eu aucun durant cette période.")
	elementDate     = report.T("date", "date")
	elementTime     = report.T("time", "heure")
	elementDateTime = report.T("date and time", "date et heure")

	whyNotHeld       = report.T("the record does not hold it", "l’entrée ne le contient pas")
	whyNoName        = report.T("the gateway holds no names of patients; the EMR has it under {1}", "la passerelle ne détient pas les noms des patients ; le DME l’a sous {1}")
	whyNoNumber      = report.T("the gateway holds no health numbers; the EMR has it under {1}", "la passerelle ne détient pas les numéros d’assurance maladie ; le DME l’a sous {1}")
	whyNotPrescribed = report.T("nothing more that was prescribed is known to this version", "cette version ne connaît aucun autre élément prescrit")

	wordProgram     = report.T("a program, not a person", "un programme, non une personne")
	wordGateway     = report.T("Vestibule, the clinic’s gateway", "Vestibule, la passerelle de la clinique")
	sayDisclosed    = report.T("yes: {1} with their content to {2}, {3}", "oui : {1} avec leur contenu à {2}, {3}")
	sayNotDisclosed = report.T("no document left; it was shown to the clinic’s assistant", "aucun document n’est sorti ; c’était montré à l’assistant de la clinique")

	noteAdvice  = report.T("This extract is not legal advice. Whether it applies, and what has to be given to whom, is for the clinic to decide; check the current consolidated law.", "Cet extrait ne constitue pas un avis juridique. Il revient à la clinique de décider s’il s’applique et ce qui doit être remis à qui ; vérifiez le texte de loi consolidé en vigueur.")
	noteUnknown = report.T("Where the trail does not hold an element, the cell says “unknown” and why.", "Quand le registre ne contient pas un élément, la case dit « inconnu » et pourquoi.")
	noteGateway = report.T("It covers accesses through the gateway. What people do in the clinic’s own system is recorded there. Refusals are in the report of refusals.", "Il couvre les accès par la passerelle. Ce qui se fait dans le système même de la clinique y est consigné. Les refus figurent dans le rapport des refus.")
)
