package law

import "vestibule/internal/report"

// Laws are the laws, each with the elements that its text lists, in its order.
func Laws() []Law {
	return []Law{ontario(), network(), alberta(), quebec(), novaScotia(), manitoba()}
}

func ontario() Law {
	return Law{Name: "on-phipa-10.1",
		Title:    report.T("Electronic audit log, Ontario", "Registre électronique de vérification, Ontario"),
		Citation: report.T("Personal Health Information Protection Act, 2004, s. 10.1 (4)", "Loi de 2004 sur la protection des renseignements personnels sur la santé, par. 10.1 (4)"),
		Status:   report.T("Section 10.1 was enacted in 2020, to come into force on proclamation; no proclamation was known when this was written.", "L’article 10.1 a été édicté en 2020, à entrer en vigueur par proclamation ; aucune proclamation n’était connue au moment de la rédaction."),
		sections: []part{{"accesses", titleAccesses, accesses, []Element{
			{"type", "10.1(4)(a)", report.T("type of information viewed, handled, modified or otherwise dealt with", "type de renseignements consultés, traités, modifiés ou utilisés autrement"), 6, information},
			{"time", "10.1(4)(b)", elementDateTime, 5, moment},
			{"person", "10.1(4)(c)", report.T("identity of all persons who did so", "identité de toutes les personnes l’ayant fait"), 5, personAndIdentity},
			{"individual", "10.1(4)(d)", report.T("identity of the individual", "identité du particulier"), 4, individual},
			{"prescribed", "10.1(4)(e)", report.T("anything else prescribed", "tout autre élément prescrit"), 4, prescribed},
			{"action", "10.1(4)", report.T("how it was dealt with", "ce qui en a été fait"), 3, action},
		}}}}
}

func network() Law {
	return Law{Name: "on-hinp-6.3",
		Title:    report.T("Accesses and transfers, health information network provider, Ontario", "Accès et transferts, fournisseur d’un réseau d’information sur la santé, Ontario"),
		Citation: report.T("O. Reg. 329/04, s. 6 (3), paragraph 4", "Règl. de l’Ont. 329/04, par. 6 (3), disposition 4"),
		Status:   report.T("The duty is that of a provider who lets custodians disclose to one another; whether the gateway is one depends on how it is used.", "L’obligation vise le fournisseur qui permet aux dépositaires de se divulguer des renseignements ; que la passerelle en soit un dépend de son usage."),
		sections: []part{
			{"accesses", report.T("¶ 4 (i): all accesses", "disp. 4 (i) : tous les accès"), accesses, []Element{
				{"person", "4(i)", report.T("person who accessed", "personne ayant eu accès"), 5, personAndIdentity},
				{"date", "4(i)", elementDate, 3, date}, {"time", "4(i)", elementTime, 4, timeOfDay},
				{"information", "4(i)", report.T("all or part of the information", "tout ou partie des renseignements"), 6, what},
			}},
			{"transfers", report.T("¶ 4 (ii): all transfers", "disp. 4 (ii) : tous les transferts"), transfers, []Element{
				{"from", "4(ii)", report.T("person who transferred it", "personne l’ayant transféré"), 5, sender},
				{"to", "4(ii)", report.T("person or address to whom it was sent", "personne ou adresse à qui il a été envoyé"), 6, recipient},
				{"date", "4(ii)", elementDate, 3, date}, {"time", "4(ii)", elementTime, 4, timeOfDay},
				{"information", "4(ii)", report.T("what was transferred", "ce qui a été transféré"), 6, what},
			}},
		}}
}

func alberta() Law {
	return Law{Name: "ab-118-2010",
		Title:    report.T("Log of the electronic health information system, Alberta", "Journal du système électronique d’information sur la santé, Alberta"),
		Citation: report.T("Alberta Electronic Health Record Regulation, Alta. Reg. 118/2010, s. 6", "Alberta Electronic Health Record Regulation, Alta. Reg. 118/2010, art. 6"),
		Status:   report.T("It binds authorized custodians of the Alberta EHR; a provincial logging and auditing standard may ask for more.", "Il lie les dépositaires autorisés du DSE de l’Alberta ; une norme provinciale de journalisation peut en demander davantage."),
		sections: []part{{"accesses", titleAccesses, accesses, []Element{
			{"user", "6(a)", report.T("user identification and application identification", "identification de l’utilisateur et de l’application"), 6, userAndApplication},
			{"name", "6(b)", report.T("name of user and application", "nom de l’utilisateur et de l’application"), 5, nameAndApplication},
			{"role", "6(c)", report.T("role or job functions", "rôle ou fonctions"), 4, role},
			{"date", "6(d)", elementDate, 5, date}, {"time", "6(e)", elementTime, 5, timeOfDay},
			{"action", "6(f)", report.T("actions: creating, viewing, editing, deleting", "actions : création, consultation, modification, suppression"), 5, action},
			{"facility", "6(g)", report.T("name of facility or organization", "nom de l’établissement ou de l’organisation"), 4, custodian},
			{"screen", "6(h)", report.T("display screen number or reference", "numéro ou référence de l’écran"), 5, route},
			{"number", "6(i)", report.T("personal health number", "numéro personnel d’assurance maladie"), 5, healthNumber},
			{"individual", "6(j)", report.T("name of the individual", "nom du particulier"), 5, patientName},
			{"minister", "6(k)", report.T("anything else required by the Minister", "tout autre élément exigé par le ministre"), 4, prescribed},
			{"information", "6", report.T("what was dealt with", "ce dont il s’agissait"), 5, what},
		}}}}
}

