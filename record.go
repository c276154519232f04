package vestibule

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"

	"vestibule/audit"
	"vestibule/fhir"
	"vestibule/policy"
)

// newRecord is what every record of the access says: who asked whom for what, and why.
func (a *access) newRecord() audit.Record {
	q := a.req.Interaction
	r := audit.Record{
		ID:          a.id,
		Time:        a.start,
		Clinic:      GatewayLog,
		Agent:       agentOf(a.req),
		Purposes:    a.req.Caller.Purposes,
		Scopes:      a.req.Caller.ScopesFor(q.Type),
		Interaction: string(q.Kind),
		Route:       a.req.Route,
		Type:        q.Type,
		RequestID:   a.req.RequestID,
		Traceparent: a.req.Traceparent,
	}
	if a.clinic != nil {
		r.Clinic, r.Title, r.Zone, r.Policy = a.clinic.Name, a.clinic.Title, a.clinic.Zone.String(), a.clinic.Rules
		r.Agent.Team = strings.Join(a.clinic.Teams[r.Agent.Key()], ",")
	}
	if q.ID != "" {
		r.Resource = fhir.Ref{Type: q.Type, ID: q.ID}.String()
	}
	switch {
	case q.Opens:
		r.Query = "attachment=" + strconv.Itoa(q.Attachment)
	case !q.Query.IsZero():
		r.Query = q.Query.Encode()
	}
	return r
}

func agentOf(req Request) audit.Agent {
	c := req.Caller
	if !c.Valid() {
		return audit.Agent{Issuer: req.Claim.Issuer, Subject: req.Claim.Subject, ClientID: req.Claim.ClientID, Role: audit.RoleUnverified,
			Software: plainText(req.Software, maxSoftware), Address: req.Address}
	}
	a := audit.Agent{Issuer: c.Issuer, Subject: c.Subject, Name: c.Name, Platform: c.Platform, ClientID: c.ClientID,
		TokenID: c.TokenID, Assurance: c.Assurance, Automated: c.Automated, Software: plainText(req.Software, maxSoftware), Address: req.Address}
	if c.Address.IsValid() {
		a.Address = c.Address.String()
	}
	return a
}

// write makes r durable also for a caller who has hung up, who would hide something otherwise. How long that may take is
// the ledger's own patience.
func (a *access) write(ctx context.Context, r audit.Record) (audit.Receipt, error) {
	if a.clinic != nil && r.Phase != audit.PhaseSystem {
		r.System = a.clinic.system()
	}
	return a.g.ledger.Append(context.WithoutCancel(ctx), r)
}

// deny records a refusal and answers it.
func (a *access) deny(ctx context.Context, err *fhir.Error, reasons ...policy.Reason) Answer {
	r := a.record
	r.Phase, r.Outcome = audit.PhaseDenial, audit.OutcomeMinor
	if err.Kind == fhir.KindForbidden || err.Kind == fhir.KindUnauthenticated || len(reasons) > 0 {
		r.Outcome = audit.OutcomeSerious
	}
	return a.refuse(ctx, r, err, reasons)
}

// fail records that the EMR, or the gateway itself, could not do what was permitted, and answers it.
func (a *access) fail(ctx context.Context, err *fhir.Error) Answer {
	r := a.record
	r.Phase, r.Outcome, r.Upstream = audit.PhaseOutcome, audit.OutcomeSerious, upstreamClass(err)
	if err.Kind == fhir.KindInternal {
		r.Outcome = audit.OutcomeMajor
	}
	return a.refuse(ctx, r, err, nil)
}

