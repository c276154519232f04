package plain

import (
	"strings"

	"vestibule/audit"
	"vestibule/internal/report"
)

var (
	wordGateway    = report.T("the gateway itself", "la passerelle elle-même")
	wordNobody     = report.T("somebody unknown: the request named nobody", "personne inconnue : la demande ne nommait personne")
	wordUnverified = report.T("somebody who said to be {1} (not verified)", "une personne qui disait être {1} (non vérifié)")
	wordAutomated  = report.T("{1} (a program)", "{1} (un programme)")
	wordMachine    = report.T("{1} (on the gateway’s machine)", "{1} (sur la machine de la passerelle)")
	whyNoPlatform  = report.T("no platform was recognised", "aucune plateforme n’a été reconnue")
	whyNoTeam      = report.T("the clinic lists this person in no team", "la clinique n’inscrit cette personne dans aucune équipe")
)

// Who is the person, or the program, behind a record.
func Who(r *audit.Record) report.Value {
	a := &r.Agent
	name := a.Name
	if name == "" {
		name = a.Subject
	}
	switch {
	case a.Role == audit.RoleUnverified && a.Subject != "":
		return report.Say(wordUnverified.With(report.Data(a.Subject)))
	case name != "" && a.Automated:
		return report.Say(wordAutomated.With(report.Data(name)))
	case name != "":
		return report.Data(name)
	case r.Admin.By != "":
		return report.Say(wordMachine.With(report.Data(r.Admin.By)))
	case r.Phase == audit.PhaseSystem:
		return report.Say(wordGateway)
	}
	return report.Say(wordNobody)
}

// Key tells people apart: two of the same name are two.
func Key(r *audit.Record) string {
	switch {
	case r.Agent.Role == audit.RoleUnverified:
		return "?" + r.Agent.Key()
	case r.Agent.Subject != "":
		return r.Agent.Key()
	}
	return "@" + r.Admin.By
}

// Organisation is the platform that the person works for, by its title where there is one.
func Organisation(r *audit.Record, titles map[string]string) report.Value {
	if r.Agent.Platform == "" {
		return report.Unknown(whyNoPlatform)
	}
	if title := titles[r.Agent.Platform]; title != "" {
		return report.Data(title)
	}
	return report.Data(r.Agent.Platform)
}

// Teams are the clinic's teams that the person belonged to then.
func Teams(r *audit.Record) report.Value {
	var out []report.Value
	for team := range strings.SplitSeq(r.Agent.Team, ",") {
		if team != "" {
			out = append(out, report.Data(team))
		}
	}
	if len(out) == 0 {
		return report.Unknown(whyNoTeam)
	}
	return report.List(out...)
}
