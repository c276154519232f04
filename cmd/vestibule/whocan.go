package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"vestibule/fhir"
	"vestibule/internal/daemon"
	"vestibule/policy"
)

type grantsWhoCanCmd struct {
	interactionArgs
	Resource string `placeholder:"FILE" help:"The resource as JSON, or - for standard input. Default: it is read from the clinic's EMR; without an id, any resource of the type."`
	Format   string `default:"text" enum:"text,json" help:"text or json."`
	clinicFlag
	dataFlags
	byFlag
}

// Help is shown below the flags.
func (grantsWhoCanCmd) Help() string {
	return `Who can read this appointment, and by which line of which grant:

    vestibule grants who-can read Appointment/7 --clinic maple --data ./data
    vestibule grants who-can update Task/3 --resource task.json --data ./data
    vestibule grants who-can create Task --data ./data

Hours, networks and purposes that a grant asks for stand beside each name: whether somebody meets them is known when they
come. Where the resource is read from the EMR, that goes on record first.`
}

// emrRead is the action of reading a resource from the EMR in order to answer who can reach it.
const emrRead = "grants-who-can"

// patienceWithEMR is how long the EMR has to answer.
const patienceWithEMR = 30 * time.Second

// Run asks and prints the answer.
func (c grantsWhoCanCmd) Run(ctx context.Context, t *terminal) error {
	return c.within(func(d *data) error {
		rules, err := d.ruled(ctx, t, c.Clinic)
		if err != nil {
			return err
		}
		in, err := c.parse(rules.clinic.Zone)
		if err != nil {
			return err
		}
		r, err := loadResource(c.Resource, t.In)
		if err != nil {
			return err
		}
		if r.IsZero() && in.ID != "" {
			if r, err = c.fetch(ctx, t, d, rules, in); err != nil {
				return err
			}
		}
		if in, err = about(in, r); err != nil {
			return err
		}
		found := rules.set.WhoCan(policy.Question{Interaction: in, Resource: r, Now: t.Now(), Platforms: rules.platforms})
		if c.Format == "json" {
			return printJSON(t, found)
		}
		return printHoldings(t, in, r, found)
	})
}

// fetch reads the resource from the clinic's EMR, after that is on record.
func (c grantsWhoCanCmd) fetch(ctx context.Context, t *terminal, d *data, rules ruled, in fhir.Interaction) (fhir.Resource, error) {
	emr, err := daemon.Connect(rules.documents, rules.clinic.Name)
	if err != nil {
		return fhir.Resource{}, err
	}
	ref := fhir.Ref{Type: in.Type, ID: in.ID}
	if err := d.reported(ctx, t, c.byFlag, emrRead, rules.clinic.Name, ref.String()); err != nil {
		return fhir.Resource{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, patienceWithEMR)
	defer cancel()
	r, err := emr.Read(ctx, ref)
	if err != nil {
		return r, fmt.Errorf("the EMR does not give %s: %s", ref, fhir.AsError(err).Text)
	}
	return r, nil
}

func printHoldings(t *terminal, in fhir.Interaction, r fhir.Resource, found []policy.Holding) error {
	what := fmt.Sprintf("%s any %s", strings.TrimSuffix(string(in.Kind), "-type"), in.Type)
	if !r.IsZero() {
		what = fmt.Sprintf("%s %s", strings.TrimSuffix(string(in.Kind), "-type"), strings.TrimSuffix(in.Type+"/"+r.ID(), "/"))
	}
	if len(found) == 0 {
		_, err := fmt.Fprintf(t.Out, "Nobody can %s.\n", what)
		return err
	}
	for i, h := range found {
		switch {
		case i == 0 && h.Now:
			fmt.Fprintf(t.Out, "Can %s now:\n", what)
		case !h.Now && (i == 0 || found[i-1].Now):
			fmt.Fprintf(t.Out, "Cannot %s now, but later:\n", what)
		}
		fmt.Fprintf(t.Out, "- %s, by %s: %s\n", holderAt(h.Holder), h.Grant, h.Clause)
		if h.From != "" {
			fmt.Fprintf(t.Out, "    %s\n", h.From)
		}
		fmt.Fprintf(t.Out, "    only %s\n", strings.Join(h.Only, "; "))
		if len(h.Removed) > 0 {
			fmt.Fprintf(t.Out, "    does not see %s\n", strings.Join(h.Removed, ", "))
		}
	}
	return nil
}

// holderAt is who a holder is, and where.
func holderAt(h policy.Holder) string {
	text := holderName(h)
	if h.Platform != "" {
		text += " at " + h.Platform
	}
	if h.Team != "" {
		text += " (team " + h.Team + ")"
	}
	return text
}

func printJSON(t *terminal, v any) error {
	out := json.NewEncoder(t.Out)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(v)
}
