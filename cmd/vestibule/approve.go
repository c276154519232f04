package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"vestibule/internal/config"
	"vestibule/internal/store"
)

type grantsApproveCmd struct{ draftFlags }

// draftFlags say which draft is meant, and who decides about it.
type draftFlags struct {
	Name    string `arg:"" help:"The grant's name, or clinic/name."`
	Version int    `placeholder:"N" help:"The version meant. Default: the newest draft."`
	dataFlags
	clinicFlag
	byFlag
}

// Help is shown below the flags.
func (grantsApproveCmd) Help() string {
	return `A draft has no effect before it is approved by somebody else than who applied it; until then the version before it stays in
force. Drafts are what "vestibule apply --draft" makes, and every grant of a clinic with "approvals: second-person".

    vestibule grants show front-desk-amara --data ./data
    vestibule grants approve front-desk-amara --data ./data --by "Dr. Lee"

--by is a statement, not a proof: names are compared and put on record, but who may write the data folder can state any.`
}

// Run approves the draft.
func (c grantsApproveCmd) Run(ctx context.Context, t *terminal) error {
	return c.decide(ctx, t, "approved", func(d *data, by string, a applied) (store.Document, error) {
		if a.doc.Waits() {
			if err := checkAgain(ctx, t, d, a.doc); err != nil {
				return store.Document{}, err
			}
		}
		return d.Approve(ctx, by, t.Now(), config.KindGrant, a.doc.Clinic, a.doc.Name, c.Version)
	})
}

// checkAgain holds a draft against what is applied now: it may be long ago that it was found right.
func checkAgain(ctx context.Context, t *terminal, d *data, draft store.Document) error {
	doc, err := read(draft)
	if err != nil {
		return err
	}
	return checked(ctx, t, d, []config.Document{doc})
}

// decide finds the draft meant, lets do decide about it and says since when that holds.
func (c draftFlags) decide(ctx context.Context, t *terminal, done string, do func(*data, string, applied) (store.Document, error)) error {
	return doing(c.dataFlags, c.byFlag, func(d *data, by string) error {
		found, err := d.versionsNamed(ctx, c.Clinic, c.Name, false)
		if err != nil {
			return err
		}
		meant := found[len(found)-1]
		for _, a := range found {
			if a.doc.Version == c.Version {
				meant = a
			}
		}
		doc, err := do(d, by, meant)
		if err != nil {
			return err
		}
		fmt.Fprintf(t.Out, "%s  Grant  %s  version %d\n", done, meant.name(), doc.Version)
		return d.await(ctx, t, doc.Event)
	})
}

type grantsRejectCmd struct{ draftFlags }

// Help is shown below the flags.
func (grantsRejectCmd) Help() string {
	return `The draft stays on record and never has an effect; the version in force stays in force. Anybody may, also who applied it:

    vestibule grants reject front-desk-amara --data ./data`
}

// Run decides against the draft.
func (c grantsRejectCmd) Run(ctx context.Context, t *terminal) error {
	return c.decide(ctx, t, "rejected", func(d *data, by string, a applied) (store.Document, error) {
		return d.Reject(ctx, by, t.Now(), config.KindGrant, a.doc.Clinic, a.doc.Name, c.Version)
	})
}

type grantsReviewCmd struct {
	Name string `arg:"" help:"The grant's name, or clinic/name."`
	dataFlags
	clinicFlag
	byFlag
}

// Help is shown below the flags.
func (grantsReviewCmd) Help() string {
	return `Says, for the record, that the version in force is still right; it is due again after the clinic's reviewEvery days:

    vestibule grants review front-desk-amara --data ./data --by "Dr. Lee"

A review extends nothing: the grant ends as it says. To go on longer, apply it with another until.`
}

// Run renews the approval of the version in force.
func (c grantsReviewCmd) Run(ctx context.Context, t *terminal) error {
	return doing(c.dataFlags, c.byFlag, func(d *data, by string) error {
		found, err := d.versionsNamed(ctx, c.Clinic, c.Name, false)
		if err != nil {
			return err
		}
		a := found[0]
		if a.doc.Waits() {
			return errors.New("it is a draft: there is nothing in force to review; see vestibule grants approve")
		}
		if a.grant.Until < t.Now().In(a.zone).Format(time.DateOnly) {
			return fmt.Errorf("it is over since %s, and a review extends nothing; apply it with another until", a.grant.Until)
		}
		doc, err := d.Review(ctx, by, t.Now(), config.KindGrant, a.doc.Clinic, a.doc.Name)
		if err != nil {
			return err
		}
		a.doc = doc
		fmt.Fprintf(t.Out, "reviewed  Grant  %s  version %d; due again on %s, ends on %s as before\n", a.name(), doc.Version, a.due(), a.grant.Until)
		return d.await(ctx, t, doc.Event)
	})
}
