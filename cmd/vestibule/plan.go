package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"vestibule/internal/config"
	"vestibule/internal/store"
	"vestibule/policy"
)

// planFlags are what apply takes to show and not to do.
type planFlags struct {
	Plan             bool   `xor:"mode" help:"Change nothing; show what would change, for whom, and what is in force and in no file."`
	Format           string `default:"text" enum:"text,json" help:"With --plan: text or json."`
	DetailedExitcode bool   `help:"With --plan: exit with 2 if something would change."`
}

// Validate refuses what would have no effect.
func (f planFlags) Validate() error {
	if !f.Plan && (f.Format != "text" || f.DetailedExitcode) {
		return errors.New("--format and --detailed-exitcode are for --plan")
	}
	return nil
}

// exitChanges says that a plan is not empty, where that was asked for.
const exitChanges = 2

// plan is what applying documents would do. Its JSON is for programs, its lines for people.
type plan struct {
	Documents []plannedDocument `json:"documents"`
	Effects   []effect          `json:"effects"` // of each clinic about which something changes
	Drift     []drifted         `json:"drift"`
	Advice    []string          `json:"advice"`
}

// plannedDocument is what would become of one document.
type plannedDocument struct {
	Change  string    `json:"change"` // create, change, unchanged, draft
	Kind    string    `json:"kind"`
	Clinic  string    `json:"clinic,omitempty"`
	Name    string    `json:"name"`
	Version int       `json:"version"`
	Place   string    `json:"place"`          // file:line
	Note    string    `json:"note,omitempty"` // what there is now
	At      time.Time `json:"-"`
}

// effect is what would change for people and agents at a clinic.
type effect struct {
	Clinic       string             `json:"clinic"`
	Now          *policy.Difference `json:"now,omitempty"`          // as soon as it is applied and on record
	OnceApproved *policy.Difference `json:"onceApproved,omitempty"` // what the drafts of this plan would add
	Unknown      string             `json:"unknown,omitempty"`      // why it cannot be said
}

// Run of a plan: nothing is written.
func (c applyCmd) plan(ctx context.Context, t *terminal, by string, docs []config.Document) error {
	d, clean, err := c.planned()
	if err != nil {
		return err
	}
	p, err := d.planOf(ctx, t.Now(), by, docs, c.Draft)
	err = errors.Join(err, d.Close(), clean())
	if ctx.Err() != nil { // or it would look like a plan without changes
		return exitError{exitInterrupted, errors.New("interrupted before the plan was made")}
	}
	if err != nil {
		return err
	}
	if c.Format == "json" {
		err = printJSON(t, p)
	} else {
		err = p.print(t)
	}
	if err == nil && c.DetailedExitcode && p.changes() > 0 {
		return exitError{exitChanges, fmt.Errorf("%s would change", count(p.changes(), "document", "documents"))}
	}
	return err
}

// planned opens the folder; where there is none yet, an empty one that is gone afterwards stands for it.
func (c applyCmd) planned() (d *data, clean func() error, err error) {
	d, err = c.open()
	if !errors.Is(err, store.ErrNoData) {
		return d, func() error { return nil }, err
	}
	dir, err := os.MkdirTemp("", "vestibule-plan-")
	if err != nil {
		return nil, nil, err
	}
	clean = func() error { return os.RemoveAll(dir) }
	if d, err = (dataFlags{Data: dir}).create(); err != nil {
		return nil, nil, errors.Join(err, clean())
	}
	return d, clean, nil
}

// changes is how many documents would change.
func (p plan) changes() int {
	n := 0
	for _, d := range p.Documents {
		if d.Change != string(store.Unchanged) {
			n++
		}
	}
	return n
}

