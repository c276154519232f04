package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"vestibule/internal/policytest"
)

// exitInterrupted is what a shell reports of a program that SIGINT ended.
const exitInterrupted = 130

// cover finds out which clauses the tests notice, and prints those that none does.
func (c grantsTestCmd) cover(ctx context.Context, t *terminal, suites []*suite) error {
	var all policytest.Coverage
	for _, s := range suites {
		found, err := policytest.Cover(ctx, s.clinic, s.rules, s.about, s.questions, progress(t))
		if ctx.Err() != nil { // half of it must not look like success
			return exitError{exitInterrupted, errors.New("interrupted before every clause was tried")}
		}
		if err != nil {
			return err
		}
		if c.Coverage {
			if err := s.table(t, found); err != nil {
				return err
			}
		}
		for _, clause := range found {
			if clause.By == "" && clause.Aside == "" {
				fmt.Fprintf(t.Out, "# no test notices: %s%s\n", s.cite(clause), clause.Text)
			}
		}
		all = append(all, found...)
	}
	noticed, of := all.Noticed()
	fmt.Fprintf(t.Out, "# %d of %d clauses are noticed, %d %%\n", noticed, of, all.Percent())
	if all.Percent() < c.MinCoverage {
		return fmt.Errorf("%d %% of the clauses are noticed, %d %% are asked for", all.Percent(), c.MinCoverage)
	}
	return nil
}

// table prints every clause.
func (s *suite) table(t *terminal, found policytest.Coverage) error {
	w := tabwriter.NewWriter(t.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "# RULE\tLINE\tCLAUSE\tNOTICED BY")
	for _, clause := range found {
		by := clause.By
		switch {
		case clause.Aside != "":
			by = "(" + string(clause.Aside) + ")"
		case by == "":
			by = "-"
		}
		doc := s.documents[clause.Kind+" "+clause.Rule]
		fmt.Fprintf(w, "# %s/%s\t%d\t%s\t%s\n", s.clinic.Name, clause.Rule, doc.LineOf(clause.Path), clause.Text, by)
	}
	return w.Flush()
}

// cite is where the clause stands and of which rule it is; where that is not in a file, the place names the rule.
func (s *suite) cite(clause policytest.Clause) string {
	place, rule := s.place(clause), clause.Kind+" "+clause.Rule
	if strings.HasPrefix(place, rule) {
		return place + ": "
	}
	return place + ": " + rule + ": "
}

// place is where the clause stands.
func (s *suite) place(clause policytest.Clause) string {
	return s.documents[clause.Kind+" "+clause.Rule].Place(clause.Path)
}
