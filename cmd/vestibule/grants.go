package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"vestibule/internal/config"
)

// grantsCmd is the commands about grants.
type grantsCmd struct {
	Templates grantsTemplatesCmd `cmd:"" help:"List the starting points for grants."`
	New       grantsNewCmd       `cmd:"" help:"Print a grant made of a template, ready to be applied."`
	List      grantsListCmd      `cmd:"" help:"List the grants with their end and state."`
	Approve   grantsApproveCmd   `cmd:"" help:"Put a draft in force that somebody else applied."`
	Reject    grantsRejectCmd    `cmd:"" help:"Decide against a draft."`
	Review    grantsReviewCmd    `cmd:"" help:"Say that a grant in force is still right."`
	Show      grantsShowCmd      `cmd:"" help:"Show one grant as a sentence, as written, and its history."`
	Explain   grantsExplainCmd   `cmd:"" help:"Explain one decision: who, what, why, under which grant."`
	Revoke    grantsRevokeCmd    `cmd:"" help:"Stop a grant."`
	Test      grantsTestCmd      `cmd:"" help:"Run policy tests, and name the clauses that none of them notices."`
	Reasons   grantsReasonsCmd   `cmd:"" help:"Say what a reason code means and what to do about it."`
	CanI      grantsCanICmd      `cmd:"" help:"Ask whether somebody may do something, and why."`
	WhoCan    grantsWhoCanCmd    `cmd:"" help:"Ask who may do something to a resource."`
	Matrix    grantsMatrixCmd    `cmd:"" help:"Show who may do what, by person and type."`
	Diff      grantsDiffCmd      `cmd:"" help:"Say exactly what one grant or set of rules allows and another does not."`
	Replay    grantsReplayCmd    `cmd:"" help:"Say what other grants would have meant for the accesses on record."`
	Shrink    grantsShrinkCmd    `cmd:"" help:"Propose the narrowest grant for what one was used for."`
}

// clinicFlag narrows to one clinic.
type clinicFlag struct {
	Clinic string `placeholder:"NAME" help:"Only this clinic."`
}

// exists makes sure that there is such a clinic: of one that is mistyped every list is empty, and reassures.
func (f clinicFlag) exists(ctx context.Context, d *data) error {
	if f.Clinic == "" {
		return nil
	}
	docs, err := d.Current(ctx)
	if err != nil {
		return err
	}
	return exists(docs, config.KindClinic, f.Clinic)
}

type grantsListCmd struct {
	All bool `help:"Those that were revoked, too."`
	dataFlags
	clinicFlag
}

// Help is shown below the flags.
func (grantsListCmd) Help() string {
	return `What is in force, and what waits:

    vestibule grants list --data ./data
    vestibule grants list --clinic maple --all --data ./data

A grant that waits to be put on record is in force within a quarter of a second, once a gateway serves the folder.`
}

// Run prints the table.
func (c grantsListCmd) Run(ctx context.Context, t *terminal) error {
	return c.within(func(d *data) error {
		if err := c.exists(ctx, d); err != nil {
			return err
		}
		grants, err := d.grants(ctx, c.Clinic, c.All)
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

// Help is shown below the flags.
func (grantsShowCmd) Help() string {
	return `Shows the version in force and the drafts, then who did what to it and when; "vestibule grants diff" compares two versions:

    vestibule grants show maple/front-desk-amara --data ./data`
}

// Run prints the version in force and the drafts, then the history. A grant that was revoked has its last version and its
// history.
func (c grantsShowCmd) Run(ctx context.Context, t *terminal) error {
	return c.within(func(d *data) error {
		found, err := d.versionsNamed(ctx, c.Clinic, c.Name, true)
		if err != nil {
			return err
		}
		for _, a := range found {
			fmt.Fprintf(t.Out, "%s, version %d: %s\n\n%s\n", a.name(), a.doc.Version, a.state(t.Now()), a.grant.Sentence(a.zone))
			fmt.Fprintf(t.Out, "As written:\n\n%s\n", indent(string(a.doc.Body)))
		}
		return d.history(ctx, t, found[0])
	})
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

The command waits until a running gateway has put the revocation on record and acts on it, which takes less than a second,
and says since when it holds; accesses under way are decided again. Drafts of the grant go with it. Apply the grant again to
undo it; to hold it up for a while, see vestibule stop grant.`
}

// Run withdraws the grant.
func (c grantsRevokeCmd) Run(ctx context.Context, t *terminal) error {
	return doing(c.dataFlags, c.byFlag, func(d *data, by string) error {
		found, err := d.versionsNamed(ctx, c.Clinic, c.Name, false)
		if err != nil {
			return err
		}
		last, err := d.withdraw(ctx, t, by, found[0].doc)
		if err != nil {
			return err
		}
		fmt.Fprintf(t.Out, "revoked  Grant  %s  version %d\n", found[0].name(), last.Version)
		return d.await(ctx, t, last.Event)
	})
}

func indent(s string) string {
	return "    " + strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n    ") + "\n"
}