// planOf makes the plan.
func (d *data) planOf(ctx context.Context, now time.Time, by string, docs []config.Document, draft bool) (plan, error) {
	applied, err := d.documents(ctx)
	if err != nil {
		return plan{}, err
	}
	if err := config.Check(docs, applied, now); err != nil {
		return plan{}, err
	}
	stored, err := d.drafted(ctx, docs, draft)
	if err != nil {
		return plan{}, err
	}
	done, err := d.Plan(ctx, by, now, stored)
	if err != nil {
		return plan{}, err
	}
	p := plan{Effects: effectsOf(ctx, done, now), Advice: []string{}}
	for i, doc := range done.Applied {
		p.Documents = append(p.Documents, d.plannedDocument(doc, docs[i], done.Before))
	}
	for _, a := range config.Advise(docs, applied, now) {
		p.Advice = append(p.Advice, a.String())
	}
	p.Drift, err = d.drift(ctx, done)
	return p, err
}

// plannedDocument says what would become of a document, and what is in force now.
func (d *data) plannedDocument(doc store.Document, from config.Document, before []store.Document) plannedDocument {
	out := plannedDocument{Kind: doc.Kind, Clinic: doc.Clinic, Name: doc.Name, Version: doc.Version, Place: from.Place("")}
	at := slices.IndexFunc(before, func(b store.Document) bool { return same(b, doc) })
	switch {
	case doc.Change == store.Unchanged:
		out.Change = string(store.Unchanged)
	case doc.Draft:
		out.Change = "draft"
	case doc.Change == store.Created:
		out.Change = "create"
	default:
		out.Change = "change"
	}
	switch {
	case out.Change == "draft" && at >= 0:
		out.Note = fmt.Sprintf("waits for approval by somebody other than %s; version %d stays in force", doc.By, before[at].Version)
	case out.Change == "draft":
		out.Note = "waits for approval by somebody other than " + doc.By
	case doc.Change == store.Unchanged && doc.Waits():
		out.Note = "a draft that waits for approval by somebody other than " + doc.By
	case at >= 0 && doc.Change != store.Unchanged:
		out.Note = fmt.Sprintf("differs from version %d, applied by %s on %s", before[at].Version, before[at].By, dayOf(before[at].At))
	case doc.Change == store.Created && doc.Version > 1:
		out.Note = "was taken back, and would be in force again"
	}
	if doc.Kind == config.KindPlatform && doc.Change != store.Unchanged {
		out.Note = strings.TrimPrefix(out.Note+"; whose tokens are recognised changes, and no grant does", "; ")
	}
	return out
}

// same reports whether a and b are versions of one document.
func same(a, b store.Document) bool {
	return a.Kind == b.Kind && a.Clinic == b.Clinic && a.Name == b.Name
}

// effectsOf are what changes at each clinic that a changed document is about; one that holds everywhere is about all.
func effectsOf(ctx context.Context, p store.Planned, now time.Time) []effect {
	out := []effect{}
	for _, clinic := range clinicNames(p.After) {
		concerned := slices.ContainsFunc(p.Applied, func(d store.Document) bool {
			return d.Change != store.Unchanged && d.Kind != config.KindPlatform && d.Kind != config.KindConnection && (d.Clinic == clinic || d.Clinic == "")
		})
		if concerned {
			out = append(out, effectAt(ctx, clinic, p, now))
		}
	}
	return out
}

func effectAt(ctx context.Context, clinic string, p store.Planned, now time.Time) effect {
	e := effect{Clinic: clinic}
	diff, err := compare(ctx, clinic, p.Before, p.After, now)
	if err != nil {
		e.Unknown = err.Error()
		return e
	}
	e.Now = &diff
	if approved, any := asApproved(clinic, p, now); any {
		then, err := compare(ctx, clinic, p.After, approved, now)
		if err != nil {
			return effect{Clinic: clinic, Unknown: err.Error()}
		}
		e.OnceApproved = &then
	}
	return e
}

// asApproved are the documents after the plan and after approval of its drafts at the clinic; any is false where it has none.
func asApproved(clinic string, p store.Planned, now time.Time) (documents []store.Document, any bool) {
	documents = slices.Clone(p.After)
	for _, d := range p.Applied {
		if !d.Waits() || d.Clinic != clinic {
			continue
		}
		any = true
		documents = slices.DeleteFunc(documents, func(o store.Document) bool { return same(o, d) })
		d.Draft, d.At = false, now
		documents = append(documents, d)
	}
	return documents, any
}
