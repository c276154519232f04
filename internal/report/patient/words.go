package patient

import "vestibule/internal/report"

var ( // never written to
	title = report.T("Who looked at this patient’s record", "Qui a consulté le dossier de ce patient")

	leadNobody   = report.T("In this period, nothing of this patient’s record was shown or changed through the gateway.", "Durant cette période, rien du dossier de ce patient n’a été montré ni modifié par la passerelle.")
	leadPeople   = report.T("{1} of {2} saw or changed something of this patient’s record, {3} times; first on {4}, last on {5}.", "Quelque chose du dossier de ce patient a été vu ou modifié {3} fois par {1} de {2} ; la première fois le {4}, la dernière fois le {5}.")
	leadOnce     = report.T("{1} of {2} saw or changed something of this patient’s record once, on {3}.", "Quelque chose du dossier de ce patient a été vu ou modifié une fois par {1} de {2}, le {3}.")
	leadAttempt  = report.T("{1} more request about this patient was refused, or showed nothing.", "{1} autre demande au sujet de ce patient a été refusée ou n’a rien montré.")
	leadAttempts = report.T("{1} more requests about this patient were refused, or showed nothing.", "{1} autres demandes au sujet de ce patient ont été refusées ou n’ont rien montré.")

	onePerson         = report.T("{1} person or program", "{1} personne ou programme")
	manyPeople        = report.T("{1} people or programs", "{1} personnes ou programmes")
	oneOrganisation   = report.T("{1} organisation", "{1} organisation")
	manyOrganisations = report.T("{1} organisations", "{1} organisations")

	titlePeople   = report.T("The people", "Les personnes")
	titleShown    = report.T("What was shown or changed", "Ce qui a été montré ou modifié")
	titleAttempts = report.T("What was refused, or showed nothing", "Ce qui a été refusé ou n’a rien montré")
	titleLooks    = report.T("Who asked this trail about the patient", "Qui a interrogé ce registre au sujet du patient")

	intros = [...][]report.Text{
		shown:   nil,
		attempt: {report.T("These requests named the patient, or something known to be the patient’s. Nothing of the patient was shown.", "Ces demandes nommaient le patient, ou un élément connu comme le sien. Rien du patient n’a été montré.")},
		look:    {report.T("Searches and reports like this one: what people saw is the list of accesses, not the patient’s record.", "Recherches et rapports comme celui-ci : on y voit la liste des accès, non le dossier du patient.")},
	}
	nones = [...]report.Text{
		shown:   leadNobody,
		attempt: report.T("There were none.", "Il n’y en a eu aucune."),
		look:    report.T("Nobody did.", "Personne ne l’a fait."),
	}

	columnWhen      = report.T("When", "Quand")
	columnWho       = report.T("Who", "Qui")
	columnWhere     = report.T("Organisation", "Organisation")
	columnRole      = report.T("Role or team", "Rôle ou équipe")
	columnWhat      = report.T("What kind of information", "Quel type de renseignements")
	columnWhy       = report.T("Why", "Pourquoi")
	columnAuthority = report.T("On whose authority", "Avec l’autorisation de qui")
	columnOutcome   = report.T("What came of it", "Résultat")
	columnProof     = report.T("Proof", "Preuve")
	columnShown     = report.T("Saw or changed", "A vu ou modifié")
	columnTried     = report.T("Refused or nothing shown", "Refusé ou rien montré")
	columnFirst     = report.T("First", "Première fois")
	columnLast      = report.T("Last", "Dernière fois")

	wordHere      = report.T("the clinic’s own machine", "la machine de la clinique")
	wordAuditor   = report.T("auditor of the clinic", "auditeur de la clinique")
	wordOperator  = report.T("operator of the gateway", "exploitant de la passerelle")
	wordOversight = report.T("oversight of accesses", "surveillance des accès")

	sayShown   = report.T("shown", "montré")
	sayCreated = report.T("created", "créé")
	sayChanged = report.T("changed", "modifié")
	sayLooked  = report.T("shown: entries of this trail", "montré : des entrées de ce registre")
	sayNothing = report.T("nothing was found, or shown", "rien n’a été trouvé ni montré")
	sayLocked  = report.T("{1} withheld, as the patient’s directive asks", "{1} retenu, selon la directive du patient")
	sayLockeds = report.T("{1} withheld, as the patient’s directive asks", "{1} retenus, selon la directive du patient")
	sayKept    = report.T("{1} withheld: outside what the person may see", "{1} retenu : hors de ce que la personne peut voir")
	sayKepts   = report.T("{1} withheld: outside what the person may see", "{1} retenus : hors de ce que la personne peut voir")

	noteGateway   = report.T("This report covers accesses through the gateway, by virtual assistants and programs. What people at the clinic do in its own system is recorded there.", "Ce rapport couvre les accès par la passerelle, faits par des assistants virtuels et des programmes. Ce que le personnel de la clinique fait dans son propre système est consigné dans celui-ci.")
	noteNames     = report.T("The patient is named by the number that the clinic’s system uses; the gateway holds neither names nor health numbers of patients. Names of people are those of their sign-in at the time.", "Le patient est désigné par le numéro qu’emploie le système de la clinique ; la passerelle ne détient ni noms ni numéros d’assurance maladie de patients. Les noms des personnes sont ceux de leur connexion à ce moment.")
	noteOthers    = report.T("One search can show several patients. Only what concerns this patient is told here.", "Une même recherche peut montrer plusieurs patients. Seul ce qui concerne ce patient figure ici.")
	noteDeny      = report.T("To ask about an entry, or to have something kept from somebody in future, speak to the clinic’s privacy officer.", "Pour poser une question sur une entrée, ou pour qu’un renseignement soit dorénavant soustrait à quelqu’un, adressez-vous à la personne responsable de la protection des renseignements à la clinique.")
	noteWords     = report.T("A grant is the clinic’s written permission for a person or a program to do certain work. Where a request was refused, the caller is whoever made it.", "Une autorisation est la permission écrite que la clinique donne à une personne ou à un programme pour un certain travail. Quand une demande a été refusée, l’appelant est la personne ou le programme qui l’a faite.")
	noteNumber    = report.T("Nothing was found under this number. The gateway does not know which numbers there are: compare it with the one in the clinic’s system, as a wrong one looks the same.", "Rien n’a été trouvé sous ce numéro. La passerelle ne sait pas quels numéros existent : comparez-le à celui du système de la clinique, car un numéro erroné donne le même résultat.")
	noteShownOnly = report.T("Only what was shown or changed was asked for; refused and fruitless requests are not in this report.", "Seul ce qui a été montré ou modifié était demandé ; les demandes refusées ou infructueuses ne figurent pas dans ce rapport.")
	noteCounted   = report.T("{1} refused requests of this period, of all people together, are recorded as a number only: nothing was shown, and whom they named is not on record.", "{1} demandes refusées de cette période, toutes personnes confondues, ne sont inscrites que comme un nombre : rien n’a été montré, et qui elles nommaient n’est pas inscrit.")
	noteProof     = report.T("The last column names the file of the proof bundle that proves the row. The bundle’s README says how to check it, with the clinic’s public key and without any network.", "La dernière colonne nomme le fichier du dossier de preuves qui prouve la ligne. Le fichier README du dossier explique comment vérifier, avec la clé publique de la clinique et sans réseau.")
	noteSealed    = report.T("A row whose record also names other patients, or may, is proved by a sealed file: it fixes the record without showing it. The clinic can show the record to somebody entitled to see it, such as the privacy commissioner, who can then check that it is the very one.", "Une ligne dont l’entrée nomme aussi d’autres patients, ou peut en nommer, est prouvée par un fichier scellé : il fixe l’entrée sans la montrer. La clinique peut montrer l’entrée à une personne qui y a droit, comme le commissaire à la protection de la vie privée, qui peut alors vérifier que c’est bien celle-là.")
)

