// Package vestibule is the gateway itself: Gateway.Do, the one path that every access takes, whatever door it came in by.
// It knows no HTTP; internal/server translates.
//
//	decide ── deny ─► record: denial ─► refusal
//	  │ permit
//	record: intent (writes only) ─► EMR ─► release (drop, cut) ─► record: outcome ─► Receipt ─► Answer
//
// A byte of a patient's data leaves only after the record of it is durable, and a write reaches the EMR only after its
// intent is durable. The types hold that: an Answer with patient data is built in one place, out of policy.Released
// values, which only the policy makes from what an EMR returned, and an audit.Receipt, which only the ledger makes after
// its commit. If the ledger cannot write, the answer is an error of kind Unavailable and nothing leaves.
//
// A document itself (a read of a Binary, open.go) takes the same path as its DocumentReference, with one more question to the
// EMR between release and record: the bytes become a policy.Opened only by what was released for opening.
//
// Rules that change while an access is under way count for it: behind every arrow that waits, it is decided again under
// those in force. Nothing leaves, and nothing goes to the EMR any more, that has been stopped meanwhile (hazard H37).
//
// Of refusals that are alike and never reached an EMR, only the first ones within a minute have records of their own; one
// record counts the others, and their answers refer to the first (flood.go). Whatever released something, or asked an EMR,
// has its own.
//
// Records are written under a context of their own: a caller who hangs up hides nothing.
package vestibule
