package audit

import (
	"strconv"
	"strings"
	"time"
)

// Phase says at which point of an access a record was written.
type Phase string

// The phases, see the package comment.
const (
	PhaseIntent     Phase = "intent"
	PhaseOutcome    Phase = "outcome"
	PhaseDenial     Phase = "denial"
	PhaseAdmin      Phase = "admin"
	PhaseSystem     Phase = "system"
	PhaseUnresolved Phase = "unresolved"
)

// Outcome is an R4 AuditEvent.outcome code (http://hl7.org/fhir/R4/valueset-audit-event-outcome.html).
type Outcome string

// The outcomes. A denial is OutcomeMinor where the caller can mend it, OutcomeSerious where policy or identity refused.
const (
	OutcomeSuccess Outcome = "0"
	OutcomeMinor   Outcome = "4"
	OutcomeSerious Outcome = "8"
	OutcomeMajor   Outcome = "12"
)

// Interactions beside FHIR's own codes (http://hl7.org/fhir/R4/valueset-type-restful-interaction.html), which are used
// as they are: read, vread, search-type, create, update, patch, capabilities, batch.
const (
	InteractionAuditRead   = "audit-read"   // one AuditEvent was read
	InteractionAuditSearch = "audit-search" // the trail was searched
	InteractionAuditExport = "audit-export" // the trail was exported
)

// Record is the data of one leaf. The zero value of every member but ID, Phase, Time and Clinic is left out of the
// encoding. Slices are not to be changed after Append. The numbers in the comments are the fields of the audit standard's
// union of Canadian lists.
type Record struct {
	Format      int            `json:"v"`                     // set by the encoder: 1
	Salt        string         `json:"salt"`                  // set by Append: 32 hex digits
	ID          string         `json:"id"`                    // the access: a UUIDv7, also the decision's id; shared by intent and outcome (1)
	Phase       Phase          `json:"phase"`                 // (1)
	Time        time.Time      `json:"time"`                  // UTC, whole milliseconds; Append fills in a zero Time (2)
	Clinic      string         `json:"clinic"`                // the custodian's id; names the log (5)
	Title       string         `json:"title,omitempty"`       // the clinic's name for people, at the time (5)
	Zone        string         `json:"zone,omitempty"`        // the clinic's IANA time zone (2)
	System      System         `json:"system,omitzero"`       // the EMR and how it was reached (6)
	Agent       Agent          `json:"agent,omitzero"`        // who (7-11, 14)
	Purposes    []string       `json:"purposes,omitempty"`    // v3-ActReason codes (15)
	Scopes      []string       `json:"scopes,omitempty"`      // the token's SMART scopes for Type, as written (24)
	Interaction string         `json:"interaction,omitempty"` // FHIR's code, or one of the constants above (3, 19)
	Route       string         `json:"route,omitempty"`       // method and template of the address, without a value: "GET /fhir/{clinic}/{type}/{id}" (19)
	Type        string         `json:"type,omitempty"`        // resource type (17)
	Resource    string         `json:"resource,omitempty"`    // "Type/id" or "Type/id/_history/version" of the target (17)
	Query       string         `json:"query,omitempty"`       // the search as understood, URL-encoded; of a document that is opened which attachment: "attachment=0" (20)
	Raw         string         `json:"raw,omitempty"`         // of a search and of a refused request: path and query as sent, at most MaxRaw bytes (20)
	Status      int            `json:"status,omitempty"`      // HTTP status of the answer (4)
	Outcome     Outcome        `json:"outcome,omitempty"`     // (4)
	Reasons     []string       `json:"reasons,omitempty"`     // stable reason codes (4, 24)
	Grants      []string       `json:"grants,omitempty"`      // "name@version" of the grants that decided (24)
	Rules       []string       `json:"rules,omitempty"`       // what denied or kept back, by name: "locked-by-directive: Directive x@2" (24, 25)
	Policy      string         `json:"policy,omitempty"`      // names the set of documents in force that decided, a hash of their versions (24)
	Upstream    string         `json:"upstream,omitempty"`    // outcome class of the EMR: "ok", "not-found", "timeout", … (4; H25)
	Patients    []string       `json:"patients,omitempty"`    // "Patient/1", each once (16)
	Released    []ReleasedItem `json:"released,omitempty"`    // what left (17, 18, 21)
	Withheld    int            `json:"withheld,omitempty"`    // resources the EMR gave and policy kept back (21)
	Shown       int            `json:"shown,omitempty"`       // AuditEvents that an auditor was shown (21)
	Changed     []string       `json:"changed,omitempty"`     // element names a write changed (22)
	Before      string         `json:"before,omitempty"`      // hex SHA-256 of the resource before a write (22)
	After       string         `json:"after,omitempty"`       // and after it (22)
	Operation   string         `json:"operation,omitempty"`   // names a write: the same in its intent, its outcome and on a retry (28)
	RequestID   string         `json:"requestId,omitempty"`   // X-Request-Id (28)
	Traceparent string         `json:"traceparent,omitempty"` // W3C trace context (28)
	Intent      *int64         `json:"intent,omitempty"`      // index of the intent that this record settles (28)
	Repeats     int            `json:"repeats,omitempty"`     // of a counted record: how many refusals it stands for, see the package comment
	Until       time.Time      `json:"until,omitzero"`        // of a counted record: when the last of them came; Time is the first
	Admin       Admin          `json:"admin,omitzero"`        // for the phases admin and system
	Forgotten   []string       `json:"forgotten,omitempty"`   // indexes of the records whose bodies were deleted with this one: "7", "12-40"
}

