// Package signals goes through a clinic's trail and says which accesses somebody should look at. A finding names its signal and
// what it was held against, blocks nobody, and is no verdict: most of what it finds has a good reason.
//
// # Signals
//
//	after-hours   a person worked while the clinic was closed, by the hours in its document
//	volume        more patients, or more documents, in a day than is usual for that person: the modified z-score of the day
//	              against the days the person worked among the 28 before is over 3.5 (Iglewicz and Hoaglin, "How to detect
//	              and handle outliers", 1993), and the day has at least ten. Less than five days worked are no baseline
//	first-time    a patient was looked up directly, by id or by a search for that patient, whom the person had met on no list
//	              and in no access in the 28 days before
//	same-surname  the patient's family name is one of the person's names
//	own-record    the patient is the person
//	staff         the patient works at the clinic
//	sequence      five or more ids of a type that follow each other by number, up or down, were asked for one after the other,
//	              found or not, also in one search
//
// The trail holds no names of patients. Same-surname, own-record and staff need a register of patients, a file that the clinic
// exports from its EMR; see ReadRegister. A finding about an automated agent is never after-hours.
//
// Times are the clinic's: a day is a day of its calendar. Baselines reach 28 days back from each day, so that the trail is read
// from 28 days before the period.
package signals
