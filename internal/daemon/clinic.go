package daemon

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"vestibule"
	"vestibule/adapters"
	"vestibule/audit"
	"vestibule/fhir"
	"vestibule/internal/config"
	"vestibule/internal/store"
	"vestibule/policy"
)

// connection is an EMR in use and the version of the document it was opened from.
type connection struct {
	version int
	emr     adapters.EMR
}

// served is a clinic in service and what it was built from.
type served struct {
	clinic *vestibule.Clinic
	from   string
}

// parts are one clinic's documents, read, with those that hold at every clinic.
type parts struct {
	clinic     *config.Clinic
	connection *config.Connection
	version    int // of the connection's document
	rules      policy.Rules
}

// serve is the clinic that documents describe: the one served already if nothing about them has changed.
func (d *Daemon) serve(name string, documents []store.Document) (served, error) {
	from := fingerprint(documents)
	if known := d.served[name]; known.clinic != nil && known.from == from {
		return known, nil
	}
	p, err := partsOf(documents, d.leftOut)
	if err != nil {
		return served{}, err
	}
	clinic, err := d.build(name, p)
	if err != nil {
		return served{}, err
	}
	clinic.Rules = rulesID(from)
	return served{clinic, from}, nil
}

// rulesID names the documents in force in every record: what of them was when in force is itself on record, so that whoever
// has the trail can make the name again.
func rulesID(fingerprint string) string {
	sum := sha256.Sum256([]byte(fingerprint))
	return hex.EncodeToString(sum[:12])
}

// fingerprint differs where the documents differ in what they mean: versions never change, but a draft is approved.
func fingerprint(documents []store.Document) string {
	var b strings.Builder
	for _, doc := range documents {
		if doc.Kind == config.KindLegalHold { // which accesses are not decided by
			continue
		}
		fmt.Fprintln(&b, doc.Kind, doc.Clinic, doc.Name, doc.Version, doc.Approved().At.UnixMilli())
	}
	return b.String()
}

// partsOf reads a clinic's documents. A grant that cannot be read gives nothing and is left out; a rule that denies is never
// left out: with one that cannot be read, the clinic is not served.
func partsOf(documents []store.Document, leftOut func(store.Document, error)) (parts, error) {
	var p parts
	for _, stored := range documents {
		if stored.Kind == config.KindLegalHold { // says nothing about accesses
			continue
		}
		doc, err := Read(stored)
		switch {
		case errors.Is(err, store.ErrErased):
			return parts{}, err
		case err != nil && stored.Kind == config.KindGrant:
			leftOut(stored, err)
			continue
		case err != nil && stored.Kind == config.KindDirective:
			return parts{}, unnamed()
		case err != nil:
			return parts{}, fmt.Errorf("%s %s cannot be read: %w", stored.Kind, stored.Name, err)
		}
		switch doc.Kind {
		case config.KindClinic:
			p.clinic = doc.OfClinic
		case config.KindConnection:
			p.connection, p.version = doc.OfConnection, stored.Version
		case config.KindGrant:
			g := *doc.OfGrant
			g.Version, g.Approved = stored.Version, stored.Approved().At
			p.rules.Grants = append(p.rules.Grants, g)
		case config.KindStop:
			s := *doc.OfStop
			s.Version = stored.Version
			p.rules.Stops = append(p.rules.Stops, s)
		case config.KindDirective:
			r := *doc.OfDirective
			r.Version = stored.Version
			p.rules.Directives = append(p.rules.Directives, r)
		case config.KindGuardrail:
			r := *doc.OfGuardrail
			r.Version = stored.Version
			p.rules.Guardrails = append(p.rules.Guardrails, r)
		}
	}
	return p, nil
}

// unnamed is the error of a directive that cannot be taken up. It ends up in the log, so that it says nothing of what stands
// there: directives name patients.
func unnamed() error {
	return errors.New("a directive cannot be taken up: see vestibule directives list, and apply it anew")
}

func (d *Daemon) build(name string, p parts) (*vestibule.Clinic, error) {
	if p.clinic == nil {
		return nil, fmt.Errorf("no document of kind Clinic")
	}
	if p.connection == nil {
		return nil, fmt.Errorf("no document of kind Connection; say where its EMR is")
	}
	at, err := p.policyClinic()
	if err != nil {
		return nil, err
	}
	zone := at.Zone
	set, err := policy.Compile(at, p.rules)
	if e := fhir.AsError(err); err != nil && e.Code == "invalid-directive" {
		return nil, unnamed()
	}
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
	return &vestibule.Clinic{Name: name, Title: p.clinic.Title, Zone: zone, Policy: set, EMR: c.emr, Auditors: auditors,
		Teams: membersOf(p.clinic.Teams), System: audit.System{
			Adapter:    strings.TrimSpace(p.connection.Adapter + " " + d.opts.Version),
			Connection: fmt.Sprintf("%s@%d", cmp.Or(p.connection.Name, "emr"), p.version),
		}}, nil
}

// membersOf turns teams round: the teams of each person, by name.
func membersOf(teams map[string][]string) map[string][]string {
	out := map[string][]string{}
	for _, team := range slices.Sorted(maps.Keys(teams)) {
		for _, person := range teams[team] {
			out[person] = append(out[person], team)
		}
	}
	return out
}
