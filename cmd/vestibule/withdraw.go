package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"vestibule/internal/config"
	"vestibule/internal/store"
)

// withdrawCmd takes a document back.
type withdrawCmd struct {
	Kind string `arg:"" help:"Clinic, Connection, Platform, Directive, Guardrail or LegalHold."`
	Name string `arg:"" help:"clinic/name, or the name alone of what belongs to no clinic."`
	dataFlags
	byFlag
}

// Help is shown below the flags.
func (withdrawCmd) Help() string {
	return `What is withdrawn has no effect any more; its versions stay on record, with this as the last one. Apply it again to undo it.

    vestibule withdraw Directive maple/lock-2026-031 --data ./data
    vestibule withdraw Guardrail canada-only --data ./data

A document that others name stays until they do not. A grant is taken back with "vestibule grants revoke", and a stop with
"vestibule resume". The command waits until a running gateway has put it on record and acts on it.`
}

// Run withdraws the document.
func (c withdrawCmd) Run(ctx context.Context, t *terminal) error {
	kind, err := withdrawable(c.Kind)
	if err != nil {
		return err
	}
	return doing(c.dataFlags, c.byFlag, func(d *data, by string) error {
		docs, err := d.documents(ctx)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(docs, func(doc config.Document) bool { return doc.Kind == kind && nameOf(doc) == c.Name })
		if at < 0 {
			return fmt.Errorf("there is no %s %q%s", kind, c.Name, others(docs, kind))
		}
		gone := docs[at]
		if err := missed(t, docs, at); err != nil {
			return fmt.Errorf("other documents name %s %s; change them first:\n%w", kind, c.Name, err)
		}
		last, err := d.withdraw(ctx, t, by, stored(gone))
		if err != nil {
			return err
		}
		fmt.Fprintf(t.Out, "withdrawn  %s  %s  version %d\n", kind, path(last), last.Version)
		return d.await(ctx, t, last.Event)
	})
}

// withdraw takes a document back; last is the version that does so.
func (d *data) withdraw(ctx context.Context, t *terminal, by string, doc store.Document) (last store.Document, err error) {
	if err := d.Withdraw(ctx, by, t.Now(), doc.Kind, doc.Clinic, doc.Name); err != nil {
		return last, err
	}
	versions, err := d.Versions(ctx, doc.Kind, doc.Clinic, doc.Name)
	if err != nil {
		return last, err
	}
	return versions[len(versions)-1], nil
}

// withdrawable is the kind that was written, in whatever case.
func withdrawable(kind string) (string, error) {
	switch {
	case strings.EqualFold(kind, config.KindGrant):
		return "", errors.New("a grant is taken back with `vestibule grants revoke`")
	case strings.EqualFold(kind, config.KindStop):
		return "", errors.New("what was stopped goes on with `vestibule resume`")
	}
	known := []string{config.KindClinic, config.KindConnection, config.KindDirective, config.KindGuardrail, config.KindLegalHold, config.KindPlatform}
	for _, k := range known {
		if strings.EqualFold(kind, k) {
			return k, nil
		}
	}
	return "", fmt.Errorf("there is no kind %q; what can be withdrawn is a %s", kind, strings.Join(known, ", "))
}

// nameOf is a document's name, with its clinic's where it has one.
func nameOf(doc config.Document) string { return path(stored(doc)) }

// others lists what there is of a kind.
func others(docs []config.Document, kind string) string {
	var names []string
	for _, doc := range docs {
		if doc.Kind == kind {
			names = append(names, nameOf(doc))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "; there are " + strings.Join(names, ", ")
}

// missed is what would be wrong with the documents without docs[at], and is not wrong with it.
func missed(t *terminal, docs []config.Document, at int) error {
	var before config.Problems
	if err := config.Check(docs, nil, t.Now()); err != nil && !errors.As(err, &before) {
		return err
	}
	err := config.Check(slices.Delete(slices.Clone(docs), at, at+1), nil, t.Now())
	after, ok := errors.AsType[config.Problems](err)
	if !ok {
		return err
	}
	after = slices.DeleteFunc(after, func(p config.Problem) bool { return slices.Contains(before, p) })
	if len(after) == 0 {
		return nil
	}
	return after
}
