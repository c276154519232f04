package report

// The texts around every report. They are never written to.
var (
	wordClinic  = T("Clinic", "Clinique")
	wordAbout   = T("About", "Objet")
	wordPeriod  = T("Period", "Période")
	wordMade    = T("Made", "Établi")
	wordZone    = T("Times", "Heures")
	wordSummary = T("Summary", "Sommaire")
	wordNotes   = T("How to read this report", "Comment lire ce rapport")
	wordProof   = T("Proof", "Preuve")
	wordSection = T("Section", "Section")
	wordPage    = T("Page {1} of {2}", "Page {1} de {2}")

	sayClinic    = T("{1} ({2})", "{1} ({2})")
	sayMade      = T("{1} by {2}, with {3}", "{1} par {2}, avec {3}")
	sayZone      = T("those of the clinic, {1}", "celles de la clinique, {1}")
	sayWhole     = T("from the beginning of the trail until {1}", "du début du registre jusqu’au {1}")
	saySince     = T("from {1} until {2}", "du {1} jusqu’au {2}")
	sayNone      = T("There is nothing to list.", "Il n’y a rien à énumérer.")
	sayLog       = T("Log {1}: {2} records signed, root {3}.", "Registre {1} : {2} entrées signées, racine {3}.")
	sayKeep      = T("Keep these lines: whoever has them can show later that nothing recorded before was changed, removed or added. “vestibule audit export” and “vestibule audit verify” check the whole trail against them.", "Conservez ces lignes : elles permettent de démontrer plus tard que rien de ce qui précède n’a été modifié, retiré ni ajouté. Les commandes « vestibule audit export » et « vestibule audit verify » vérifient tout le registre.")
	sayUnsigned  = T("Nothing of this trail is signed yet.", "Rien de ce registre n’est encore signé.")
	sayDeleted   = T("{1} records of this log were deleted at the end of their retention or by law, the last on {2}. That they existed is still proved; what they said is not known any more and is not in this report.", "{1} entrées de ce registre ont été supprimées à la fin de leur conservation ou en vertu de la loi, la dernière fois le {2}. Leur existence reste prouvée ; leur contenu n’est plus connu et ne figure pas dans ce rapport.")
	sayOtherFont = T("Characters that this document’s font does not have are shown as U+ and their number; the other formats show them.", "Les caractères absents de la police de ce document sont remplacés par U+ et leur numéro ; les autres formats les affichent.")
)
