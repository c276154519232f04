package policy

import (
	"net/netip"
	"strconv"

	"vestibule/fhir"
)

// Guardrail is what no grant can give: plain data as it stands in a document of kind Guardrail.
type Guardrail struct {
	Clinic   string   `yaml:"clinic,omitempty"` // absent: the operator's, for every clinic
	Name     string   `yaml:"name"`
	Never    []string `yaml:"never,omitempty"`    // resources that nobody reaches: "DocumentReference?category=psychiatry"
	Networks []string `yaml:"networks,omitempty"` // addresses and prefixes; callers from elsewhere are denied
	Because  string   `yaml:"because"`

	Version int `yaml:"-"` // set by the store, from 1
}

// Cite is how decisions and the trail name this version of the guardrail: name@version.
func (g Guardrail) Cite() string { return g.Name + "@" + strconv.Itoa(g.Version) }

// guardrail is a Guardrail that has been read.
type guardrail struct {
	detail   string // for the clinic: which guardrail it is
	never    []selector
	networks []netip.Prefix
}

// CheckGuardrail lists every mistake in g, as Check does for a grant. One that belongs to the operator is checked with any
// clinic: only the zone counts.
func CheckGuardrail(g Guardrail, ctx Context) []*fhir.Error {
	m := mistakes{kind: "Guardrail"}
	m.guardrail(g, ctx.Clinic)
	return m.list
}

// guardrail reads g. If m holds mistakes afterwards, the result must not be used.
func (m *mistakes) guardrail(g Guardrail, clinic Clinic) guardrail {
	out := guardrail{detail: "Guardrail " + g.Cite()}
	if m.named(clinic, g.Clinic, g.Name, g.Because); clinic.Zone == nil {
		return out
	}
	if len(g.Never) == 0 && len(g.Networks) == 0 {
		m.add("", "Say what it forbids: never, networks, or both.")
	}
	out.never = m.selectors("never", g.Never, clinic.Zone)
	var r reader
	var read grant
	r.empty("networks", g.Networks)
	r.networks(Grant{Networks: g.Networks}, &read)
	for _, e := range r.mistakes {
		m.add(e.Path, "%s", e.Text)
	}
	out.networks = read.networks
	return out
}
