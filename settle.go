package vestibule

import (
	"context"

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

// Settle closes what the last run left open: every one of orphans, intents without an outcome, gets an unresolved record that
// says what the EMR holds now. The orphans are asked of the ledger after a start and before anything is served; later, the
// intents of accesses under way would be among them.
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

// settledCreate looks for the operation's identifier, which every create carries.
func settledCreate(ctx context.Context, c *Clinic, intent audit.Record) string {
	clause, err := fhir.ParseClause(intent.Type, "identifier", adapters.OperationSystem+"|"+intent.Operation, c.Zone)
	if err != nil {
		return SettledUnknown
	}
	found, err := c.EMR.Search(ctx, fhir.NewQuery(intent.Type, clause), "")
	switch {
	case err != nil:
		return SettledUnknown
	case len(found.Resources) > 0:
		return SettledDone
	}
	return SettledNotDone
}
