package main

import (
	"cmp"
	"context"
	"reflect"
	"slices"
	"strings"
	"time"

	"vestibule/internal/daemon"
	"vestibule/internal/store"
	"vestibule/policy"
)

// compare says exactly what changes for whom at a clinic from documents to others. A clinic that is new had no rules. It can
// take long at a clinic of many grants, so that it ends with ctx.
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
	if onlyGrants(at, then, old, rules) {
		old.Grants, rules.Grants = concerned(old.Grants, rules.Grants, at.Teams)
	}
	var out policy.Difference
	for _, part := range apart(at, then, old.Grants, rules.Grants) {
		old.Grants, rules.Grants = part.before, part.after
		diff, err := difference(ctx, at, then, old, rules, now)
		if err != nil {
			return policy.Difference{}, err
		}
		out = joined(out, diff)
	}
	return out, nil
}

// difference is policy.Diff, for as long as ctx lasts.
func difference(ctx context.Context, at, then policy.Clinic, old, rules policy.Rules, now time.Time) (policy.Difference, error) {
	a, err := policy.Compile(at, old)
	if err != nil {
		return policy.Difference{}, err
	}
	b, err := policy.Compile(then, rules)
	if err != nil {
		return policy.Difference{}, err
	}
	type result struct {
		diff policy.Difference
		err  error
	}
	done := make(chan result, 1)
	go func() {
		diff, err := policy.Diff(a, b, now)
		done <- result{diff, err}
	}()
	select {
	case r := <-done:
		return r.diff, r.err
	case <-ctx.Done():
		return policy.Difference{}, ctx.Err()
	}
}

// joined are the differences of two parts of a clinic's people.
func joined(a, b policy.Difference) policy.Difference {
	pieces := func(x, y []policy.Piece) []policy.Piece {
		out := append([]policy.Piece{}, slices.Concat(x, y)...)
		slices.SortStableFunc(out, func(p, q policy.Piece) int {
			return cmp.Or(strings.Compare(p.Sentence, q.Sentence), strings.Compare(p.Rule, q.Rule))
		})
		return out
	}
	except := slices.Sorted(slices.Values(slices.Concat(a.Except, b.Except)))
	return policy.Difference{Clinic: b.Clinic, CanNow: pieces(a.CanNow, b.CanNow), CanNoLonger: pieces(a.CanNoLonger, b.CanNoLonger),
		Limits: slices.Concat(a.Limits, b.Limits), Except: slices.Compact(except)}
}

// part is the grants of some of a clinic's people, before and after.
type part struct{ before, after []policy.Grant }

// apart puts grants that may be for the same person, before or after, into one part: what a person can do depends on no other
// part, and comparing takes time that grows faster than the number of grants. A grant for a platform may be for anybody, and
// then there is one part. There is always one.
func apart(at, then policy.Clinic, before, after []policy.Grant) []part {
	all := slices.Concat(before, after)
	if slices.ContainsFunc(all, func(g policy.Grant) bool { return g.To.Platform != "" }) {
		return []part{{before, after}}
	}
	root := map[string]string{}
	var find func(string) string
	find = func(x string) string {
		if r, ok := root[x]; ok && r != x {
			root[x] = find(r)
			return root[x]
		}
		return x
	}
	for _, g := range all {
		for _, clinic := range []policy.Clinic{at, then} {
			for _, id := range personsOf(g, clinic.Teams) {
				root[find("person "+id)] = find("grant " + g.Name)
			}
		}
	}
	numbers, out := map[string]int{}, []part{}
	of := func(g policy.Grant) *part {
		r := find("grant " + g.Name)
		if _, known := numbers[r]; !known {
			numbers[r] = len(out)
			out = append(out, part{})
		}
		return &out[numbers[r]]
	}
	for _, g := range before {
		p := of(g)
		p.before = append(p.before, g)
	}
	for _, g := range after {
		p := of(g)
		p.after = append(p.after, g)
	}
	if len(out) == 0 {
		return []part{{}}
	}
	return out
}

// onlyGrants reports whether clinic and rules are the same but for grants.
func onlyGrants(a, b policy.Clinic, old, rules policy.Rules) bool {
	old.Grants, rules.Grants = nil, nil
	return a.Zone.String() == b.Zone.String() && reflect.DeepEqual(a.Teams, b.Teams) && reflect.DeepEqual(old, rules)
}

// concerned leaves out the grants that are the same in both and are for nobody whom a grant that changes is for: what those
// allow, they allow before and after. A grant for a platform may be for anybody, so that it is never left out, and that
// nothing is where one changes.
func concerned(a, b []policy.Grant, teams map[string][]string) (fewerA, fewerB []policy.Grant) {
	persons := map[string]bool{}
	for _, g := range slices.Concat(lacking(a, b), lacking(b, a)) {
		if g.To.Platform != "" {
			return a, b
		}
		for _, id := range personsOf(g, teams) {
			persons[id] = true
		}
	}
	fewer := func(grants []policy.Grant) []policy.Grant {
		return slices.DeleteFunc(slices.Clone(grants), func(g policy.Grant) bool {
			return g.To.Platform == "" && !slices.ContainsFunc(personsOf(g, teams), func(id string) bool { return persons[id] })
		})
	}
	return fewer(a), fewer(b)
}

// lacking are the grants of a that are not in b just as they are.
func lacking(a, b []policy.Grant) []policy.Grant {
	known := make(map[string]policy.Grant, len(b))
	for _, g := range b {
		known[g.Name] = g
	}
	return slices.DeleteFunc(slices.Clone(a), func(g policy.Grant) bool { return reflect.DeepEqual(known[g.Name], g) })
}

// personsOf are the persons that a grant is for, which is not for a platform.
func personsOf(g policy.Grant, teams map[string][]string) []string {
	if g.To.Team != "" {
		return teams[g.To.Team]
	}
	return []string{g.To.User}
}