// Agent is who did it: a named person at a named platform, or an automated agent that says so. Role is the gateway's own: "auditor"
// for a look into the trail, "unverified" for who a refused token said it was.
type Agent struct {
	Issuer    string `json:"iss,omitempty"`       // the token's iss (9)
	Subject   string `json:"sub,omitempty"`       // the token's sub (10)
	Name      string `json:"name,omitempty"`      // as given at the time (10)
	Platform  string `json:"platform,omitempty"`  // the VMA platform's id (7)
	ClientID  string `json:"client,omitempty"`    // OAuth client_id (8)
	TokenID   string `json:"jti,omitempty"`       // the token's jti (9)
	Role      string `json:"role,omitempty"`      // why the gateway listened, where it was not a grant (11)
	Automated bool   `json:"automated,omitempty"` // not a human (11)
	Assurance string `json:"assurance,omitempty"` // acr and amr of the token: how the caller signed in (13)
	Team      string `json:"team,omitempty"`      // the clinic's teams that the person belonged to, "platform/team", by commas (11)
	Software  string `json:"software,omitempty"`  // the client's User-Agent: name and version as it gives them (8)
	Address   string `json:"address,omitempty"`   // network address of the caller (14); of a counted record the network, "203.0.113.0/24"
}

// What Agent.Role may be.
const (
	RoleAuditor    = "auditor"    // a person whom the clinic lets read its trail
	RoleUnverified = "unverified" // Issuer, Subject and ClientID are what a refused token said
)

// System is the EMR behind the gateway and the connection to it.
type System struct {
	Adapter    string `json:"adapter,omitempty"`    // the adapter's name and the gateway's version: "fhirr4 v1.2.0"
	Product    string `json:"product,omitempty"`    // what the EMR calls itself: "HAPI FHIR Server 7.0"
	Connection string `json:"connection,omitempty"` // "name@version" of the Connection that was in force
}

// MaxRaw bounds Record.Raw.
const MaxRaw = 1024

// ReleasedItem is one resource that left the gateway.
type ReleasedItem struct {
	Ref      string   `json:"ref"`                // "Type/id/_history/version" as released
	Patients []string `json:"patients,omitempty"` // "Patient/1"
	Removed  int      `json:"removed,omitempty"`  // how many elements were cut
	// How many documents left with it, not only what is known about them: attachments with their data.
	Documents int `json:"documents,omitempty"`
	// What kind of information it is, as its category, type or code says, "system|code" (18).
	Kinds []string `json:"kinds,omitempty"`
	// Its security labels, "system|code" (23).
	Labels []string `json:"labels,omitempty"`
}

// Admin is what was done to the gateway itself.
type Admin struct {
	Action  string `json:"action,omitempty"`  // e.g. "grant-apply", "grant-revoke", "start", "stop"
	Subject string `json:"subject,omitempty"` // what it was done to: a grant's name, a connection's
	Version string `json:"version,omitempty"` // version of the subject after it
	By      string `json:"by,omitempty"`      // who, where there was no token: the operating system's user
}

// Entry is a record with its place in its log.
type Entry struct {
	Deployment string // whose ledger it is
	Log        string // the log's name
	Index      int64  // from 0, without gaps
	Record     Record
}

// Place is where the entry stands, as its receipt writes it: "log/index".
func (e Entry) Place() string { return e.Log + "/" + strconv.FormatInt(e.Index, 10) }

// Key is the agent's identity as the index knows it: "iss|sub".
func (a Agent) Key() string {
	if a.Issuer == "" && a.Subject == "" {
		return ""
	}
	return a.Issuer + "|" + a.Subject
}

// keyIs reports whether key is Key, without making it.
func (a *Agent) keyIs(key string) bool {
	rest, ok := strings.CutPrefix(key, a.Issuer)
	return ok && len(key) > 1 && len(rest) > 0 && rest[0] == '|' && rest[1:] == a.Subject
}
