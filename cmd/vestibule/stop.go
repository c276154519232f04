package main

import (
	"context"
	"strings"

	"vestibule/policy"
)

// stopCmd holds up what must not go on.
type stopCmd struct {
	Grant      stopGrantCmd      `cmd:"" help:"Hold up one grant."`
	Person     stopPersonCmd     `cmd:"" help:"Hold up everything one person does."`
	Platform   stopPlatformCmd   `cmd:"" help:"Hold up everybody and everything of one platform."`
	Clinic     stopClinicCmd     `cmd:"" help:"Hold up everything at one clinic."`
	Everything stopEverythingCmd `cmd:"" help:"Hold up everything at every clinic."`
	List       stopListCmd       `cmd:"" help:"List what is stopped."`
}

// resumeCmd ends what stopCmd began.
type resumeCmd struct {
	Grant      resumeGrantCmd      `cmd:"" help:"Let a grant go on."`
	Person     resumePersonCmd     `cmd:"" help:"Let a person go on."`
	Platform   resumePlatformCmd   `cmd:"" help:"Let a platform go on."`
	Clinic     resumeClinicCmd     `cmd:"" help:"Let a clinic go on."`
	Everything resumeEverythingCmd `cmd:"" help:"Let every clinic go on."`
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

// The arguments that say what is meant.
type (
	nameArg struct {
		Name string `arg:"" help:"Its name."`
	}
	grantArg struct {
		Name   string `arg:"" help:"The grant's name, or clinic/name."`
		Clinic string `placeholder:"NAME" help:"The grant's clinic."`
	}
	personArg struct {
		Person string `arg:"" help:"issuer|subject as tokens name the person, or the subject alone of somebody whom a document names."`
	}
	scopeFlag struct {
		Clinic string `placeholder:"NAME" help:"At this clinic only. Default: at every clinic."`
	}
)

type (
	stopGrantCmd struct {
		grantArg
		stopFlags
	}
	stopPersonCmd struct {
		personArg
		scopeFlag
		stopFlags
	}
	stopPlatformCmd struct {
		nameArg
		scopeFlag
		stopFlags
	}
	stopClinicCmd struct {
		nameArg
		stopFlags
	}
	stopEverythingCmd struct{ stopFlags }
	resumeGrantCmd    struct {
		grantArg
		resumeFlags
	}
	resumePersonCmd struct {
		personArg
		scopeFlag
		resumeFlags
	}
	resumePlatformCmd struct {
		nameArg
		scopeFlag
		resumeFlags
	}
	resumeClinicCmd struct {
		nameArg
		resumeFlags
	}
	resumeEverythingCmd struct{ resumeFlags }
)

// Run holds up the grant.
func (c stopGrantCmd) Run(ctx context.Context, t *terminal) error {
	return c.stop(ctx, t, func(d *data) (policy.Stop, error) {
		found, err := d.versionsNamed(ctx, c.Clinic, c.Name, false)
		if err != nil {
			return policy.Stop{}, err
		}
		return policy.Stop{Clinic: found[0].doc.Clinic, Grant: found[0].doc.Name}, nil
	})
}

// Run holds up the person.
func (c stopPersonCmd) Run(ctx context.Context, t *terminal) error {
	return c.stop(ctx, t, func(d *data) (policy.Stop, error) {
		person, err := d.person(ctx, c.Person)
		return policy.Stop{Clinic: c.Clinic, Person: person}, err
	})
}

// Run holds up the platform.
func (c stopPlatformCmd) Run(ctx context.Context, t *terminal) error {
	return c.stop(ctx, t, these(policy.Stop{Clinic: c.Clinic, Platform: c.Name}))
}

// Run holds up the clinic.
func (c stopClinicCmd) Run(ctx context.Context, t *terminal) error {
	return c.stop(ctx, t, these(policy.Stop{Clinic: c.Name, Everything: true}))
}

// Run holds up everything.
func (c stopEverythingCmd) Run(ctx context.Context, t *terminal) error {
	return c.stop(ctx, t, these(policy.Stop{Everything: true}))
}

// Run lets the grant go on. It need not be there any more.
func (c resumeGrantCmd) Run(ctx context.Context, t *terminal) error {
	meant := policy.Stop{Clinic: c.Clinic, Grant: c.Name}
	if clinic, name, ok := strings.Cut(c.Name, "/"); ok && c.Clinic == "" {
		meant.Clinic, meant.Grant = clinic, name
	}
	return c.resume(ctx, t, meant)
}

// Run lets the person go on.
func (c resumePersonCmd) Run(ctx context.Context, t *terminal) error {
	return c.resume(ctx, t, policy.Stop{Clinic: c.Clinic, Person: c.Person})
}

// Run lets the platform go on.
func (c resumePlatformCmd) Run(ctx context.Context, t *terminal) error {
	return c.resume(ctx, t, policy.Stop{Clinic: c.Clinic, Platform: c.Name})
}

// Run lets the clinic go on.
func (c resumeClinicCmd) Run(ctx context.Context, t *terminal) error {
	return c.resume(ctx, t, policy.Stop{Clinic: c.Name, Everything: true})
}

// Run lets everything go on.
func (c resumeEverythingCmd) Run(ctx context.Context, t *terminal) error {
	return c.resume(ctx, t, policy.Stop{Everything: true})
}

func these(s policy.Stop) func(*data) (policy.Stop, error) {
	return func(*data) (policy.Stop, error) { return s, nil }
}
