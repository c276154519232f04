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

	Unknown string // why a record may not hold it

	holds func(*Record) bool
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
			out = append(out, Unknown{f.Number, f.Name, f.Unknown})
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
	{1, "event", "id, phase, the log's name and the index", "no record is without them", func(r *Record) bool { return r.ID != "" && r.Phase != "" }},
	{2, "time", "time", "no record is without it", func(r *Record) bool { return !r.Time.IsZero() }},
	{2, "time zone", "zone", "it belongs to no clinic, or the clinic was not served", func(r *Record) bool { return r.Zone != "" }},
	{2, "clock state", "", "the gateway does not see whether its machine's clock is set by the network", never},
	{3, "action", "interaction, admin.action", "the request was not understood, or its token was refused before it was read", func(r *Record) bool { return r.Interaction != "" || r.Admin.Action != "" }},
	{4, "outcome", "outcome, status, reasons, upstream", "an intent has none; the record that settles it has", func(r *Record) bool { return r.Outcome != "" }},
	{5, "custodian", "clinic, title", "it belongs to no clinic that was served", func(r *Record) bool { return r.Clinic != "" && r.Title != "" }},
	{5, "facility", "", "a clinic's document names no facility beside its title", never},
	{6, "EMR", "system", "no EMR was asked, or it does not say what it is", func(r *Record) bool { return r.System.Product != "" }},
	{7, "platform", "agent.platform", "no token, or none of a known platform", func(r *Record) bool { return r.Agent.Platform != "" }},
	{8, "application", "agent.client, agent.software", "no token, or it names no client", func(r *Record) bool { return r.Agent.ClientID != "" }},
	{9, "token", "agent.jti, agent.iss", "no token, or it has no id", func(r *Record) bool { return r.Agent.TokenID != "" }},
	{9, "token key", "", "the gateway takes bearer tokens only, which are bound to no key", never},
	{10, "user", "agent.iss, agent.sub, agent.name, admin.by", "nobody is known to stand behind it", func(r *Record) bool { return r.Agent.Subject != "" || r.Admin.By != "" }},
	{11, "role", "agent.team", "nobody whom the clinic lists in a team; tokens name no job function", func(r *Record) bool { return r.Agent.Team != "" }},
	{11, "kind of actor", "agent.automated", "the gateway itself, or whoever admin.by names", about},
	{12, "on whose authority", "grants", "no grant decided; who approved a grant is on record under its name and version", func(r *Record) bool { return len(r.Grants) > 0 }},
	{13, "authentication assurance", "agent.assurance", "no token, or it says neither acr nor amr", func(r *Record) bool { return r.Agent.Assurance != "" }},
	{14, "network address", "agent.address", "it came over no network, or over one that does not say", func(r *Record) bool { return r.Agent.Address != "" }},
	{14, "country, device", "", "the gateway keeps no table of countries and asks for no device", never},
	{15, "purpose", "purposes", "no token, or it states none", func(r *Record) bool { return len(r.Purposes) > 0 }},
	{16, "patient", "patients, query", "nothing of a patient left or was asked for, or whose it is the resource does not say", func(r *Record) bool { return len(r.subjects()) > 0 }},
	{16, "patient's name and health number", "", "the gateway does not ask the EMR for more than it was asked for; the EMR has them under the reference", never},
	{17, "resource", "resource, released", "nothing was named and nothing left", func(r *Record) bool { return r.Resource != "" || len(r.Released) > 0 }},
	{18, "type of information", "type, released.kinds", noAccess, func(r *Record) bool { return r.Type != "" }},
	{18, "elements released", "released.removed, grants", "nothing left; which elements may is what the grant's version says", func(r *Record) bool { return len(r.Released) > 0 }},
	{19, "interaction and route", "interaction, route", "it came in by no address", func(r *Record) bool { return r.Route != "" }},
	{20, "query", "query, raw", "it was no search", func(r *Record) bool { return r.Query != "" || r.Raw != "" }},
	{21, "counts", "released, withheld, patients, shown", "the EMR gave nothing", func(r *Record) bool { return len(r.Released)+r.Withheld+r.Shown > 0 }},
	{21, "bytes", "", "the record is durable before the answer is written", never},
	{22, "change", "changed, before, after", "nothing was written", func(r *Record) bool { return r.Before != "" || r.After != "" }},
	{23, "security labels", "released.labels", "nothing labelled left", (*Record).labelled},
	{24, "decision", "reasons, rules, grants, policy, scopes", "no rule had to decide", func(r *Record) bool { return len(r.Reasons) > 0 || len(r.Grants) > 0 }},
	{25, "consent directives", "rules", "no directive kept anything back; there is no override", (*Record).lockedOut},
	{26, "explanation", "", "the gateway does not look for the appointment or task that explains an access", never},
	{27, "transfer", "agent.address", "nothing left", func(r *Record) bool { return len(r.Released) > 0 && r.Agent.Address != "" }},
	{28, "correlation", "requestId, traceparent, intent, operation", "it came in by no request", func(r *Record) bool { return r.RequestID != "" }},
	{29, "sequence", "the index in the log", "no record is without it", func(*Record) bool { return true }},
	{30, "retention", "", "it is the clinic's setting and changes after the record is written", never},
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
