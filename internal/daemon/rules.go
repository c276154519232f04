package daemon

import (
	"fmt"
	"time"

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

// Read is a stored document as it was when it was applied.
func Read(stored store.Document) (config.Document, error) {
	if err := stored.Readable(); err != nil {
		return config.Document{}, err
	}
	docs, err := config.Parse(stored.Kind+" "+stored.Name, stored.Body)
	if err != nil {
		return config.Document{}, err
	}
	if len(docs) != 1 {
		return config.Document{}, fmt.Errorf("%s %s: the stored text is not one document", stored.Kind, stored.Name)
	}
	return docs[0], nil
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

// Connection is the document about a clinic's EMR, and the clinic's time zone.
func Connection(documents []store.Document, clinic string) (*config.Connection, *time.Location, error) {
	p, err := partsOf(those(documents, clinic), func(store.Document, error) {})
	if err != nil {
		return nil, nil, err
	}
	at, err := p.policyClinic()
	if err != nil {
		return nil, nil, err
	}
	if p.connection == nil {
		return nil, nil, fmt.Errorf("clinic %s has no document of kind Connection; say where its EMR is", clinic)
	}
	return p.connection, at.Zone, nil
}

// Connect opens the clinic's connection to its EMR, as a gateway that serves these documents does.
func Connect(documents []store.Document, clinic string) (adapters.EMR, error) {
	c, zone, err := Connection(documents, clinic)
	if err != nil {
		return nil, err
	}
	return openEMR(c, zone)
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
