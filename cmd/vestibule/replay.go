package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"vestibule/audit"
	"vestibule/internal/config"
	"vestibule/internal/daemon"
	"vestibule/internal/replay"
	"vestibule/internal/store"
	"vestibule/policy"
)

// auditReplay is the action of running other grants over the trail.
const auditReplay = "audit-replay"

// periodFlags say which stretch of the trail is looked at, and how far the EMR is asked.
type periodFlags struct {
	Since        string `default:"30d" placeholder:"WHEN" help:"From then on: 2026-11-01, 2026-11-01T08:00, or as long ago as 36h or 14d. Default 30d."`
	Until        string `placeholder:"WHEN" help:"Before: as for --since. Default: now."`
	Offline      bool   `help:"Do not ask the EMR: what depends on a resource is not judged."`
	MaxResources int    `default:"5000" placeholder:"N" help:"Read at most so many resources of the EMR, each once. Default 5000."`
}

type grantsReplayCmd struct {
	With     []string `placeholder:"FILE" type:"path" sep:"none" xor:"candidate" required:"" help:"Grants that are tried, in the place of those of the same names or beside the others; a file or a folder; or --without. May be repeated."`
	Without  []string `placeholder:"NAME" sep:"none" xor:"candidate" required:"" help:"A grant that is taken away. May be repeated."`
	Format   string   `default:"text" enum:"text,json" help:"text or json."`
	Examples int      `default:"10" placeholder:"N" help:"Show so many differences of each kind, the most frequent first. Default 10."`
	periodFlags
	clinicFlag
	dataFlags
	byFlag
}

// Help is shown below the flags.
func (grantsReplayCmd) Help() string {
	return `Decides every access on record once more, as if the grants tried had been in force all along, and says whom and what that
would have refused, allowed, or answered with less or more. Nothing is changed:

    vestibule grants replay --with front-desk.yaml --since 30d --data ./data
    vestibule grants replay --without front-desk-amara --since 2026-11-01 --clinic maple --data ./data

What follows from the record alone is certain. What depends on a resource is judged on what the EMR says of it today: its
content is not on record. It is read through the clinic's connection, each resource once, and never shown.

The look goes on record before anything is read. Ctrl-C ends it early and prints what was found so far.`
}

// Run replays and prints.
func (c grantsReplayCmd) Run(ctx context.Context, t *terminal) error {
	return c.within(func(d *data) error {
		at, after, err := c.candidate(ctx, t, d)
		if err != nil {
			return err
		}
		label := "with " + strings.Join(namesOf(after.Put), ", ")
		if len(after.Put) == 0 {
			label = "without " + strings.Join(after.Drop, ", ")
		}
		p, err := c.period(ctx, t, d, at, c.byFlag, auditReplay, label)
		if err != nil {
			return err
		}
		o := p.options()
		o.After, o.Progress = after, t.progress()
		report, err := replay.Run(ctx, o)
		if err != nil {
			return err
		}
		if c.Format == "json" {
			return json.NewEncoder(t.Out).Encode(struct {
				Candidate string `json:"candidate"`
				replay.Report
			}{label, report})
		}
		return printReplay(t, label, report, c.Examples)
	})
}

// candidate is what is tried, and the clinic that it is tried at.
func (c grantsReplayCmd) candidate(ctx context.Context, t *terminal, d *data) (ruled, replay.Candidate, error) {
	if len(c.With) > 0 {
		return c.tried(ctx, t, d)
	}
	var out replay.Candidate
	clinic := c.Clinic
	for _, name := range c.Without {
		found, err := d.versionsNamed(ctx, clinic, name, false)
		if err != nil {
			return ruled{}, out, err
		}
		clinic, out.Drop = found[0].doc.Clinic, append(out.Drop, found[0].doc.Name)
	}
	at, err := d.ruled(ctx, t, clinic)
	return at, out, err
}

