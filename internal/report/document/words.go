package document

import "vestibule/internal/report"

var ( // never written to
	title        = report.T("Documents sent and received", "Documents envoyés et reçus")
	leadSentOne  = report.T("{1} document was sent and {2}, about {3}.", "{1} document a été envoyé et {2}, au sujet de {3}.")
	leadSent     = report.T("{1} documents were sent and {2}, about {3}.", "{1} documents ont été envoyés et {2}, au sujet de {3}.")
	receivedOne  = report.T("{1} received", "{1} reçu")
	receivedMany = report.T("{1} received", "{1} reçus")
	patientOne   = report.T("{1} patient", "{1} patient")
	patientMany  = report.T("{1} patients", "{1} patients")

	titleSent     = report.T("Sent", "Envoyés")
	titleReceived = report.T("Received", "Reçus")
	noneSent      = report.T("No document left with its content.", "Aucun document n’est sorti avec son contenu.")
	noneReceived  = report.T("No document was put into the clinic’s system.", "Aucun document n’a été versé dans le système de la clinique.")
	whyNoKind     = report.T("the document does not say what kind it is", "le document n’indique pas son type")

	columnWhen      = report.T("When", "Quand")
	columnDocument  = report.T("Document", "Document")
	columnKind      = report.T("Kind", "Type")
	columnPatient   = report.T("Patient", "Patient")
	columnTo        = report.T("To whom", "À qui")
	columnToWhere   = report.T("At which organisation", "De quelle organisation")
	columnBy        = report.T("From whom", "De qui")
	columnByWhere   = report.T("Of which organisation", "De quelle organisation")
	columnAddress   = report.T("Network address", "Adresse réseau")
	columnPurpose   = report.T("Why", "Pourquoi")
	columnAuthority = report.T("On whose authority", "Avec l’autorisation de qui")

	noteWhat    = report.T("Sent is a document that left the gateway with its content. Who only saw that there is one is in the reports of accesses.", "Est envoyé un document sorti de la passerelle avec son contenu. Qui a seulement vu qu’il y en a un figure dans les rapports d’accès.")
	noteWhere   = report.T("Documents are sent to the clinic’s assistants and their programs. What they pass on is not seen here.", "Les documents sont envoyés aux assistants de la clinique et à leurs programmes. Ce qu’ils transmettent ensuite n’est pas visible ici.")
	noteAddress = report.T("The network address is where the request came from: the assistant’s, or that of the platform’s service.", "L’adresse réseau est celle d’où venait la demande : celle de l’assistant ou celle du service de la plateforme.")
)
