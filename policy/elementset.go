package policy

import (
	"fmt"
	"slices"
	"strings"

	"vestibule/fhir"
)

// ElementSet is elements of a type under one name, for permissions to show: what people at a front desk call them, without
// having to know FHIR's names. Sets may overlap; a permission that names several shows all that is in them.
type ElementSet struct {
	Type  string
	Name  string   // no name of an element
	Means string   // what is in it and what is not, in a clinic's words
	Paths []string // as a permission's elements name them
}

// elementSets is the one table of sets. What EMRs fill with free text, with people's names or with the reason of a visit is
// in no set but those that are named after it: references are shown without their display, concepts by their codes alone.
var elementSets = [...]ElementSet{
	{"Appointment", "schedule", "when it is, how long, of what kind, whether it stands, and for whom and with whom by their numbers, without names or reasons", []string{
		"status", "start", "end", "minutesDuration", "requestedPeriod", "created", "slot.reference", "serviceType.coding", "appointmentType.coding",
		"participant.actor.reference", "participant.type.coding", "participant.required", "participant.status",
	}},
	{"Appointment", "contact", "the names of the patient, the practitioners and the places", []string{
		"participant.actor.reference", "participant.actor.display",
	}},
	{"Appointment", "reason", "why the patient comes, or why it was called off", []string{
		"reasonCode", "reasonReference", "description", "cancelationReason", "serviceCategory", "specialty", "basedOn", "supportingInformation",
	}},
	{"Appointment", "notes", "what was written down about it, and what the patient was told", []string{"comment", "patientInstruction"}},

	{"Task", "worklist", "what kind of work it is, how urgent, until when, where it stands, and for whom and whose by their numbers, without names or reasons", []string{
		"status", "businessStatus.coding", "intent", "priority", "code.coding", "authoredOn", "lastModified", "executionPeriod", "restriction.period",
		"for.reference", "requester.reference", "owner.reference", "performerType.coding", "focus.reference",
	}},
	{"Task", "contact", "the names of the patient, of who asked for it and of who does it", []string{
		"for.reference", "for.display", "requester.reference", "requester.display", "owner.reference", "owner.display",
	}},
	{"Task", "reason", "what is to be done and why, and why it stands where it stands", []string{
		"description", "reasonCode", "reasonReference", "statusReason", "basedOn",
	}},
	{"Task", "notes", "what was written down about it", []string{"note"}},

	{"DocumentReference", "filing", "what kind of document it is, of when, of which size, whether it is final, and about whom and by whom by their numbers, without names or titles", []string{
		"status", "docStatus", "type.coding", "category.coding", "date", "subject.reference", "author.reference", "custodian.reference",
		"content.attachment.contentType", "content.attachment.language", "content.attachment.size", "content.attachment.creation", "content.format",
	}},
	{"DocumentReference", "contact", "the names of the patient, the authors and the keeper", []string{
		"subject.reference", "subject.display", "author.reference", "author.display", "authenticator.reference", "authenticator.display", "custodian.reference", "custodian.display",
	}},
	{"DocumentReference", "reason", "which visit or treatment it belongs to, and to which other documents", []string{
		"context.encounter", "context.event", "context.period", "context.facilityType", "context.practiceSetting", "context.related", "relatesTo",
	}},
	{"DocumentReference", "notes", "its title, and what was written down about it", []string{"description", "content.attachment.title"}},
}

// ElementSets lists the sets of a type, or of all types where typ is empty, in the order of the table.
func ElementSets(typ string) []ElementSet {
	var out []ElementSet
	for _, s := range elementSets {
		if typ == "" || s.Type == typ {
			s.Paths = slices.Clone(s.Paths)
			out = append(out, s)
		}
	}
	return out
}

// setNamed is the set of that name; ok is false where the type has none.
func setNamed(typ, name string) (set ElementSet, ok bool) {
	for _, s := range elementSets {
		if s.Type == typ && s.Name == name {
			return s, true
		}
	}
	return ElementSet{}, false
}

// namesSet reports whether one of names is a set of the type.
func namesSet(typ string, names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { _, ok := setNamed(typ, name); return ok })
}

// expand puts in the place of each set what is in it.
func expand(typ string, names []string) []string {
	out := make([]string, 0, len(names))
	for _, name := range names {
		if set, ok := setNamed(typ, name); ok {
			out = append(out, set.Paths...)
			continue
		}
		out = append(out, name)
	}
	return out
}

// noElement adds to what is wrong with the name of an element which sets there would be.
func noElement(typ, name string, err error) error {
	e := *fhir.AsError(err)
	if strings.Contains(name, ".") || !strings.HasPrefix(e.Text, typ+" has no element") {
		return err
	}
	var sets []string
	for _, s := range ElementSets(typ) {
		sets = append(sets, s.Name)
	}
	e.Text = fmt.Sprintf("%s Its sets are %s.", e.Text, strings.Join(sets, ", "))
	return &e
}

// setsInWords is elements as a permission names them, with what is in the sets among them.
func setsInWords(typ string, names []string) string {
	out := make([]string, len(names))
	for i, name := range names {
		if set, ok := setNamed(typ, name); ok {
			name += " (" + set.Means + ")"
		}
		out[i] = name
	}
	return strings.Join(out, ", ")
}