// tried are the grants in files, checked as if they were to be applied.
func (c grantsReplayCmd) tried(ctx context.Context, t *terminal, d *data) (ruled, replay.Candidate, error) {
	docs, err := config.Load(c.With...)
	if err != nil {
		return ruled{}, replay.Candidate{}, err
	}
	applied, err := d.documents(ctx)
	if err == nil {
		err = config.Check(docs, applied, t.Now())
	}
	if err != nil {
		return ruled{}, replay.Candidate{}, err
	}
	var out replay.Candidate
	clinic := c.Clinic
	for _, doc := range docs {
		switch {
		case doc.OfGrant == nil:
			return ruled{}, out, fmt.Errorf("%s:%d: this is a %s; grants are what is replayed", doc.File, doc.Line, doc.Kind)
		case clinic != "" && clinic != doc.Clinic:
			return ruled{}, out, fmt.Errorf("%s:%d: this grant is for %s; replay one clinic at a time, here %s", doc.File, doc.Line, doc.Clinic, clinic)
		}
		clinic, out.Put = doc.Clinic, append(out.Put, *doc.OfGrant)
	}
	if len(out.Put) == 0 {
		return ruled{}, out, errors.New("there is no grant in the files")
	}
	at, err := d.ruled(ctx, t, clinic)
	return at, out, err
}

func namesOf(grants []policy.Grant) []string {
	var out []string
	for _, g := range grants {
		out = append(out, g.Name)
	}
	return out
}

// period is a stretch of a clinic's trail, ready to be gone through.
type period struct {
	clinic      policy.Clinic
	from, until time.Time
	trail       *audit.Reader
	rules       replay.Rules
	changes     []time.Time
	resources   *replay.Resources
}

func (p period) options() replay.Options {
	return replay.Options{Clinic: p.clinic.Name, Zone: p.clinic.Zone, From: p.from, Until: p.until, Trail: p.trail, Rules: p.rules, Changes: p.changes,
		Resources: p.resources}
}

// period opens a stretch of the trail, after the look is put down to be recorded.
func (f periodFlags) period(ctx context.Context, t *terminal, d *data, at ruled, by byFlag, action, subject string) (p period, err error) {
	p = period{clinic: at.clinic, trail: audit.NewReader(d.db), rules: d.rulesAt(at.clinic.Name)}
	now := t.Now()
	if p.from, err = moment(f.Since, now, at.clinic.Zone); err != nil {
		return p, fmt.Errorf("--since: %w", err)
	}
	if p.until, err = moment(f.Until, now, at.clinic.Zone); err != nil {
		return p, fmt.Errorf("--until: %w", err)
	}
	if p.until.IsZero() || p.until.After(now) {
		p.until = now
	}
	if !p.from.Before(p.until) {
		return p, errors.New("--since: the period ends before it begins")
	}
	if err := d.known(ctx, at.clinic.Name); err != nil {
		return p, err
	}
	asked := "since=" + p.from.UTC().Format(time.RFC3339) + " until=" + p.until.UTC().Format(time.RFC3339)
	if err := d.reported(ctx, t, by, action, at.clinic.Name, cmp.Or(subject, "-")+" "+asked); err != nil {
		return p, err
	}
	if p.changes, err = d.Changes(ctx, at.clinic.Name); err != nil {
		return p, err
	}
	p.resources = f.resources(t, at.documents, at.clinic.Name)
	return p, nil
}

// resources is the clinic's EMR to be asked; nobody, and that is said, where it cannot be.
func (f periodFlags) resources(t *terminal, documents []store.Document, clinic string) *replay.Resources {
	if f.Offline {
		return replay.NewResources(nil, 0)
	}
	emr, err := daemon.Connect(documents, clinic)
	if err != nil {
		fmt.Fprintf(t.Err, "the EMR cannot be asked, so what depends on a resource is not judged: %v\n", err)
		return replay.NewResources(nil, 0)
	}
	return replay.NewResources(emr, f.MaxResources)
}

// rulesAt is the clinic's rules as the gateway acted on them at a moment.
func (d *data) rulesAt(clinic string) replay.Rules {
	return func(ctx context.Context, at time.Time) (policy.Clinic, policy.Rules, error) {
		documents, err := d.AsOf(ctx, at)
		if err != nil {
			return policy.Clinic{}, policy.Rules{}, err
		}
		if !slices.Contains(clinicNames(documents), clinic) {
			return policy.Clinic{}, policy.Rules{}, fmt.Errorf("there was no clinic %s then", clinic)
		}
		return daemon.Rules(documents, clinic)
	}
}

// progress tells on standard error how far a replay has come, once a second at the most and not before it has taken two.
func (t *terminal) progress() func(replay.Progress) {
	last := t.Now().Add(time.Second)
	return func(p replay.Progress) {
		if now := t.Now(); now.Sub(last) >= time.Second {
			last = now
			fmt.Fprintf(t.Err, "%d records, %d accesses, %d resources read of the EMR\n", p.Records, p.Accesses, p.Resources)
		}
	}
}
