package main

import (
	"context"

	"vestibule/internal/report"
	"vestibule/internal/report/document"
)

type reportDocumentsCmd struct {
	reportFlags
}

// Help is shown below the flags.
func (reportDocumentsCmd) Help() string {
	return `The register of documents that left the gateway with their content, and of those that were put into the clinic's EMR: which, of
whom, to whom and to what address, when, why and on whose authority:

    vestibule audit report documents --clinic maple --data ./data --since 30d
    vestibule audit report documents --clinic maple --data ./data --format csv --section received -o received.csv

Making a report goes on record before anything is read.`
}

// Run makes the report.
func (c reportDocumentsCmd) Run(ctx context.Context, t *terminal) error {
	return c.make(ctx, t, "documents", nil, func(ctx context.Context, m *making) (report.Report, error) {
		because, err := m.because(ctx)
		if err != nil {
			return report.Report{}, err
		}
		return document.Make(ctx, m.trail, m.platforms, because)
	})
}
