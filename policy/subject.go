package policy

import (
	"net/url"
	"strings"

	"vestibule/fhir"
)

// subjects are the patients that a resource is about, as far as it says.
type subjects struct {
	patients []string // their ids
	unclear  bool     // it is about somebody, and nobody can tell that this is none of the locked patients
}

// subjectPaths is where resources refer to their patients: what the search parameter patient looks at, and where R4 has
// another element for one. In Task.focus a patient is one thing among many, so that only a reference that can be read counts.
func subjectPaths(typ string) (patients, perhaps []string) {
	switch typ {
	case "Appointment":
		return []string{"participant.actor"}, nil
	case "Task":
		return []string{"for"}, []string{"focus"}
	case "DocumentReference":
		return []string{"subject", "context.sourcePatientInfo"}, nil
	}
	return nil, nil
}

func subjectsOf(r fhir.Resource) subjects {
	var out subjects
	patients, perhaps := subjectPaths(r.Type())
	labelled := false
	for _, path := range patients {
		for ref := range r.Value().Path(path) {
			switch id, is := patientOf(r, ref); is {
			case isPatient:
				out.patients = append(out.patients, id)
			case isUnclear:
				out.unclear = true
			case isLabel:
				labelled = true
			}
		}
	}
	// A name without a reference is a room or a doctor where the patient is named otherwise; where nobody is, it may be the
	// patient's.
	out.unclear = out.unclear || labelled && len(out.patients) == 0
	for _, path := range perhaps {
		for ref := range r.Value().Path(path) {
			if id, is := patientOf(r, ref); is == isPatient {
				out.patients = append(out.patients, id)
			}
		}
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
func patientOf(r fhir.Resource, ref fhir.Value) (id string, is whose) {
	literal, typ := ref.Get("reference"), ref.Get("type").Text()
	switch to, ok := fhir.ParseRef(literal.Text()); {
	case ok && to.Type == "Patient":
		return to.ID, isPatient
	case ok:
		return "", isNoPatient
	}
	told := typeReferred(r, literal.Text())
	switch {
	case typ == "Patient" || told == "Patient":
		return "", isUnclear
	case typ != "" || told != "":
		return "", isNoPatient
	case !literal.Exists() && !ref.Get("identifier").Exists() && ref.Get("display").Kind() == fhir.String:
		return "", isLabel
	}
	return "", isUnclear
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
