package audit

import (
	"slices"
	"strings"
)

// Kind is one row of the table of everything that is put on record: an interaction, or an action of the phases admin and
// system. A test fails when the program knows one that has no row here.
type Kind struct {
	Name    string // Record.Interaction, or Admin.Action
	Action  bool   // Name is an Admin.Action
	Type    string // code of AuditEvent.type where it succeeds; a refusal has 110113, that of a token 110114
	Subtype string // code of the first AuditEvent.subtype
	Profile string // BALP's profile that a success claims, without "IHE.BasicAudit." and "Patient"; empty: there is none
	Holds   string // what its record holds beside who, when, where, for which purpose and under which rules
}

// Kinds is the table, interactions first.
func Kinds() []Kind {
	var out []Kind
	for _, row := range interactions {
		out = append(out, Kind{Name: row.name, Type: row.event.code, Subtype: row.sub.code, Profile: row.profile, Holds: row.holds})
	}
	for _, row := range actions {
		for _, name := range row.names() {
			out = append(out, Kind{Name: name, Action: true, Type: row.event.code, Subtype: row.sub.code, Holds: row.holds})
		}
	}
	return out
}

// Profiles are BALP's profiles that AuditEvents claim.
func Profiles() []string {
	out := []string{profileToken}
	for _, row := range interactions {
		if row.profile != "" && row.holds != refusedOnly {
			out = append(out, profileBase+row.profile, profileBase+"Patient"+row.profile)
		}
	}
	return out
}

// shape is what BALP fixes for one kind of interaction (audit-and-policy.md 3.1).
type shape struct {
	profile string // profile id for a success without a patient; with "Patient" before it for one with
	action  string // AuditEvent.action
	client  coding // role of the client
	server  coding // and of the server. They flip between Read and the rest; Delete uses neither (trap c).
	user    coding // role of the person
}

// interactionKind is a row of the table of interactions.
type interactionKind struct {
	name  string
	event coding
	sub   coding
	shape
	holds string
}

var ( // constants but for the language, as all that follows: never written to
	shapeRead   = shape{"Read", "R", roleDest, roleSource, roleRecipient}
	shapeQuery  = shape{"Query", "E", roleSource, roleDest, roleRecipient}
	shapeCreate = shape{"Create", "C", roleSource, roleDest, roleAuthor}
	shapeUpdate = shape{"Update", "U", roleSource, roleDest, roleAuthor}
	shapeDelete = shape{"Delete", "D", roleApp, roleCustodian, roleAuthor}
	shapeLook   = shape{"", "R", roleDest, roleSource, roleRecipient}
	shapeOther  = shape{"", "E", roleSource, roleDest, roleRecipient}
)

const refusedOnly = "the target's type and id as far as they were understood, the address as sent; the gateway carries none out"

var interactions = [...]interactionKind{
	{"read", typeRest, rest("read"), shapeRead, "the resource and its version, its patients, kinds and labels, how many elements were cut, documents"},
	{"vread", typeRest, rest("vread"), shapeRead, refusedOnly},
	{"search-type", typeRest, rest("search-type"), shapeQuery, "the search as understood, each resource released as for read, how many were withheld and by which rules"},
	{"search-system", typeRest, rest("search-system"), shapeQuery, refusedOnly},
	{"create", typeRest, rest("create"), shapeCreate, "an intent with the elements, the digest and the operation's id; an outcome with the resource and its version"},
	{"update", typeRest, rest("update"), shapeUpdate, "an intent with the version replaced, the elements changed and digests; an outcome with the new version"},
	{"patch", typeRest, rest("patch"), shapeUpdate, refusedOnly},
	{"delete", typeRest, rest("delete"), shapeDelete, refusedOnly},
	{"history", typeRest, rest("history"), shapeLook, refusedOnly},
	{"batch", typeRest, rest("batch"), shapeOther, refusedOnly},
	{"operation", typeRest, rest("operation"), shapeOther, refusedOnly},
	{"capabilities", typeRest, rest("capabilities"), shapeLook, "nothing more: a CapabilityStatement names no patient"},
	{InteractionAuditRead, typeAuditLog, own(InteractionAuditRead), shapeLook, "the id of the AuditEvent looked at"},
	{InteractionAuditSearch, typeAuditLog, own(InteractionAuditSearch), shapeOther, "the search, how many AuditEvents were shown"},
	{InteractionAuditExport, typeAuditLog, own(InteractionAuditExport), shapeOther, "what was exported"},
	{InteractionAuditProof, typeAuditLog, own(InteractionAuditProof), shapeOther, "which proof or bundle of records; checkpoints and hashes once in a quarter of an hour"},
}

func rest(code string) coding { return coding{systemRest, code, ""} }
func own(code string) coding  { return coding{systemOwn, code, ""} }

// interactionRow is an interaction's row, nil where it has none.
func interactionRow(name string) *interactionKind {
	for i := range interactions {
		if interactions[i].name == name {
			return &interactions[i]
		}
	}
	return nil
}

// shapeOf maps an interaction to its shape; one without a published pattern has no profile to claim.
func shapeOf(interaction string) shape {
	if row := interactionRow(interaction); row != nil {
		return row.shape
	}
	return shapeOther
}

