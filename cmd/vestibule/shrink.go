package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/diff"

	"vestibule/internal/config"
	"vestibule/internal/shrink"
	"vestibule/policy"
)

// auditShrink is the action of proposing a narrower grant from the trail.
const auditShrink = "audit-shrink"

type grantsShrinkCmd struct {
	Name           string `arg:"" help:"The grant's name, or clinic/name."`
	Margin         int    `default:"7" placeholder:"DAYS" help:"Let windows reach so many days beyond what was used. Default 7."`
	MostValues     int    `default:"5" placeholder:"N" help:"Gain a criterion only where it takes no more values than that. Default 5."`
	Enough         int    `default:"50" placeholder:"N" help:"Warn where there are fewer accesses to conclude from. Default 50."`
	AcceptUnjudged bool   `help:"Narrow although something that left cannot be judged any more, because the EMR does not have it or does not answer."`
	periodFlags
	clinicFlag
	dataFlags
	byFlag
}

// Help is shown below the flags.
func (grantsShrinkCmd) Help() string {
	return `Prints the narrowest grant that would have allowed everything that the grant was used for; nothing is applied. The document
goes to standard output, what it rests on to standard error: what was used, what changes, and the replay of the period as
the proof that nothing used would have been refused or hidden:

    vestibule grants shrink front-desk-amara --since 30d --data ./data > narrower.yaml
    vestibule apply -f narrower.yaml --plan --data ./data

Read it before it is applied: a period that was too short, or a task that is done once a year, does not show in the trail.
The look goes on record before anything is read.`
}

// Run proposes and prints.
func (c grantsShrinkCmd) Run(ctx context.Context, t *terminal) error {
	if c.Margin < 0 || c.MostValues < 0 {
		return errors.New("--margin and --most-values are no less than 0")
	}
	return c.within(func(d *data) error {
		at, g, err := c.grant(ctx, t, d)
		if err != nil {
			return err
		}
		p, err := c.period(ctx, t, d, at, c.byFlag, auditShrink, g.Name)
		if err != nil {
			return err
		}
		o := shrink.Options{Replay: p.options(), Clinic: at.clinic, Rules: at.rules, Grant: g, Now: t.Now(), Margin: c.Margin, MostValues: c.MostValues,
			AcceptUnjudged: c.AcceptUnjudged}
		o.Replay.Progress = t.progress()
		began, err := p.trail.Began(ctx, at.clinic.Name)
		if err != nil {
			return err
		}
		proposal, err := shrink.Propose(ctx, o)
		c.used(t, p, began, g, proposal)
		switch {
		case err != nil:
			return err
		case proposal.Partial:
			return errors.New("it was stopped before there was a proposal")
		case proposal.Accesses == 0:
			return fmt.Errorf("grant %s was not used in the period: there is nothing to conclude from; to take it away, see grants revoke", g.Name)
		}
		return c.proposed(t, g, proposal)
	})
}

// grant is the grant that is in force.
func (c grantsShrinkCmd) grant(ctx context.Context, t *terminal, d *data) (ruled, policy.Grant, error) {
	found, err := d.versionsNamed(ctx, c.Clinic, c.Name, false)
	if err != nil {
		return ruled{}, policy.Grant{}, err
	}
	at, err := d.ruled(ctx, t, found[0].doc.Clinic)
	if err != nil {
		return ruled{}, policy.Grant{}, err
	}
	for _, g := range at.rules.Grants {
		if g.Name == found[0].doc.Name {
			return at, g, nil
		}
	}
	return ruled{}, policy.Grant{}, fmt.Errorf("%s is not in force: it waits for approval, or to be put on record by a gateway", found[0].name())
}

// used prints what there is to conclude from, and first of all where that is not enough.
func (c grantsShrinkCmd) used(t *terminal, p period, began time.Time, g policy.Grant, s shrink.Proposal) {
	day := func(t time.Time) string { return t.In(p.clinic.Zone).Format("2006-01-02 15:04") }
	if s.Accesses < c.Enough {
		fmt.Fprintf(t.Err, "NOT MUCH TO GO BY: the grant was used %s in the period; below %d, read the proposal with care (--enough).\n", count(s.Accesses, "time", "times"), c.Enough)
	}
	if began.After(p.from) {
		fmt.Fprintf(t.Err, "SHORTER THAN ASKED: the trail begins on %s, and nothing is known of the time since %s.\n", day(began), day(p.from))
	}
	fmt.Fprintf(t.Err, "%s/%s@%d was used %s by %s", g.Clinic, g.Name, g.Version, count(s.Accesses, "time", "times"), count(s.People, "person or agent", "people and agents"))
	if s.Accesses > 0 {
		fmt.Fprintf(t.Err, ", from %s to %s", day(s.First), day(s.Last))
	}
	fmt.Fprintln(t.Err, ".")
	if s.Elsewhere > 0 {
		fmt.Fprintf(t.Err, "%d more accesses were under an earlier version, and the present one does not allow them; they do not count.\n", s.Elsewhere)
	}
	for _, why := range slices.Sorted(maps.Keys(s.Unjudged)) {
		fmt.Fprintf(t.Err, "Not judged, of what left: %d, because %s.\n", s.Unjudged[why], why)
	}
}

// proposed prints the proposal and what it rests on.
func (c grantsShrinkCmd) proposed(t *terminal, g policy.Grant, s shrink.Proposal) error {
	for _, note := range s.Notes {
		fmt.Fprintln(t.Err, "- "+note)
	}
	for _, clause := range s.Kept {
		fmt.Fprintf(t.Err, "- %s: given back, because something that was used needs it\n", clause)
	}
	before, err := config.WriteGrant(g, "")
	if err != nil {
		return err
	}
	after, err := config.WriteGrant(s.Grant, "")
	if err != nil {
		return err
	}
	fmt.Fprintf(t.Err, "\n%s\n", strings.Join(s.Difference.Lines(), "\n"))
	if lines := diff.Diff(g.Cite(), before, "proposal", after); len(lines) > 0 {
		fmt.Fprintf(t.Err, "\n%s", lines)
	}
	fmt.Fprintf(t.Err, "\nProof: of %d accesses on record in the period, the proposal would have refused none that the grant allows and hidden nothing that left.\n",
		s.Proof.Accesses)
	for _, m := range s.Proof.Unjudged {
		fmt.Fprintf(t.Err, "  not judged: %d accesses, such as %s: %s\n", m.Accesses, m.Decision, m.Why)
	}
	fmt.Fprintln(t.Err)
	b, err := config.WriteGrant(s.Grant, comment(g, s))
	if err != nil {
		return err
	}
	_, err = t.Out.Write(b)
	return err
}

// comment stands above the document.
func comment(g policy.Grant, s shrink.Proposal) string {
	return fmt.Sprintf("Shrunk from %s to what it was used for in %d accesses.", g.Cite(), s.Accesses)
}