// readme stands in every bundle.
var readme = report.T(`This folder proves the rows of a report: who looked at one patient’s record.

Rows proved by a file NNNN.tlog-proof with the record inside: {1}. Rows proved by a file in the
folder “sealed”: {2}; their records also name other patients, or may, so they are not here.
rows.ndjson says which row is which record of the clinic’s trail.

To check a row, get the clinic’s public key, log.pub, from another hand than this folder, and the
program vestibule. No network and no database are needed:

    vestibule audit verify --proof 0001.tlog-proof --key log.pub

It says VERIFIED and prints the record: compare it with the row. A sealed row is checked when the
clinic shows the record to somebody entitled to see it, such as the privacy commissioner:

    vestibule audit verify --proof sealed/0002.tlog-proof --record record.json --key log.pub

Only the very record that was there when the report was made passes. The records name the people
who looked and their network addresses: hand them on with care.
`, `Ce dossier prouve les lignes d’un rapport : qui a consulté le dossier d’un patient.

Lignes prouvées par un fichier NNNN.tlog-proof qui contient l’entrée : {1}. Lignes prouvées par un
fichier du dossier « sealed » : {2} ; leur entrée nomme aussi d’autres patients, ou peut en nommer,
elle n’est donc pas ici. rows.ndjson indique à quelle entrée du registre de la clinique correspond chaque ligne.

Pour vérifier une ligne, obtenez la clé publique de la clinique, log.pub, d’une autre main que ce
dossier, et le programme vestibule. Il ne faut ni réseau ni base de données :

    vestibule audit verify --proof 0001.tlog-proof --key log.pub

Le programme répond VERIFIED et imprime l’entrée : comparez-la à la ligne. Une ligne scellée se
vérifie quand la clinique montre l’entrée à une personne qui y a droit, comme le commissaire à la
protection de la vie privée :

    vestibule audit verify --proof sealed/0002.tlog-proof --record record.json --key log.pub

Seule l’entrée même qui s’y trouvait quand le rapport a été établi réussit l’épreuve. Les entrées
nomment les personnes qui ont consulté et leurs adresses réseau : ne les transmettez qu’avec soin.
`)
