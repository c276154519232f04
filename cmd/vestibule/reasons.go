package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"vestibule/internal/reasons"
)

type grantsReasonsCmd struct {
	Code string `arg:"" optional:"" help:"The code, as a refusal or a record names it. Default: a list of all."`
}

// Help is shown below the flags.
func (grantsReasonsCmd) Help() string {
	return `Every refusal and every record of the trail carries such a code; none is ever renamed:

    vestibule grants reasons
    vestibule grants reasons outside-hours

docs/reason-codes.md holds the same list.`
}

// Run prints one code in full, or all of them in the order in which an access can meet them.
func (c grantsReasonsCmd) Run(t *terminal) error {
	if c.Code != "" {
		return c.one(t)
	}
	w := tabwriter.NewWriter(t.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CODE\tSTAGE\tSTATUS\tWHAT HAPPENED")
	for _, r := range reasons.All() {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.Code, r.Stage, status(r), r.Means)
	}
	return w.Flush()
}

func (c grantsReasonsCmd) one(t *terminal) error {
	r, ok := reasons.Find(c.Code)
	if !ok {
		if like := reasons.Like(c.Code); len(like) > 0 {
			return fmt.Errorf("there is no reason code %q; did you mean %s?", c.Code, strings.Join(like, " or "))
		}
		return fmt.Errorf("there is no reason code %q; vestibule grants reasons lists them", c.Code)
	}
	fmt.Fprintf(t.Out, "%s\n\n%s\nWhat to do: %s\n\nstage   %s\nstatus  %s\n", r.Code, r.Means, r.Next, r.Stage, status(r))
	if r.Hidden() {
		fmt.Fprintln(t.Out, "\nThis stands in the trail only: to the caller, unknown, hidden and out of reach look alike.")
	}
	return nil
}

// status is the HTTP status that an answer with the code has.
func status(r reasons.Row) string {
	if r.Status() == 0 {
		return "-"
	}
	return fmt.Sprint(r.Status())
}
