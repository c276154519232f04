package daemon

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"vestibule"
	"vestibule/audit"
	"vestibule/internal/config"
	"vestibule/internal/identity"
	"vestibule/internal/store"
)

// Refresh records what others did to the folder since the last call, and takes it up.
func (d *Daemon) Refresh(ctx context.Context) error {
	token, err := d.store.Changed(ctx)
	if err != nil || token == d.seen {
		return err
	}
	if err := d.drain(ctx); err != nil {
		return err
	}
	if err := d.rotate(ctx); err != nil {
		return err
	}
	documents, err := d.store.Effective(ctx) // what was written since the drain is not on record, and has no effect yet
	if err != nil {
		return err
	}
	if err := d.takeUp(ctx, documents); err != nil {
		return err
	}
	if err := d.store.TookUp(ctx, time.Now()); err != nil {
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
		receipt, err := d.ledger.Append(ctx, d.adminRecord(e))
		if err != nil {
			return err
		}
		if err := d.store.Recorded(ctx, e.ID, receipt.String()); err != nil {
			return err
		}
	}
	return nil
}

func (d *Daemon) adminRecord(e store.Event) audit.Record {
	r := audit.Record{
		ID: vestibule.NewID(), Phase: audit.PhaseAdmin, Time: e.At, Clinic: e.Clinic, Outcome: audit.OutcomeSuccess,
		Admin: audit.Admin{Action: e.Action, Subject: e.Subject, By: e.By},
	}
	if e.Version > 0 {
		r.Admin.Version = strconv.Itoa(e.Version)
	}
	if d.gateway != nil { // Keep has none
		if c := d.gateway.Clinic(e.Clinic); c != nil { // not before its first documents are taken up
			r.Title, r.Zone = c.Title, c.Zone.String()
		}
	}
	if r.Clinic == "" {
		r.Clinic = vestibule.GatewayLog
	}
	return r
}

// takeUp serves the clinics and the platforms of the documents in force. A clinic that cannot be served is left out and
// reported; the others go on. One about which nothing changed stays the clinic it is, so that accesses under way there are
// not decided again.
func (d *Daemon) takeUp(ctx context.Context, documents []store.Document) error {
	var platforms, everywhere []store.Document
	byClinic := map[string][]store.Document{}
	var order []string
	for _, doc := range documents {
		switch {
		case doc.Kind == config.KindPlatform:
			platforms = append(platforms, doc)
		case doc.Clinic == "":
			everywhere = append(everywhere, doc)
		default:
			if byClinic[doc.Clinic] == nil {
				order = append(order, doc.Clinic)
			}
			byClinic[doc.Clinic] = append(byClinic[doc.Clinic], doc)
		}
	}
	served := make(map[string]served, len(order))
	var clinics []*vestibule.Clinic
	for _, name := range order {
		c, err := d.serve(name, slices.Concat(everywhere, byClinic[name]))
		if err != nil {
			d.opts.Log.Error("clinic not served", "clinic", name, "error", err)
			continue
		}
		served[name], clinics = c, append(clinics, c.clinic)
	}
	d.served = served
	d.gateway.SetClinics(clinics...)
	return d.setPlatforms(platforms)
}

func (d *Daemon) setPlatforms(documents []store.Document) error {
	var platforms []identity.Platform
	for _, stored := range documents {
		doc, err := Read(stored)
		if err != nil {
			d.leftOut(stored, err)
			continue
		}
		p := doc.OfPlatform
		platforms = append(platforms, identity.Platform{Name: p.Name, Issuer: p.Issuer, ClientIDs: p.Clients, TokenTypes: p.TokenTypes})
	}
	if err := d.verifier.SetPlatforms(platforms); err != nil {
		return fmt.Errorf("platforms: %w", err)
	}
	return nil
}

func (d *Daemon) leftOut(doc store.Document, err error) {
	d.opts.Log.Error("document left out", "kind", doc.Kind, "clinic", doc.Clinic, "name", doc.Name, "error", err)
}
