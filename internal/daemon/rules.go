package daemon

import (
	"fmt"

	"vestibule/adapters"
	"vestibule/internal/config"
	"vestibule/internal/store"
	"vestibule/policy"
)

// Stored are documents as they are written into the store.
func Stored(docs ...config.Document) []store.Document {
	out := make([]store.Document, 0, len(docs))
	for _, d := range docs {
		out = append(out, store.Document{Kind: d.Kind, Clinic: d.Clinic, Name: d.Name, Body: d.Body})
	}
	return out
}

// Rules are what documents say about who may do what at a clinic: what a gateway that serves these documents compiles. For
// whoever asks what it would decide, without it.
func Rules(documents []store.Document, clinic string) (policy.Clinic, policy.Rules, error) {
	p, err := partsOf(those(documents, clinic), func(store.Document, error) {})
	if err != nil {
		return policy.Clinic{}, policy.Rules{}, err
	}
	at, err := p.policyClinic()
	return at, p.rules, err
}

// Connect opens the clinic's connection to its EMR, as a gateway that serves these documents does.
func Connect(documents []store.Document, clinic string) (adapters.EMR, error) {
	p, err := partsOf(those(documents, clinic), func(store.Document, error) {})
	if err != nil {
		return nil, err
	}
	at, err := p.policyClinic()
	if err != nil {
		return nil, err
	}
	if p.connection == nil {
		return nil, fmt.Errorf("clinic %s has no document of kind Connection; say where its EMR is", clinic)
	}
	return openEMR(p.connection, at.Zone)
}

// those are the documents that count at a clinic: its own and those that hold everywhere.
func those(documents []store.Document, clinic string) []store.Document {
	var out []store.Document
	for _, d := range documents {
		if d.Kind != config.KindPlatform && (d.Clinic == clinic || d.Clinic == "") {
			out = append(out, d)
		}
	}
	return out
}

// policyClinic is what the policy has to know of the clinic.
func (p parts) policyClinic() (policy.Clinic, error) {
	if p.clinic == nil {
		return policy.Clinic{}, fmt.Errorf("no document of kind Clinic")
	}
	zone, err := p.clinic.Location()
	return policy.Clinic{Name: p.clinic.Name, Zone: zone, Teams: p.clinic.Teams}, err
}
