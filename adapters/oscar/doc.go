// Package oscar is the adapter for the OSCAR family of EMRs: OSCAR 15 and 19, Open-O, CARLOS and Juno. None of them speaks
// FHIR; rows are translated, in both directions.
//
// # What is asked
//
// REST below /ws/services, signed by OAuth 1.0a with HMAC-SHA1 in the name of the provider who consented (Begin), and SOAP below
// /ws with a WS-Security UsernameToken for what REST cannot: moving an appointment, reading documents, the change feed, day
// templates. Without a SOAP log-in those are not offered. The dialect is set or found by asking; what follows from it is one
// table (traits, capability). Juno's ticklers cannot be listed, so they are neither searched nor created; its call for
// documents names no patient, so nothing is filed there.
//
// # Translation
//
// Only what a line of the writers names leaves the EMR; what has no home is in Losses, and Accounted tests hold both together.
// What single rows hold and FHIR cannot say is counted in Notes. A caller's resource is turned into a row and back: whatever
// does not come back has no place in OSCAR and is refused by its path, as is text that is too long for its column. Reason
// 17 (Others) says nothing and is not shown. Task.authoredOn is not shown: OSCAR does not keep when a tickler was made.
//
// Times are the clinic's wall clock. Of a time that the clock shows twice the first is meant, on reading, and the second is
// refused on writing; a time that it skips is counted on from before the change. Stored ends are inclusive. A visit whose end
// lies before its start ends on the next day if it began after noon, and has no end otherwise.
//
// # Writing once
//
// There are no versions: a version is a hash of the row, which is read and compared right before a write, so a small race with
// people at their screens remains. There are no conditions and partly no ids, so what is created carries its operation, "[gw:…]"
// behind its text or in its file's name, and is looked for by that before it is created and whenever an answer was lost; a
// write that may have arrived is never sent again. A practitioner's taken time is refused, unless Settings.DoubleBooking.
//
// # Not verified
//
// Behind Settings, or taken either way: the JSON shapes of times, whether the last day of a range counts, the names of SOAP
// arguments (read from the WSDL) and of a day template's members, what states such as E mean at a clinic, LOINC codes of
// document types, lengths of a document's source and class, the status of Juno's rate limit, which fields CARLOS's update
// changes and how it takes times. A 500 may mean "no such row", "no such privilege" or a failure: it is told apart by a second question.
package oscar
