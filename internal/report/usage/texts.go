package usage

import "vestibule/internal/report"

var ( // never written to
	title        = report.T("What grants are used for", "À quoi servent les autorisations")
	leadNoGrants = report.T("No grant is in force.", "Aucune autorisation n’est en vigueur.")
	leadGrants   = report.T("Grants in force that were not used in this period: {1} of {2}.", "Autorisations en vigueur qui n’ont pas servi durant cette période : {1} sur {2}.")
	leadParts    = report.T("Permissions of the others that were not used: {1} of {2}.", "Permissions des autres qui n’ont pas servi : {1} sur {2}.")

	noteCertain  = report.T("The trail says under which grant something was done, not under which of its permissions. “Never” is certain; a count is the most that a permission can have been used.", "Le registre indique l’autorisation en vertu de laquelle un accès a eu lieu, non la permission précise. « Jamais » est certain ; un nombre est le maximum possible pour cette permission.")
	noteWhatNext = report.T("A grant that is not used any more can be taken back: “vestibule grants revoke”. One that is broader than its use can be narrowed with evidence: “vestibule grants shrink”.", "Une autorisation qui ne sert plus peut être retirée : « vestibule grants revoke ». Une autorisation plus large que son usage peut être resserrée, preuves à l’appui : « vestibule grants shrink ».")
	noteShort    = report.T("The trail begins on {1}; of the time before nothing is known.", "Le registre commence le {1} ; rien n’est connu du temps qui précède.")

	titleGrants = report.T("Grants", "Autorisations")
	titleParts  = report.T("Permissions", "Permissions")
	introParts  = report.T("What each grant allows, as it writes it.", "Ce que permet chaque autorisation, tel qu’elle l’écrit.")

	columnGrant    = report.T("Grant", "Autorisation")
	columnTo       = report.T("To", "À qui")
	columnUntil    = report.T("Until", "Jusqu’au")
	columnAccesses = report.T("Accesses", "Accès")
	columnAtMost   = report.T("Accesses, at most", "Accès, au plus")
	columnPeople   = report.T("People", "Personnes")
	columnLast     = report.T("Last used", "Dernier usage")
	columnScope    = report.T("Permission", "Permission")
	never          = report.T("never", "jamais")
)
