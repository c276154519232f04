// Package shrink proposes the narrowest grant that would have allowed everything a grant was used for in a period, from what
// is on record of it and what the EMR says today of the resources that left.
//
// # What is narrowed, and to what
//
//	permissions   those never used go; of the interactions, those never used
//	criteria      one is gained, or loses values, where all that left agrees on few values of practitioner, location, owner or
//	              category, and the permission shows what the criterion looks at
//	window        to the days, counted from each access, that the dates of what left lie on, with a margin; beyond two weeks
//	              rounded out to whole weeks
//	elements      those that nothing which left has are not shown; what searches look at stays
//	write         to the elements that were changed
//	transitions   to those that end where writes ended, where that is known of all
//	content       goes where no document left
//	hours         to the days and half hours of use
//	purposes      to those stated; networks to those come from
//	limits        to the busiest minute, hour and day and half as much again
//
// Nothing becomes wider. Whom the grant is for, and how long, stays.
//
// # What is not known
//
// What left and cannot be judged any more (see package replay) could have been anything: of the permissions that it may have
// come through, criteria, window, elements and transitions stay, unless that is said to be accepted. What stood in the EMR
// before a write is not on record.
//
// # The proof
//
// The proposal is run over the same period (package replay). Whatever it would have refused or hidden is given back, by the
// clause, until nothing is; a proposal for which that does not end is refused.
package shrink
