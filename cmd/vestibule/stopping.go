package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"vestibule/internal/config"
	"vestibule/internal/store"
	"vestibule/policy"
)

// stop writes the stop of what is meant as a document, and waits until it holds.
func (f stopFlags) stop(ctx context.Context, t *terminal, meant policy.Stop) error {
	return doing(f.dataFlags, f.byFlag, func(d *data, by string) error {
		s, err := d.found(ctx, meant)
		if err != nil {
			return err
		}
		if err := d.there(ctx, t, s); err != nil {
			return err
		}
		s.Name, s.Because = stopName(s), f.Because
		docs, err := config.Parse("stop", stopText(s))
		if err == nil {
			err = checked(ctx, t, d, docs)
		}
		if err != nil {
			return plain(err)
		}
		done, err := d.Apply(ctx, by, t.Now(), []store.Document{{Kind: config.KindStop, Clinic: s.Clinic, Name: s.Name, Body: docs[0].Body}})
		if err != nil {
			return err
		}
		again := ""
		if done[0].Change == store.Unchanged {
			again = ", as before"
		}
		fmt.Fprintf(t.Out, "stopped  %s%s\n", whatIsStopped(s), again)
		return d.await(ctx, t, done[0].Event)
	})
}

// there makes sure that the clinic and the platform of a stop exist. A person whom no document names may come by a team or a
// platform, so they are stopped all the same.
func (d *data) there(ctx context.Context, t *terminal, s policy.Stop) error {
	docs, err := d.Current(ctx)
	if err != nil {
		return err
	}
	for kind, name := range map[string]string{config.KindClinic: s.Clinic, config.KindPlatform: s.Platform} {
		if err := exists(docs, kind, name); name != "" && err != nil {
			return err
		}
	}
	if s.Person == "" {
		return nil
	}
	_, known, err := d.people(ctx)
	if err == nil && !known[s.Person] {
		fmt.Fprintf(t.Err, "no document names %s: look whether their tokens do\n", s.Person)
	}
	return err
}

// exists is an error that names those there are where docs has none of that kind and name.
func exists(docs []store.Document, kind, name string) error {
	var names []string
	for _, doc := range ofKind(docs, kind) {
		names = append(names, doc.Name)
	}
	switch {
	case slices.Contains(names, name):
		return nil
	case len(names) == 0:
		return fmt.Errorf("there is no %s %q, nor any other", strings.ToLower(kind), name)
	}
	return fmt.Errorf("there is no %s %q; there are %s", strings.ToLower(kind), name, strings.Join(names, ", "))
}

// plain is the problems of a document that nobody wrote as a file, without its lines.
func plain(err error) error {
	problems, ok := errors.AsType[config.Problems](err)
	if !ok {
		return err
	}
	var texts []string
	for _, p := range problems {
		texts = append(texts, p.Text)
	}
	return errors.New(strings.Join(texts, "\n"))
}

// stopped is a stop in force or to be.
type stopped struct {
	doc  store.Document
	stop policy.Stop
}

func (d *data) stopped(ctx context.Context) ([]stopped, error) {
	current, err := d.Current(ctx)
	if err != nil {
		return nil, err
	}
	var out []stopped
	for _, s := range ofKind(current, config.KindStop) {
		doc, err := read(s)
		if err != nil {
			return nil, err
		}
		out = append(out, stopped{s, *doc.OfStop})
	}
	return out, nil
}

// resume withdraws the stops of exactly what is meant, and waits until that holds.
func (f resumeFlags) resume(ctx context.Context, t *terminal, meant policy.Stop) error {
	return doing(f.dataFlags, f.byFlag, func(d *data, by string) error {
		all, err := d.stopped(ctx)
		if err != nil {
			return err
		}
		var ended, rest []stopped
		for _, s := range all {
			if sameTarget(meant, s.stop) {
				ended = append(ended, s)
			} else {
				rest = append(rest, s)
			}
		}
		switch {
		case len(ended) == 0:
			return fmt.Errorf("%s is not stopped; what is:%s", whatIsStopped(meant), remaining(rest))
		case meant.Grant != "" && ended[0].stop.Clinic != ended[len(ended)-1].stop.Clinic:
			return fmt.Errorf("several clinics have stopped a grant %q; say which with --clinic", meant.Grant)
		}
		var last int64
		for _, s := range ended {
			gone, err := d.withdraw(ctx, t, by, s.doc)
			if err != nil {
				return err
			}
			last = gone.Event
			fmt.Fprintf(t.Out, "resumed  %s\n", whatIsStopped(s.stop))
		}
		if err := d.await(ctx, t, last); err != nil || len(rest) == 0 {
			return err
		}
		_, err = fmt.Fprintln(t.Out, "other stops remain:"+remaining(rest))
		return err
	})
}

// sameTarget reports whether found stops what meant says, no more and no less. A person may be named by the subject alone,
// and a grant without its clinic.
func sameTarget(meant, found policy.Stop) bool {
	if meant.Grant != "" {
		return meant.Grant == found.Grant && (meant.Clinic == "" || meant.Clinic == found.Clinic)
	}
	_, subject, _ := strings.Cut(found.Person, "|")
	person := meant.Person == found.Person || meant.Person != "" && meant.Person == subject
	return person && meant.Clinic == found.Clinic && meant.Platform == found.Platform && meant.Everything == found.Everything && found.Grant == ""
}

func remaining(stops []stopped) string {
	if len(stops) == 0 {
		return " nothing"
	}
	var names []string
	for _, s := range stops {
		names = append(names, whatIsStopped(s.stop))
	}
	return " " + strings.Join(names, "; ")
}

// whatIsStopped is what a stop is about, for people.
func whatIsStopped(s policy.Stop) string {
	at := " at every clinic"
	if s.Clinic != "" {
		at = " at clinic " + s.Clinic
	}
	switch {
	case s.Grant != "" && s.Clinic == "":
		return "grant " + s.Grant
	case s.Grant != "":
		return "grant " + s.Clinic + "/" + s.Grant
	case s.Person != "":
		return "person " + s.Person + at
	case s.Platform != "":
		return "platform " + s.Platform + at
	}
	return "everything" + at
}

type stopListCmd struct {
	dataFlags
	clinicFlag
}

// Run prints the table.
func (c stopListCmd) Run(ctx context.Context, t *terminal) error {
	return c.within(func(d *data) error {
		if err := c.exists(ctx, d); err != nil {
			return err
		}
		all, err := d.stopped(ctx)
		if err != nil {
			return err
		}
		all = slices.DeleteFunc(all, func(s stopped) bool { return c.Clinic != "" && s.stop.Clinic != "" && s.stop.Clinic != c.Clinic })
		if len(all) == 0 {
			_, err := fmt.Fprintln(t.Out, "nothing is stopped")
			return err
		}
		w := tabwriter.NewWriter(t.Out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "STOPPED\tSINCE\tBY\tSTATE\tBECAUSE")
		for _, s := range all {
			e, err := d.Event(ctx, s.doc.Event)
			if err != nil {
				return err
			}
			state := "in force"
			if e.Effective.IsZero() {
				state = "waits to be put on record by the gateway"
			}
			zone, err := d.zone(ctx, s.stop.Clinic)
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", whatIsStopped(s.stop), inZone(cmp.Or(e.Effective, s.doc.At), zone), s.doc.By, state, s.stop.Because)
		}
		return w.Flush()
	})
}
