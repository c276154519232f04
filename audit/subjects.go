package audit

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"vestibule/fhir"
)

// subjects are the patients that a record has an event for: those that something was shown or written of, then those that a search
// named without that. BALP's PatientQuery is for both, and who asked for a patient and found nothing, because there is nothing or
// because a directive kept it back, has asked for that patient.
func (r *Record) subjects() []string {
	asked := r.asked()
	if len(asked) == 0 {
		return r.Patients
	}
	out := slices.Clone(r.Patients)
	for _, p := range asked {
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

// asked are the patients that a search named, "Patient/1", in the order of its parameters' names. A search as understood has them as
// references.
func (r *Record) asked() (out []string) {
	if !strings.Contains(r.Query, "Patient%2F") || shapeOf(r.Interaction).profile != "Query" { // nearly every record pays no more
		return nil
	}
	values, err := url.ParseQuery(r.Query)
	if err != nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if strings.Contains(name, ":") { // such as :not
			continue
		}
		for _, value := range values[name] {
			for one := range strings.SplitSeq(value, ",") {
				if ref, ok := fhir.ParseRef(one); ok && ref.Type == "Patient" && !slices.Contains(out, one) {
					out = append(out, one)
				}
			}
		}
	}
	return out
}
