package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"vestibule/internal/config"
	"vestibule/internal/store"
	"vestibule/policy"
)

// event is one line of a grant's history.
type event struct {
	at       time.Time
	about    string // "version 3", or the stop
	what     string
	onRecord bool
}

// history prints what became of a grant, oldest first: its versions, what was decided about them, and what held it up.
func (d *data) history(ctx context.Context, t *terminal, a applied) error {
	versions, err := d.Versions(ctx, config.KindGrant, a.doc.Clinic, a.doc.Name)
	if err != nil {
		return err
	}
	var events []event
	for _, v := range versions {
		events = append(events, eventsOf(v)...)
	}
	stops, err := d.pauses(ctx, a.grant)
	if err != nil {
		return err
	}
	events = append(events, stops...)
	slices.SortStableFunc(events, func(a, b event) int { return a.at.Compare(b.at) })
	fmt.Fprintln(t.Out, "History:")
	for _, e := range events {
		note := ""
		if !e.onRecord {
			note = " (not on record yet)"
		}
		fmt.Fprintf(t.Out, "    %s  %s  %s%s\n", e.about, e.at.In(a.zone).Format(time.RFC3339), e.what, note)
	}
	return nil
}

// eventsOf is what happened to one version.
func eventsOf(v store.Document) []event {
	about, what := fmt.Sprintf("version %d", v.Version), "applied"
	switch {
	case v.Withdrawn:
		what = "revoked"
	case v.Draft:
		what = "drafted"
	}
	out := []event{{v.At, about, what + " by " + v.By, v.OnRecord}}
	done := map[store.Verdict]string{store.VerdictApprove: "approved", store.VerdictReject: "rejected", store.VerdictReview: "reviewed"}
	for _, a := range v.Approvals {
		out = append(out, event{a.At, about, done[a.Verdict] + " by " + a.By, a.OnRecord})
	}
	return out
}

// pauses are the stops that held up g, and their ends.
func (d *data) pauses(ctx context.Context, g policy.Grant) ([]event, error) {
	stops, err := d.History(ctx, config.KindStop)
	if err != nil {
		return nil, err
	}
	var out []event
	for _, s := range stops {
		doc, err := read(s)
		if err != nil {
			return nil, err
		}
		if !holdsUp(*doc.OfStop, g) {
			continue
		}
		what := "paused by " + s.By + ": " + doc.OfStop.Because
		if s.Withdrawn {
			what = "resumed by " + s.By
		}
		out = append(out, event{s.At, "stop " + s.Name, what, s.OnRecord})
	}
	return out, nil
}
