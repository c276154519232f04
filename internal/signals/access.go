package signals

import (
	"maps"
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
	targets   []string  // what was asked for in particular: "Appointment/12" of a read or update or of a search by id, "Patient/12" of a search for patients
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
		a.targets = []string{ref.Type + "/" + ref.ID}
		a.lookedUp = r.Patients
	}
	asked, ids := asked(r)
	a.targets = slices.Concat(a.targets, ids, asked)
	for _, patient := range r.Patients {
		if len(ids) > 0 || slices.Contains(asked, patient) {
			a.lookedUp = append(a.lookedUp, patient)
		}
	}
	return a, true
}

// patientParameters are the search parameters of the three resource types whose value names a patient.
var patientParameters = [...]string{"patient", "subject", "actor"} // never written to

// asked are the patients that a search names, "Patient/1", each once, and the resources that it names by id, both in its order.
func asked(r *audit.Record) (patients, ids []string) {
	values, err := url.ParseQuery(r.Query)
	if err != nil || r.Interaction != string(fhir.InteractionSearch) {
		return nil, nil
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		base, modifier, _ := strings.Cut(name, ":")
		named := slices.Contains(patientParameters[:], base)
		for one := range strings.SplitSeq(strings.Join(values[name], ","), ",") {
			ref, ok := fhir.ParseRef(one)
			switch {
			case base == "_id" && fhir.ValidID(one):
				ids = append(ids, r.Type+"/"+one)
				continue
			case ok && ref.Type == "Patient":
				one = ref.ID
			case ok || base != "patient" && modifier != "Patient" || !fhir.ValidID(one):
				continue
			}
			if patient := "Patient/" + one; named && !slices.Contains(patients, patient) {
				patients = append(patients, patient)
			}
		}
	}
	return patients, ids
}
