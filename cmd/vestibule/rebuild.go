package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"vestibule/audit"
	"vestibule/fhir"
	"vestibule/internal/reasons"
	"vestibule/internal/replay"
	"vestibule/policy"
)

// rebuilt is a decision made once more: by the rules in force then, of what is on record of the access.
type rebuilt struct {
	set      *policy.Set
	request  policy.Request
	decision policy.Decision
	notes    []string // what the record does not hold, and what was assumed instead
}

// errNotDecided says why there is nothing to be made again.
var errNotDecided = errors.New("nothing to decide again")

// rebuild makes the decision of a record again.
func (d *data) rebuild(ctx context.Context, r audit.Record) (rebuilt, error) {
	if why := undecided(r); why != "" {
		return rebuilt{}, fmt.Errorf("%w: %s", errNotDecided, why)
	}
	documents, err := d.AsOf(ctx, r.Time)
	if err != nil {
		return rebuilt{}, err
	}
	rules, err := rulesOf(documents, r.Clinic)
	if err != nil {
		return rebuilt{}, fmt.Errorf("the rules of then cannot be had: %w", err)
	}
	out := rebuilt{set: rules.set}
	if out.request, err = replay.RequestOf(r, rules.clinic.Zone); err != nil {
		return rebuilt{}, fmt.Errorf("the request cannot be made again from its record: %w", err)
	}
	out.decide(r)
	return out, nil
}

// undecided says why a record is of no decision of the policy; "" where it is of one.
func undecided(r audit.Record) string {
	in := fhir.InteractionKind(r.Interaction)
	switch {
	case !slices.Contains([]fhir.InteractionKind{fhir.InteractionRead, fhir.InteractionSearch, fhir.InteractionCreate, fhir.InteractionUpdate}, in):
		return "grants say nothing about this kind of request"
	case r.Agent.Role == "unverified" || r.Agent.Key() == "":
		return "nobody could be identified"
	case len(r.Reasons) == 0:
		return "no reason is on record"
	}
	row, known := reasons.Find(r.Reasons[0])
	if known && len(r.Reasons) == 1 && (row.Stage == reasons.StageRequest || row.Stage == reasons.StageToken) {
		return "the request was refused before the policy was asked"
	}
	return ""
}

// decide decides, and notes where the record does not hold what was decided by.
func (b *rebuilt) decide(r audit.Record) {
	b.decision = b.set.Decide(b.request)
	if len(r.Scopes) == 0 && b.decision.Reasons()[0].Code == policy.CodeScopeMissing && !slices.Contains(r.Reasons, string(policy.CodeScopeMissing)) {
		b.request.Caller.Scopes = []string{"user/*.cruds", "system/*.cruds"}
		b.decision = b.set.Decide(b.request)
		b.notes = append(b.notes, "The scopes of the token are not on record; it is taken as one that narrows nothing.")
	}
	code := string(b.decision.Reasons()[0].Code)
	if slices.Contains(r.Reasons, code) {
		b.beyond(r)
		return
	}
	b.notes = append(b.notes, fmt.Sprintf("The record says %s, and the rules that this folder holds for that moment say %s: what decided differed in something that is not on record.",
		strings.Join(r.Reasons, ", "), code))
}

// beyond notes what came after the decision and cannot be made again.
func (b *rebuilt) beyond(r audit.Record) {
	if !b.decision.Permitted() || slices.Equal(r.Reasons, []string{string(policy.CodeGranted)}) {
		return
	}
	for _, code := range r.Reasons {
		row, _ := reasons.Find(code)
		switch row.Stage {
		case reasons.Stage(policy.StageRelease), reasons.Stage(policy.StageWrite):
			b.notes = append(b.notes, "The request itself was permitted. What became of the resource ("+code+") depended on its content, which is not on record.")
			return
		case reasons.StageEMR:
			b.notes = append(b.notes, "The policy permitted it; what became of it then ("+code+") is the EMR's doing.")
			return
		}
	}
	if row, ok := reasons.Find(r.Reasons[0]); ok && row.Kind == fhir.KindThrottled {
		b.notes = append(b.notes, "The policy permitted it; a limit of the grant was reached ("+r.Reasons[0]+"), and the count is not made again.")
	}
}

// forClinic prints the decision with the clauses and values that decided.
func (b rebuilt) forClinic(out io.Writer, zone *time.Location) {
	fmt.Fprintf(out, "Decided again by the rules in force at %s:\n", b.request.Now.In(zone).Format(time.RFC3339))
	for _, line := range b.set.Explain(b.request) {
		fmt.Fprintln(out, "    "+line)
	}
	for _, note := range b.notes {
		fmt.Fprintln(out, "    Note: "+note)
	}
}

// forCaller prints what the caller heard: the status, the code and the text, and no more than that.
func (b rebuilt) forCaller(out io.Writer, r audit.Record) {
	status := cmp.Or(r.Status, 200)
	switch row, known := reasons.Find(first(r.Reasons)); {
	case status < 400:
		fmt.Fprintf(out, "%d, with what the grants show\n", status)
	case b.set != nil && !b.decision.Permitted():
		fmt.Fprintf(out, "%d %s: %s\n", status, b.decision.Err().Reason(), b.decision.Err().Text)
	case b.set != nil && (status == 404 || known && row.Hidden()):
		fmt.Fprintf(out, "%d %s: %s\n", status, b.decision.NotFound().Reason(), b.decision.NotFound().Text)
	case known:
		fmt.Fprintf(out, "%d %s: %s %s\n", status, row.Code, row.Means, row.Next)
	default:
		fmt.Fprintf(out, "%d %s\n", status, first(r.Reasons))
	}
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
