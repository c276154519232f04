package reasons

import "vestibule/fhir"

// trail are the codes of the ledger and of who reads it.
func trail() []Row {
	return []Row{
		{"not-an-auditor", StageTrail, fhir.KindForbidden, "The caller is not among the clinic's auditors.", "Ask the clinic to name you as auditor."},
		{"trail-is-read-only", StageTrail, fhir.KindMethodNotAllowed, "Nobody writes the trail from outside.", "Search and read it."},
		{"total-too-costly", StageTrail, fhir.KindUnprocessable, "Too many records would have to be counted for _total.", "Narrow the search, for example by date, or leave _total out."},
		{"not-signed-yet", StageTrail, fhir.KindUnavailable, "No checkpoint covers the record yet, so that there is no proof of it.", "Try again in a second."},
		{"record-too-long", StageTrail, fhir.KindNotSupported, "A record is longer than the form of a bundle allows.", "Export the trail instead."},
		{"invalid-patient", StageTrail, fhir.KindInvalid, "What was named is no patient.", "Name the patient as the EMR does, such as Patient/17."},
		{"names-the-patient", StageTrail, fhir.KindInvalid, "The reason for an erasure goes on record for good, and it names the patient.", "Give the number of a file instead."},
		{"log-sealed", StageTrail, fhir.KindNotSupported, "The trail is sealed since its end was lost: nothing can be put on record in it, so nothing can be deleted from it.", "See docs/keeping.md."},
		{"body-deleted", StageTrail, fhir.KindNotFound, "The record's body was deleted, by age or by an erasure; its hash is still in the trail.", "Ask for the proof of the record, or export the trail: both have the hash."},
		{"ledger-unavailable", StageTrail, fhir.KindUnavailable, "The access could not be recorded, so nothing was released.", "Try again shortly; if it lasts, tell whoever runs the gateway."},
		{"ledger-stopped", StageTrail, fhir.KindUnavailable, "The gateway cannot record what is done, so it lets nothing through; whoever runs it sees why.", "Send it again in a minute, a write with the same Idempotency-Key."},
		{"written-not-recorded", StageTrail, fhir.KindUnavailable, "The EMR has carried out the write, but that could not be recorded, so its result is not shown.", "Send it again with the same Idempotency-Key: it is not made twice. Without one, look first."},
		{"ledger-busy", StageTrail, fhir.KindUnavailable, "More accesses wait to be recorded than can, so nothing was released.", "Try again shortly."},
		{"ledger-unreadable", StageTrail, fhir.KindUnavailable, "The trail could not be read.", "Try again shortly; if it lasts, tell whoever runs the gateway."},
	}
}

// rest are the codes that no caller is meant to meet.
func rest() []Row {
	const ours = fhir.KindInternal
	return []Row{
		{"internal", StageOperator, ours, "The gateway failed; nothing was released.", "Tell whoever runs the gateway, with the decision's id."},
		{"ledger-key", StageOperator, ours, "The ledger's signing key cannot be used.", "See the gateway's log; restore log.key."},
		{"ledger-inconsistent", StageOperator, ours, "What the ledger holds contradicts itself; the gateway does not start on it.", "Keep the folder as it is and verify it: vestibule audit verify."},
		{"ledger-rolled-back", StageOperator, ours, "The ledger lacks what a checkpoint kept beside it signs; the gateway does not start on it.", "Put the newest data folder back; where it is lost: vestibule audit recover."},
		{"record-incomplete", StageOperator, ours, "A record lacks what every record needs, so nothing was released.", "Tell whoever runs the gateway."},
		{"no-log", StageOperator, fhir.KindNotFound, "This clinic has no log yet.", "Nothing: there is one after its first access."},
		{"unknown-element", StageDocument, fhir.KindInvalid, "A document names an element that the type does not have.", "Use one that the text lists."},
		{"invalid-grant", StageDocument, fhir.KindInvalid, "A grant has a mistake, so it is not applied.", "Mend what the text names."},
		{"invalid-connection", StageDocument, fhir.KindInvalid, "A connection's settings cannot be used.", "Mend what the text names."},
	}
}
