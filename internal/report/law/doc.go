// Package law is extracts of the trail with exactly the elements that a provincial law lists, each column under its letter or
// paragraph. What a record does not hold says why, and is never blank.
//
// A law is a row of Laws: its sections, each with the elements that its text lists, in its order; an element says where in a record
// it is. A test generates, for each law, trails with everything and with nothing known, and holds every element to a value or a
// reason.
//
// An access is a record of something that was shown, created or changed, and of a write whose end nobody saw; it has a row for each
// patient, because the laws ask for each individual. Refusals are no accesses; the report of refusals has them. A communication is
// an access seen from the other side: to whom information went. A transfer is a document that passed with its content.
//
// The wording of the elements follows the texts as they stood when this was written; whether a law is in force, and what it says
// today, only its current consolidation says.
package law
