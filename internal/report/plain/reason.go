package plain

import (
	"strings"

	"vestibule/internal/reasons"
	"vestibule/internal/report"
	"vestibule/policy"
)

// Reason is what a reason code means and what can be done about it.
func Reason(code string) (means, next report.Value) {
	row, ok := reasons.Find(code)
	if !ok {
		return report.Code(code), report.Value{}
	}
	fr, ok := inFrench[code]
	if !ok {
		return report.Code(code), report.Value{}
	}
	return report.Say(report.T(row.Means, fr.means)), report.Say(report.T(row.Next, fr.next))
}

// Granted is the code of what was permitted; it stands also beside a refusal, where something allowed a part.
const Granted = string(policy.CodeGranted)

// Cause is the reason that says most: one that the caller was not told, where there is one, and the first otherwise.
func Cause(codes []string) string {
	for _, code := range codes {
		if row, ok := reasons.Find(code); ok && row.Hidden() {
			return code
		}
	}
	for _, code := range codes {
		if code != Granted {
			return code
		}
	}
	return ""
}

// Grants are the grants that a refusal was about: those that decided, and those that its rules name, "code: grant@version …".
func Grants(grants, rules []string) (out []string) {
	add := func(name string) {
		for _, have := range out {
			if have == name {
				return
			}
		}
		out = append(out, name)
	}
	for _, g := range grants {
		add(g)
	}
	for _, rule := range rules {
		_, about, _ := strings.Cut(rule, ": ")
		first, _, _ := strings.Cut(about, " ")
		if name, version, ok := strings.Cut(first, "@"); ok && name != "" && version != "" {
			add(first)
		}
	}
	return out
}
