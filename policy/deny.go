package policy

import (
	"net/netip"
	"sync"
	"time"

	"vestibule/fhir"
)

// denials are the rules of a Set that deny whatever grants say, indexed so that a resource meets only those that can be about
// it. The zero value denies nothing.
type denials struct {
	networks []guardrail          // those that bind callers to networks
	byType   map[string]*typeDeny // nil entry: nothing is denied of the type
}

// typeDeny is what is denied of one type.
type typeDeny struct {
	never     []forbidden
	byPatient map[string][]*directive // by the patient's id
	locks     []*directive            // all of them
}

// forbidden is one thing that a guardrail keeps from everybody.
type forbidden struct {
	selector
	detail string
}

func newDenials(clinic Clinic, rules Rules) (denials, error) {
	out := denials{byType: map[string]*typeDeny{}}
	for _, g := range rules.Guardrails {
		m := mistakes{kind: "Guardrail"}
		read := m.guardrail(g, clinic)
		if len(m.list) > 0 {
			return denials{}, m.err(g.Name)
		}
		if len(read.networks) > 0 {
			out.networks = append(out.networks, read)
		}
		for _, s := range read.never {
			t := out.of(s.typ)
			t.never = append(t.never, forbidden{s, read.detail})
		}
	}
	for _, d := range rules.Directives {
		m := mistakes{kind: "Directive"}
		read := m.directive(d, clinic)
		if len(m.list) > 0 {
			return denials{}, m.err(d.Name)
		}
		for _, typ := range read.types() {
			t := out.of(typ)
			t.locks = append(t.locks, &read)
			t.byPatient[read.patient] = append(t.byPatient[read.patient], &read)
		}
	}
	return out, nil
}

func (d *denials) of(typ string) *typeDeny {
	if d.byType[typ] == nil {
		d.byType[typ] = &typeDeny{byPatient: map[string][]*directive{}}
	}
	return d.byType[typ]
}

// outside is why a caller from address is denied; ok is false where no guardrail minds. An address that is not known is in
// no network (hazard H8).
func (d *denials) outside(address netip.Addr) (reason Reason, ok bool) {
	for _, g := range d.networks {
		if !address.IsValid() || !within(g.networks, address) {
			reason = because(CodeOutsideGuardrail)
			reason.Detail = g.detail
			return reason, true
		}
	}
	return Reason{}, false
}

// denier applies the rules about one type to one caller at one moment. A nil denier denies nothing.
type denier struct {
	*typeDeny
	caller *Caller
	now    time.Time
	once   sync.Once
	active []*directive // those that lock the caller out now; see applying
}

func (p *plan) denier() *denier {
	rules := p.set.denials.byType[p.req.Interaction.Type]
	if rules == nil {
		return nil
	}
	return &denier{typeDeny: rules, caller: &p.req.Caller, now: p.req.Now}
}

// against is the one place where it is decided that a resource is denied whatever the grants say: the zero drop if it is
// not. Every resource that a permission would let through comes here, whether it is read, found, or written, before and after.
func (d *denier) against(r fhir.Resource) drop {
	if d == nil {
		return drop{}
	}
	for i := range d.never {
		if d.never[i].matches(r) {
			return drop{code: CodeGuardrail, candidate: -1, rule: d.never[i].detail}
		}
	}
	if len(d.locks) == 0 {
		return drop{}
	}
	return d.locked(r)
}

// locked is against for directives.
func (d *denier) locked(r fhir.Resource) (out drop) {
	var asked map[*directive]bool // r may name a patient ten thousand times
	unclear := eachPatient(r, func(id []byte) bool {
		for _, l := range d.byPatient[string(id)] {
			if asked[l] {
				continue
			}
			if asked == nil {
				asked = make(map[*directive]bool)
			}
			if asked[l] = true; l.applies(d.caller, d.now) && l.selects(r) {
				out = drop{code: CodeLocked, candidate: -1, rule: l.detail}
				return false
			}
		}
		return true
	})
	if out.code != "" || !unclear {
		return out
	}
	for _, l := range d.applying() {
		if l.selects(r) {
			return drop{code: CodePatientUnclear, candidate: -1, rule: l.detail}
		}
	}
	return drop{}
}

// writeMissed is why a write is refused whose outcome lies out of reach. The caller hears the same whatever keeps it there;
// the trail also hears of a rule that denies.
func (p *plan) writeMissed(miss drop) []Reason {
	reasons := []Reason{p.writeOutOfReach()}
	if miss.rule != "" {
		reasons = append(reasons, p.use.dropped(miss)...)
	}
	return reasons
}

// applying are the directives, for whatever patient, that lock the caller out now. They are gone through for resources
// whose patient is unclear only, and picked for the first of them.
func (d *denier) applying() []*directive {
	d.once.Do(func() {
		for _, l := range d.locks {
			if l.applies(d.caller, d.now) {
				d.active = append(d.active, l)
			}
		}
	})
	return d.active
}