func quebec() Law {
	return Law{Name: "qc-r22.1",
		Title:    report.T("Log of accesses and register of communications, Québec", "Journalisation des accès et registre des communications, Québec"),
		Citation: report.T("Act respecting health and social services information (R-22.1), ss. 103 and 265", "Loi sur les renseignements de santé et de services sociaux (R-22.1), art. 103 et 265"),
		Status:   report.T("Section 103 was not in force in the consolidation of November 2024; until it is, section 265 asks for a register of communications.", "L’article 103 n’était pas en vigueur dans la codification de novembre 2024 ; d’ici là, l’article 265 exige un registre des communications."),
		sections: []part{
			{"accesses", report.T("s. 103: accesses, uses and communications", "art. 103 : accès, utilisations et communications"), accesses, []Element{
				{"action", "103", report.T("access, use or communication", "accès, utilisation ou communication"), 4, action},
				{"information", "103", report.T("which information", "les renseignements visés"), 6, what},
				{"individual", "103", report.T("person concerned", "la personne concernée"), 4, individual},
				{"person", "103", report.T("by whom", "par qui"), 5, personAndIdentity},
				{"time", "103", elementDateTime, 5, moment},
			}},
			{"communications", report.T("s. 265: register of communications", "art. 265 : registre des communications"), accesses, []Element{
				{"type", "265", report.T("nature or type of information communicated", "nature ou type des renseignements communiqués"), 6, information},
				{"recipient", "265", report.T("person or group to whom it was communicated", "personne ou groupement à qui ils sont communiqués"), 5, recipient},
				{"purpose", "265", report.T("purposes", "finalités"), 5, purpose},
				{"justification", "265", report.T("justification", "justification"), 6, authority},
				{"individual", "265", report.T("person concerned", "la personne concernée"), 4, individual},
				{"time", "265", elementDateTime, 5, moment},
			}},
		}}
}

func novaScotia() Law {
	return Law{Name: "ns-phia",
		Title:    report.T("Record of user activity, Nova Scotia", "Relevé de l’activité des utilisateurs, Nouvelle-Écosse"),
		Citation: report.T("Personal Health Information Act, s. 63, and N.S. Reg. 217/2012", "Personal Health Information Act, art. 63, et N.S. Reg. 217/2012"),
		Status:   report.T("An individual may ask for it free of charge; for one person, see also the report on a patient.", "Un particulier peut le demander sans frais ; pour une personne, voyez aussi le rapport sur un patient."),
		sections: []part{{"activity", titleAccesses, accesses, []Element{
			{"name", "63", report.T("name of the individual", "nom du particulier"), 5, patientName},
			{"individual", "63", report.T("unique identifier of the individual", "identifiant unique du particulier"), 4, individual},
			{"person", "63", report.T("name of the person who accessed", "nom de la personne ayant eu accès"), 4, person},
			{"user", "63", report.T("user name or number", "nom ou numéro d’utilisateur"), 5, user},
			{"information", "63", report.T("description of the information accessed or that could have been", "description des renseignements consultés ou qui auraient pu l’être"), 6, what},
			{"time", "63", report.T("date and time, or range of times", "date et heure, ou plage horaire"), 5, moment},
		}}}}
}

func manitoba() Law {
	return Law{Name: "mb-phia",
		Title:    report.T("Record of user activity, Manitoba", "Relevé de l’activité des utilisateurs, Manitoba"),
		Citation: report.T("Personal Health Information Regulation, Man. Reg. 245/97, s. 4", "Règlement sur les renseignements médicaux personnels, Règl. du Man. 245/97, art. 4"),
		Status:   report.T("It is to be kept for three years at the least, and audited to find breaches.", "Il est conservé au moins trois ans et vérifié afin de déceler les atteintes."),
		sections: []part{{"activity", titleAccesses, accesses, []Element{
			{"individual", "4(1)", report.T("individuals whose information was accessed", "particuliers dont les renseignements ont été consultés"), 4, individual},
			{"person", "4(1)", report.T("persons who accessed it", "personnes y ayant eu accès"), 5, personAndIdentity},
			{"time", "4(1)", report.T("when it was accessed", "moment de l’accès"), 5, moment},
			{"component", "4(1)", report.T("system or component in which it was accessed", "système ou composante où il l’a été"), 5, component},
			{"disclosed", "4(1)", report.T("whether it was then disclosed", "s’il a ensuite été communiqué"), 6, disclosed},
			{"information", "4(1)", report.T("what was accessed", "ce qui a été consulté"), 5, what},
		}}}}
}
