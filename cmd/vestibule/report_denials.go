package main

import (
	"context"

	"vestibule/internal/report"
	"vestibule/internal/report/denial"
)

type reportDenialsCmd struct {
	reportFlags
}

// Help is shown below the flags.
func (reportDenialsCmd) Help() string {
	return `Every refusal of the period, counted by reason, by person and by grant; each reason in plain words, with what to do about it:

    vestibule audit report denials --clinic maple --data ./data --since 30d
    vestibule audit report denials --clinic maple --data ./data --language fr --format html -o refus.html

Making a report goes on record before anything is read.`
}

// Run makes the report.
func (c reportDenialsCmd) Run(ctx context.Context, t *terminal) error {
	return c.make(ctx, t, "denials", nil, func(ctx context.Context, m *making) (report.Report, error) {
		return denial.Make(ctx, m.trail, m.platforms)
	})
}
