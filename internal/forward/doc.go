// Package forward sends the trail on to where a clinic's records are kept and watched: an audit record repository that
// speaks FHIR, a file, a syslog server. It reads the ledger, never anything beside it, so that what is sent is what is on
// record, and no access waits for it.
//
// # What is sent
//
// The AuditEvents of each record, in the order of its log: one for each patient, none for an intent (the outcome that
// settles it has one) and none for a record whose body was deleted when its retention ended (counted as skipped). The order
// is kept within a log, not between logs.
//
// An event's id is "<log>-<index>", or "<log>-<index>-<n>" for the n-th event of a record with several: the same however
// often it is sent, and different from that of any other event of any gateway. It stands in AuditEvent.id and, because a server
// gives what is created an id of its own (FHIR R4 http.html#create), as a tag too: meta.tag with the system
// urn:vestibule:event.
//
// # At least once
//
// The place up to which a sink has everything is kept for each sink and log, in the table forward_place, and moves only
// when the sink has acknowledged. It is saved once a second while there is something to send, and at the end; whatever ends
// the process in between makes events arrive again, and none be left out.
//
//	fhir    a status of 2xx, in a batch that of the entry, with FHIR or nothing as its body
//	file    fsync returned
//	syslog  RFC 5425 knows no acknowledgement. An event counts as arrived when ten seconds have passed on the same living
//	        connection since it was written, and the peer's TCP has acknowledged every byte written (SIOCOUTQ, on Linux). A
//	        connection that ends takes back all that is younger: it is sent again on the next one
//
// # When a sink does not take it
//
// Each sink has its own goroutine, bounded memory and a deadline of thirty seconds for everything it is asked. One that
// fails is asked again after a pause of one second, doubled each time up to five minutes, half of it by chance; a
// Retry-After is kept, up to fifteen minutes. While it fails it is asked with one event at a time.
//
// An event that a sink refuses as such (400, 409, 412, 413, 422) is tried five times. Then it is put on record in the gateway's
// log, "forward-parked" with the sink, the log and the index, is kept in the table forward_parked, and the log goes on. The
// tenth in a row of one log is not parked any more: what refuses everything is not mended by leaving everything out. That
// is on record as "forward-stopped", once, and the event is tried every five minutes.
//
// A sink that has lagged for longer than its AlarmAfter is on record as "forward-late", and when it has caught up as
// "forward-back".
//
// # What is said of it
//
// Nothing that a sink answers is logged, kept or shown but its status: an answer may repeat what it was sent. Neither are
// events.
package forward
