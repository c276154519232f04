package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"vestibule/audit"
	"vestibule/internal/keep"
	"vestibule/internal/store"
)

type auditEraseCmd struct {
	dataFlags
	byFlag
	Clinic  string `required:"" placeholder:"NAME" help:"The clinic whose patient it is."`
	Patient string `required:"" placeholder:"ID" help:"The patient, as the EMR names them: Patient/123."`
	Because string `placeholder:"TEXT" help:"Why, for the record, such as the number of a file; it must not name the patient."`
	Plan    bool   `help:"Only say what would be deleted."`
	Yes     bool   `help:"Do not ask."`
}

// Help is shown below the flags.
func (auditEraseCmd) Help() string {
	return `Deletes from a clinic's trail everything that names one patient, in whatever spelling: who looked at their data is not known any
more after that. Look first:

    vestibule audit erase --clinic maple --patient Patient/123 --data ./data --plan
    vestibule audit erase --clinic maple --patient Patient/123 --data ./data --because "file 2026-31"

The places and the hashes of the records stay, so that the trail and every receipt still prove themselves. A record says which
bodies were deleted, when, why and by whom, and not whose they were. A legal hold keeps what it covers; a directive or a hold that
names the patient has to be withdrawn first. Backups, exports and what was forwarded are copies that this does not reach: see
docs/keeping.md.`
}

// Run erases, or says what would be erased.
func (c auditEraseCmd) Run(ctx context.Context, t *terminal) error {
	by, err := c.name()
	if err != nil {
		return err
	}
	if strings.TrimSpace(c.Because) == "" && !c.Plan {
		return errors.New(`--because "TEXT" is needed: why, for the record, without naming the patient`)
	}
	patient := "Patient/" + strings.TrimPrefix(c.Patient, "Patient/")
	because := c.Because
	if because == "" {
		because = "planned"
	}
	var plan keep.Result
	err = c.within(func(d *data) error {
		if err := d.known(ctx, c.Clinic); err != nil {
			return err
		}
		if err := d.reported(ctx, t, c.byFlag, audit.InteractionAuditSearch, c.Clinic, "what an erasure would delete"); err != nil {
			return err
		}
		plan, err = d.planner(t).Erase(ctx, c.Clinic, patient, because, by, true, nil)
		return err
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(t.Out, plan.String())
	switch {
	case c.Plan:
		return nil
	case len(plan.Standing) > 0:
		return errors.New("nothing was erased")
	}
	if err := sure(t, c.Yes, "The bodies of these records are to be deleted."); err != nil {
		return err
	}
	e := store.Errand{At: t.Now(), By: by, Action: audit.ActionErasure, Clinic: c.Clinic, Patient: patient, Because: because}
	return c.errand(ctx, t, e, func(ctx context.Context, k *keep.Keeper) (keep.Result, error) {
		return k.Erase(ctx, c.Clinic, patient, because, by, false, func() error { return nil })
	})
}
