package audit

// Code systems of the AuditEvent view.
const (
	systemEventType   = "http://terminology.hl7.org/CodeSystem/audit-event-type"
	systemRest        = "http://hl7.org/fhir/restful-interaction"
	systemDCM         = "http://dicom.nema.org/resources/ontology/DCM"
	systemPart        = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
	systemProvenance  = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
	systemAuthZ       = "https://profiles.ihe.net/ITI/BALP/CodeSystem/AuthZsubType"
	systemUserAgent   = "https://profiles.ihe.net/ITI/BALP/CodeSystem/UserAgentTypes"
	systemBasicEntity = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType"
	systemEntityType  = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
	systemObjectRole  = "http://terminology.hl7.org/CodeSystem/object-role"
	systemResource    = "http://hl7.org/fhir/resource-types"
	systemActReason   = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
	systemSourceType  = "http://terminology.hl7.org/CodeSystem/security-source-type"
	systemPatient     = "urn:vestibule:patient" // a patient's id in the clinic's EMR
	systemTeam        = "urn:vestibule:team"    // "platform/team"
	systemOwn         = "urn:vestibule:audit"   // what no published system has a code for
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
	typeLogin     = coding{systemDCM, "110114", "User Authentication"}
	roleSource    = coding{systemDCM, "110153", "Source Role ID"}
	roleDest      = coding{systemDCM, "110152", "Destination Role ID"}
	roleApp       = coding{systemDCM, "110150", "Application"}
	roleRecipient = coding{systemPart, "IRCP", "information recipient"}
	roleAuthor    = coding{systemPart, "AUT", "author (originator)"}
	roleCustodian = coding{systemProvenance, "custodian", "Custodian"}
	roleOAuth     = coding{systemUserAgent, "UserOauthAgent", "User OAuth Agent participant"}
)

// DICOM's codes for what is no REST interaction (audit-and-policy.md 3.2; DICOM PS3.16 CID 401, 403).
var (
	subStart      = coding{systemDCM, "110120", "Application Start"}
	subStop       = coding{systemDCM, "110121", "Application Stop"}
	subLogin      = coding{systemDCM, "110122", "Login"}
	subLogout     = coding{systemDCM, "110123", "Logout"}
	subConfig     = coding{systemDCM, "110129", "Security Configuration"}
	subSoftware   = coding{systemDCM, "110131", "Software Configuration"}
	subRestricted = coding{systemDCM, "110132", "Use of Restricted Function"}
	subAuditStop  = coding{systemDCM, "110133", "Audit Recording Stopped"}
	subAuditStart = coding{systemDCM, "110134", "Audit Recording Started"}
	subObject     = coding{systemDCM, "110135", "Object Security Attributes Changed"}
	subRoles      = coding{systemDCM, "110136", "Security Roles Changed"}
	subUser       = coding{systemDCM, "110137", "User Security Attributes Changed"}
	subAuthZRole  = coding{systemAuthZ, "AuthZ-Role", ""}
	subAuthZLock  = coding{systemAuthZ, "AuthZ-Consent", ""}
)

// eventType is AuditEvent.type. A refusal by policy is an alert and one of a token a failed authentication; what the caller
// can mend, such as a malformed search, is the interaction it was meant to be.
func (r *Record) eventType() coding {
	switch row := interactionRow(r.Interaction); {
	case row != nil && row.event == typeAuditLog:
		return typeAuditLog
	case r.refusedToken():
		return typeLogin
	case r.Phase == PhaseDenial && r.Outcome == OutcomeSerious:
		return typeAlert
	case r.Phase == PhaseAdmin || r.Phase == PhaseSystem:
		return actionRowOf(r.Admin.Action).event
	}
	return typeRest
}

// refusedToken reports whether nobody stood behind the request that the gateway knows.
func (r *Record) refusedToken() bool {
	return r.Phase == PhaseDenial && r.Status == 401
}

// appendSubtypes appends AuditEvent.subtype: what was asked for, and for a refusal why.
func (r *Record) appendSubtypes(out []coding) []coding {
	add := func(c coding) {
		if !c.isZero() {
			out = append(out, c)
		}
	}
	if row := interactionRow(r.Interaction); row != nil {
		add(row.sub)
	} else if r.Interaction != "" {
		add(coding{systemOwn, r.Interaction, ""})
	}
	switch r.eventType() {
	case typeLogin:
		add(subLogin)
	case typeAlert:
		if r.Phase == PhaseDenial {
			add(r.refusal())
		}
	}
	if r.Admin.Action != "" {
		add(actionRowOf(r.Admin.Action).sub)
	}
	return out
}

// refusal says which rule it was that refused: the patient's directive, a limit, or what the caller may do at all.
func (r *Record) refusal() coding {
	for _, code := range r.Reasons {
		switch code {
		case "locked-by-directive", "patient-unclear":
			return subAuthZLock
		case "too-many-requests", "too-many-patients", "too-many-documents", "too-many-pages", "outside-networks", "outside-guardrail-networks", "outside-hours":
			return subRestricted
		}
	}
	return subAuthZRole
}

// eventAction is AuditEvent.action.
func (r *Record) eventAction() string {
	if r.Interaction == "" {
		return "E"
	}
	return shapeOf(r.Interaction).action
}
