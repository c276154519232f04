// Package replay runs other grants over what is on record: which of a clinic's past accesses would have been refused, allowed,
// or answered with less or more, had they been in force.
//
// # What is compared
//
// Every access on record is decided twice, for the moment at which it was made: under the rules in force then (or those rules
// with other grants put in, see Options.Before), and under the same with the candidate's grants put in or taken out. A grant of
// the candidate counts as if it had been in force all along: its first day is left out of account. Stops, directives and
// guardrails stay as they were.
//
// # What is on record, and what is not
//
// Caller, platform, purposes, address, interaction, search and time of an access are, and the scopes of its token; where these
// are missing, the widest are assumed and that is counted. Of what left, the references are, not the content; of writes the
// names of the elements that changed.
// So there are three classes of finding:
//
//	certain   it follows from the record alone: who, when, from where, for what, which parameters, which elements were changed
//	today     it depends on a resource, judged on what the EMR says today; it has the version that left then
//	changed   the same, and the resource has changed since, or its version then is not known
//
// Everything else is not judged, and counted with the reason: the resource is gone, the EMR does not answer, nobody wanted to
// ask it, the body of a refused write is not on record, the rules of that moment cannot be rebuilt, the record says something
// else than they do.
//
// # Limits
//
// Those of the candidate's grants are counted again as the gateway counts them, per person and grant, each denial leaving what
// it would have used to the next access; but for pages, because the trail does not say which page of a search an answer was.
package replay
