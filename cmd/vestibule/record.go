package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"vestibule/audit"
)

// who is the person of a record, for a table.
func who(r audit.Record) string {
	switch {
	case r.Agent.Name != "":
		return r.Agent.Name
	case r.Agent.Subject != "" && r.Agent.Role == audit.RoleUnverified:
		return r.Agent.Subject + " (unverified)"
	case r.Agent.Subject != "":
		return r.Agent.Subject
	case r.Admin.By != "":
		return r.Admin.By
	case r.Phase == audit.PhaseSystem:
		return "the gateway"
	}
	return "unknown"
}

// what is what was done, for a table.
func what(r audit.Record) string {
	if r.Admin.Action != "" {
		return strings.TrimSpace(r.Admin.Action + " " + r.Admin.Subject)
	}
	target := r.Resource
	if target == "" {
		target = r.Type
	}
	if r.Repeats > 0 { // a count of refusals that are alike: the first ones have records of their own
		target += fmt.Sprintf(" (%d more, alike)", r.Repeats)
	}
	return strings.TrimSpace(r.Interaction + " " + strings.TrimSpace(target))
}

// outcomeName is how an access ended, in a word.
func outcomeName(r audit.Record) string {
	switch {
	case r.Phase == audit.PhaseIntent:
		return "intended"
	case r.Phase == audit.PhaseUnresolved:
		return "unresolved"
	case r.Phase == audit.PhaseDenial:
		return "denied"
	}
	for _, o := range outcomes() {
		if o.code == r.Outcome {
			return o.name
		}
	}
	return string(r.Outcome)
}

// outcome is a word of the command line for an AuditEvent.outcome code.
type outcome struct {
	name string
	code audit.Outcome
}

func outcomes() []outcome {
	return []outcome{{"success", audit.OutcomeSuccess}, {"minor", audit.OutcomeMinor}, {"serious", audit.OutcomeSerious}, {"major", audit.OutcomeMajor}}
}

func outcomeCode(name string) audit.Outcome {
	for _, o := range outcomes() {
		if o.name == name {
			return o.code
		}
	}
	return audit.Outcome(name)
}

// moment reads a time as people give one: a day, a day and time in zone, or how long ago. "" is no time.
func moment(s string, now time.Time, zone *time.Location) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 && n < 100_000 {
			return now.In(zone).AddDate(0, 0, -n), nil // the same time of day, also where the clock was put back between
		}
	}
	if ago, err := time.ParseDuration(s); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	for _, layout := range []string{time.DateOnly, "2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time; write 2026-11-01, 2026-11-01T08:00, 36h or 14d", s)
}

// patientsShown is how many patients of an access a table shows.
const patientsShown = 3

// patientsOf are the patients of an access, for a table: the first few, those asked for before all others.
func patientsOf(r audit.Record, asked []string) string {
	var first, others []string
	for _, p := range r.Patients {
		if slices.ContainsFunc(asked, func(a string) bool { return strings.TrimPrefix(a, "Patient/") == strings.TrimPrefix(p, "Patient/") }) {
			first = append(first, p)
		} else {
			others = append(others, p)
		}
	}
	all := slices.Concat(first, others)
	if len(all) <= patientsShown {
		return strings.Join(all, " ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(all[:patientsShown], " "), len(all)-patientsShown)
}
