package demo

// The platforms of the world and the programs that present their tokens.
const (
	PlatformAssistants = "assistco"          // employs assistants
	PlatformStaff      = "clinic-staff"      // the clinics' own people
	ClientAssistants   = "assistco-desktop"  // what assistants work with
	ClientStaff        = "vestibule-console" // what the clinics' people work with
)

// Person is somebody of the world who signs in.
type Person struct {
	Key      string // under which the demo hands out a token: "assistant", "stranger", …
	Subject  string // sub
	Name     string
	Platform string
	Client   string   // the client id of the platform's program
	Scopes   []string // what the token asks for
	Purposes []string // v3-ActReason codes
}

// The keys of the people.
const (
	Assistant = "assistant" // books at both clinics
	Stranger  = "stranger"  // works for the same platform, has no grant
	ClinicIT  = "clinic-it" // administrator of both clinics
	Auditor   = "auditor"   // auditor of both clinics
)

// People lists everybody who signs in. The assistant's token asks for more than her grants give: grants decide, a token
// only narrows.
func People() []Person {
	work := []string{"user/Appointment.crus", "user/Task.crus", "user/DocumentReference.crs"}
	office := []string{"PATADMIN"}
	return []Person{
		{Key: Assistant, Subject: "amara", Name: "Amara Okafor", Platform: PlatformAssistants, Client: ClientAssistants, Scopes: work, Purposes: office},
		{Key: Stranger, Subject: "noor", Name: "Noor Haddad", Platform: PlatformAssistants, Client: ClientAssistants, Scopes: work, Purposes: office},
		{Key: ClinicIT, Subject: "ivan", Name: "Ivan Tremblett", Platform: PlatformStaff, Client: ClientStaff, Purposes: office},
		{Key: Auditor, Subject: "ann", Name: "Ann Théberge", Platform: PlatformStaff, Client: ClientStaff, Scopes: []string{"user/AuditEvent.rs"}, Purposes: []string{"HOPERAT"}},
	}
}

// personOf is the one known under key.
func personOf(key string) Person {
	for _, p := range People() {
		if p.Key == key {
			return p
		}
	}
	return Person{}
}
