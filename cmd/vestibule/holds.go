package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"vestibule/internal/keep"
)

// holdsCmd is the commands about legal holds. They are applied and withdrawn like other documents.
type holdsCmd struct {
	List holdsListCmd `cmd:"" help:"List the legal holds, what they cover and until when."`
}

type holdsListCmd struct {
	dataFlags
	clinicFlag
}

// Help is shown below the flags.
func (holdsListCmd) Help() string {
	return `A legal hold keeps records of the trail from being deleted. It is applied and withdrawn like other documents:

    vestibule apply -f hold.yaml --data ./data
    vestibule holds list --clinic maple --data ./data
    vestibule withdraw LegalHold maple/file-2026-31 --data ./data`
}

// Run prints the list.
func (c holdsListCmd) Run(ctx context.Context, t *terminal) error {
	return c.within(func(d *data) error {
		if err := c.exists(ctx, d); err != nil {
			return err
		}
		holds, err := d.planner(t).Holds(ctx, c.Clinic)
		if err != nil {
			return err
		}
		if len(holds) == 0 {
			_, err := fmt.Fprintln(t.Out, "no legal holds: records are deleted by the clinic's rule, and by erasures")
			return err
		}
		w := tabwriter.NewWriter(t.Out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "HOLD\tVERSION\tKEEPS\tSTATE\tBY\tBECAUSE")
		for _, h := range holds {
			fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\n", path(h.Doc), h.Doc.Version, covered(h), holdState(h), h.Doc.By, h.Because)
		}
		return w.Flush()
	})
}

// covered is what a hold keeps, in words.
func covered(h keep.Hold) string {
	var parts []string
	if h.Patient != "" {
		parts = append(parts, "about "+h.Patient)
	}
	if h.Person != "" {
		parts = append(parts, "by "+h.Person)
	}
	if h.From != "" {
		parts = append(parts, "from "+h.From)
	}
	if h.To != "" {
		parts = append(parts, "to "+h.To)
	}
	if len(parts) == 0 {
		return "everything"
	}
	return "records " + strings.Join(parts, ", ")
}

func holdState(h keep.Hold) string {
	switch {
	case h.Over:
		return "over since " + h.Until
	case h.Until != "":
		return "in force until " + h.Until + " (" + h.Zone.String() + ")"
	}
	return "in force until it is withdrawn"
}
