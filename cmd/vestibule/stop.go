package main

import (
	"context"

	"vestibule/policy"
)

// stopCmd holds up what must not go on.
type stopCmd struct {
	Grant      stopping[grantTarget]    `cmd:"" help:"Hold up one grant."`
	Person     stopping[personTarget]   `cmd:"" help:"Hold up everything one person does."`
	Platform   stopping[platformTarget] `cmd:"" help:"Hold up everybody and everything of one platform."`
	Clinic     stopping[clinicTarget]   `cmd:"" help:"Hold up everything at one clinic."`
	Everything stopping[noTarget]       `cmd:"" help:"Hold up everything at every clinic."`
	List       stopListCmd              `cmd:"" help:"List what is stopped."`
}

// resumeCmd ends what stopCmd began.
type resumeCmd struct {
	Grant      resuming[grantTarget]    `cmd:"" help:"Let a grant go on."`
	Person     resuming[personTarget]   `cmd:"" help:"Let a person go on."`
	Platform   resuming[platformTarget] `cmd:"" help:"Let a platform go on."`
	Clinic     resuming[clinicTarget]   `cmd:"" help:"Let a clinic go on."`
	Everything resuming[noTarget]       `cmd:"" help:"Let every clinic go on."`
}

// target says on the command line what is stopped.
type target interface {
	meant() policy.Stop // as it is written; a person perhaps without the issuer, a grant without its clinic
}

// stopping is a way to stop.
type stopping[T target] struct {
	Target T `embed:""`
	stopFlags
}

// resuming is a way to resume. What is meant need not be there any more.
type resuming[T target] struct {
	Target T `embed:""`
	resumeFlags
}

// Run holds up what is meant.
func (c stopping[T]) Run(ctx context.Context, t *terminal) error {
	return c.stop(ctx, t, c.Target.meant())
}

// found is what is meant as documents name it: the one grant of that name, the one person of that subject.
func (d *data) found(ctx context.Context, s policy.Stop) (policy.Stop, error) {
	switch {
	case s.Grant != "":
		found, err := d.versionsNamed(ctx, s.Clinic, s.Grant, false)
		if err != nil {
			return s, err
		}
		s.Clinic = found[0].doc.Clinic
	case s.Person != "":
		var err error
		if s.Person, err = d.person(ctx, s.Person); err != nil {
			return s, err
		}
	}
	return s, nil
}

// Run lets what is meant go on.
func (c resuming[T]) Run(ctx context.Context, t *terminal) error {
	return c.resume(ctx, t, c.Target.meant())
}

// stopFlags are what every way to stop has.
type stopFlags struct {
	dataFlags
	byFlag
	Because string `placeholder:"TEXT" default:"Stopped on the command line" help:"Why, on one line, for the record."`
}

// resumeFlags are what every way to resume has.
type resumeFlags struct {
	dataFlags
	byFlag
}

// Help is shown below the flags of every way to stop.
func (stopFlags) Help() string {
	return `A running gateway acts on it within a second, once it is on record: requests are refused, and what is under way is decided
again before anything leaves. The command waits for that and says since when it holds. Nothing is taken back: "vestibule
resume" with the same words lets everything go on as before.

    vestibule stop clinic maple --data ./data
    vestibule stop person amara --data ./data --because "Her laptop was stolen"
    vestibule stop list --data ./data`
}

// Help is shown below the flags of every way to resume.
func (resumeFlags) Help() string {
	return `Withdraws the stop that was made with the same words. What else is stopped stays stopped, and is listed.

    vestibule resume clinic maple --data ./data`
}

// The targets, by their arguments.
type (
	grantTarget struct {
		Name   string `arg:"" help:"The grant's name, or clinic/name."`
		Clinic string `placeholder:"NAME" help:"The grant's clinic."`
	}
	personTarget struct {
		Person string `arg:"" help:"issuer|subject as tokens name the person, or the subject alone of somebody whom a document names."`
		scopeFlag
	}
	platformTarget struct {
		Name string `arg:"" help:"Its name."`
		scopeFlag
	}
	clinicTarget struct {
		Name string `arg:"" help:"Its name."`
	}
	noTarget  struct{}
	scopeFlag struct {
		Clinic string `placeholder:"NAME" help:"At this clinic only. Default: at every clinic."`
	}
)

func (g grantTarget) meant() policy.Stop {
	clinic, name := parted(g.Clinic, g.Name)
	return policy.Stop{Clinic: clinic, Grant: name}
}
func (p personTarget) meant() policy.Stop   { return policy.Stop{Clinic: p.Clinic, Person: p.Person} }
func (p platformTarget) meant() policy.Stop { return policy.Stop{Clinic: p.Clinic, Platform: p.Name} }
func (c clinicTarget) meant() policy.Stop   { return policy.Stop{Clinic: c.Name, Everything: true} }
func (noTarget) meant() policy.Stop         { return policy.Stop{Everything: true} }
