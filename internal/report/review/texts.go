package review

import "vestibule/internal/report"

var ( // never written to
	title = report.T("Monthly review of the trail", "Revue mensuelle du registre des accès")

	titleFigures = report.T("The month in figures", "Le mois en chiffres")
	titleDrawn   = report.T("Drawn by lot", "Tirage au sort")
	titleSigned  = report.T("Signed off", "Signatures")

	introDrawn = report.T("For each of these, find out why it was needed: the appointment, the task, the call. The lot is drawn by the random salts of the records: nobody can choose, and the same month always gives the same lot.", "Pour chacun de ces accès, trouvez pourquoi il était nécessaire : le rendez-vous, la tâche, l’appel. Le tirage se fait par les sels aléatoires des entrées : personne ne peut choisir, et le même mois donne toujours le même tirage.")
	noneDrawn  = report.T("There was no access to draw.", "Il n’y avait aucun accès à tirer au sort.")
	noneSigned = report.T("Nobody has signed for this month yet.", "Personne n’a encore signé pour ce mois.")
	noteHow    = report.T("Go through what was flagged and what was drawn, ask the people concerned where you cannot tell, and note what needs a follow-up.", "Examinez ce qui a été signalé et tiré au sort, interrogez les personnes concernées au besoin, et notez ce qui exige un suivi.")
	noteSign   = report.T("Then sign: “vestibule audit sign-off --month {1} --sheet” with this file. The signature goes into the same trail as everything else.", "Ensuite, signez : « vestibule audit sign-off --month {1} --sheet » avec ce fichier. La signature est inscrite dans le même registre que tout le reste.")

	columnWhen      = report.T("When", "Quand")
	columnWho       = report.T("Who", "Qui")
	columnWhat      = report.T("What", "Quoi")
	columnNumber    = report.T("Number", "Nombre")
	columnPatients  = report.T("Patients", "Patients")
	columnWhy       = report.T("Why, as stated", "Pourquoi, selon la demande")
	columnRecord    = report.T("Record", "Entrée")
	columnExplained = report.T("Explained?", "Expliqué ?")
	columnSaid      = report.T("What was signed", "Ce qui a été signé")
	wordYesNo       = report.T("yes / no", "oui / non")

	figurePeople    = report.T("people and programs who were given something", "personnes et programmes qui ont reçu quelque chose")
	figurePatients  = report.T("patients of whom something left", "patients dont une donnée est sortie")
	figureReads     = report.T("single resources looked at", "ressources consultées une à une")
	figureSearches  = report.T("searches", "recherches")
	figureWrites    = report.T("resources created or changed", "ressources créées ou modifiées")
	figureDocuments = report.T("documents that left with their content", "documents sortis avec leur contenu")
	figureWithheld  = report.T("resources that the rules kept back", "ressources retenues par les règles")
	figureRefused   = report.T("requests refused", "demandes refusées")
	figureFailed    = report.T("requests that failed, at the EMR or on the way", "demandes échouées, au DME ou en chemin")
	figureLooks     = report.T("looks into the trail", "consultations du registre")
	figureChanges   = report.T("changes of grants and other settings, and reports", "changements d’autorisations et d’autres réglages, et rapports")
)
