package audit

import "strings"

// Code systems of the AuditEvent view.
const (
	systemEventType   = "http://terminology.hl7.org/CodeSystem/audit-event-type"
	systemRest        = "http://hl7.org/fhir/restful-interaction"
	systemDCM         = "http://dicom.nema.org/resources/ontology/DCM"
	systemPart        = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
	systemUserAgent   = "https://profiles.ihe.net/ITI/BALP/CodeSystem/UserAgentTypes"
	systemBasicEntity = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType"
	systemEntityType  = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
	systemObjectRole  = "http://terminology.hl7.org/CodeSystem/object-role"
	systemResource    = "http://hl7.org/fhir/resource-types"
	systemActReason   = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
	systemSourceType  = "http://terminology.hl7.org/CodeSystem/security-source-type"
	systemOwn         = "urn:vestibule:audit" // what no published system has a code for
	systemReason      = "urn:vestibule:reason"
)

// coding is one FHIR Coding.
type coding struct{ system, code, display string }

func (c coding) isZero() bool { return c.code == "" }

var ( // constants but for the language: never written to
	typeRest      = coding{systemEventType, "rest", "RESTful Operation"}
	typeAuditLog  = coding{systemDCM, "110101", "Audit Log Used"}
	typeActivity  = coding{systemDCM, "110100", "Application Activity"}
	typeAlert     = coding{systemDCM, "110113", "Security Alert"}
	roleSource    = coding{systemDCM, "110153", "Source Role ID"}
	roleDest      = coding{systemDCM, "110152", "Destination Role ID"}
	roleApp       = coding{systemDCM, "110150", "Application"}
	roleRecipient = coding{systemPart, "IRCP", "information recipient"}
	roleAuthor    = coding{systemPart, "AUT", "author (originator)"}
	roleOAuth     = coding{systemUserAgent, "UserOauthAgent", "User OAuth Agent participant"}
)

// shape is what BALP fixes for one kind of interaction (audit-and-policy.md 3.1).
type shape struct {
	profile string // profile id for a success without a patient; with "Patient" before it for one with
	action  string // AuditEvent.action
	client  coding // role of the client; the server has the other. They flip between Read and the rest.
	user    coding // role of the person
}

// shapeOf maps an interaction to its shape; one without a published pattern has no profile to claim.
func shapeOf(interaction string) shape {
	switch interaction {
	case "read", "vread":
		return shape{"Read", "R", roleDest, roleRecipient}
	case "search", "search-type", "search-system":
		return shape{"Query", "E", roleSource, roleRecipient}
	case "create":
		return shape{"Create", "C", roleSource, roleAuthor}
	case "update", "patch":
		return shape{"Update", "U", roleSource, roleAuthor}
	case "capabilities", InteractionAuditRead:
		return shape{"", "R", roleDest, roleRecipient}
	}
	return shape{"", "E", roleSource, roleRecipient}
}

// server is the role of the server beside the client's.
func (s shape) server() coding {
	if s.client == roleDest {
		return roleSource
	}
	return roleDest
}

// eventType is AuditEvent.type.
func (r *Record) eventType() coding {
	switch r.Interaction {
	case InteractionAuditRead, InteractionAuditSearch, InteractionAuditExport:
		return typeAuditLog
	}
	switch {
	case r.Admin.Action == "start" || r.Admin.Action == "stop":
		return typeActivity
	case r.Phase == PhaseAdmin || r.Phase == PhaseSystem:
		return typeAlert
	}
	return typeRest
}

// subtype is AuditEvent.subtype; zero when there is nothing to say.
func (r *Record) subtype() coding {
	switch {
	case strings.HasPrefix(r.Interaction, "audit-"):
		return coding{systemOwn, r.Interaction, ""}
	case r.Interaction != "":
		return coding{systemRest, r.Interaction, ""}
	case r.Admin.Action != "":
		return adminSubtype(r.Admin.Action)
	}
	return coding{}
}

// adminSubtype maps what was done to the gateway to DICOM's security alerts (audit-and-policy.md 3.2): an action is a
// subject and a verb, such as "grant-apply", and the subject decides.
func adminSubtype(action string) coding {
	switch action {
	case "start":
		return coding{systemDCM, "110120", "Application Start"}
	case "stop":
		return coding{systemDCM, "110121", "Application Stop"}
	case "audit-stopped":
		return coding{systemDCM, "110133", "Audit Recording Stopped"}
	case "audit-resumed":
		return coding{systemDCM, "110134", "Audit Recording Started"}
	}
	subject, _, _ := strings.Cut(action, "-")
	switch subject {
	case "grant", "role":
		return coding{systemDCM, "110136", "Security Roles Changed"}
	case "user", "platform", "team":
		return coding{systemDCM, "110137", "User Security Attributes Changed"}
	case "directive":
		return coding{systemDCM, "110135", "Object Security Attributes Changed"}
	case "clinic", "connection", "config", "key":
		return coding{systemDCM, "110129", "Security Configuration"}
	case "software":
		return coding{systemDCM, "110131", "Software Configuration"}
	}
	return coding{systemOwn, action, ""}
}

// eventAction is AuditEvent.action.
func (r *Record) eventAction() string {
	if r.Interaction == "" {
		return "E"
	}
	return shapeOf(r.Interaction).action
}
