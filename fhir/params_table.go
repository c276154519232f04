package fhir

// The table of search parameters: every parameter that R4 defines for the three types
// (http://hl7.org/fhir/R4/searchparameter-registry.html) and those of every resource that can be answered from a resource
// alone. A test holds it against the official definitions, shapes and targets included. Of the 61, 57 are plain paths and
// four are path.where(resolve() is Type), which a literal reference decides by itself.

// Code systems of the codes that stand in resources without a system.
const (
	sysAppointmentStatus = "http://hl7.org/fhir/appointmentstatus"
	sysParticipation     = "http://hl7.org/fhir/participationstatus"
	sysTaskStatus        = "http://hl7.org/fhir/task-status"
	sysTaskIntent        = "http://hl7.org/fhir/task-intent"
	sysRequestIntent     = "http://hl7.org/fhir/request-intent"
	sysRequestPriority   = "http://hl7.org/fhir/request-priority"
	sysDocumentStatus    = "http://hl7.org/fhir/document-reference-status"
	sysDocumentRelation  = "http://hl7.org/fhir/document-relationship-type"
	sysMIME              = "urn:ietf:bcp:13"
	sysLanguage          = "urn:ietf:bcp:47"
)

// resourceParams are the parameters of every resource. Those whose answer needs more than the resource itself (_text,
// _content, _list, _has, _type, _query, _filter) are refused by name.
var resourceParams = []SearchParam{
	{Name: "_id", Type: ParamToken, Paths: []string{"id"}, shape: shapeCode},
	{Name: "_lastUpdated", Type: ParamDate, Paths: []string{"meta.lastUpdated"}},
	{Name: "_profile", Type: ParamURI, Paths: []string{"meta.profile"}},
	{Name: "_security", Type: ParamToken, Paths: []string{"meta.security"}, shape: shapeCoding},
	{Name: "_source", Type: ParamURI, Paths: []string{"meta.source"}},
	{Name: "_tag", Type: ParamToken, Paths: []string{"meta.tag"}, shape: shapeCoding},
}

var paramTable = map[string][]SearchParam{
	"Appointment":       appointmentParams,
	"DocumentReference": documentParams,
	"Task":              taskParams,
}

var appointmentParams = []SearchParam{
	referenceParam("actor", "participant.actor",
		"Practitioner", "Device", "Patient", "HealthcareService", "PractitionerRole", "RelatedPerson", "Location"),
	tokenParam("appointment-type", shapeConcept, "appointmentType"),
	referenceParam("based-on", "basedOn", "ServiceRequest"),
	dateParam("date", "start"),
	tokenParam("identifier", shapeIdentifier, "identifier"),
	filteredParam("Location", "location", "participant.actor"),
	codeParam("part-status", "participant.status", sysParticipation),
	filteredParam("Patient", "patient", "participant.actor"),
	filteredParam("Practitioner", "practitioner", "participant.actor"),
	tokenParam("reason-code", shapeConcept, "reasonCode"),
	referenceParam("reason-reference", "reasonReference", "Condition", "Observation", "Procedure", "ImmunizationRecommendation"),
	tokenParam("service-category", shapeConcept, "serviceCategory"),
	tokenParam("service-type", shapeConcept, "serviceType"),
	referenceParam("slot", "slot", "Slot"),
	tokenParam("specialty", shapeConcept, "specialty"),
	codeParam("status", "status", sysAppointmentStatus),
	referenceParam("supporting-info", "supportingInformation"),
}

