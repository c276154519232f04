package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"time"

	"vestibule/internal/report"
	"vestibule/internal/report/signal"
	"vestibule/internal/report/usage"
	"vestibule/internal/signals"
	"vestibule/policy"
)

// signalFlags are what the signals are held against.
type signalFlags struct {
	Hours    string `placeholder:"WHEN" help:"When the clinic is open, as a grant's hours are written. Default: what the clinic's document says."`
	Register string `placeholder:"FILE" type:"existingfile" help:"A register of patients, for same surname, own record and staff: CSV with the columns id, family, staff (yes or no), person (issuer|subject)."`
}

// options are the flags with what the clinic's documents say.
func (f signalFlags) options(ctx context.Context, m *making) (signal.Options, error) {
	o := signal.Options{Platforms: m.platforms, Hours: f.Hours}
	o.Settings = signals.Settings{Zone: m.head.Zone, From: m.head.From, Until: m.head.Until}
	if o.Until.IsZero() {
		o.Until = m.now
	}
	for _, doc := range m.documents {
		if doc.OfClinic != nil && doc.Name == m.head.Clinic && o.Hours == "" {
			o.Hours = doc.OfClinic.Hours
		}
	}
	if o.Hours != "" {
		hours, err := policy.ParseHours(o.Hours)
		if err != nil {
			return o, fmt.Errorf("--hours: %w", err)
		}
		o.Settings.Hours = &hours
	}
	var err error
	if o.Register, err = f.register(); err != nil {
		return o, err
	}
	o.Began, err = m.trail.Reader.Began(ctx, m.trail.Logs[0])
	return o, err
}

func (f signalFlags) register() (signals.Register, error) {
	if f.Register == "" {
		return nil, nil
	}
	file, err := os.Open(f.Register)
	if err != nil {
		return nil, err
	}
	defer file.Close() // only read
	return signals.ReadRegister(file)
}

// usualDays is how far a report reaches back whose trail is held against something.
const usualDays = 30

type reportSignalsCmd struct {
	reportFlags
	signalFlags
}

// Help is shown below the flags.
func (reportSignalsCmd) Help() string {
	return `What somebody should look at: work after hours, unusual volume, patients looked up for the first time, a patient of the same
surname, colleagues, numbers tried one after the other. Each names what it was held against; none is a verdict, and none blocks:

    vestibule audit report signals --clinic maple --data ./data --since 7d
    vestibule audit report signals --clinic maple --data ./data --register patients.csv --format html -o signals.html

The period is the last 30 days, or the 30 before --until, unless --since says otherwise; the 28 days before are read too, as each person's own past. The trail
holds no names of patients: export a register from the EMR for what needs them. It is read and not kept.`
}

// Run makes the report.
func (c reportSignalsCmd) Run(ctx context.Context, t *terminal) error {
	c.usual = usualDays
	return c.make(ctx, t, "signals", nil, func(ctx context.Context, m *making) (report.Report, error) {
		o, err := c.options(ctx, m)
		if err != nil {
			return report.Report{}, err
		}
		return signal.Make(ctx, m.trail, o)
	})
}

type reportUsageCmd struct {
	reportFlags
}

// Help is shown below the flags.
func (reportUsageCmd) Help() string {
	return `Which grants in force, and which of their permissions, nobody used in the period: what is not used can be taken away.

    vestibule audit report usage --clinic maple --data ./data --since 90d

The period is the last 30 days, or the 30 before --until, unless --since says otherwise. "vestibule grants shrink" then narrows a grant with evidence.`
}

// Run makes the report.
func (c reportUsageCmd) Run(ctx context.Context, t *terminal) error {
	c.usual = usualDays
	return c.make(ctx, t, "usage", nil, func(ctx context.Context, m *making) (report.Report, error) {
		grants, err := m.grants(ctx, t)
		if err != nil {
			return report.Report{}, err
		}
		began, err := m.trail.Reader.Began(ctx, m.trail.Logs[0])
		if err != nil {
			return report.Report{}, err
		}
		return usage.Make(ctx, m.trail, grants, began)
	})
}

// grants are the clinic's grants in force.
func (m *making) grants(ctx context.Context, t *terminal) ([]usage.Grant, error) {
	if m.withdrawn {
		return nil, nil
	}
	at, err := m.data.ruled(ctx, t, m.head.Clinic)
	if err != nil {
		return nil, err
	}
	var out []usage.Grant
	for _, g := range at.rules.Grants {
		parts, err := policy.Parts(at.clinic, g)
		if err != nil {
			return nil, err
		}
		if last, err := time.ParseInLocation(time.DateOnly, g.Until, m.head.Zone); err == nil && !m.now.Before(last.AddDate(0, 0, 1)) {
			continue
		}
		out = append(out, usage.Grant{Cite: g.Cite(), Name: g.Name, To: cmp.Or(g.To.User, g.To.Team, g.To.Platform), Until: g.Until, Parts: parts})
	}
	return out, nil
}
