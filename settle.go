package vestibule

import (
	"context"
	"slices"

	"vestibule/adapters"
	"vestibule/audit"
	"vestibule/fhir"
)

// Reasons of an unresolved record: what reading back from the EMR says about a write whose outcome nobody saw.
const (
	SettledDone    = "settled-done"     // the EMR holds what was to be written
	SettledNotDone = "settled-not-done" // the EMR still holds what was there before
	SettledUnknown = "settled-unknown"  // neither can be told
)

// Abandoned are the intents without an outcome that nobody is on the way to settle any more: what a run before this one left
// open, and accesses of this one whose outcome could not be recorded. Both looks are needed: an access that has ended since the
// first has its outcome on record by the second, or never will.
func (g *Gateway) Abandoned(ctx context.Context) ([]audit.Entry, error) {
	open, err := g.ledger.Unresolved(ctx)
	if err != nil || len(open) == 0 {
		return nil, err
	}
	left := map[string]bool{}
	for _, e := range open {
		if _, underway := g.writing.Load(e.Record.ID); !underway {
			left[e.Record.ID] = true
		}
	}
	still, err := g.ledger.Unresolved(ctx)
	return slices.DeleteFunc(still, func(e audit.Entry) bool { return !left[e.Record.ID] }), err
}

// Settle closes what was left open: every one of orphans, intents that are abandoned, gets an unresolved record that says what
// the EMR holds now.
func (g *Gateway) Settle(ctx context.Context, orphans []audit.Entry) error {
	for _, entry := range orphans {
		r := entry.Record
		index := entry.Index
		r.Phase, r.Intent, r.Time, r.Salt = audit.PhaseUnresolved, &index, g.now(), ""
		r.Reasons, r.Outcome = []string{g.lookBack(ctx, entry.Record)}, audit.OutcomeSerious
		if r.Reasons[0] != SettledUnknown {
			r.Outcome = audit.OutcomeMinor
		}
		if _, err := g.ledger.Append(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// lookBack asks the EMR what became of an intent.
func (g *Gateway) lookBack(ctx context.Context, intent audit.Record) string {
	c := g.Clinic(intent.Clinic)
	if c == nil {
		return SettledUnknown
	}
	ref, ok := fhir.ParseRef(intent.Resource)
	switch {
	case intent.Interaction == string(fhir.InteractionUpdate) && ok:
		return settledUpdate(ctx, c, ref)
	case intent.Interaction == string(fhir.InteractionCreate) && intent.Operation != "":
		return settledCreate(ctx, c, intent)
	}
	return SettledUnknown
}

// settledUpdate: the version that was to be replaced still stands, so it was not. Another version may be anybody's.
func settledUpdate(ctx context.Context, c *Clinic, base fhir.Ref) string {
	r, err := c.EMR.Read(ctx, base)
	if err == nil && base.Version != "" && r.VersionID() == base.Version {
		return SettledNotDone
	}
	return SettledUnknown
}

// mostSettlePages is how far an EMR is followed that finds more than it was asked for.
const mostSettlePages = 100

// settledCreate looks for the operation's identifier, which every create carries. What is found is held against it here: an EMR
// may find others, and may have pages without any before the one that it is on (package adapters).
func settledCreate(ctx context.Context, c *Clinic, intent audit.Record) string {
	clause, err := fhir.ParseClause(intent.Type, "identifier", adapters.OperationSystem+"|"+intent.Operation, c.Zone)
	if err != nil {
		return SettledUnknown
	}
	query, cursor := fhir.NewQuery(intent.Type, clause), ""
	for range mostSettlePages {
		found, err := c.EMR.Search(ctx, query, cursor)
		switch {
		case err != nil:
			return SettledUnknown
		case slices.ContainsFunc(found.Resources, query.Match):
			return SettledDone
		case found.Next == "":
			return SettledNotDone
		}
		cursor = found.Next
	}
	return SettledUnknown
}
