package plain

import (
	"regexp"
	"testing"
	"time"

	"vestibule/audit"
	"vestibule/internal/reasons"
	"vestibule/internal/report"
)

// notFrench is what French typography does not write: a plain space before a high sign, a straight apostrophe.
var notFrench = regexp.MustCompile(` [:;?!%»]|« |'|\.\.\.`)

func TestEveryReasonIsInFrenchToo(t *testing.T) {
	known := map[string]bool{}
	for _, row := range reasons.All() {
		known[row.Code] = true
		fr, ok := inFrench[row.Code]
		if !ok || fr.means == "" || fr.next == "" {
			t.Errorf("%s has no French", row.Code)
		}
		if bad := notFrench.FindString(fr.means + " " + fr.next); bad != "" {
			t.Errorf("%s: French does not write %q", row.Code, bad)
		}
	}
	for code := range inFrench {
		if !known[code] {
			t.Errorf("%s is no reason code", code)
		}
	}
}

func TestEveryInteractionHasWords(t *testing.T) {
	for _, kind := range audit.Kinds() {
		if _, ok := find(interactions, kind.Name); !ok && (!kind.Action || kind.Type == "110101") {
			t.Errorf("%s has no words", kind.Name)
		}
	}
}

func TestTheCauseIsWhatTheCallerWasNotTold(t *testing.T) {
	for _, c := range []struct {
		codes []string
		want  string
	}{
		{[]string{"not-found-or-out-of-reach", "granted", "restricted-label"}, "restricted-label"},
		{[]string{"granted", "version-stale"}, "version-stale"},
		{[]string{"granted"}, ""},
		{[]string{"made-up"}, "made-up"},
	} {
		if got := Cause(c.codes); got != c.want {
			t.Errorf("%v: %s", c.codes, got)
		}
	}
}

func TestWhatCameToNothingIsToldAsWanted(t *testing.T) {
	v := report.Voice{Language: report.English, Zone: time.UTC}
	for want, r := range map[string]audit.Record{
		"looked at: tasks":         {Phase: audit.PhaseOutcome, Outcome: audit.OutcomeSuccess, Interaction: "read", Type: "Task"},
		"wanted to look at: tasks": {Phase: audit.PhaseDenial, Outcome: audit.OutcomeSerious, Interaction: "read", Type: "Task"},
		"wanted to change: tasks":  {Phase: audit.PhaseOutcome, Outcome: audit.OutcomeMajor, Interaction: "update", Type: "Task"},
		"changed: tasks":           {Phase: audit.PhaseUnresolved, Interaction: "update", Type: "Task"},
		"asked for: Observation":   {Phase: audit.PhaseDenial, Type: "Observation"},
	} {
		if got := What(&r).In(v); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}
