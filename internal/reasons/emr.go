package reasons

import "vestibule/fhir"

const (
	tellClinic = "Tell the clinic; trying again will not help."
	tryAgain   = "Try again later."
)

// writes are the codes of a write beside the policy's.
func writes() []Row {
	return []Row{
		{"version-stale", StageEMR, fhir.KindStale, "The resource has changed since you read it.", "Read it again, make your change there, and send the new ETag in If-Match."},
		{"written-out-of-reach", StageEMR, fhir.KindUpstream, "The EMR has carried out the write, and what it made of it lies outside the grants.", "Ask the clinic to look at it; do not repeat it."},
		{"written-then-stopped", StageEMR, fhir.KindForbidden, "The EMR has carried out the write; since then the clinic has stopped what permitted it, so the result is not shown.", "Do not send it again; ask the clinic."},
		{"rules-changed", StageEMR, fhir.KindUnavailable, "The clinic changed who may do what while the access was under way, so it was decided again. Beside another code: with that result. Alone: nothing was released or written.", "Send it again."},
		{"partly-visible", StageEMR, fhir.KindUnprocessable, "An element of which only a part is shown cannot be replaced: that would erase the rest.", "Send the element back as it was received."},
		{"search-too-broad", StageEMR, fhir.KindUnprocessable, "The search finds too much outside the grants to answer it.", "Narrow it, for example by date or practitioner."},
	}
}

// emrs are the codes of what an EMR did, see the package comment of adapters.
func emrs() []Row {
	const broken, away = fhir.KindUpstream, fhir.KindUnavailable
	return []Row{
		{"not-found", StageEMR, fhir.KindNotFound, "There is no such resource, or no such entry of the trail.", "Check the id."},
		{"stale", StageEMR, fhir.KindStale, "Somebody changed the resource between the gateway's look and its write.", "Read it again and repeat the change."},
		{"id-on-create", StageEMR, fhir.KindInvalid, "A new resource carries an id; the EMR gives it one.", "Leave out the id."},
		{"version-required", StageEMR, fhir.KindPreconditionRequired, "The change does not say which version it replaces, perhaps because the EMR gives none.", tellClinic},
		{"invalid-cursor", StageEMR, fhir.KindInvalid, "The page link is not one that the gateway gave out.", "Repeat the search from its first page."},
		{"emr-not-supported", StageEMR, fhir.KindNotSupported, "This clinic's EMR does not do that.", "See the clinic's CapabilityStatement for what it does."},
		{"emr-search-unbounded", StageEMR, fhir.KindUnprocessable, "The clinic's EMR cannot answer this search whole, or not at once; part of the answer would look like all of it.", "Narrow it: add a patient, or a range of dates."},
		{"emr-refused", StageEMR, fhir.KindUnprocessable, "The EMR's own rules refuse the content.", "Check the resource; the clinic can see more in its EMR."},
		{"emr-conflict", StageEMR, fhir.KindConflict, "The EMR holds something that stands against the write.", "Read again, then decide."},
		{"emr-locked", StageEMR, fhir.KindConflict, "Somebody has the resource open in the EMR.", tryAgain},
		{"emr-busy", StageEMR, away, "The EMR asks for fewer requests. Nothing happened.", tryAgain},
		{"emr-unreachable", StageEMR, away, "The EMR cannot be reached. Nothing happened.", tryAgain},
		{"emr-circuit-open", StageEMR, away, "The EMR has failed repeatedly and is left alone for a moment. Nothing happened.", tryAgain},
		{"emr-login-unreachable", StageEMR, away, "The EMR's token endpoint is out of order. Nothing happened.", tryAgain},
		{"emr-timeout", StageEMR, fhir.KindTimeout, "The EMR did not answer in time.", tryAgain},
		{"emr-write-unknown", StageEMR, fhir.KindTimeout, "Whether the EMR has carried out the write is not known.", "Look before you repeat it, or repeat it with the same Idempotency-Key."},
		{"emr-login-refused", StageEMR, broken, "The EMR refused the gateway's own log-in.", tellClinic},
		{"emr-failed", StageEMR, broken, "The EMR failed.", tryAgain},
		{"emr-redirected", StageEMR, broken, "The EMR points to another address, which is not followed.", tellClinic},
		{"emr-request-refused", StageEMR, broken, "The EMR did not accept the gateway's request.", tellClinic},
		{"emr-answer-not-fhir", StageEMR, broken, "The EMR answered with something other than FHIR JSON, perhaps a log-in page.", tellClinic},
		{"emr-answer-broken", StageEMR, broken, "The EMR's answer broke off or cannot be read, so nothing of it is used.", tryAgain},
		{"emr-answer-too-large", StageEMR, broken, "The EMR's answer is larger than the gateway accepts.", "Ask for less at once."},
		{"emr-answer-wrong", StageEMR, broken, "The EMR answered something other than what was asked for.", tellClinic},
		{"emr-link-foreign", StageEMR, broken, "The EMR's link to the next page, or to a document, leads elsewhere, so it is not followed.", tellClinic},
		{"emr-not-r4", StageEMR, broken, "The EMR serves another version of FHIR than R4.", tellClinic},
	}
}