var taskParams = []SearchParam{
	dateParam("authored-on", "authoredOn"),
	referenceParam("based-on", "basedOn"),
	tokenParam("business-status", shapeConcept, "businessStatus"),
	tokenParam("code", shapeConcept, "code"),
	referenceParam("encounter", "encounter", "Encounter"),
	referenceParam("focus", "focus"),
	tokenParam("group-identifier", shapeIdentifier, "groupIdentifier"),
	tokenParam("identifier", shapeIdentifier, "identifier"),
	codeParam("intent", "intent", sysTaskIntent, sysRequestIntent),
	dateParam("modified", "lastModified"),
	referenceParam("owner", "owner",
		"Practitioner", "Organization", "CareTeam", "Device", "Patient", "HealthcareService", "PractitionerRole", "RelatedPerson"),
	referenceParam("part-of", "partOf", "Task"),
	filteredParam("Patient", "patient", "for"),
	tokenParam("performer", shapeConcept, "performerType"),
	dateParam("period", "executionPeriod"),
	codeParam("priority", "priority", sysRequestPriority),
	referenceParam("requester", "requester",
		"Practitioner", "Organization", "Device", "Patient", "PractitionerRole", "RelatedPerson"),
	codeParam("status", "status", sysTaskStatus),
	referenceParam("subject", "for"),
}

var documentParams = []SearchParam{
	referenceParam("authenticator", "authenticator", "Practitioner", "Organization", "PractitionerRole"),
	referenceParam("author", "author",
		"Practitioner", "Organization", "Device", "Patient", "PractitionerRole", "RelatedPerson"),
	tokenParam("category", shapeConcept, "category"),
	{Name: "contenttype", Type: ParamToken, Paths: []string{"content.attachment.contentType"}, shape: shapeFolded,
		systems: []string{sysMIME}},
	referenceParam("custodian", "custodian", "Organization"),
	dateParam("date", "date"),
	{Name: "description", Type: ParamString, Paths: []string{"description"}},
	referenceParam("encounter", "context.encounter", "Encounter", "EpisodeOfCare"),
	tokenParam("event", shapeConcept, "context.event"),
	tokenParam("facility", shapeConcept, "context.facilityType"),
	tokenParam("format", shapeCoding, "content.format"),
	tokenParam("identifier", shapeIdentifier, "masterIdentifier", "identifier"),
	{Name: "language", Type: ParamToken, Paths: []string{"content.attachment.language"}, shape: shapeFolded,
		systems: []string{sysLanguage}},
	{Name: "location", Type: ParamURI, Paths: []string{"content.attachment.url"}},
	filteredParam("Patient", "patient", "subject"),
	dateParam("period", "context.period"),
	referenceParam("related", "context.related"),
	referenceParam("relatesto", "relatesTo.target", "DocumentReference"),
	codeParam("relation", "relatesTo.code", sysDocumentRelation),
	// The official definition swaps the expressions of the two components; the order of the values is the definition's:
	// what the document relates to, then how.
	{Name: "relationship", Type: ParamComposite, Paths: []string{"relatesTo"}},
	tokenParam("security-label", shapeConcept, "securityLabel"),
	tokenParam("setting", shapeConcept, "context.practiceSetting"),
	codeParam("status", "status", sysDocumentStatus),
	referenceParam("subject", "subject", "Practitioner", "Group", "Device", "Patient"),
	tokenParam("type", shapeConcept, "type"),
}

func tokenParam(name string, s shape, paths ...string) SearchParam {
	return SearchParam{Name: name, Type: ParamToken, Paths: paths, shape: s}
}

func codeParam(name, path string, systems ...string) SearchParam {
	return SearchParam{Name: name, Type: ParamToken, Paths: []string{path}, shape: shapeCode, systems: systems}
}

func dateParam(name, path string) SearchParam {
	return SearchParam{Name: name, Type: ParamDate, Paths: []string{path}}
}

func referenceParam(name, path string, targets ...string) SearchParam {
	return SearchParam{Name: name, Type: ParamReference, Paths: []string{path}, Targets: targets}
}

// filteredParam is a parameter of the form path.where(resolve() is target).
func filteredParam(target, name, path string) SearchParam {
	return SearchParam{Name: name, Type: ParamReference, Paths: []string{path}, Target: target, Targets: []string{target}}
}
