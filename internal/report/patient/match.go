package patient

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"vestibule/audit"
)

// byPatient are the search parameters, of FHIR and of the command line, whose values are patients.
var byPatient = []string{"patient", "actor", "subject", "for", "entity"}

// harmless are the search parameters that name no patient and nothing of one.
var harmless = []string{"status", "date", "_count", "_sort", "_total", "_lastUpdated", "practitioner", "location", "category", "type", "owner", "code", "intent",
	"priority", "period", "authored-on", "modified", "specialty", "service-type", "service-category", "appointment-type", "business-status", "_format", "_summary",
	"part-status", "performer", "requester", "facility", "setting", "attachment", "contenttype", "format", "language", "security-label", "_security", "_profile", "_tag", "_source",
	"report", "proof", "shown-only", "since", "until", "outcome", "agent", "action", "subtype", "site", "source", "law", "_cursor"}

// asked is what a request named.
type asked struct {
	target string   // "Type/id", or empty
	named  []string // the patients that a search named, "Patient/1"
	refs   []string // other resources that it named, "Type/id"
	others bool     // it named something besides that might be another patient's
}

// askedBy reads what a record says about its request: the target, the search as understood or as sent, what was asked of the trail.
func askedBy(r *audit.Record) asked {
	a := asked{target: current(r.Resource)}
	a.query(r.Type, r.Query)
	if r.Raw != "" {
		path, query, _ := strings.Cut(r.Raw, "?")
		a.path(path)
		a.query(r.Type, query)
	}
	if strings.HasPrefix(r.Admin.Action, "audit-") {
		a.query("", r.Admin.Subject)
	}
	return a
}

func (a *asked) path(path string) {
	plain, err := url.PathUnescape(path)
	parts := strings.Split(strings.Trim(plain, "/"), "/")
	switch {
	case err != nil || len(parts) > 2:
		a.others = true
	case len(parts) == 2 && parts[1] != "" && !strings.HasPrefix(parts[1], "_") && !strings.HasPrefix(parts[1], "$"):
		ref := parts[0] + "/" + parts[1]
		if parts[0] == "Binary" { // a document that was to be opened, "Binary/id.attachment"
			ref = "DocumentReference/" + parts[1][:max(0, strings.LastIndexByte(parts[1], '.'))]
		}
		if a.target != "" && a.target != ref {
			a.others = true
		} else {
			a.target = ref
		}
	}
}

func (a *asked) query(typ, query string) {
	values, err := url.ParseQuery(query)
	if err != nil {
		a.others = true
	}
	for name, list := range values {
		name, _, _ := strings.Cut(name, ":") // a modifier, such as patient:Patient
		switch {
		case slices.Contains(byPatient, name):
			for _, value := range list {
				a.patients(value)
			}
		case name == "_id" && typ != "":
			for _, value := range list {
				for id := range strings.SplitSeq(value, ",") {
					a.refs = append(a.refs, typ+"/"+id)
				}
			}
		case !slices.Contains(harmless, name):
			a.others = true
		}
	}
}

// patients reads a value of a parameter whose values are patients.
func (a *asked) patients(value string) {
	for one := range strings.SplitSeq(value, ",") {
		switch typ, id, ok := strings.Cut(one, "/"); {
		case !ok:
			a.named = append(a.named, "Patient/"+one)
		case typ == "Patient":
			a.named = append(a.named, "Patient/"+id)
		case strings.Contains(one, "/Patient/"): // an absolute address
			a.named = append(a.named, one[strings.LastIndex(one, "Patient/"):])
		case typ != "Practitioner" && typ != "Location" && typ != "Organization" && typ != "PractitionerRole":
			a.refs = append(a.refs, current(one))
		}
	}
}

// names reports whether the request named the patient, or something of what is the patient's own.
func (a *asked) names(patient string, own map[string]bool) bool {
	return a.target == patient || own[a.target] || slices.Contains(a.named, patient) || slices.ContainsFunc(a.refs, func(ref string) bool { return own[ref] })
}

// onlyNames reports whether a search named this patient, and nobody else.
func (a *asked) onlyNames(patient string) bool {
	return len(a.named) > 0 && !slices.ContainsFunc(a.named, func(p string) bool { return p != patient })
}

// current is a reference without its version.
func current(ref string) string {
	ref, _, _ = strings.Cut(ref, "/_history/")
	return ref
}

// reference is a patient as any text might name one.
var reference = regexp.MustCompile(`Patient(?:/|%2[fF])([A-Za-z0-9.\-]{1,64})`)

// alone reports whether a record, and its bytes, say nothing about another patient: every item that left is this patient's alone,
// the request named this patient or what is known to be this patient's, and no directive or name of another stands in it.
func alone(r *audit.Record, line []byte, patient string, own map[string]bool) bool {
	a := askedBy(r)
	if a.others || len(a.named) > 0 && !a.onlyNames(patient) {
		return false
	}
	if a.target != "" && a.target != patient && !own[a.target] && r.Type != "AuditEvent" ||
		slices.ContainsFunc(a.refs, func(ref string) bool { return !own[ref] }) {
		return false
	}
	for i := range r.Released {
		if p := r.Released[i].Patients; len(p) != 1 || p[0] != patient {
			return false
		}
	}
	if slices.ContainsFunc(r.Patients, func(p string) bool { return p != patient }) ||
		slices.ContainsFunc(r.Rules, func(rule string) bool { return strings.Contains(rule, "irective") }) {
		return false
	}
	id := strings.TrimPrefix(patient, "Patient/")
	for _, found := range reference.FindAllSubmatch(line, -1) {
		if string(found[1]) != id {
			return false
		}
	}
	return true
}
