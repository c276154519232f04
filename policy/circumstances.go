package policy

import (
	"net/netip"
	"time"
)

// circumstances are what of a request the conditions of grants are about, worked out once for all of them.
type circumstances struct {
	now       time.Time
	local     wallClock
	automated bool
	address   netip.Addr
	stated    purposes
}

func (p *plan) circumstances() circumstances {
	c := &p.req.Caller
	return circumstances{
		now: p.req.Now, local: wallClockAt(p.req.Now.In(p.set.clinic.Zone)), automated: c.Automated,
		address: c.Address.Unmap().WithZone(""), stated: purposesOf(c.Purposes),
	}
}

// unmet is the first condition of g that is not met; empty if all are. What is not known is not met (hazard H8).
func (g *grant) unmet(in *circumstances) Code {
	switch {
	case in.now.Before(g.from):
		return CodeNotStarted
	case !in.now.Before(g.until):
		return CodeExpired
	case in.automated && !g.src.To.Automated:
		return CodePeopleOnly
	case !in.automated && g.src.To.Automated:
		return CodeAgentsOnly
	case !g.hours.include(in.local):
		return CodeOutsideHours
	case len(g.networks) > 0 && !in.address.IsValid():
		return CodeNetworkUnknown
	case len(g.networks) > 0 && !within(g.networks, in.address):
		return CodeOutsideNetworks
	case g.purposes != 0 && in.stated == 0:
		return CodePurposeMissing
	case !g.purposes.allow(in.stated):
		return CodePurposeNotGranted
	case g.paused != nil:
		return CodeGrantPaused
	}
	return ""
}

func within(networks []netip.Prefix, a netip.Addr) bool {
	for _, n := range networks {
		if n.Contains(a) {
			return true
		}
	}
	return false
}

// purposes is a set of purposes of use.
type purposes uint8

// otherPurpose stands for every purpose that cannot be granted.
const otherPurpose purposes = 1 << 7

// purposeCodes are the purposes of use (http://terminology.hl7.org/CodeSystem/v3-ActReason) for which a clinic can let a
// platform in, by their bits. Marketing and research are not among them and cannot be granted.
var purposeCodes = [...]struct{ code, means string }{
	{"COC", "coordination of care"},
	{"HOPERAT", "the clinic's operations"},
	{"HPAYMT", "payment"},
	{"PATADMIN", "patient administration"},
	{"RECORDMGT", "records management"},
	{"TREAT", "treatment"},
}

func purposeMeans(code string) (means string, grantable bool) {
	for _, p := range purposeCodes {
		if p.code == code {
			return p.means, true
		}
	}
	return "", false
}

func purposesOf(codes []string) (out purposes) {
	for _, code := range codes {
		bit := otherPurpose
		for i, p := range purposeCodes {
			if p.code == code {
				bit = 1 << i
			}
		}
		out |= bit
	}
	return out
}

// allow reports whether everything stated is granted. A grant that names no purposes allows those that can be granted at all.
func (granted purposes) allow(stated purposes) bool {
	if granted == 0 {
		return stated&otherPurpose == 0
	}
	return stated&^granted == 0
}
