package audit

import (
	"slices"
	"strings"
)

// Field is one of the thirty that Canadian laws ask for together: where a record has it, or why it does not.
type Field struct {
	Number int
	Name   string
	In     string // the members of a record that hold it

	holds   func(*Record) bool
	unknown string // why a record does not hold it
}

// Unknown is a field that a record does not hold, and why.
type Unknown struct {
	Number int
	Name   string
	Why    string
}

// Unknown are the fields that r does not hold, each with the reason. What cannot apply, such as the patient of a start, is
// not unknown but absent, and is said so in the same way.
func (r *Record) Unknown() []Unknown {
	var out []Unknown
	for i := range fields {
		if f := &fields[i]; !f.holds(r) {
			out = append(out, Unknown{f.Number, f.Name, f.unknown})
		}
	}
	return out
}

// Fields is the table. Where a number stands twice, one part of the field can be known and another not.
func Fields() []Field { return slices.Clone(fields[:]) }

const noAccess = "this was no access to a resource"

func never(*Record) bool { return false }

func about(r *Record) bool { return r.Phase != PhaseAdmin && r.Phase != PhaseSystem }

// fields is the table; never written to. The order is that of the standard.
var fields = [...]Field{
	{1, "event", "id, phase, the log's name and the index", func(r *Record) bool { return r.ID != "" && r.Phase != "" }, "no record is without them"},
	{2, "time", "time", func(r *Record) bool { return !r.Time.IsZero() }, "no record is without it"},
	{2, "time zone", "zone", func(r *Record) bool { return r.Zone != "" }, "it belongs to no clinic, or the clinic was not served"},
	{2, "clock state", "", never, "the gateway does not see whether its machine's clock is set by the network"},
	{3, "action", "interaction, admin.action", func(r *Record) bool { return r.Interaction != "" || r.Admin.Action != "" }, "the request could not be understood"},
	{4, "outcome", "outcome, status, reasons, upstream", func(r *Record) bool { return r.Outcome != "" }, "an intent has none; the record that settles it has"},
	{5, "custodian", "clinic, title", func(r *Record) bool { return r.Clinic != "" && r.Title != "" }, "it belongs to no clinic that was served"},
	{5, "facility", "", never, "a clinic's document names no facility beside its title"},
	{6, "EMR", "system", func(r *Record) bool { return r.System.Product != "" }, "no EMR was asked, or it does not say what it is"},
	{7, "platform", "agent.platform", func(r *Record) bool { return r.Agent.Platform != "" }, "no token, or none of a known platform"},
	{8, "application", "agent.client, agent.software", func(r *Record) bool { return r.Agent.ClientID != "" }, "no token, or it names no client"},
	{9, "token", "agent.jti, agent.iss", func(r *Record) bool { return r.Agent.TokenID != "" }, "no token, or it has no id"},
	{9, "token key", "", never, "the gateway takes bearer tokens only, which are bound to no key"},
	{10, "user", "agent.iss, agent.sub, agent.name, admin.by", func(r *Record) bool { return r.Agent.Subject != "" || r.Admin.By != "" }, "nobody is known to stand behind it"},
	{11, "role", "agent.team", func(r *Record) bool { return r.Agent.Team != "" }, "the clinic lists the person in no team; the token names no job function"},
	{11, "kind of actor", "agent.automated", about, "the gateway itself, or whoever admin.by names"},
	{12, "on whose authority", "grants", func(r *Record) bool { return len(r.Grants) > 0 }, "no grant decided; who approved a grant is on record under its name and version"},
	{13, "authentication assurance", "", never, "the gateway reads no assurance out of tokens"},
	{14, "network address", "agent.address", func(r *Record) bool { return r.Agent.Address != "" }, "it came over no network, or over one that does not say"},
	{14, "country, device", "", never, "the gateway keeps no table of countries and asks for no device"},
	{15, "purpose", "purposes", func(r *Record) bool { return len(r.Purposes) > 0 }, "the token states none"},
	{16, "patient", "patients", func(r *Record) bool { return len(r.Patients) > 0 }, "nothing of a patient left, or whose it is the resource does not say"},
	{16, "patient's name and health number", "", never, "the gateway does not ask the EMR for more than it was asked for; the EMR has them under the reference"},
	{17, "resource", "resource, released", func(r *Record) bool { return r.Resource != "" || len(r.Released) > 0 }, "nothing was named and nothing left"},
	{18, "type of information", "type, released.kinds", func(r *Record) bool { return r.Type != "" }, noAccess},
	{18, "elements released", "released.removed, grants", func(r *Record) bool { return len(r.Released) > 0 }, "nothing left; which elements may is what the grant's version says"},
	{19, "interaction and route", "interaction, route", func(r *Record) bool { return r.Route != "" }, "it came in by no address"},
	{20, "query", "query, raw", func(r *Record) bool { return r.Query != "" || r.Raw != "" }, "it was no search"},
	{21, "counts", "released, withheld, patients, shown", func(r *Record) bool { return len(r.Released)+r.Withheld+r.Shown > 0 }, "the EMR gave nothing"},
	{21, "bytes", "", never, "the record is durable before the answer is written"},
	{22, "change", "changed, before, after", func(r *Record) bool { return r.Before != "" || r.After != "" }, "nothing was written"},
	{23, "security labels", "released.labels", (*Record).labelled, "nothing labelled left"},
	{24, "decision", "reasons, rules, grants, policy, scopes", func(r *Record) bool { return len(r.Reasons) > 0 || len(r.Grants) > 0 }, "no rule had to decide"},
	{25, "consent directives", "rules", (*Record).lockedOut, "no directive kept anything back; there is no override"},
	{26, "explanation", "", never, "the gateway does not look for the appointment or task that explains an access"},
	{27, "transfer", "agent.address", func(r *Record) bool { return len(r.Released) > 0 && r.Agent.Address != "" }, "nothing left"},
	{28, "correlation", "requestId, traceparent, intent, operation", func(r *Record) bool { return r.RequestID != "" }, "it came in by no request"},
	{29, "sequence", "the index in the log", func(*Record) bool { return true }, "no record is without it"},
	{30, "retention", "", never, "it is the clinic's setting and changes after the record is written"},
}

func (r *Record) labelled() bool {
	for i := range r.Released {
		if len(r.Released[i].Labels) > 0 {
			return true
		}
	}
	return false
}

func (r *Record) lockedOut() bool {
	for _, rule := range r.Rules {
		switch code, _, _ := strings.Cut(rule, ":"); code {
		case "locked-by-directive", "patient-unclear":
			return true
		}
	}
	return false
}
