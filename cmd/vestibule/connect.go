package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"vestibule/adapters"
	"vestibule/adapters/oscar"
	"vestibule/fhir"
	"vestibule/internal/config"
	"vestibule/internal/daemon"
	"vestibule/internal/store"
)

// connectCmd groups what is done about connections to EMRs.
type connectCmd struct {
	Check connectCheckCmd `cmd:"" help:"Say what a clinic's connection to its EMR can do."`
	Oscar connectOscarCmd `cmd:"" help:"Ask a provider for consent to an OSCAR, and keep the token."`
}

// connectCheckCmd tries a connection.
type connectCheckCmd struct {
	dataFlags
	Clinic string `arg:"" help:"The clinic whose connection it is."`
}

// Help is shown below the flags.
func (connectCheckCmd) Help() string {
	return `Tries the clinic's connection as a gateway that serves these documents would use it, and says in sentences what it found:
the log-in, privileges that are missing, code tables, the difference of the clocks, the time zone, and what the gateway will
refuse because the EMR does not offer it. It changes nothing and asks for no patient's data:

    vestibule connect check maple --config vestibule.yaml

It exits with 1 when the connection cannot be used as it is.`
}

// Run checks and prints.
func (c connectCheckCmd) Run(ctx context.Context, t *terminal) error {
	return c.within(func(d *data) error {
		documents, err := d.Current(ctx)
		if err != nil {
			return err
		}
		if err := exists(documents, config.KindClinic, c.Clinic); err != nil {
			return err
		}
		emr, err := daemon.Connect(documents, c.Clinic)
		if err != nil {
			return noToken(err, c.Clinic)
		}
		bad := 0
		for _, f := range findings(ctx, emr) {
			fmt.Fprintf(t.Out, "%-8s %s\n", f.Level, f.Text)
			if f.Level == oscar.Bad {
				bad++
			}
		}
		if bad > 0 {
			return fmt.Errorf("the connection of clinic %s cannot be used as it is: see %d above", c.Clinic, bad)
		}
		return nil
	})
}

// noToken tells what to do about a token that nobody has given yet.
func noToken(err error, clinic string) error {
	if _, ok := errors.AsType[*daemon.NoTokenError](err); ok {
		return fmt.Errorf("%w; if no provider has consented yet: vestibule connect oscar %s", err, clinic)
	}
	return err
}

// findings are what an EMR's own check says, or for one without what can be seen from outside.
func findings(ctx context.Context, emr adapters.EMR) []oscar.Finding {
	if a, ok := emr.(*oscar.Adapter); ok {
		return a.Check(ctx)
	}
	can, err := emr.Capability(ctx)
	if err != nil {
		return []oscar.Finding{{Level: oscar.Bad, Text: "The EMR does not say what it can do: " + reasonOf(err)}}
	}
	var out []oscar.Finding
	if named, ok := emr.(adapters.Named); ok && named.Product() != "" {
		out = append(out, oscar.Finding{Level: oscar.Good, Text: "The EMR calls itself " + named.Product() + "."})
	}
	for _, typ := range fhir.Types() {
		out = append(out, offered(ctx, emr, can.Type(typ), typ))
	}
	return out
}

// offered says what is done of a type, and asks for a resource that is not there, which takes a log-in and shows nobody's data.
func offered(ctx context.Context, emr adapters.EMR, row adapters.Type, typ string) oscar.Finding {
	if len(row.Interactions) == 0 {
		return oscar.Finding{Level: oscar.Warning, Text: typ + ": nothing is offered; the gateway refuses it."}
	}
	words := make([]string, len(row.Interactions))
	for i, k := range row.Interactions {
		words[i] = string(k)
	}
	said := typ + ": " + strings.Join(words, ", ")
	if _, err := emr.Read(ctx, fhir.Ref{Type: typ, ID: "vestibule-connect-check"}); err != nil {
		switch fhir.KindOf(err) {
		case fhir.KindNotFound, fhir.KindNotSupported:
		default:
			return oscar.Finding{Level: oscar.Bad, Text: said + " are offered, but: " + reasonOf(err)}
		}
	}
	return oscar.Finding{Level: oscar.Good, Text: said + "."}
}

// reasonOf is an EMR's error for the operator: the text and the cause.
func reasonOf(err error) string {
	e := fhir.AsError(err)
	if e.Err == nil {
		return e.Text
	}
	return e.Text + " (" + e.Err.Error() + ")"
}

// connectionTo is the clinic's connection and its zone, which has to be one to an OSCAR.
func connectionTo(documents []store.Document, clinic string) (oscar.Config, *config.Connection, error) {
	if err := exists(documents, config.KindClinic, clinic); err != nil {
		return oscar.Config{}, nil, err
	}
	c, zone, err := daemon.Connection(documents, clinic)
	if err != nil {
		return oscar.Config{}, nil, err
	}
	if c.Adapter != config.AdapterOSCAR {
		return oscar.Config{}, nil, fmt.Errorf("clinic %s has an EMR of adapter %s; consent is asked of an OSCAR", clinic, c.Adapter)
	}
	conf, err := daemon.OSCARConfig(c, zone)
	if _, ok := errors.AsType[*daemon.NoTokenError](err); ok {
		err = nil
	}
	if conf.Client.Secret == "" && err == nil {
		err = errors.New("login.secret is empty")
	}
	return conf, c, err
}
