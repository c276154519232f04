package daemon

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"vestibule"
	"vestibule/adapters"
	"vestibule/audit"
	"vestibule/internal/config"
	"vestibule/internal/identity"
	"vestibule/internal/store"
	"vestibule/policy"
)

// connection is an EMR in use and the version of the document it was opened from.
type connection struct {
	version int
	emr     adapters.EMR
}

// Refresh records what others did to the folder since the last call, and takes it up.
func (d *Daemon) Refresh(ctx context.Context) error {
	token, err := d.store.Changed(ctx)
	if err != nil || token == d.seen {
		return err
	}
	if err := d.drain(ctx); err != nil {
		return err
	}
	documents, err := d.store.Effective(ctx) // what was written since the drain is not on record, and has no effect yet
	if err != nil {
		return err
	}
	if err := d.takeUp(ctx, documents); err != nil {
		return err
	}
	d.seen = token
	return nil
}

// drain records the events that are not in the ledger yet.
func (d *Daemon) drain(ctx context.Context) error {
	events, err := d.store.Unrecorded(ctx)
	if err != nil {
		return err
	}
	for _, e := range events {
		receipt, err := d.ledger.Append(ctx, adminRecord(e))
		if err != nil {
			return err
		}
		if err := d.store.Recorded(ctx, e.ID, receipt.String()); err != nil {
			return err
		}
	}
	return nil
}

func adminRecord(e store.Event) audit.Record {
	r := audit.Record{
		ID: vestibule.NewID(), Phase: audit.PhaseAdmin, Time: e.At, Clinic: e.Clinic, Outcome: audit.OutcomeSuccess,
		Admin: audit.Admin{Action: e.Action, Subject: e.Subject, By: e.By},
	}
	if e.Version > 0 {
		r.Admin.Version = strconv.Itoa(e.Version)
	}
	if r.Clinic == "" {
		r.Clinic = vestibule.GatewayLog
	}
	return r
}

// takeUp builds platforms and clinics from the documents in force. One that cannot be served is left out and reported; the
// others go on.
func (d *Daemon) takeUp(ctx context.Context, documents []store.Document) error {
	var platforms []identity.Platform
	byClinic := map[string]*parts{}
	var order []string
	of := func(clinic string) *parts {
		if byClinic[clinic] == nil {
			byClinic[clinic] = &parts{}
			order = append(order, clinic)
		}
		return byClinic[clinic]
	}
	for _, stored := range documents {
		doc, err := read(stored)
		if err != nil {
			d.opts.Log.Error("document left out", "kind", stored.Kind, "clinic", stored.Clinic, "name", stored.Name, "error", err)
			continue
		}
		switch doc.Kind {
		case config.KindPlatform:
			p := doc.OfPlatform
			platforms = append(platforms, identity.Platform{Name: p.Name, Issuer: p.Issuer, ClientIDs: p.Clients, TokenTypes: p.TokenTypes})
		case config.KindClinic:
			of(doc.Clinic).clinic = doc.OfClinic
		case config.KindConnection:
			of(doc.Clinic).connection, of(doc.Clinic).version = doc.OfConnection, stored.Version
		case config.KindGrant:
			g := *doc.OfGrant
			g.Version, g.Approved = stored.Version, stored.At
			of(doc.Clinic).grants = append(of(doc.Clinic).grants, g)
		}
	}
	if err := d.verifier.SetPlatforms(platforms); err != nil {
		return fmt.Errorf("platforms: %w", err)
	}
	var clinics []*vestibule.Clinic
	for _, name := range order {
		c, err := d.build(ctx, name, byClinic[name])
		if err != nil {
			d.opts.Log.Error("clinic not served", "clinic", name, "error", err)
			continue
		}
		clinics = append(clinics, c)
	}
	d.gateway.SetClinics(clinics...)
	return nil
}

// read is a stored document as it was when it was applied.
func read(stored store.Document) (config.Document, error) {
	docs, err := config.Parse(stored.Kind+" "+stored.Name, stored.Body)
	if err != nil {
		return config.Document{}, err
	}
	if len(docs) != 1 {
		return config.Document{}, fmt.Errorf("holds %d documents", len(docs))
	}
	return docs[0], nil
}

// parts are one clinic's documents.
type parts struct {
	clinic     *config.Clinic
	connection *config.Connection
	version    int // of the connection's document
	grants     []policy.Grant
}

func (d *Daemon) build(ctx context.Context, name string, p *parts) (*vestibule.Clinic, error) {
	if p.clinic == nil {
		return nil, fmt.Errorf("no document of kind Clinic")
	}
	if p.connection == nil {
		return nil, fmt.Errorf("no document of kind Connection; say where its EMR is")
	}
	zone, err := time.LoadLocation(p.clinic.Zone)
	if err != nil {
		return nil, err
	}
	set, err := policy.Compile(policy.Clinic{Name: name, Zone: zone, Teams: p.clinic.Teams}, policy.Rules{Grants: p.grants})
	if err != nil {
		return nil, err
	}
	c := d.open[name]
	if c.emr == nil || c.version != p.version {
		emr, err := openEMR(p.connection, zone)
		if err != nil {
			return nil, err
		}
		c = connection{version: p.version, emr: emr}
		d.open[name] = c
	}
	auditors := map[string]bool{}
	for _, id := range p.clinic.Auditors {
		auditors[id] = true
	}
	return &vestibule.Clinic{Name: name, Title: p.clinic.Title, Zone: zone, Policy: set, EMR: c.emr, Auditors: auditors}, nil
}
