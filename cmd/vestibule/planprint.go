package main

import (
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"vestibule/internal/store"
	"vestibule/policy"
)

// print shows the plan to a person.
func (p plan) print(t *terminal) error {
	w := tabwriter.NewWriter(t.Out, 0, 0, 2, ' ', 0)
	count := map[string]int{}
	for _, d := range p.Documents {
		count[d.Change]++
		note := ""
		if d.Note != "" {
			note = ", " + d.Note
		}
		fmt.Fprintf(w, "%s\t%s\t%s\tversion %d%s\n", d.Change, d.Kind, path(store.Document{Kind: d.Kind, Clinic: d.Clinic, Name: d.Name}), d.Version, note)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, e := range p.Effects {
		e.print(t)
	}
	if err := p.printDrift(t); err != nil {
		return err
	}
	if len(p.Advice) > 0 {
		fmt.Fprintln(t.Out, "\nAdvice:")
	}
	for _, a := range p.Advice {
		fmt.Fprintln(t.Out, "-", a)
	}
	_, err := fmt.Fprintf(t.Out, "\n%d to create, %d to change, %d to draft, %d unchanged; nothing was changed\n",
		count["create"], count["change"], count["draft"], count[string(store.Unchanged)])
	return err
}

// print shows what would change at the clinic.
func (e effect) print(t *terminal) {
	if e.Unknown != "" {
		fmt.Fprintf(t.Out, "\nWho can do what at %s afterwards cannot be held against now: %s\n", e.Clinic, e.Unknown)
		return
	}
	lines := func(title string, d *policy.Difference) {
		if d == nil {
			return
		}
		fmt.Fprintf(t.Out, "\n%s\n", title)
		for _, line := range d.Lines() {
			fmt.Fprintln(t.Out, "  "+line)
		}
	}
	lines("At "+e.Clinic+":", e.Now)
	lines("At "+e.Clinic+", once the drafts are approved:", e.OnceApproved)
}

// dayOf is the day of what may hold at several clinics.
func dayOf(at time.Time) string { return at.UTC().Format("2006-01-02 MST") }

// mostDrifted bounds what a person is shown of one sort of drift.
const mostDrifted = 30

// printDrift shows what the files do not say.
func (p plan) printDrift(t *terminal) error {
	for _, part := range []struct{ what, title string }{
		{inNoFile, "In force and in none of these files; it stays in force. To take it back:"}, {waiting, "Drafts that wait, of other versions than these files':"},
	} {
		found := slices.DeleteFunc(slices.Clone(p.Drift), func(d drifted) bool { return d.What != part.what })
		if len(found) == 0 {
			continue
		}
		fmt.Fprintf(t.Out, "\n%s\n", part.title)
		w := tabwriter.NewWriter(t.Out, 0, 0, 2, ' ', 0)
		for _, d := range found[:min(len(found), mostDrifted)] {
			name := path(store.Document{Kind: d.Kind, Clinic: d.Clinic, Name: d.Name})
			fmt.Fprintf(w, "- %s\t%s\tversion %d by %s on %s\t%s\n", d.Kind, name, d.Version, d.By, dayOf(d.At), d.Command)
		}
		if err := w.Flush(); err != nil {
			return err
		}
		if more := len(found) - mostDrifted; more > 0 {
			fmt.Fprintf(t.Out, "- and %d more; --format json lists them\n", more)
		}
	}
	return nil
}
