package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"vestibule/internal/config"
	"vestibule/internal/store"
	"vestibule/policy"
)

// grantsCmd is the commands about grants.
type grantsCmd struct {
	List    grantsListCmd    `cmd:"" help:"List the grants with their end and state."`
	Show    grantsShowCmd    `cmd:"" help:"Show one grant as a sentence, as written, and its history."`
	Explain grantsExplainCmd `cmd:"" help:"Explain one decision: who, what, why, under which grant."`
	Revoke  grantsRevokeCmd  `cmd:"" help:"Stop a grant."`
	Reasons grantsReasonsCmd `cmd:"" help:"Say what a reason code means and what to do about it."`
}

// clinicFlag narrows to one clinic.
type clinicFlag struct {
	Clinic string `placeholder:"NAME" help:"Only this clinic."`
}

// applied is one grant that is applied.
type applied struct {
	doc    store.Document
	grant  policy.Grant
	zone   *time.Location
	onFile bool // its event is on record, so that a gateway may act on it
}

// name is "clinic/grant".
func (a applied) name() string { return a.doc.Clinic + "/" + a.doc.Name }

// grants are those applied, in the order of their names.
func (d *data) grants(ctx context.Context, clinic string) ([]applied, error) {
	current, err := d.Current(ctx)
	if err != nil {
		return nil, err
	}
	effective, err := d.Effective(ctx)
	if err != nil {
		return nil, err
	}
	zones := map[string]*time.Location{}
	var out []applied
	for _, s := range current { // sorted by kind: clinics come before grants
		doc, err := read(s)
		if err != nil {
			return nil, err
		}
		switch {
		case doc.OfClinic != nil:
			if zones[s.Clinic], err = doc.OfClinic.Location(); err != nil {
				return nil, err
			}
		case doc.OfGrant != nil && (clinic == "" || clinic == s.Clinic):
			onFile := slices.ContainsFunc(effective, func(e store.Document) bool {
				return e.Kind == s.Kind && e.Clinic == s.Clinic && e.Name == s.Name && e.Version == s.Version
			})
			out = append(out, applied{doc: s, grant: *doc.OfGrant, zone: cmp.Or(zones[s.Clinic], time.UTC), onFile: onFile})
		}
	}
	return out, nil
}

// state says whether the grant holds at now.
func (a applied) state(now time.Time) string {
	today := now.In(a.zone).Format(time.DateOnly) // dates of this form sort like the days they name
	switch {
	case a.grant.Until < today:
		return "over"
	case a.grant.From > today:
		return "starts " + a.grant.From
	case !a.onFile:
		return "waits to be put on record by the gateway"
	}
	return "in force"
}

// holder is whom the grant is for.
func (a applied) holder() string {
	to := a.grant.To
	_, subject, _ := strings.Cut(to.User, "|")
	who := cmp.Or(subject, to.Team, to.Platform)
	if to.Automated {
		who += " (automated)"
	}
	return who
}

type grantsListCmd struct {
	dataFlags
	clinicFlag
}

// Run prints the table.
func (c grantsListCmd) Run(ctx context.Context, t *terminal) error {
	return c.within(func(d *data) error {
		grants, err := d.grants(ctx, c.Clinic)
		if err != nil {
			return err
		}
		if len(grants) == 0 {
			_, err := fmt.Fprintln(t.Out, "no grants: nobody may do anything")
			return err
		}
		w := tabwriter.NewWriter(t.Out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "GRANT\tVERSION\tFOR\tUNTIL\tSTATE\tBECAUSE")
		for _, a := range grants {
			fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\n", a.name(), a.doc.Version, a.holder(), a.grant.Until, a.state(t.Now()), a.grant.Because)
		}
		return w.Flush()
	})
}

type grantsShowCmd struct {
	Name string `arg:"" help:"The grant's name, or clinic/name."`
	dataFlags
	clinicFlag
}

// Run prints the grant.
func (c grantsShowCmd) Run(ctx context.Context, t *terminal) error {
	return c.within(func(d *data) error {
		a, err := d.grant(ctx, c.Clinic, c.Name)
		if err != nil {
			return err
		}
		fmt.Fprintf(t.Out, "%s, version %d: %s\n\n%s\n", a.name(), a.doc.Version, a.state(t.Now()), a.grant.Sentence(a.zone))
		fmt.Fprintf(t.Out, "As written:\n\n%s\n", indent(string(a.doc.Body)))
		return d.history(ctx, t, a)
	})
}

// history prints the versions of a grant, oldest first.
func (d *data) history(ctx context.Context, t *terminal, a applied) error {
	versions, err := d.Versions(ctx, config.KindGrant, a.doc.Clinic, a.doc.Name)
	if err != nil {
		return err
	}
	fmt.Fprintln(t.Out, "History:")
	for _, v := range versions {
		what := "applied"
		if v.Withdrawn {
			what = "revoked"
		}
		fmt.Fprintf(t.Out, "    version %d  %s  %s by %s\n", v.Version, v.At.In(a.zone).Format(time.RFC3339), what, v.By)
	}
	return nil
}

// grant finds one grant by its name, or by clinic/name.
func (d *data) grant(ctx context.Context, clinic, name string) (applied, error) {
	if c, n, ok := strings.Cut(name, "/"); ok && clinic == "" {
		clinic, name = c, n
	}
	all, err := d.grants(ctx, clinic)
	if err != nil {
		return applied{}, err
	}
	var found []applied
	var names []string
	for _, a := range all {
		names = append(names, a.name())
		if a.doc.Name == name {
			found = append(found, a)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return applied{}, fmt.Errorf("several clinics have a grant %q; say which with --clinic", name)
	case len(names) == 0:
		return applied{}, errors.New("there are no grants")
	}
	return applied{}, fmt.Errorf("there is no grant %q; there are %s", name, strings.Join(names, ", "))
}

type grantsRevokeCmd struct {
	Name string `arg:"" help:"The grant's name, or clinic/name."`
	dataFlags
	clinicFlag
	byFlag
}

// Help is shown below the flags.
func (grantsRevokeCmd) Help() string {
	return `The grant's versions stay on record, with this as the last one:

    vestibule grants revoke front-desk-amara --clinic maple --data ./data

A gateway that runs stops the grant within a second, after the revocation is on record. Apply the grant again to undo it.`
}

// Run withdraws the grant.
func (c grantsRevokeCmd) Run(ctx context.Context, t *terminal) error {
	by, err := c.name()
	if err != nil {
		return err
	}
	return c.within(func(d *data) error {
		a, err := d.grant(ctx, c.Clinic, c.Name)
		if err != nil {
			return err
		}
		if err := d.Withdraw(ctx, by, t.Now(), config.KindGrant, a.doc.Clinic, a.doc.Name); err != nil {
			return err
		}
		_, err = fmt.Fprintf(t.Out, "revoked  Grant  %s  version %d\n", a.name(), a.doc.Version+1)
		return err
	})
}

func indent(s string) string {
	return "    " + strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n    ") + "\n"
}
