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

// drifted is a rule (a grant, a stop, a directive, a guardrail) of the clinics in question that is not what the files say: in
// force and in none of them, or a draft that waits. Nothing is done about it; the command is how to.
type drifted struct {
	What    string    `json:"what"` // "in no file" or "draft"
	Kind    string    `json:"kind"`
	Clinic  string    `json:"clinic"`
	Name    string    `json:"name"`
	Version int       `json:"version"`
	By      string    `json:"by"`
	At      time.Time `json:"at"`
	Command string    `json:"command,omitempty"`
}

// The kinds of drift.
const (
	inNoFile = "in no file"
	waiting  = "draft"
)

// drift is what there is at the clinics that the files name and that the files do not say.
func (d *data) drift(ctx context.Context, p store.Planned) ([]drifted, error) {
	named := map[string]bool{}
	for _, doc := range p.Applied {
		if doc.Clinic != "" {
			named[doc.Clinic] = true
		}
	}
	out := []drifted{}
	for _, doc := range p.Before {
		rule := doc.Kind != config.KindClinic && doc.Kind != config.KindConnection // without which there are no rules
		if !rule || !named[doc.Clinic] || slices.ContainsFunc(p.Applied, func(a store.Document) bool { return same(a, doc) }) {
			continue
		}
		command, err := withdrawal(doc)
		if err != nil {
			return nil, err
		}
		out = append(out, driftOf(inNoFile, doc, command))
	}
	drafts, err := d.Drafts(ctx)
	if err != nil {
		return nil, err
	}
	for _, doc := range drafts {
		planned := slices.ContainsFunc(p.Applied, func(a store.Document) bool { return same(a, doc) && a.Version == doc.Version })
		if named[doc.Clinic] && !planned {
			out = append(out, driftOf(waiting, doc, fmt.Sprintf("vestibule grants approve %s --version %d (or reject)", path(doc), doc.Version)))
		}
	}
	return out, nil
}

func driftOf(what string, doc store.Document, command string) drifted {
	return drifted{What: what, Kind: doc.Kind, Clinic: doc.Clinic, Name: doc.Name, Version: doc.Version, By: doc.By, At: doc.At, Command: command}
}

// withdrawal is the command that takes a document back.
func withdrawal(doc store.Document) (string, error) {
	switch doc.Kind {
	case config.KindGrant:
		return "vestibule grants revoke " + path(doc), nil
	case config.KindStop:
		read, err := read(doc)
		if err != nil {
			return "", err
		}
		return resumption(*read.OfStop), nil
	}
	return fmt.Sprintf("vestibule withdraw %s %s", doc.Kind, path(doc)), nil
}

// resumption is the command that lets what was stopped go on.
func resumption(s policy.Stop) string {
	switch {
	case s.Grant != "":
		return "vestibule resume grant " + s.Clinic + "/" + s.Grant
	case s.Person != "":
		return fmt.Sprintf("vestibule resume person %q --clinic %s", s.Person, s.Clinic)
	case s.Platform != "":
		return fmt.Sprintf("vestibule resume platform %s --clinic %s", s.Platform, s.Clinic)
	}
	return "vestibule resume clinic " + s.Clinic
}
