package emr

import (
	"encoding/json"

	"vestibule/fhir"
)

// object is a JSON object.
type object map[string]any

// statement is what this EMR says of itself, made from the same tables that it works by.
func (e *EMR) statement() []byte {
	name := e.cfg.Name
	if name == "" {
		name = "Demo EMR"
	}
	var resources []object
	for _, t := range allTypes() {
		resources = append(resources, resourceStatement(t))
	}
	b, err := json.Marshal(object{
		"resourceType": "CapabilityStatement", "status": "active", "date": e.cfg.Now().UTC().Format("2006-01-02"), "kind": "instance",
		"software": object{"name": name}, "implementation": object{"description": "Made-up data, on this machine only.", "url": e.base},
		"fhirVersion": "4.0.1", "format": []string{"json"},
		"rest": []object{{"mode": "server", "resource": resources, "security": object{"description": "SMART Backend Services.", "extension": []object{{
			"url":       "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
			"extension": []object{{"url": "token", "valueUri": e.base + tokenPath}}}}}}},
	})
	if err != nil { // strings and booleans always encode
		return []byte(`{"resourceType":"CapabilityStatement"}`)
	}
	return b
}

func resourceStatement(typ string) object {
	interactions, params, includes := []object{{"code": "read"}, {"code": "search-type"}}, []object(nil), []string(nil)
	add := func(kind string, names ...string) {
		for _, name := range names {
			params = append(params, object{"name": name, "type": kind})
		}
	}
	switch {
	case fhir.IsType(typ):
		interactions = append(interactions, object{"code": "create"}, object{"code": "update"})
		for _, p := range fhir.SearchParams(typ) {
			add(p.Type.String(), p.Name)
			if p.Type == fhir.ParamReference {
				includes = append(includes, typ+":"+p.Name)
			}
		}
	case typ == "Patient" || typ == "Practitioner":
		add("string", "family", "given")
		add("date", "birthdate")
		fallthrough
	default:
		add("token", "_id", "identifier")
		add("string", "name")
	}
	out := object{"type": typ, "versioning": "versioned-update", "conditionalCreate": fhir.IsType(typ), "interaction": interactions, "searchParam": params}
	if len(includes) > 0 { // FHIR has no empty lists
		out["searchInclude"] = includes
	}
	return out
}
