package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"vestibule/internal/config"
	"vestibule/policy"
)

// lastDay is the last day of a grant that is made now, unless something else is asked for: 90 days ahead. It is counted from
// the day it is where days begin last, so that it is no more than that wherever the clinic is.
func lastDay(now time.Time) string {
	return now.UTC().Add(-12*time.Hour).AddDate(0, 0, 90).Format(time.DateOnly)
}

type grantsTemplatesCmd struct{}

// Help is shown below the flags.
func (grantsTemplatesCmd) Help() string {
	return `Each is a starting point for a grant, as narrow as the work allows; "vestibule grants new" makes a document of it.`
}

// Run prints the templates.
func (grantsTemplatesCmd) Run(t *terminal) error {
	for i, template := range policy.Templates() {
		if i > 0 {
			fmt.Fprintln(t.Out)
		}
		if _, err := fmt.Fprintf(t.Out, "%s --%s\n    %s\n", template.Name, strings.Join(template.Needs, " --"), template.Means); err != nil {
			return err
		}
	}
	return nil
}

type grantsNewCmd struct {
	Template     string `arg:"" help:"The template's name; \"vestibule grants templates\" lists them."`
	Clinic       string `required:"" placeholder:"NAME" help:"The clinic that gives the grant."`
	To           string `required:"" placeholder:"WHOM" help:"Whom it is for: a person as \"issuer|subject\", a team as platform/team, or a platform."`
	Practitioner string `placeholder:"REF" help:"Whose appointments, such as Practitioner/42."`
	Owner        string `placeholder:"REF" help:"Whose tasks, such as Organization/front-desk."`
	Category     string `placeholder:"CODE" help:"Which documents: the category's code, or system|code; several with commas."`
	Until        string `placeholder:"DAY" help:"Its last day, such as 2027-02-28. Default: 90 days from today."`
	Name         string `placeholder:"NAME" help:"The grant's name. Default: made of the template, what it is about and whom it is for."`
	Because      string `placeholder:"TEXT" help:"Why it is given, on one line. Default: the template's."`
}

// Help is shown below the flags.
func (grantsNewCmd) Help() string {
	return `Prints a document; nothing is applied:

    vestibule grants new book-and-move-appointments --clinic maple --to "https://id.example|amara" \
        --practitioner Practitioner/42 > amara.yaml
    vestibule apply -f amara.yaml --data ./data`
}

// Run prints the document, with what it means above it.
func (c grantsNewCmd) Run(_ context.Context, t *terminal) error {
	template, err := policy.TemplateNamed(c.Template)
	if err != nil {
		return err
	}
	g, err := template.Grant(policy.Blanks{
		Clinic: c.Clinic, Name: c.Name, To: holderOf(c.To), Because: c.Because, Practitioner: c.Practitioner, Owner: c.Owner, Category: c.Category,
		Until: cmp.Or(c.Until, lastDay(t.Now())),
	})
	if err != nil {
		return fmt.Errorf("%s: --%w", template.Name, err)
	}
	if err := c.check(g, t.Now()); err != nil {
		return err
	}
	b, err := config.WriteGrant(g, template.Means+"\n\n"+g.Sentence(nil))
	if err != nil {
		return err
	}
	_, err = t.Out.Write(b)
	return err
}

// check finds what apply would find without knowing the clinic: its zone and its teams are as good as any.
func (c grantsNewCmd) check(g policy.Grant, now time.Time) error {
	clinic := policy.Clinic{Name: c.Clinic, Zone: now.Location(), Teams: map[string][]string{g.To.Team: nil}}
	var wrong []error
	for _, e := range policy.Check(g, policy.Context{Clinic: clinic, Now: now}) {
		wrong = append(wrong, fmt.Errorf("%s: %s", e.Path, e.Text))
	}
	return errors.Join(wrong...)
}

// holderOf reads whom a grant is for: issuers and subjects are the only ones with a bar between them.
func holderOf(text string) policy.To {
	switch {
	case strings.Contains(text, "|"):
		return policy.To{User: text}
	case strings.Contains(text, "/"):
		return policy.To{Team: text}
	}
	return policy.To{Platform: text}
}
