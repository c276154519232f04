package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"vestibule/internal/config"
	"vestibule/internal/store"
)

// applyCmd puts documents in force.
type applyCmd struct {
	File  []string `short:"f" required:"" placeholder:"FILE" type:"path" sep:"none" help:"A file of documents, a folder of them, or - for standard input. May be repeated."`
	Check bool     `xor:"mode" help:"Only say what is wrong; change nothing."`
	Draft bool     `help:"Grants only: have no effect before somebody else approves them, see grants approve."`
	planFlags
	dataFlags
	byFlag
}

// Help is shown below the flags.
func (applyCmd) Help() string {
	return `All documents are applied, or none; mistakes are reported with file and line.

    vestibule apply -f clinics.yaml -f grants/ --data ./data
    vestibule apply -f grant.yaml --config serve.yaml --by "Dr. Lee"
    vestibule apply -f grant.yaml --data ./data --check
    vestibule apply -f grants/ --data ./data --plan

With --plan nothing changes: it shows what would become of each document, exactly what people and agents could do then and
can not do now, and the other way round, and what is in force at the clinics that the files name and in none of the files.

A grant that is broader than it mostly has to be (an end far away, no criteria, no elements, SMART v1 scopes) is applied,
with advice on standard error.

A document that is applied again with another text gets a new version; the old one stays on record. A gateway that runs
takes a change up within a quarter of a second, after it is on record; one that does not, at its next start.`
}

// Run applies the documents and prints what became of each.
func (c applyCmd) Run(ctx context.Context, t *terminal) error {
	by, err := c.name()
	if err != nil {
		return err
	}
	docs, err := c.load(t.In)
	if err != nil {
		return err
	}
	switch {
	case c.Check:
		return c.check(ctx, t, docs)
	case c.Plan:
		return c.plan(ctx, t, by, docs)
	}
	if d, err := c.open(); errors.Is(err, store.ErrNoData) {
		if err := checkedAlone(t, docs); err != nil { // a mistyped folder is not made
			return err
		}
	} else if err == nil {
		if err := d.Close(); err != nil {
			return err
		}
	}
	d, err := c.create()
	if err != nil {
		return err
	}
	return errors.Join(apply(ctx, t, d, by, docs, c.Draft), d.Close())
}

// check says what applying would find wrong. A folder that is not there yet holds no documents.
func (c applyCmd) check(ctx context.Context, t *terminal, docs []config.Document) error {
	d, err := c.open()
	switch {
	case errors.Is(err, store.ErrNoData):
		if err = checkedAlone(t, docs); err == nil {
			t.advise(docs, nil)
		}
	case err == nil:
		err = errors.Join(checked(ctx, t, d, docs), d.Close())
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(t.Out, "%s right; nothing was changed\n", count(len(docs), "document is", "documents are"))
	return err
}

// checkedAlone is what is wrong with docs where nothing is applied yet.
func checkedAlone(t *terminal, docs []config.Document) error {
	if err := config.Check(docs, nil, t.Now()); err != nil {
		return fmt.Errorf("%w\nnothing has been applied in this data folder yet; is it the right one?", err)
	}
	return nil
}

// count is n with its noun.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// checked holds docs against what is applied, and prints where they are right but broad.
func checked(ctx context.Context, t *terminal, d *data, docs []config.Document) error {
	applied, err := d.documents(ctx)
	if err != nil {
		return err
	}
	if err := config.Check(docs, applied, t.Now()); err != nil {
		return err
	}
	t.advise(docs, applied)
	return nil
}

// advise prints where grants are broader than they mostly have to be. That is no mistake, so it changes nothing else.
func (t *terminal) advise(docs, applied []config.Document) {
	for _, p := range config.Advise(docs, applied, t.Now()) {
		fmt.Fprintln(t.Err, "advice:", p)
	}
}

// load reads the files; "-" is standard input.
func (c applyCmd) load(in io.Reader) ([]config.Document, error) {
	var files []string
	var docs []config.Document
	var problems config.Problems
	collect := func(found []config.Document, err error) error {
		docs = append(docs, found...)
		if wrong, ok := errors.AsType[config.Problems](err); ok {
			problems = append(problems, wrong...)
			return nil
		}
		return err
	}
	for _, f := range c.File {
		if f != "-" {
			files = append(files, f)
			continue
		}
		if err := collect(config.Read("standard input", in)); err != nil {
			return nil, err
		}
	}
	if len(files) > 0 {
		if err := collect(config.Load(files...)); err != nil {
			return nil, err
		}
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return docs, nil
}

// apply writes the documents and prints what became of each.
func apply(ctx context.Context, t *terminal, d *data, by string, docs []config.Document, draft bool) error {
	if err := checked(ctx, t, d, docs); err != nil {
		return err
	}
	stored, err := d.drafted(ctx, docs, draft)
	if err != nil {
		return err
	}
	done, err := d.Apply(ctx, by, t.Now(), stored)
	if err != nil {
		return err
	}
	var newest int64 // the event by which all of it holds
	w := tabwriter.NewWriter(t.Out, 0, 0, 2, ' ', 0)
	for _, doc := range done {
		note := ""
		switch {
		case doc.Waits():
			note = ", a draft: waits for approval by somebody other than " + doc.By
		case doc.Change != store.Unchanged:
			newest = max(newest, doc.Event)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\tversion %d%s\n", doc.Change, doc.Kind, path(doc), doc.Version, note)
	}
	if err := w.Flush(); err != nil || newest == 0 {
		return err
	}
	return d.await(ctx, t, newest)
}

// drafted are docs as they are to be stored. A grant is a draft where that is asked for, and at a clinic that wants a second
// person's approval: by what stands now or by what docs say, so that nobody gets around it by changing both at once.
func (d *data) drafted(ctx context.Context, docs []config.Document, draft bool) ([]store.Document, error) {
	applied, err := d.documents(ctx)
	if err != nil {
		return nil, err
	}
	second := map[string]bool{}
	for _, doc := range slices.Concat(applied, docs) {
		if doc.OfClinic != nil && doc.OfClinic.Approvals == config.SecondPerson {
			second[doc.Name] = true
		}
	}
	var out []store.Document
	for _, doc := range docs {
		if draft && doc.Kind != config.KindGrant {
			return nil, fmt.Errorf("%s:%d: --draft is for grants; apply this %s without it", doc.File, doc.Line, doc.Kind)
		}
		s := stored(doc)
		s.Draft = doc.Kind == config.KindGrant && (draft || second[doc.Clinic])
		out = append(out, s)
	}
	return out, nil
}

// path is the document's name, with its clinic's where it has one.
func path(d store.Document) string {
	if d.Clinic == "" || d.Clinic == d.Name && d.Kind == config.KindClinic {
		return d.Name
	}
	return d.Clinic + "/" + d.Name
}
