package audit

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"vestibule/fhir"
)

// profileBase is where BALP's profiles live.
const (
	profileBase  = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."
	profileToken = profileBase + "OAUTHaccessTokenUse.Minimal"
)

// grantPolicy begins the policy of an agent whose access a grant carried.
const grantPolicy = "urn:vestibule:grant:"

// AuditEvents is the entry as FHIR R4 AuditEvents under IHE BALP 1.1.4: one for each patient, because a profile has room
// for exactly one (trap d), or one without a patient. The ids are stable: "12" for an entry with one event, "12-1", "12-2"
// and so on for one with several. An intent has none.
func (e Entry) AuditEvents() [][]byte {
	return e.EventsFor(Search{})
}

// EventsFor is AuditEvents, but only those that a search asks for: those of the patients in q, those with its ids.
func (e Entry) EventsFor(q Search) [][]byte {
	if e.Record.Phase == PhaseIntent {
		return nil
	}
	patients := e.Record.subjects()
	if len(patients) == 0 {
		patients = []string{""}
	}
	var out [][]byte
	for i, patient := range patients {
		id := e.eventID(i, len(patients))
		if len(q.Patients) > 0 && !slices.Contains(q.Patients, patient) || len(q.events) > 0 && !slices.Contains(q.events, id) {
			continue
		}
		if event := e.event(id, patient); q.accepts(event) {
			out = append(out, event.encode())
		}
	}
	return out
}

// countFor is how many events EventsFor gives.
func (e Entry) countFor(q Search) int {
	if len(q.clauses) == 0 && len(q.Patients) == 0 && len(q.events) == 0 && e.Record.Phase != PhaseIntent {
		return max(1, len(e.Record.subjects()))
	}
	return len(e.EventsFor(q))
}

// eventID is the id of the entry's i-th event of n.
func (e Entry) eventID(i, n int) string {
	index := strconv.FormatInt(e.Index, 10)
	if n < 2 {
		return index
	}
	return index + "-" + strconv.Itoa(i+1)
}

// eventIndex is the index of the entry that an event's id belongs to.
func eventIndex(id string) (index int64, ok bool) {
	text, _, _ := strings.Cut(id, "-")
	index, err := strconv.ParseInt(text, 10, 64)
	return index, err == nil && index >= 0
}

// EventSearch is the search that finds the entry of one AuditEvent by the event's id.
func EventSearch(id string) (Search, error) {
	index, ok := eventIndex(id)
	if !ok {
		return Search{}, fhir.E("audit.EventSearch", fhir.KindNotFound, "not-found", "There is no such AuditEvent.")
	}
	return Search{Indexes: []int64{index}, Count: 1, events: []string{id}}, nil
}

func (e Entry) event(id, patient string) *auditEvent {
	r := &e.Record
	shape := shapeOf(r.Interaction)
	ev := &auditEvent{
		ResourceType: "AuditEvent", ID: id, Type: r.eventType(), Action: r.eventAction(), Recorded: r.Time.UTC().Format(timeLayout),
		Meta:    meta{LastUpdated: r.Time.UTC().Format(timeLayout), Profile: r.profiles(shape, patient)}, // a record never changes
		Outcome: string(r.Outcome), PurposeOfEvent: concepts(systemActReason, r.Purposes), Agent: e.agents(shape),
		Source: source{
			Site:     r.Clinic,
			Observer: reference{Identifier: &identifier{"urn:vestibule:deployment", e.Deployment}, Display: "Vestibule"},
			Type:     []coding{{systemSourceType, "4", "Application Server"}},
		},
		Entity: e.entities(shape, patient),
	}
	ev.Subtype = r.appendSubtypes(nil)
	if r.Outcome != OutcomeSuccess && (r.Outcome != "" || r.Phase == PhaseUnresolved) {
		ev.OutcomeDesc = r.outcomeText()
	}
	return ev
}

