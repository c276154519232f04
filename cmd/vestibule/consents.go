package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"vestibule/fhir"
	"vestibule/internal/config"
	"vestibule/policy"
)

// directivesImportCmd makes directives of Consents.
type directivesImportCmd struct {
	File   []string `arg:"" placeholder:"FILE" type:"path" help:"Files of FHIR R4 JSON, each a Consent or a Bundle of them; - for standard input."`
	Clinic string   `required:"" placeholder:"NAME" help:"Whose patients' they are."`
	Actor  []string `placeholder:"WHO=WHOM" sep:"none" help:"Who is meant by a reference or by system|value: Organization/f1=platform:assistco, or =team:assistco/front-desk, or =user:ISSUER|SUBJECT. May be repeated."`
	Apply  bool     `help:"Apply the directives; without it they are printed only."`
	dataFlags
	byFlag
}

// Help is shown below the flags.
func (directivesImportCmd) Help() string {
	return `Every rule of a Consent that denies becomes a directive, printed as a document that "vestibule apply" takes. What a
directive cannot say exactly is refused with its path and never guessed, and then nothing is imported. A Consent that is
imported again changes the directives it became, which are named after its id.

    vestibule directives import consents.json --clinic maple --actor Organization/f1=platform:assistco --data ./data
    vestibule directives import consents.json --clinic maple --data ./data --apply`
}

// Run imports the files.
func (c directivesImportCmd) Run(ctx context.Context, t *terminal) error {
	return doing(c.dataFlags, c.byFlag, func(d *data, by string) error {
		options, err := c.options(ctx, d)
		if err != nil {
			return err
		}
		options.Now = t.Now()
		text, err := c.read(t, options)
		if err != nil || len(text) == 0 {
			return err
		}
		docs, err := config.Parse("the Consents", text)
		if err == nil {
			err = checked(ctx, t, d, docs)
		}
		switch {
		case err != nil:
			return plain(err)
		case c.Apply:
			return apply(ctx, t, d, by, docs, false)
		}
		_, err = t.Out.Write(text)
		return err
	})
}

// options are what the reading of Consents needs of the clinic and the platforms.
func (c directivesImportCmd) options(ctx context.Context, d *data) (o policy.ConsentOptions, err error) {
	docs, err := d.documents(ctx)
	if err != nil {
		return o, err
	}
	for _, doc := range docs {
		switch {
		case doc.OfPlatform != nil:
			o.Issuers = append(o.Issuers, doc.OfPlatform.Issuer)
		case doc.OfClinic != nil && doc.Name == c.Clinic:
			zone, err := doc.OfClinic.Location()
			if err != nil {
				return o, err
			}
			o.Clinic = policy.Clinic{Name: doc.Name, Zone: zone, Teams: doc.OfClinic.Teams}
		}
	}
	if o.Clinic.Name == "" {
		return o, fmt.Errorf("there is no clinic %q; apply it first", c.Clinic)
	}
	o.Actors = map[string]policy.Whom{}
	for _, a := range c.Actor {
		who, meant, err := actor(a)
		if err != nil {
			return o, err
		}
		o.Actors[who] = meant
	}
	return o, nil
}

// actor reads "Organization/f1=platform:assistco". What stands before may itself hold a "=".
func actor(s string) (who string, meant policy.Whom, err error) {
	for _, key := range []string{"platform", "team", "user"} {
		who, name, ok := strings.Cut(s, "="+key+":")
		if !ok || who == "" || name == "" {
			continue
		}
		return who, map[string]policy.Whom{"platform": {Platform: name}, "team": {Team: name}, "user": {User: name}}[key], nil
	}
	return "", policy.Whom{}, fmt.Errorf("--actor %s: write it like Organization/f1=platform:assistco, with platform, team or user", s)
}

// read is the documents of the directives that the files' Consents become, or every refusal.
func (c directivesImportCmd) read(t *terminal, o policy.ConsentOptions) ([]byte, error) {
	var texts [][]byte
	var refused []error
	for _, file := range c.File {
		consents, err := consentsIn(file, t.In)
		if err != nil {
			return nil, err
		}
		for _, v := range consents {
			got := policy.ReadConsent(v, o)
			for _, n := range got.Notes {
				fmt.Fprintf(t.Err, "note: %s: %s: %s\n", file, got.Consent, n)
			}
			for _, m := range got.Mistakes {
				refused = append(refused, fmt.Errorf("%s: %s: %s: %s", file, got.Consent, m.Path, m.Text))
			}
			for _, d := range got.Directives {
				texts = append(texts, directiveText(d))
			}
		}
	}
	if len(refused) > 0 {
		return nil, errors.Join(append(refused, errors.New("nothing was imported"))...)
	}
	return bytes.Join(texts, []byte("---\n")), nil
}

// consentsIn are the resources of a file that holds one, or a Bundle.
func consentsIn(file string, in io.Reader) ([]fhir.Value, error) {
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	const most = 16 << 20
	b, err := io.ReadAll(io.LimitReader(in, most+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	v, err := fhir.Parse(b, fhir.Limits{Bytes: most})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if v.Get("resourceType").Text() != "Bundle" {
		return []fhir.Value{v}, nil
	}
	return slices.Collect(v.Path("entry.resource")), nil
}
