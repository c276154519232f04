package plain

import (
	"vestibule/audit"
	"vestibule/internal/report"
)

// Because is why a version of a grant was given, and by whom.
type Because struct{ Text, By string }

var (
	textGrant    = report.T("grant {1}", "autorisation {1}")
	textBecause  = report.T("grant {1}, given by {2}: {3}", "autorisation {1}, donnée par {2} : {3}")
	textOperator = report.T("the clinic’s own oversight", "la surveillance exercée par la clinique")
	whyNoGrant   = report.T("no grant allowed it", "aucune autorisation ne le permettait")
)

// Authority is on whose authority an access was: the grants that decided, who gave them and why.
func Authority(r *audit.Record, because map[string]Because) report.Value {
	if r.Agent.Role == audit.RoleAuditor || r.Admin.Action != "" {
		return report.Say(textOperator)
	}
	var out []report.Value
	for _, g := range r.Grants {
		text := report.Say(textGrant.With(report.Code(g)))
		if b, ok := because[g]; ok {
			text = report.Say(textBecause.With(report.Code(g), report.Data(b.By), report.Data(b.Text)))
		}
		out = append(out, text)
	}
	if len(out) == 0 {
		return report.Unknown(whyNoGrant)
	}
	return report.List(out...)
}