// succeed records what leaves and builds the answer that holds it: the one place where patient data becomes an answer.
func (a *access) succeed(ctx context.Context, status int, released []policy.Released, answer Answer) Answer {
	r := a.record
	r.Released, r.Patients = releasedItems(released)
	r.Raw = a.searchAsSent()
	if r.Intent == nil { // for a write its patients were counted before it was carried out
		if err := a.within(ctx, taking{patients: r.Patients, documents: documents(r.Released), released: released}); err != nil {
			a.record.Withheld += len(released)
			return a.stopped(ctx, err)
		}
	}
	r.Phase, r.Outcome, r.Status, r.Upstream = audit.PhaseOutcome, audit.OutcomeSuccess, status, "ok"
	r.Grants = a.grantsOf(released)
	r.Reasons, r.Rules = a.why(nil), a.rules(nil)
	receipt, err := a.write(ctx, r)
	if err != nil && r.Intent != nil {
		return Answer{decision: a.id, err: unrecorded(err)}
	}
	if err != nil {
		return Answer{decision: a.id, err: fhir.AsError(err)}
	}
	if !a.stillHolds(released) {
		return a.heldBack(ctx, released)
	}
	answer.decision, answer.receipt, answer.released = a.id, receipt, released
	return answer
}

// searchAsSent is a search's address as it came; empty for everything else and for a page link, which stands for a search whose record
// has it.
func (a *access) searchAsSent() string {
	switch a.req.Interaction.Kind {
	case fhir.InteractionSearch, audit.InteractionAuditSearch:
		if !strings.Contains(a.req.Raw, "_cursor=") {
			return a.asSent()
		}
	}
	return ""
}

// asSent is the request's address as it came, and the form that it brought.
func (a *access) asSent() string { return plainText(withoutSecrets(a.req.Raw), audit.MaxRaw) }

// grantsOf cites the grants that the decision rests on and those that show something of released, each once.
func (a *access) grantsOf(released []policy.Released) []string {
	cites := a.decision.Grants()
	for _, r := range released {
		for _, cite := range r.Grants() {
			cites = appendNew(cites, cite)
		}
	}
	return cites
}

// why adds to codes those of the decision, where one was made, and of more, each once.
func (a *access) why(codes []string, more ...policy.Reason) []string {
	if a.decided {
		more = append(a.decision.Reasons(), more...)
	}
	for _, reason := range more {
		codes = appendNew(codes, string(reason.Code))
	}
	if a.renewed {
		codes = appendNew(codes, CodeRulesChanged)
	}
	return codes
}

// releasedItems says for the record what leaves, and about which patients, each once.
func releasedItems(released []policy.Released) (items []audit.ReleasedItem, patients []string) {
	items = make([]audit.ReleasedItem, 0, len(released))
	named := make([]string, 0, len(released)) // one memory for the patients of all items
	seen := make(map[string]string)           // names of patients by id
	var ref []byte
	for _, rel := range released {
		cut := rel.Cut()
		ref = cut.Resource().AppendRef(ref[:0])
		first := len(named)
		for _, p := range rel.Patients() {
			name, known := seen[p.ID]
			if !known {
				name = p.String()
				seen[p.ID] = name
				patients = append(patients, name)
			}
			named = append(named, name)
		}
		items = append(items, audit.ReleasedItem{Ref: string(ref), Patients: named[first:len(named):len(named)], Removed: cut.Holes(),
			Documents: rel.Documents(), Kinds: kindsOf(cut.Resource()), Labels: labelsOf(cut.Resource())})
	}
	return items, patients
}

// documents is how many documents leave with items.
func documents(items []audit.ReleasedItem) (n int) {
	for i := range items {
		n += items[i].Documents
	}
	return n
}

// upstreamClass is what became of the question to the EMR, for the trail (hazard H25: never a success that was none).
func upstreamClass(err *fhir.Error) string {
	switch err.Kind {
	case fhir.KindInternal:
		return ""
	case fhir.KindUpstream, fhir.KindUnavailable:
		return err.Reason()
	}
	return err.Kind.String()
}

func digest(r fhir.Resource) string {
	if r.IsZero() {
		return ""
	}
	sum := sha256.Sum256(r.Bytes())
	return hex.EncodeToString(sum[:])
}

func appendNew(list []string, s string) []string {
	for _, have := range list {
		if have == s {
			return list
		}
	}
	return append(list, s)
}
