package fhir

import models "github.com/samply/golang-fhir-models/fhir-models/fhir"

// StatusCodes are the codes that R4 binds the status of a supported type to, in the order of the specification
// (http://hl7.org/fhir/R4/valueset-appointmentstatus.html, valueset-task-status.html,
// valueset-document-reference-status.html); nil for any other type.
func StatusCodes(typ string) []string {
	switch typ {
	case "Appointment":
		return codesOf(models.AppointmentStatusProposed, models.AppointmentStatusWaitlist)
	case "Task":
		return codesOf(models.TaskStatusDraft, models.TaskStatusEnteredInError)
	case "DocumentReference":
		return codesOf(models.DocumentReferenceStatusCurrent, models.DocumentReferenceStatusEnteredInError)
	}
	return nil
}

// codesOf are the codes from first to last of one of samply's enumerations.
func codesOf[T interface {
	~int
	Code() string
}](first, last T) []string {
	var out []string
	for c := first; c <= last; c++ {
		out = append(out, c.Code())
	}
	return out
}