// actionKind is a row of the table of actions: one action, or what may be done to one kind of document.
type actionKind struct {
	subject string   // an action, or with verbs the first half of several
	verbs   []string // of a document
	event   coding
	sub     coding
	holds   string
}

const documentHolds = "the document's name and its version after it, by whom; the text is kept with the version"

var actions = [...]actionKind{
	{"start", nil, typeActivity, subStart, "the program's version"},
	{"stop", nil, typeActivity, subStop, "the program's version"},
	{"audit-stopped", nil, typeAlert, subAuditStop, "why nothing could be recorded, and since when"},
	{"audit-resumed", nil, typeAlert, subAuditStart, "how long nothing could be recorded"},
	{"limit-reached", nil, typeAlert, subRestricted, "who reached which limit of which grant, once a day"},
	{"key-rotate", nil, typeAlert, subConfig, "that the key which signs checkpoints is to be replaced, by whom"},
	{"key-rotated", nil, typeAlert, subConfig, "the new key that signs checkpoints"},
	{"discontinuity", nil, typeAlert, subAuditStop, "the log that lost its end, its size and root as signed and as they are here, what happened, by whom"},
	{"witness-missing", nil, typeAlert, subAuditStop, "the witness that is required and has cosigned nothing for a quarter of an hour"},
	{"witness-back", nil, typeAlert, subAuditStart, "the witness that cosigns again"},
	{ActionRetention, nil, typeAuditLog, own(ActionRetention), "the records whose bodies were deleted, by index, and under which rule of the clinic's"},
	{ActionErasure, nil, typeAuditLog, own(ActionErasure), "the records whose bodies were deleted, by index, why and by whom; not whose they were"},
	{"forward-late", nil, typeAlert, subAuditStop, "the sink that the trail has not reached for longer than it may take"},
	{"forward-back", nil, typeAlert, subAuditStart, "the sink that has caught up"},
	{"forward-parked", nil, typeAlert, subAuditStop, "the sink, the log and index of the record that it refuses and that was left out there, the status it gave"},
	{"forward-stopped", nil, typeAlert, subAuditStop, "the sink that refuses everything, the log and index at which it stands, the status it gave"},
	{"forward-again", nil, typeAuditLog, own("forward-again"), "the sink, the log and the index from which it is sent again, by whom"},
	{"software-update", nil, typeAlert, subSoftware, "the program's version"},
	{"sign-in", nil, typeLogin, subLogin, "who signed in, or tried to"},
	{"sign-out", nil, typeLogin, subLogout, "who signed out"},
	{"audit-read", nil, typeAuditLog, own("audit-read"), "what was looked at on the gateway's machine, by whom"},
	{"audit-search", nil, typeAuditLog, own("audit-search"), "what was searched for on the gateway's machine, by whom"},
	{"audit-export", nil, typeAuditLog, own("audit-export"), "what was exported on the gateway's machine, by whom"},
	{"audit-proof", nil, typeAuditLog, own("audit-proof"), "the receipt that was turned into a proof on the gateway's machine, by whom"},
	{"audit-report", nil, typeAuditLog, own("audit-report"), "which report was made on the gateway's machine, about whom and which period, by whom"},
	{"trail-review", nil, typeAuditLog, own("trail-review"), "the month whose trail somebody reviewed, the digest of the sheet that was signed, what needs a follow-up, by whom"},
	{"audit-verify", nil, typeAuditLog, own("audit-verify"), "what was verified on the gateway's machine, by whom"},
	{"audit-replay", nil, typeAuditLog, own("audit-replay"), "what was decided again on the gateway's machine, by whom"},
	{"audit-shrink", nil, typeAuditLog, own("audit-shrink"), "which grant's use was looked at on the gateway's machine, by whom"},
	{"grant", []string{"apply", "draft", "approve", "reject", "review", "revoke"}, typeAlert, subRoles, documentHolds},
	{"stop", documentVerbs, typeAlert, subRoles, documentHolds},
	{"directive", documentVerbs, typeAlert, subObject, documentHolds},
	{"legalhold", documentVerbs, typeAlert, subObject, documentHolds},
	{"guardrail", documentVerbs, typeAlert, subConfig, documentHolds},
	{"platform", documentVerbs, typeAlert, subUser, documentHolds},
	{"clinic", documentVerbs, typeAlert, subConfig, documentHolds},
	{"connection", documentVerbs, typeAlert, subConfig, documentHolds},
}

var documentVerbs = []string{"apply", "draft", "approve", "reject", "review", "withdraw"}

func (row *actionKind) names() []string {
	if row.verbs == nil {
		return []string{row.subject}
	}
	var out []string
	for _, verb := range row.verbs {
		out = append(out, row.subject+"-"+verb)
	}
	return out
}

// actionRowOf is an action's row. One that another version of the program knew is an alert with a code of our own: an old
// record stays readable.
func actionRowOf(action string) actionKind {
	subject, verb, _ := strings.Cut(action, "-")
	for i := range actions {
		row := &actions[i]
		if row.verbs == nil && row.subject == action || row.verbs != nil && row.subject == subject && slices.Contains(row.verbs, verb) {
			return *row
		}
	}
	return actionKind{event: typeAlert, sub: coding{systemOwn, action, ""}}
}
