package plain

import (
	"slices"

	"vestibule/audit"
	"vestibule/internal/report"
)

var (
	textRefused    = report.T("refused: {1}", "refusé : {1}")
	textFailed     = report.T("failed, nothing was shown: {1}", "échec, rien n’a été montré : {1}")
	textUnresolved = report.T("not known whether it was carried out: the gateway stopped before the answer was on record", "on ne sait pas si ce fut exécuté : la passerelle s’est arrêtée avant que la réponse soit inscrite")
	textIntended   = report.T("begun; how it ended is not on record yet", "commencé ; l’issue n’est pas encore inscrite")
	textDone       = report.T("done", "fait")
	whyNoReason    = report.T("the record names no reason", "l’entrée n’indique aucun motif")
)

// Written reports whether a write that was answered with an error was carried out by the EMR all the same, or may have been.
func Written(r *audit.Record) (certain, perhaps bool) {
	if r.Phase != audit.PhaseOutcome || r.Outcome == audit.OutcomeSuccess || r.Intent == nil {
		return false, false
	}
	certain = slices.Contains(r.Reasons, "written-out-of-reach") || slices.Contains(r.Reasons, "written-then-stopped")
	return certain, certain || slices.Contains(r.Reasons, "emr-write-unknown")
}

// Ended is how an access ended: done, or what stood against it.
func Ended(r *audit.Record) report.Value {
	_, written := Written(r)
	switch {
	case written:
		return Why(r.Reasons)
	case r.Phase == audit.PhaseDenial:
		return report.Say(textRefused.With(Why(r.Reasons)))
	case r.Phase == audit.PhaseUnresolved:
		return report.Say(textUnresolved)
	case r.Phase == audit.PhaseIntent:
		return report.Say(textIntended)
	case r.Outcome != audit.OutcomeSuccess && r.Outcome != "":
		return report.Say(textFailed.With(Why(r.Reasons)))
	}
	return report.Say(textDone)
}

// Why is the reason that says most, in words.
func Why(codes []string) report.Value {
	cause := Cause(codes)
	if cause == "" {
		return report.Unknown(whyNoReason)
	}
	means, _ := Reason(cause)
	return means
}
