package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"vestibule"
	"vestibule/audit"
	"vestibule/internal/config"
	"vestibule/internal/reasons"
)

type grantsExplainCmd struct {
	ID         string `arg:"" name:"decision-id" help:"The decision's id, as an error names it."`
	CallerView bool   `help:"Print what the caller heard, and nothing else: it names no patient."`
	dataFlags
	clinicFlag
	byFlag
}

// Help is shown below the flags.
func (grantsExplainCmd) Help() string {
	return `The id stands in every refusal that a caller gets, and in the last column of audit search:

    vestibule grants explain 0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b --data ./data
    vestibule grants explain 0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b --caller-view --data ./data

Prints what is on record of that access: when, who, what, how it ended and why, and the grants in the version that decided.
Then it decides once more, by the rules that were in force at that moment, of what is on record: the clause and the value
that decided, how far each grant got, and what the caller heard. Where the record does not hold enough, it says so. Looking
goes on record before anything is shown.`
}

// Run reports the look, then prints every record of the access.
func (c grantsExplainCmd) Run(ctx context.Context, t *terminal) error {
	return c.within(func(d *data) error {
		trail := audit.NewReader(d.db)
		clinics, err := trail.Clinics(ctx)
		if err != nil {
			return err
		}
		if c.Clinic != "" {
			if err := d.known(ctx, c.Clinic); err != nil {
				return err
			}
			clinics = []string{c.Clinic}
		}
		if err := d.reported(ctx, t, c.byFlag, audit.InteractionAuditRead, c.Clinic, c.ID); err != nil {
			return err
		}
		found := 0
		for _, clinic := range clinics {
			result, err := trail.Search(ctx, clinic, audit.Search{IDs: []string{c.ID}})
			if err != nil {
				return err
			}
			for i := len(result.Entries) - 1; i >= 0; i-- { // in the order in which it happened
				if err := c.explain(ctx, t.Out, d, result.Entries[i], i == 0); err != nil {
					return err
				}
				found++
			}
		}
		if found == 0 {
			return fmt.Errorf("no record of decision %q, or its body was deleted; the id stands in the answer to the caller and in `vestibule audit search`", c.ID)
		}
		return nil
	})
}

// explain prints one record and, with the last of an access, its decision made again.
func (c grantsExplainCmd) explain(ctx context.Context, out io.Writer, d *data, e audit.Entry, last bool) error {
	zone, err := d.zone(ctx, e.Record.Clinic)
	if err != nil {
		return err
	}
	if !c.CallerView {
		if err := d.recorded(ctx, out, e, zone); err != nil {
			return err
		}
	}
	if !last {
		return nil
	}
	again, err := d.rebuild(ctx, e.Record)
	switch {
	case c.CallerView:
		again.forCaller(out, e.Record)
		return nil
	case err != nil:
		fmt.Fprintf(out, "Not decided again: %s.\n", strings.TrimPrefix(err.Error(), errNotDecided.Error()+": "))
	default:
		again.forClinic(out, zone)
	}
	fmt.Fprint(out, "\nWhat the caller heard:\n    ")
	again.forCaller(out, e.Record)
	return nil
}

// recorded prints one record for a person.
func (d *data) recorded(ctx context.Context, out io.Writer, e audit.Entry, zone *time.Location) error {
	r := e.Record
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "%s\t%s\n", name, value)
		}
	}
	line("time", r.Time.In(zone).Format(time.RFC3339))
	line("clinic", r.Clinic)
	line("who", whoInFull(r))
	line("what", what(r))
	line(map[bool]string{true: "document", false: "search"}[strings.HasSuffix(r.Route, vestibule.BinaryRoute)], r.Query)
	line("purposes", strings.Join(r.Purposes, ", "))
	line("address", r.Agent.Address)
	line("outcome", outcomeInFull(r))
	for _, code := range r.Reasons {
		line("reason", reasonInFull(code))
	}
	line("changed", strings.Join(r.Changed, ", "))
	line("grants", strings.Join(r.Grants, ", "))
	line("record", e.Place())
	if err := w.Flush(); err != nil {
		return err
	}
	for _, cite := range r.Grants {
		if err := d.cited(ctx, out, r.Clinic, cite, zone); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(out)
	return err
}

func whoInFull(r audit.Record) string {
	out := who(r)
	if key := r.Agent.Key(); key != "" {
		out += " (" + key + ")"
	}
	if r.Agent.Platform != "" {
		out += " at " + r.Agent.Platform
	}
	if r.Agent.ClientID != "" {
		out += " with " + r.Agent.ClientID
	}
	if r.Agent.Automated {
		out += ", automated"
	}
	return out
}

func outcomeInFull(r audit.Record) string {
	out := outcomeName(r)
	if r.Status > 0 {
		out += fmt.Sprintf(", status %d", r.Status)
	}
	if n := len(r.Released); n > 0 || r.Withheld > 0 {
		out += fmt.Sprintf(", %d released, %d withheld", n, r.Withheld)
	}
	return out
}

// reasonInFull is a reason code with its text.
func reasonInFull(code string) string {
	row, ok := reasons.Find(code)
	if !ok {
		return code
	}
	return fmt.Sprintf("%s: %s What to do: %s", code, row.Means, row.Next)
}

// cited prints the version of a grant that decided, "name@version".
func (d *data) cited(ctx context.Context, out io.Writer, clinic, cite string, zone *time.Location) error {
	name, number, _ := strings.Cut(cite, "@")
	versions, err := d.Versions(ctx, config.KindGrant, clinic, name)
	if err != nil {
		return err
	}
	for _, v := range versions {
		if strconv.Itoa(v.Version) != number {
			continue
		}
		doc, err := read(v)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "\n%s, applied %s by %s:\n%s", cite, v.At.In(zone).Format(time.RFC3339), v.By, indent(doc.OfGrant.Sentence(zone)))
		return err
	}
	_, err = fmt.Fprintf(out, "\n%s is not among the documents of this folder\n", cite)
	return err
}
