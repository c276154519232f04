package policy

import (
	"net/url"
	"slices"
	"strings"

	"vestibule/fhir"
)

// subjectPaths is where resources refer to their patients: what the search parameter patient looks at, and where R4 has
// another element for one. In Task.focus a patient is one thing among many, so that only a reference that can be read counts.
func subjectPaths(typ string) (patients, more, perhaps string) {
	switch typ {
	case "Appointment":
		return "participant.actor", "", ""
	case "Task":
		return "for", "", "focus"
	case "DocumentReference":
		return "subject", "context.sourcePatientInfo", ""
	}
	return "", "", ""
}

// eachPatient calls f with the id of every patient that r names until f returns false. unclear is whether r is also about
// somebody of whom nobody can tell who it is.
func eachPatient(r fhir.Resource, f func(id []byte) bool) (unclear bool) {
	patients, more, perhaps := subjectPaths(r.Type())
	named, labelled := false, false
	for _, path := range [...]string{patients, more, perhaps} {
		if path == "" {
			continue
		}
		for ref := range r.Value().Path(path) {
			switch id, is := patientOf(r, ref); is {
			case isPatient:
				named = named || path != perhaps
				if !f(id) {
					return unclear
				}
			case isUnclear:
				unclear = unclear || path != perhaps
			case isLabel:
				labelled = labelled || path != perhaps
			}
		}
	}
	// A name without a reference is a room or a doctor where the patient is named otherwise; where nobody is, it may be the
	// patient's.
	return unclear || labelled && !named
}

// patientsOf are the patients of resources, each once: all by whom a directive would know them, for the trail and for limits.
func patientsOf(resources ...fhir.Resource) []fhir.Ref {
	var out []fhir.Ref
	var seen map[string]bool // once there are many: a hostile resource names tens of thousands
	for _, r := range resources {
		eachPatient(r, func(id []byte) bool {
			switch {
			case seen == nil && slices.ContainsFunc(out, func(p fhir.Ref) bool { return p.ID == string(id) }), seen[string(id)]:
				return true
			case seen == nil && len(out) == 16:
				seen = make(map[string]bool)
				for _, p := range out {
					seen[p.ID] = true
				}
			}
			if seen != nil {
				seen[string(id)] = true
			}
			out = append(out, fhir.Ref{Type: "Patient", ID: string(id)})
			return true
		})
	}
	return out
}

// whose is what a reference says about whom it is to.
type whose int

const (
	isUnclear   whose = iota // perhaps a patient, and not which one
	isPatient                // a patient of the EMR
	isNoPatient              // something or somebody else
	isLabel                  // no reference at all, only words
)

// patientOf reads a reference within r (http://hl7.org/fhir/R4/references.html). Addresses of the EMR itself have been made
// local references by its adapter, so that an absolute one is another server's.
func patientOf(r fhir.Resource, ref fhir.Value) (id []byte, is whose) {
	literal := ref.Get("reference")
	switch to, id, ok := literal.LocalRef(); {
	case ok && string(to) == "Patient":
		return id, isPatient
	case ok:
		return nil, isNoPatient
	}
	typ := ref.TypeReferred()
	told := typeReferred(r, literal.Text())
	switch {
	case typ == "Patient" || told == "Patient" || throughPatient(literal.Text()):
		return nil, isUnclear
	case typ != "" && fhir.ValidType(typ) && typ != "Resource" && typ != "DomainResource", told != "":
		return nil, isNoPatient
	case !literal.Exists() && !ref.Get("identifier").Exists() && ref.Get("display").Kind() == fhir.String:
		return nil, isLabel
	}
	return nil, isUnclear
}

// throughPatient reports whether a reference that cannot be read goes by way of a patient's address, whatever else it says:
// "./Patient/17", "Patient/17/", "Patient/17#name".
func throughPatient(literal string) bool {
	path := strings.Split(literal, "/")
	return slices.ContainsFunc(path[:len(path)-1], func(s string) bool { return strings.EqualFold(s, "Patient") })
}

// typeReferred is the type of what a reference that is not local points to, as far as it can be told: from an absolute
// address, or from the contained resource. "" where it cannot.
func typeReferred(r fhir.Resource, literal string) string {
	if fragment, ok := strings.CutPrefix(literal, "#"); ok {
		return typeContained(r, fragment)
	}
	u, err := url.Parse(literal)
	if err != nil || u.Host == "" {
		return ""
	}
	path, _, _ := strings.Cut(strings.Trim(u.Path, "/"), "/_history/")
	parts := strings.Split(path, "/")
	if len(parts) < 2 {
		return ""
	}
	ref, ok := fhir.ParseRef(strings.Join(parts[len(parts)-2:], "/"))
	if !ok {
		return ""
	}
	return ref.Type
}

// typeContained is the type of the contained resource of that id; "Patient" where several carry it and one is.
func typeContained(r fhir.Resource, id string) (typ string) {
	for c := range r.Value().Get("contained").Items() {
		if c.Get("id").Text() == id && typ != "Patient" {
			typ = c.Get("resourceType").Text()
		}
	}
	return typ
}