// profiles are the BALP profiles the event keeps: none but for a success (trap a), and none whose required parts are not
// known.
func (r *Record) profiles(shape shape, patient string) []string {
	if r.Outcome != OutcomeSuccess || r.Phase != PhaseOutcome || r.eventType() != typeRest {
		return nil
	}
	var out []string
	target := r.Resource != "" || shape.profile == "Query"
	if shape.profile != "" && target && r.Agent.Address != "" && r.Agent.client() != (reference{}) {
		name := shape.profile
		if patient != "" {
			name = "Patient" + name
		}
		out = append(out, profileBase+name)
	}
	if r.Agent.TokenID != "" {
		out = append(out, profileToken)
	}
	return out
}

// outcomeText says in a word or two why the outcome is not a success.
func (r *Record) outcomeText() string {
	text := string(r.Phase)
	switch r.Phase {
	case PhaseDenial:
		text = "denied"
	case PhaseUnresolved:
		text = "outcome unknown: the gateway stopped before the EMR's answer was on record"
	case PhaseOutcome:
		text = "failed"
	}
	if len(r.Reasons) > 0 {
		text += ": " + strings.Join(r.Reasons, ", ")
	}
	return text
}

func (e Entry) agents(shape shape) []agent {
	r := &e.Record
	server := agent{
		Type: concept{Coding: []coding{shape.server}}, Who: reference{Identifier: &identifier{"urn:vestibule:deployment", e.Deployment}},
		Network: &network{Address: e.Deployment, Type: "1"}, // machine name
	}
	if r.Interaction == "" && r.Phase != PhaseDenial {
		server.Type = concept{Coding: []coding{roleApp}}
		server.Requestor = r.Admin.By == "" && r.Agent.Subject == ""
		return append([]agent{server}, r.people(shape)...)
	}
	client := agent{Type: concept{Coding: []coding{shape.client}}, Who: r.Agent.client(), Requestor: r.Agent.Subject == ""}
	if r.Agent.Address != "" {
		client.Network = &network{Address: r.Agent.Address, Type: "2"} // IP address
	}
	return append([]agent{client, server}, r.people(shape)...)
}

// client is the application, as the token names it.
func (a Agent) client() reference {
	switch {
	case a.ClientID != "":
		return reference{Identifier: &identifier{"", a.ClientID}, Display: a.Platform}
	case a.Platform != "":
		return reference{Display: a.Platform}
	}
	return reference{}
}

// people are the agents for the person or the declared automaton, and for the token that stood for them.
func (r *Record) people(shape shape) []agent {
	if r.Agent.Subject == "" {
		if r.Admin.By == "" {
			return nil
		}
		return []agent{{Type: concept{Coding: []coding{roleAuthor}}, Who: reference{Display: r.Admin.By}, Name: r.Admin.By, Requestor: true}}
	}
	who := reference{Identifier: &identifier{r.Agent.Issuer, r.Agent.Subject}, Display: r.Agent.Name}
	user := agent{
		Type: concept{Coding: []coding{shape.user}}, Who: who, Name: r.Agent.Name, Requestor: true,
		PurposeOfUse: concepts(systemActReason, r.Purposes),
	}
	for team := range strings.SplitSeq(r.Agent.Team, ",") {
		if team != "" {
			user.Role = append(user.Role, concept{Coding: []coding{{systemTeam, team, ""}}, Text: team})
		}
	}
	if r.Agent.Role != "" {
		user.Role = append(user.Role, concept{Coding: []coding{{systemOwn, r.Agent.Role, ""}}, Text: r.Agent.Role})
	}
	if r.Agent.Automated {
		user.Role = append(user.Role, concept{Coding: []coding{{systemOwn, "automated", "Automated agent"}}})
	}
	for _, g := range r.Grants {
		user.Policy = append(user.Policy, grantPolicy+url.PathEscape(g))
	}
	if r.Agent.TokenID == "" {
		return []agent{user}
	}
	token := agent{
		Type: concept{Coding: []coding{roleOAuth}}, Who: who, Requestor: true,
		Policy: []string{"urn:ietf:params:oauth:jti:" + url.PathEscape(r.Agent.TokenID)}, // RFC 3553 form, BALP 3:5.7.5
	}
	return []agent{user, token}
}

func concepts(system string, codes []string) []concept {
	var out []concept
	for _, c := range codes {
		out = append(out, concept{Coding: []coding{{system, c, ""}}})
	}
	return out
}
