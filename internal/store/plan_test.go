package store

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAPlanSaysWhatApplyDoesAndLeavesNoTrace holds the plan against what is then really done.
func TestAPlanSaysWhatApplyDoesAndLeavesNoTrace(t *testing.T) {
	s, _ := newStore(t)
	ctx := t.Context()
	if _, err := s.Apply(ctx, "lee", noon, []Document{grant("one", "a"), grant("two", "a")}); err != nil {
		t.Fatal(err)
	}
	before, err := s.Current(ctx)
	if err != nil {
		t.Fatal(err)
	}
	changed, err := s.Changed(ctx)
	if err != nil {
		t.Fatal(err)
	}
	docs := []Document{grant("one", "b"), draft("two", "b"), grant("three", "a")}
	p, err := s.Plan(ctx, "ann", noon, docs)
	if err != nil {
		t.Fatal(err)
	}
	if after, err := s.Current(ctx); err != nil || cmp.Diff(before, after) != "" || cmp.Diff(before, p.Before) != "" {
		t.Errorf("a plan changed what is applied, or saw something else: %v\n%s", err, cmp.Diff(before, after))
	}
	if again, err := s.Changed(ctx); err != nil || again != changed {
		t.Errorf("a gateway would see a change after a plan: %v", err)
	}
	applied, err := s.Apply(ctx, "ann", noon, docs)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(applied, p.Applied); diff != "" {
		t.Errorf("the plan says something else than what is done:\n%s", diff)
	}
	after, err := s.Current(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(after, p.After); diff != "" {
		t.Errorf("the plan sees something else in force than what is then:\n%s", diff)
	}
}
