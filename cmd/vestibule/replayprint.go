package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"vestibule/internal/replay"
)

// printReplay prints a report for people of the clinic.
func printReplay(t *terminal, label string, r replay.Report, examples int) error {
	zone, err := time.LoadLocation(r.Zone)
	if err != nil {
		return err
	}
	fmt.Fprintf(t.Out, "%s %s, %s to %s (%s)\n", r.Clinic, label, r.From.In(zone).Format("2006-01-02 15:04"), r.Until.In(zone).Format("2006-01-02 15:04"), r.Zone)
	coverage(t.Out, r, zone)
	fmt.Fprintf(t.Out, "%s by %s, to %s; for %d of them it could matter. The rules changed %s meanwhile.\n",
		count(r.Accesses, "access", "accesses"), count(r.People, "person or agent", "people and agents"), count(r.Patients, "patient", "patients"), r.Touched,
		count(r.Versions, "time", "times"))
	if r.Assumed > 0 {
		fmt.Fprintf(t.Out, "The scopes of %d tokens are not on record; they are taken as tokens that narrow nothing.\n", r.Assumed)
	}
	fmt.Fprintln(t.Out)
	if err := effects(t.Out, r); err != nil {
		return err
	}
	unjudged(t.Out, r)
	return groups(t.Out, r, zone, examples)
}

// coverage says how much of the period there is something to be said about.
func coverage(out io.Writer, r replay.Report, zone *time.Location) {
	switch {
	case r.Began == nil:
		fmt.Fprintln(out, "The clinic's trail is empty.")
	case r.Covered >= 1:
		fmt.Fprintln(out, "The trail covers the whole period.")
	default:
		fmt.Fprintf(out, "The trail begins on %s and covers %.1f of the %.1f days: of what came before, nothing is known.\n",
			r.Began.In(zone).Format("2006-01-02 15:04"), r.Covered*days(r), days(r))
	}
	if r.Partial {
		reached := "nothing"
		if r.ReachedTo != nil {
			reached = r.ReachedTo.In(zone).Format("2006-01-02 15:04")
		}
		fmt.Fprintf(out, "PARTIAL: it was stopped; what follows is about the accesses up to %s at most.\n", reached)
	}
}

// days is how long the period is.
func days(r replay.Report) float64 { return r.Until.Sub(r.From).Hours() / 24 }

// effects prints the counts.
func effects(out io.Writer, r replay.Report) error {
	if !r.Changes() {
		if len(r.Unjudged) > 0 {
			_, err := fmt.Fprintln(out, "Of what could be judged, nothing would have been otherwise.")
			return err
		}
		_, err := fmt.Fprintln(out, "Nothing would have been otherwise.")
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "EFFECT\tACCESSES\tPEOPLE\tPATIENTS\tCERTAIN\tAS THE EMR IS TODAY\tCHANGED SINCE")
	for _, e := range r.Effects {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%d\n", e.Effect, e.Accesses, e.People, e.Patients, e.Certain, e.Today, e.Changed)
	}
	return w.Flush()
}

// unjudged says what is left open.
func unjudged(out io.Writer, r replay.Report) {
	if len(r.Unjudged) > 0 {
		fmt.Fprintln(out, "\nNot judged, or not all of it:")
	}
	for _, m := range r.Unjudged {
		fmt.Fprintf(out, "  %d accesses, such as %s: %s\n", m.Accesses, m.Decision, m.Why)
	}
	if r.Withheld > 0 {
		fmt.Fprintf(out, "\n%d searches kept something back that the trail does not name; whether they would have shown it is not judged.\n", r.Withheld)
	}
	if r.PagesOpen {
		fmt.Fprintln(out, "\nThe limit of pages of one search is not replayed: the trail does not say which page an answer was.")
	}
	if r.Resources.Read > 0 {
		fmt.Fprintf(out, "\nResources read of the EMR as it is today: %d, of which it does not have %d any more and did not answer for %d.\n",
			r.Resources.Read, r.Resources.Gone, r.Resources.Failed)
	}
}

// groups prints the differences, the most frequent of each kind first, each with an example.
func groups(out io.Writer, r replay.Report, zone *time.Location, examples int) error {
	var last replay.Effect
	shown, left := 0, 0
	for _, g := range r.Groups {
		if g.Effect != last {
			rest(out, left)
			last, shown, left = g.Effect, 0, 0
			fmt.Fprintf(out, "\n%s:\n", strings.ToUpper(string(g.Effect[:1]))+string(g.Effect[1:]))
		}
		if shown++; shown > examples {
			left++
			continue
		}
		fmt.Fprintf(out, "  %d times  %s, %s: %s\n", g.Accesses, g.Name, verb(g.What), reason(g))
		fmt.Fprintf(out, "           such as %s, %s%s\n", g.Decision, g.Time.In(zone).Format("2006-01-02 15:04"), example(g))
	}
	rest(out, left)
	if r.Omitted > 0 {
		fmt.Fprintf(out, "\n%d more accesses differ in ways that are counted above and not listed.\n", r.Omitted)
	}
	return nil
}

func rest(out io.Writer, n int) {
	if n > 0 {
		fmt.Fprintf(out, "  and %d more; raise --examples\n", n)
	}
}

// verb is what was done, without the resource of the example.
func verb(what string) string {
	head, _, _ := strings.Cut(what, "/")
	return head
}

// reason is why, in a few words.
func reason(g replay.Group) string {
	switch {
	case g.Code == "" && g.Effect == replay.More:
		return "shows " + g.Clause + " too"
	case g.Code == "":
		return "hides " + g.Clause
	case g.Clause == "":
		return string(g.Code)
	}
	return string(g.Code) + " (" + g.Clause + ")"
}

// example is what the example was about.
func example(g replay.Group) string {
	_, target, _ := strings.Cut(g.What, " ")
	patients := g.Patients
	more := ""
	if len(patients) > 3 {
		more = fmt.Sprintf(" and %d more", len(patients)-3)
		patients = patients[:3]
	}
	return strings.TrimRight(", "+cmp.Or(target, "-")+" "+strings.Join(patients, " ")+more, " ")
}
