package plain

import (
	"strings"

	"vestibule/audit"
	"vestibule/internal/report"
)

var (
	whyNoPatient = report.T("the resource does not say whose it is", "la ressource ne dit pas de qui elle est")
	whyNoAddress = report.T("it came over no network, or over one that does not say", "la demande n’est venue d’aucun réseau, ou d’un réseau qui ne le dit pas")
	whyNoUser    = report.T("nobody is known to stand behind it", "personne n’est connu pour en être l’auteur")
	whyNoClient  = report.T("no token, or it names no client", "aucun jeton, ou il ne nomme aucun client")
	whyNoRoute   = report.T("it came in by no address", "la demande n’est arrivée par aucune adresse")
	whyNoEMR     = report.T("the EMR does not say what it is", "le DME ne dit pas ce qu’il est")
	textBy       = report.T("{1} by {2}", "{1}, par {2}")
)

// Patients are the patients of a resource.
func Patients(refs []string) report.Value {
	if len(refs) == 0 {
		return report.Unknown(whyNoPatient)
	}
	var out []report.Value
	for _, ref := range refs {
		out = append(out, report.Code(ref))
	}
	return report.List(out...)
}

// Address is where the request came from.
func Address(r *audit.Record) report.Value { return orUnknown(r.Agent.Address, whyNoAddress) }

// User is the person's identity at the platform's identity provider.
func User(r *audit.Record) report.Value { return orUnknown(r.Agent.Key(), whyNoUser) }

// Application is the program's identity.
func Application(r *audit.Record) report.Value { return orUnknown(r.Agent.ClientID, whyNoClient) }

// Route is the method and the form of the address that was asked, the gateway's likeness of a screen.
func Route(r *audit.Record) report.Value { return orUnknown(r.Route, whyNoRoute) }

// Software is the program's name, as it gives it, and its identity.
func Software(r *audit.Record) report.Value {
	if r.Agent.Software == "" {
		return Application(r)
	}
	return report.Data(r.Agent.Software)
}

// System is the EMR, and how it was reached.
func System(r *audit.Record) report.Value {
	s := strings.TrimSpace(r.System.Product)
	if s == "" {
		return report.Unknown(whyNoEMR)
	}
	if r.System.Adapter == "" {
		return report.Data(s)
	}
	return report.Say(textBy.With(report.Data(s), report.Data(r.System.Adapter)))
}

func orUnknown(s string, why report.Text) report.Value {
	if s == "" {
		return report.Unknown(why)
	}
	return report.Code(s)
}
