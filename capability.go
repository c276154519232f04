package vestibule

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"vestibule/adapters"
	"vestibule/audit"
	"vestibule/fhir"
	"vestibule/policy"
)

// The parts of a CapabilityStatement that the gateway states
// (http://hl7.org/fhir/R4/capabilitystatement.html).
type (
	statement struct {
		ResourceType   string         `json:"resourceType"`
		Status         string         `json:"status"`
		Date           string         `json:"date"`
		Kind           string         `json:"kind"`
		Software       namedVersion   `json:"software"`
		Implementation implementation `json:"implementation"`
		FHIRVersion    string         `json:"fhirVersion"`
		Format         []string       `json:"format"`
		Rest           []rest         `json:"rest"`
	}
	namedVersion struct {
		Name    string `json:"name"`
		Version string `json:"version,omitempty"`
	}
	implementation struct {
		Description string `json:"description"`
		URL         string `json:"url,omitempty"`
	}
	rest struct {
		Mode     string         `json:"mode"`
		Security security       `json:"security"`
		Resource []restResource `json:"resource,omitempty"`
	}
	security struct {
		Service     []concept `json:"service"`
		Description string    `json:"description"`
	}
	concept struct {
		Coding []coding `json:"coding"`
	}
	coding struct {
		System string `json:"system"`
		Code   string `json:"code"`
	}
	restResource struct {
		Type        string        `json:"type"`
		Profiles    []string      `json:"supportedProfile,omitempty"`
		Interaction []interaction `json:"interaction"`
		Versioning  string        `json:"versioning"`
		UpdateNew   bool          `json:"updateCreate"`
		SearchParam []searchParam `json:"searchParam,omitempty"`
	}
	interaction struct {
		Code string `json:"code"`
	}
	searchParam struct {
		Name string `json:"name"`
		Type string `json:"type"`
	}
)

// Statement is the CapabilityStatement for anyone: what the clinic's EMR and the gateway can do together, whoever asks. It
// is no access, so nothing is recorded. base is the absolute URL of the clinic's FHIR base.
func (g *Gateway) Statement(ctx context.Context, c *Clinic, base string) Answer {
	can, err := c.EMR.Capability(ctx)
	if err != nil {
		return Answer{err: fhir.AsError(err)}
	}
	return Answer{document: g.statement(c, base, can, everything())}
}

// TrailStatement is the CapabilityStatement of a clinic's trail, for anyone: what AuditEvents are searched by. It is no access,
// so nothing is recorded. base is the absolute URL of the trail.
func (g *Gateway) TrailStatement(c *Clinic, base string) Answer {
	res := restResource{Type: "AuditEvent", Profiles: audit.Profiles(), Interaction: []interaction{{"read"}, {"search-type"}}, Versioning: "no-version"}
	res.SearchParam = append(res.SearchParam, searchParam{"_id", "token"}, searchParam{"_lastUpdated", "date"})
	for _, p := range audit.Params() {
		res.SearchParam = append(res.SearchParam, searchParam{p.Name, p.Type})
	}
	return Answer{document: g.encodeStatement("The audit trail of "+c.Title, base, rest{Mode: "server", Security: security{
		Service:     smartService(),
		Description: "An access token for a named person whom the clinic lists among its auditors. Each look is itself on record.",
	}, Resource: []restResource{res}})}
}

// capabilities is the CapabilityStatement for one caller: only what the caller's grants and the EMR allow together.
func (a *access) capabilities(ctx context.Context) Answer {
	if !a.req.Caller.ValidAt(a.start) {
		return a.deny(ctx, fhir.E("vestibule.capabilities", fhir.KindUnauthenticated, "nobody", "Sign in again and send the new token."))
	}
	can, err := a.clinic.EMR.Capability(ctx)
	if err != nil {
		return a.fail(ctx, fhir.AsError(err))
	}
	document := a.g.statement(a.clinic, a.req.Base, can, a.clinic.Policy.Effective(a.req.Caller, a.start))
	return a.succeed(ctx, http.StatusOK, nil, Answer{document: document})
}

// everything is what somebody with every grant could do.
func everything() []policy.Access {
	var out []policy.Access
	for _, typ := range fhir.Types() {
		all := policy.Access{Type: typ, Interactions: []fhir.InteractionKind{
			fhir.InteractionRead, fhir.InteractionSearch, fhir.InteractionCreate, fhir.InteractionUpdate}}
		all.Opens = typ == typDocument
		for _, p := range fhir.SearchParams(typ) {
			all.Params = append(all.Params, p.Name)
		}
		out = append(out, all)
	}
	return out
}

func (g *Gateway) statement(c *Clinic, base string, can adapters.Capability, may []policy.Access) []byte {
	r := rest{Mode: "server", Security: security{
		Service: smartService(),
		Description: "An access token for a named person, from an issuer that the clinic trusts; see .well-known/smart-configuration. " +
			"What a caller may do is what the clinic has granted.",
	}}
	for _, access := range may {
		if res := resourceRow(can, access); len(res.Interaction) > 0 {
			r.Resource = append(r.Resource, res)
		}
		if access.Opens && opensDocuments(c.EMR, can) {
			r.Resource = append(r.Resource, restResource{Type: "Binary", Interaction: []interaction{{string(fhir.InteractionRead)}}, Versioning: "no-version"})
		}
	}
	return g.encodeStatement("Vestibule, the gateway of "+c.Title, base, r)
}

func smartService() []concept {
	return []concept{{Coding: []coding{{"http://terminology.hl7.org/CodeSystem/restful-security-service", "SMART-on-FHIR"}}}}
}

func (g *Gateway) encodeStatement(what, base string, r rest) []byte {
	b, err := json.Marshal(statement{
		ResourceType: "CapabilityStatement", Status: "active", Date: g.now().UTC().Format(time.RFC3339), Kind: "instance",
		Software:       namedVersion{"Vestibule", g.version},
		Implementation: implementation{what, base},
		FHIRVersion:    "4.0.1", Format: []string{"application/fhir+json"}, Rest: []rest{r},
	})
	if err != nil { // strings and booleans always marshal
		return []byte("{}")
	}
	return b
}

// resourceRow is one type's part: what both the EMR and the access have.
func resourceRow(can adapters.Capability, may policy.Access) restResource {
	res := restResource{Type: may.Type, Versioning: "versioned-update"}
	for _, kind := range may.Interactions {
		if !can.Supports(may.Type, kind) {
			continue
		}
		res.Interaction = append(res.Interaction, interaction{string(kind)})
		if kind != fhir.InteractionSearch {
			continue
		}
		for _, name := range may.Params {
			if p, ok := fhir.LookUpParam(may.Type, name); ok {
				res.SearchParam = append(res.SearchParam, searchParam{p.Name, p.Type.String()})
			}
		}
	}
	return res
}
