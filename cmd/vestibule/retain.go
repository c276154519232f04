package main

import (
	"context"
	"fmt"

	"vestibule/audit"
	"vestibule/internal/keep"
	"vestibule/internal/store"
)

type auditRetainCmd struct {
	dataFlags
	byFlag
	Clinic string `required:"" placeholder:"NAME" help:"The clinic whose trail it is."`
	Plan   bool   `help:"Only say what would be deleted."`
	Yes    bool   `help:"Do not ask."`
}

// Help is shown below the flags.
func (auditRetainCmd) Help() string {
	return `A gateway that serves applies the clinic's rule once a day by itself; this shows what would go, and does it now:

    vestibule audit retain --clinic maple --data ./data --plan

What goes is the body of a record: who did what to whom. Its place and its hash stay, so that the trail still proves itself, and
a record says which bodies were deleted and under which rule. The rule stands in the clinic's document, as retention. What is
under a legal hold is kept, see "vestibule holds list".`
}

// Run deletes, or says what would be deleted.
func (c auditRetainCmd) Run(ctx context.Context, t *terminal) error {
	by, err := c.name()
	if err != nil {
		return err
	}
	var plan keep.Result
	err = c.within(func(d *data) error {
		if err := d.known(ctx, c.Clinic); err != nil {
			return err
		}
		plan, err = d.planner(t).Retain(ctx, c.Clinic, by, true)
		return err
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(t.Out, "the rule of %s: %s\n", c.Clinic, plan.Rule)
	if c.Plan || plan.Bodies == 0 {
		_, err := fmt.Fprintln(t.Out, plan.String())
		return err
	}
	if err := sure(t, c.Yes, fmt.Sprintf("The bodies of %d records are to be deleted.", plan.Bodies)); err != nil {
		return err
	}
	e := store.Errand{At: t.Now(), By: by, Action: audit.ActionRetention, Clinic: c.Clinic}
	return c.errand(ctx, t, e, func(ctx context.Context, k *keep.Keeper) (keep.Result, error) {
		return k.Retain(ctx, c.Clinic, by, false)
	})
}
