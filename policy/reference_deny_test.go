package policy_test

import (
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"vestibule/policy"
)

// The rules that deny: stops, guardrails, directives.

// heldUp reports whether a stop holds up what is named: a grant, or one of the caller's own names.
func (e evaluation) heldUp(is func(policy.Stop) bool) bool {
	return slices.ContainsFunc(e.rules.Stops, func(s policy.Stop) bool { return (s.Clinic == "" || s.Clinic == e.clinic.Name) && is(s) })
}

// shutOut reports whether a rule denies everything the caller asks for.
func (e evaluation) shutOut() bool {
	if e.heldUp(func(s policy.Stop) bool {
		return s.Everything || s.Platform != "" && s.Platform == e.caller.Platform || s.Person != "" && s.Person == e.caller.ID()
	}) {
		return true
	}
	return slices.ContainsFunc(e.guardrails(), func(g policy.Guardrail) bool {
		return len(g.Networks) > 0 && (e.caller.Address == netip.Addr{} || !inNetworks(g.Networks, e.caller.Address))
	})
}

func (e evaluation) guardrails() []policy.Guardrail {
	return slices.DeleteFunc(slices.Clone(e.rules.Guardrails), func(g policy.Guardrail) bool { return g.Clinic != "" && g.Clinic != e.clinic.Name })
}

// denied reports whether a guardrail keeps doc from everybody, or a directive from the caller.
func (e evaluation) denied(doc node) bool { return e.deniedWhere(criterion.mayMatch, doc) }

// deniedWhere is denied where a rule's criteria hold for what meets says.
func (e evaluation) deniedWhere(meets func(criterion, node, *time.Location) bool, doc node) bool {
	selects := func(s string) bool { return e.selects(s, meets, doc) }
	for _, g := range e.guardrails() {
		if slices.ContainsFunc(g.Never, selects) {
			return true
		}
	}
	patients, unclear := patientsOf(doc)
	return slices.ContainsFunc(e.rules.Directives, func(d policy.Directive) bool {
		about := len(d.Resources) == 0 || slices.ContainsFunc(d.Resources, selects)
		return about && e.locks(d) && (unclear || slices.Contains(patients, d.Patient))
	})
}

// selects reads "Task", "Task/9" and "DocumentReference?category=psychiatry".
func (e evaluation) selects(selector string, meets func(criterion, node, *time.Location) bool, doc node) bool {
	head, query, _ := strings.Cut(selector, "?")
	typ, id, byID := strings.Cut(head, "/")
	values, err := url.ParseQuery(query)
	must(err)
	criteria, _ := criteriaOf(typ, values)
	return first(doc, "resourceType") == typ && (!byID || first(doc, "id") == id) &&
		!slices.ContainsFunc(criteria, func(c criterion) bool { return !meets(c, doc, e.clinic.Zone) })
}

// locks reports whether a directive is in force and locks the caller out.
func (e evaluation) locks(d policy.Directive) bool {
	if d.Clinic != e.clinic.Name || d.From != "" && e.now.Before(midnight(d.From, 0, e.asking)) || d.Until != "" && !e.now.Before(midnight(d.Until, 1, e.asking)) {
		return false
	}
	return len(d.To) == 0 || slices.ContainsFunc(d.To, func(w policy.Whom) bool {
		platform, _, _ := strings.Cut(w.Team, "/")
		members, known := e.clinic.Teams[w.Team]
		return w.User != "" && w.User == e.caller.ID() || w.Platform != "" && w.Platform == e.caller.Platform ||
			w.Team != "" && platform == e.caller.Platform && (!known || slices.Contains(members, e.caller.ID()))
	})
}

// patientsOf are the patients that doc names, and whether it refers to somebody who might be another. What Task.focus names
// is one thing among many: it counts where it can be read, and settles nothing about who else is meant.
func patientsOf(doc node) (patients []string, unclear bool) {
	words, clear := false, false
	for _, path := range []string{"participant.actor", "for", "subject", "context.sourcePatientInfo", "focus"} {
		for _, n := range at(doc, path) {
			patient, cannotTell, onlyWords := whose(n, doc)
			if patient != "" {
				patients = append(patients, patient)
			}
			if path != "focus" {
				unclear, words, clear = unclear || cannotTell, words || onlyWords, clear || patient != ""
			}
		}
	}
	return patients, unclear || words && !clear
}

// whose is what a reference says: a patient, nobody (""), or something that cannot be told, in words alone or otherwise.
func whose(n, doc node) (patient string, unclear, words bool) {
	literal, typ := first(n, "reference"), first(n, "type")
	kind, id, absolute, ok := local(literal)
	switch {
	case literal == "":
		words = len(at(n, "identifier")) == 0 && len(at(n, "display")) > 0
		unclear = len(at(n, "identifier")) > 0
	case strings.HasPrefix(literal, "#"):
		unclear = true
		for _, c := range at(doc, "contained") {
			if first(c, "id") == literal[1:] {
				typ = first(c, "resourceType")
			}
		}
	case !ok || absolute:
		if unclear = true; ok {
			typ = kind
		}
	case kind == "Patient":
		return kind + "/" + id, false, false
	}
	typ = strings.TrimPrefix(typ, "http://hl7.org/fhir/StructureDefinition/")
	isPatient := slices.Contains([]string{"", "Patient", "Resource", "DomainResource"}, typ) || !regexp.MustCompile(`^[A-Z][A-Za-z]*$`).MatchString(typ)
	isPatient = isPatient || regexp.MustCompile(`(?i)(^|/)Patient/`).MatchString(literal)
	return "", unclear && isPatient, words && isPatient
}
