package demo

// The clinics of the world.
const (
	SignalHill = "signal-hill"
	Wascana    = "wascana"
)

// FrontDesk is the organization that owns the front desk's tasks in every clinic.
const FrontDesk = "Organization/front-desk"

// clinic is what makes one of the clinics.
type clinic struct {
	name, title, zone string
	city, province    string
	area              string // telephone area code
	number            string // identifier system of health numbers
	digits            int    // of a health number
	french            int    // percent of the patients with a French name
	practitioners     []practitioner
	comments          []string
}

type practitioner struct {
	id, prefix, given, family, code, role string
}

func (p practitioner) display() string { return p.prefix + " " + p.given + " " + p.family }

// Clinics lists the names of the clinics.
func Clinics() []string { return []string{SignalHill, Wascana} }

// Practitioner is the one whose appointments the assistant may book at the clinic.
func Practitioner(name string) string {
	c, ok := clinicOf(name)
	if !ok {
		return ""
	}
	return "Practitioner/" + c.practitioners[0].id
}

func clinicOf(name string) (clinic, bool) {
	switch name {
	case SignalHill:
		return signalHill(), true
	case Wascana:
		return wascana(), true
	}
	return clinic{}, false
}

func signalHill() clinic {
	return clinic{
		name: SignalHill, title: "Signal Hill Family Practice", zone: "America/St_Johns", city: "St. John's", province: "NL", area: "709",
		number: "https://fhir.infoway-inforoute.ca/NamingSystem/ca-nl-patient-healthcare-id", digits: 12, french: 25,
		practitioners: []practitioner{
			{"lee", "Dr.", "Grace", "Lee", "62247001", "Family practitioner"},
			{"okeefe", "Dr.", "Siobhán", "O'Keefe", "62247001", "Family practitioner"},
			{"noseworthy", "NP", "Wade", "Noseworthy", "224571005", "Nurse practitioner"},
		},
		comments: []string{
			"Patient asked for the last slot; anxious about results.", "Please call before 9, partner must not know.",
			"Interpreter booked.", "Bring pill organizer.", "Prefers Dr. Lee, do not swap.",
		},
	}
}

func wascana() clinic {
	return clinic{
		name: Wascana, title: "Clinique Wascana", zone: "America/Regina", city: "Regina", province: "SK", area: "306",
		number: "https://fhir.infoway-inforoute.ca/NamingSystem/ca-sk-patient-healthcare-id", digits: 9, french: 75,
		practitioners: []practitioner{
			{"cote", "Dre", "Hélène", "Côté", "62247001", "Médecin de famille"},
			{"lefevre", "Dr", "François", "Lefèvre", "62247001", "Médecin de famille"},
			{"deschamps", "Inf. prat.", "Maëlle", "Deschamps", "224571005", "Infirmière praticienne"},
		},
		comments: []string{
			"La patiente préfère être appelée au travail.", "Ne pas laisser de message à la maison.", "Interprète réservé.",
			"Apporter la liste des médicaments; reçu à remettre.", "Suivi du dossier à l'œuvre.",
		},
	}
}

func givenNames(french bool) []string {
	if french {
		return []string{"Zoé", "Benoît", "Anaïs", "Jérôme", "Lœtitia", "Noël", "Chloé", "Rémi", "Geneviève", "Théo", "Maëlys", "Loïc", "Élise", "Hugo", "Océane"}
	}
	return []string{"Wade", "Nora", "Callum", "Priya", "Desmond", "Hannah", "Minh", "Rosalind", "Obinna", "Kiera", "Tomas", "Ines", "Gordon", "Mabel", "Yusuf", "Jérôme"}
}

func familyNames(french bool) []string {
	if french {
		return []string{"Gagné", "Bélanger", "Lefrançois", "Œuvrard", "Côté", "Desrosiers", "Hébert", "Garçon", "Théberge", "Prévost", "Boulé", "Lacroix", "Aubé", "Ménard"}
	}
	return []string{"Noseworthy", "Pike", "Okonkwo", "Tremblett", "Sandhu", "Nguyễn", "O'Dea", "Fraser", "Whelan", "Kowalczyk", "Çelik", "Barnes", "Hynes", "Locke"}
}

// Zone is the clinic's IANA time zone; empty for a clinic that is not in the world.
func Zone(name string) string {
	c, _ := clinicOf(name)
	return c.zone
}
