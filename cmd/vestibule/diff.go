package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"vestibule/internal/config"
	"vestibule/internal/daemon"
	"vestibule/internal/store"
	"vestibule/policy"
)

type grantsDiffCmd struct {
	A      string `arg:"" help:"The one before: a grant (name, clinic/name, name@version), or a file or folder of documents."`
	B      string `arg:"" help:"The one after, likewise."`
	Format string `default:"text" enum:"text,json" help:"text or json."`
	clinicFlag
	dataFlags
}

// Help is shown below the flags.
func (grantsDiffCmd) Help() string {
	return `Says exactly what can now be done and what can no longer, as sentences:

    vestibule grants diff front-desk@1 front-desk --data ./data
    vestibule grants diff front-desk new-front-desk.yaml --data ./data
    vestibule grants diff before/ after/ --clinic maple --data ./data --format json

A file stands for all documents in it, held against nothing else: its grants and the rules that deny. What the clinic is,
with its clock and teams, is in the data folder unless the file says it. The comparison is from now on.`
}

// Run compares and prints.
func (c grantsDiffCmd) Run(ctx context.Context, t *terminal) error {
	return c.within(func(d *data) error {
		a, err := c.side(ctx, d, c.A)
		if err != nil {
			return err
		}
		b, err := c.side(ctx, d, c.B)
		if err != nil {
			return err
		}
		clinic, err := c.clinic(a, b)
		if err != nil {
			return err
		}
		before, err := a.set(ctx, d, clinic)
		if err != nil {
			return fmt.Errorf("%s: %w", c.A, err)
		}
		after, err := b.set(ctx, d, clinic)
		if err != nil {
			return fmt.Errorf("%s: %w", c.B, err)
		}
		diff, err := policy.Diff(ctx, before, after, t.Now())
		if err != nil {
			return err
		}
		if c.Format == "json" {
			return printJSON(t, diff)
		}
		_, err = fmt.Fprintln(t.Out, strings.Join(diff.Lines(), "\n"))
		return err
	})
}

// compared is one of the two things that are compared: documents.
type compared []store.Document

// side is what a name stands for: a file where there is one of that name, else a grant.
func (c grantsDiffCmd) side(ctx context.Context, d *data, name string) (compared, error) {
	if _, err := os.Stat(name); err == nil {
		docs, err := config.Load(name)
		return daemon.Stored(docs...), err
	}
	if filepath.IsAbs(name) || strings.HasPrefix(name, ".") || filepath.Ext(name) == ".yaml" {
		return nil, fmt.Errorf("there is no file %s", name)
	}
	name, number, versioned := strings.Cut(name, "@")
	clinic, short, ok := strings.Cut(name, "/")
	if !ok {
		clinic, short = c.Clinic, name
	}
	found, err := d.versionOf(ctx, clinic, short, number, versioned)
	if err != nil {
		return nil, err
	}
	return compared{found}, nil
}

// versionOf is one version of a grant; the newest, without a number.
func (d *data) versionOf(ctx context.Context, clinic, name, number string, versioned bool) (store.Document, error) {
	all, err := d.History(ctx, config.KindGrant)
	if err != nil {
		return store.Document{}, err
	}
	var found []store.Document
	for _, v := range all {
		if v.Name != name || clinic != "" && v.Clinic != clinic || v.Withdrawn {
			continue
		}
		if last := len(found) - 1; !versioned && last >= 0 && found[last].Clinic == v.Clinic {
			found[last] = v // oldest first
			continue
		}
		if !versioned || strconv.Itoa(v.Version) == number {
			found = append(found, v)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		if versioned {
			return store.Document{}, fmt.Errorf("there is no version %s of a grant %q; vestibule grants show %s lists them", number, name, strings.TrimPrefix(clinic+"/"+name, "/"))
		}
		return store.Document{}, fmt.Errorf("there is neither a file nor a grant %q", name)
	}
	return store.Document{}, fmt.Errorf("several clinics have a grant %q; say which with --clinic", name)
}

// clinic is whose rules are compared.
func (c grantsDiffCmd) clinic(a, b compared) (string, error) {
	var names []string
	for _, doc := range slices.Concat(a, b) {
		if doc.Clinic != "" && !slices.Contains(names, doc.Clinic) {
			names = append(names, doc.Clinic)
		}
	}
	slices.Sort(names)
	switch {
	case c.Clinic != "" && slices.Contains(names, c.Clinic):
		return c.Clinic, nil
	case len(names) == 0:
		return "", errors.New("there is nothing in these documents that belongs to a clinic")
	case len(names) > 1 || c.Clinic != "":
		return "", fmt.Errorf("the documents are about %s; say with --clinic which of them to compare", strings.Join(names, ", "))
	}
	return names[0], nil
}

// set compiles the documents, at the clinic as they say it or else as it is applied.
func (a compared) set(ctx context.Context, d *data, clinic string) (*policy.Set, error) {
	documents := slices.Clone(a)
	if !slices.Contains(clinicNames(documents), clinic) {
		current, err := d.Current(ctx)
		if err != nil {
			return nil, err
		}
		for _, doc := range current {
			if doc.Kind == config.KindClinic && doc.Name == clinic {
				documents = append(documents, doc)
			}
		}
	}
	rules, err := rulesOf(documents, clinic)
	return rules.set, err
}
