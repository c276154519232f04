package signals

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"vestibule/audit"
	"vestibule/fhir"
)

// access is what the signals need of a record.
type access struct {
	receipt   string
	person    string
	time      time.Time // in the clinic's zone
	date      string    // its day, 2026-11-23
	day       int       // days since 1970-01-01, by the clinic's calendar
	target    string    // "Appointment/12" of a read or update, "Patient/12" of a search for one patient; empty: none in particular
	patients  []string  // whose data left
	lookedUp  []string  // those of them who were asked for in particular, not met on a list
	documents int
}

// accessOf is what a record tells of an access; false where it tells of none: an intent, what was done to the gateway, a look at
// the trail, a token that was refused, a count of refusals.
func accessOf(e audit.Entry, zone *time.Location) (access, bool) {
	r := &e.Record
	if r.Phase != audit.PhaseOutcome && r.Phase != audit.PhaseDenial && r.Phase != audit.PhaseUnresolved || r.Agent.Role != "" || r.Agent.Key() == "" || r.Repeats > 0 {
		return access{}, false
	}
	local := r.Time.In(zone)
	y, m, d := local.Date()
	a := access{
		receipt: e.Place(), person: r.Agent.Key(), time: local, date: local.Format(time.DateOnly),
		day: int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60)), patients: r.Patients,
	}
	for i := range r.Released {
		a.documents += r.Released[i].Documents
	}
	if ref, ok := fhir.ParseRef(r.Resource); ok && r.Interaction != string(fhir.InteractionCreate) {
		a.target = ref.Type + "/" + ref.ID
		a.lookedUp = r.Patients
	}
	if asked := patientsAsked(r.Query); len(asked) > 0 {
		if len(asked) == 1 {
			a.target = asked[0]
		}
		for _, patient := range r.Patients {
			if slices.Contains(asked, patient) {
				a.lookedUp = append(a.lookedUp, patient)
			}
		}
	}
	return a, true
}

// patientParameters are the search parameters of the three resource types whose value names a patient.
var patientParameters = [...]string{"patient", "subject", "actor"} // never written to

// patientsAsked are the patients that a search names, "Patient/1", each once.
func patientsAsked(query string) []string {
	if query == "" {
		return nil
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil
	}
	var out []string
	for name, list := range values {
		base, modifier, _ := strings.Cut(name, ":")
		if !slices.Contains(patientParameters[:], base) {
			continue
		}
		for _, one := range strings.Split(strings.Join(list, ","), ",") {
			ref, ok := fhir.ParseRef(one)
			switch {
			case ok && ref.Type == "Patient":
				one = ref.ID
			case ok || base != "patient" && modifier != "Patient" || !fhir.ValidID(one):
				continue
			}
			if patient := "Patient/" + one; !slices.Contains(out, patient) {
				out = append(out, patient)
			}
		}
	}
	slices.Sort(out)
	return out
}
