package emr

import (
	"encoding/json"

	"vestibule/fhir"
)

// The parts of a CapabilityStatement that it fills in.
type capabilityStatement struct {
	ResourceType string           `json:"resourceType"`
	Status       string           `json:"status"`
	Date         string           `json:"date"`
	Kind         string           `json:"kind"`
	Software     software         `json:"software"`
	Instance     implementation   `json:"implementation"`
	FHIRVersion  string           `json:"fhirVersion"`
	Format       []string         `json:"format"`
	Rest         []capabilityRest `json:"rest"`
}

type software struct {
	Name string `json:"name"`
}

type implementation struct {
	Description string `json:"description"`
	URL         string `json:"url"`
}

type capabilityRest struct {
	Mode     string               `json:"mode"`
	Security capabilitySecurity   `json:"security"`
	Resource []capabilityResource `json:"resource"`
}

type capabilitySecurity struct {
	Extension   []extension `json:"extension"`
	Description string      `json:"description"`
}

type extension struct {
	URL       string      `json:"url"`
	ValueURI  string      `json:"valueUri,omitempty"`
	Extension []extension `json:"extension,omitempty"`
}

type capabilityResource struct {
	Type              string            `json:"type"`
	Interaction       []interactionCode `json:"interaction"`
	Versioning        string            `json:"versioning"`
	ConditionalCreate bool              `json:"conditionalCreate"`
	SearchInclude     []string          `json:"searchInclude,omitempty"`
	SearchParam       []searchParam     `json:"searchParam"`
}

type interactionCode struct {
	Code string `json:"code"`
}

type searchParam struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// statement is what this EMR says of itself, made from the same tables that it works by.
func (e *EMR) statement() []byte {
	name := e.cfg.Name
	if name == "" {
		name = "Demo EMR"
	}
	rest := capabilityRest{Mode: "server", Security: capabilitySecurity{
		Description: "SMART Backend Services.",
		Extension: []extension{{
			URL:       "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
			Extension: []extension{{URL: "token", ValueURI: e.base + tokenPath}},
		}},
	}}
	for _, t := range allTypes() {
		rest.Resource = append(rest.Resource, resourceStatement(t))
	}
	b, err := json.Marshal(capabilityStatement{
		ResourceType: "CapabilityStatement", Status: "active", Date: e.cfg.Now().UTC().Format("2006-01-02"), Kind: "instance",
		Software: software{name}, Instance: implementation{"Made-up data, on this machine only.", e.base},
		FHIRVersion: "4.0.1", Format: []string{"json"}, Rest: []capabilityRest{rest},
	})
	if err != nil { // strings and booleans always encode
		return []byte(`{"resourceType":"CapabilityStatement"}`)
	}
	return b
}

func resourceStatement(typ string) capabilityResource {
	out := capabilityResource{Type: typ, Versioning: "versioned-update", Interaction: []interactionCode{{"read"}, {"search-type"}}}
	if !fhir.IsType(typ) {
		out.SearchParam = []searchParam{{"_id", "token"}, {"identifier", "token"}, {"name", "string"}}
		if typ == "Patient" || typ == "Practitioner" {
			out.SearchParam = append(out.SearchParam, searchParam{"family", "string"}, searchParam{"given", "string"}, searchParam{"birthdate", "date"})
		}
		return out
	}
	out.ConditionalCreate = true
	out.Interaction = append(out.Interaction, interactionCode{"create"}, interactionCode{"update"})
	for _, p := range fhir.SearchParams(typ) {
		out.SearchParam = append(out.SearchParam, searchParam{p.Name, p.Type.String()})
		if p.Type == fhir.ParamReference {
			out.SearchInclude = append(out.SearchInclude, typ+":"+p.Name)
		}
	}
	return out
}
