package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"vestibule/internal/report"
	"vestibule/internal/report/law"
)

type reportAccessLogCmd struct {
	Law string `required:"" placeholder:"LAW" help:"on-phipa-10.1, on-hinp-6.3, ab-118-2010, qc-r22.1, ns-phia or mb-phia."`
	reportFlags
}

// Help is shown below the flags.
func (reportAccessLogCmd) Help() string {
	return `Every access with exactly the elements that a provincial law lists, each column under its letter or paragraph; what the trail does
not hold says why:

    vestibule audit report access-log --law on-phipa-10.1 --clinic maple --data ./data --since 2026-11-01 --format csv -o november.csv
    vestibule audit report access-log --law qc-r22.1 --clinic erable --data ./data --language fr --format csv --section communications

It is not legal advice: check the current consolidated law. Making a report goes on record before anything is read.`
}

// Run makes the extract.
func (c reportAccessLogCmd) Run(ctx context.Context, t *terminal) error {
	l, ok := law.Find(c.Law)
	if !ok {
		return fmt.Errorf("--law: there is no extract for %q; there are %s", c.Law, strings.Join(law.Names(), ", "))
	}
	return c.make(ctx, t, "access-log", url.Values{"law": {l.Name}}, func(ctx context.Context, m *making) (report.Report, error) {
		because, err := m.because(ctx)
		if err != nil {
			return report.Report{}, err
		}
		return law.Make(ctx, l, m.trail, m.platforms, because), nil
	})
}
