package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"vestibule/internal/config"
	"vestibule/internal/store"
	"vestibule/policy"
)

// directivesCmd is the commands about patients' lock-boxes. What they print names patients: it is for the console of
// whoever looks after the clinic, and nothing of it goes to a log.
type directivesCmd struct {
	List   directivesListCmd   `cmd:"" help:"List the directives with whose they are, what they lock and their state."`
	Show   directivesShowCmd   `cmd:"" help:"Show one directive as written, and its history."`
	Import directivesImportCmd `cmd:"" help:"Make directives of FHIR Consents."`
}

// lock is one directive that is applied.
type lock struct {
	doc       store.Document
	directive policy.Directive
	zone      *time.Location
}

// state says whether the directive locks at now. Dates of this form sort like the days they name.
func (l lock) state(now time.Time) string {
	today := now.In(l.zone).Format(time.DateOnly)
	switch {
	case l.directive.Until != "" && l.directive.Until < today:
		return "over"
	case !l.doc.OnRecord:
		return "waits to be put on record by the gateway"
	case l.directive.From > today:
		return "starts " + l.directive.From
	}
	return "in force"
}

// locks are the directives of a clinic, or of all, in the order of their names.
func (d *data) locks(ctx context.Context, clinic string) ([]lock, error) {
	current, err := d.Current(ctx)
	if err != nil {
		return nil, err
	}
	clinics, err := clinicsOf(current)
	if err != nil {
		return nil, err
	}
	var out []lock
	for _, s := range ofKind(current, config.KindDirective) {
		if clinic != "" && clinic != s.Clinic {
			continue
		}
		doc, err := read(s)
		if err != nil {
			return nil, err
		}
		l := lock{s, *doc.OfDirective, time.UTC}
		if c := clinics[s.Clinic]; c != nil {
			if l.zone, err = c.Location(); err != nil {
				return nil, err
			}
		}
		out = append(out, l)
	}
	return out, nil
}

type directivesListCmd struct {
	dataFlags
	clinicFlag
}

// Help is shown below the flags.
func (directivesListCmd) Help() string {
	return `A directive is a document that "vestibule apply" takes; docs/configuration.md shows how to write one.

    vestibule directives list --clinic maple --data ./data`
}

// Run prints the table.
func (c directivesListCmd) Run(ctx context.Context, t *terminal) error {
	return c.within(func(d *data) error {
		if err := c.exists(ctx, d); err != nil {
			return err
		}
		locks, err := d.locks(ctx, c.Clinic)
		if err != nil {
			return err
		}
		if len(locks) == 0 {
			_, err := fmt.Fprintln(t.Out, "no directives: nothing is locked")
			return err
		}
		w := tabwriter.NewWriter(t.Out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "DIRECTIVE\tVERSION\tPATIENT\tLOCKS\tFOR\tSTATE\tBECAUSE")
		for _, l := range locks {
			fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\t%s\n", path(l.doc), l.doc.Version, l.directive.Patient, lockedUp(l.directive),
				lockedOut(l.directive), l.state(t.Now()), l.directive.Because)
		}
		return w.Flush()
	})
}

type directivesShowCmd struct {
	Name string `arg:"" help:"The directive's name, or clinic/name."`
	dataFlags
	clinicFlag
}

// Help is shown below the flags.
func (directivesShowCmd) Help() string {
	return `Shows what is in force, and then who did what to it and when:

    vestibule directives show maple/lock-2026-031 --data ./data`
}

// Run prints the directive.
func (c directivesShowCmd) Run(ctx context.Context, t *terminal) error {
	return c.within(func(d *data) error {
		l, err := d.lock(ctx, c.Clinic, c.Name)
		if err != nil {
			return err
		}
		fmt.Fprintf(t.Out, "%s, version %d: %s\n\n%s\nHistory:\n", path(l.doc), l.doc.Version, l.state(t.Now()), indent(string(l.doc.Body)))
		versions, err := d.Versions(ctx, config.KindDirective, l.doc.Clinic, l.doc.Name)
		for _, v := range versions {
			what := "applied"
			if v.Withdrawn {
				what = "withdrawn"
			}
			fmt.Fprintf(t.Out, "    version %d  %s  %s by %s\n", v.Version, v.At.In(l.zone).Format(time.RFC3339), what, v.By)
		}
		return err
	})
}

// lock finds one directive by its name, or by clinic/name.
func (d *data) lock(ctx context.Context, clinic, name string) (lock, error) {
	clinic, name = parted(clinic, name)
	all, err := d.locks(ctx, clinic)
	if err != nil {
		return lock{}, err
	}
	found, err := named("directive", name, all, func(l lock) store.Document { return l.doc })
	if err != nil {
		return lock{}, err
	}
	return found[0], nil
}
