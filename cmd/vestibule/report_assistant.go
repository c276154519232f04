package main

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"vestibule/internal/report"
	"vestibule/internal/report/assistant"
)

type reportAssistantCmd struct {
	Person string        `arg:"" help:"issuer|subject as tokens name the person, or the subject alone of somebody whom a document names."`
	Gap    time.Duration `default:"30m" placeholder:"TIME" help:"A session of work ends where nothing follows for longer. Default 30m."`
	reportFlags
}

// Help is shown below the flags.
func (reportAssistantCmd) Help() string {
	return `What one person did at the clinic, in sessions of work and access by access: patients, documents opened, refusals:

    vestibule audit report assistant amara --clinic maple --data ./data --since 14d
    vestibule audit report assistant "https://id.assistco.example|amara" --clinic maple --data ./data --format pdf -o amara.pdf

Making a report goes on record, with the person, before anything is read.`
}

// Run makes the report.
func (c reportAssistantCmd) Run(ctx context.Context, t *terminal) error {
	if c.Gap < time.Minute {
		return errors.New("--gap: no less than a minute")
	}
	person := c.Person
	err := c.within(func(d *data) (err error) {
		if strings.Contains(person, "|") { // also somebody of a platform that is not registered any more
			return nil
		}
		person, err = d.person(ctx, person)
		return err
	})
	if err != nil {
		return err
	}
	return c.make(ctx, t, "assistant", url.Values{"agent": {person}}, func(ctx context.Context, m *making) (report.Report, error) {
		because, err := m.because(ctx)
		if err != nil {
			return report.Report{}, err
		}
		return assistant.Make(ctx, m.trail, assistant.Options{Agent: person, Gap: c.Gap, Because: because})
	})
}
