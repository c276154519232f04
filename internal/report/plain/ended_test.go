package plain_test

import (
	"testing"
	"time"

	"vestibule/audit"
	"vestibule/internal/report"
	"vestibule/internal/report/plain"
)

func TestAWriteThatTheEMRCarriedOutIsToldAsThat(t *testing.T) {
	index := int64(7)
	v := report.Voice{Language: report.English, Zone: time.UTC}
	for code, want := range map[string]struct {
		certain, perhaps bool
		did, ended       string
	}{
		"written-then-stopped": {true, true, "changed", "The EMR has carried out the write; since then the clinic has stopped what permitted it, so the result is not shown."},
		"written-out-of-reach": {true, true, "changed", "The EMR has carried out the write, and what it made of it lies outside the grants."},
		"emr-write-unknown":    {false, true, "changed", "Whether the EMR has carried out the write is not known."},
		"emr-timeout":          {false, false, "wanted to change", "failed, nothing was shown: The EMR did not answer in time."},
	} {
		r := audit.Record{Phase: audit.PhaseOutcome, Outcome: audit.OutcomeSerious, Interaction: "update", Type: "Task", Intent: &index, Reasons: []string{code}}
		certain, perhaps := plain.Written(&r)
		if did, ended := plain.Did(&r).In(v), plain.Ended(&r).In(v); certain != want.certain || perhaps != want.perhaps || did != want.did || ended != want.ended {
			t.Errorf("%s: %v %v %q %q", code, certain, perhaps, did, ended)
		}
		r.Phase, r.Intent = audit.PhaseDenial, nil // the second record of a decision, after the first has settled the intent
		if _, perhaps := plain.Written(&r); perhaps {
			t.Errorf("%s: a denial writes nothing", code)
		}
	}
}
