package main

import (
	"context"
	"slices"
	"time"

	"vestibule/internal/daemon"
	"vestibule/internal/store"
	"vestibule/policy"
)

// compare says exactly what changes for whom at a clinic from documents to others. A clinic that is new had no rules.
func compare(ctx context.Context, clinic string, before, after []store.Document, now time.Time) (policy.Difference, error) {
	then, rules, err := daemon.Rules(after, clinic)
	if err != nil {
		return policy.Difference{}, err
	}
	at, old := then, policy.Rules{}
	if slices.Contains(clinicNames(before), clinic) {
		if at, old, err = daemon.Rules(before, clinic); err != nil {
			return policy.Difference{}, err
		}
	}
	a, err := policy.Compile(at, old)
	if err != nil {
		return policy.Difference{}, err
	}
	b, err := policy.Compile(then, rules)
	if err != nil {
		return policy.Difference{}, err
	}
	return policy.Diff(ctx, a, b, now)
}
