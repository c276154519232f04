// Package demo is a small made-up world to try the gateway in: two clinics, their people, schedules, tasks and documents,
// and the documents (Clinic, Connection, Platform, Grant) that let one assistant work for them.
//
// Everybody and everything in it is invented, and every resource says so with the tag HTEST ("test health data") of
// http://terminology.hl7.org/CodeSystem/v3-ActReason. Health numbers begin with zeros and telephone numbers are in the
// range 555-0100 to 555-0199, which nobody has. The world depends only on the clinic and on the moment given: the same
// two give the same bytes.
//
// What it has for a gateway to get wrong:
//
//   - names with é ç Œ ô, a time zone with half an hour and daylight saving (America/St_Johns), one without
//     (America/Regina);
//   - the same ids in both clinics;
//   - reasons and comments on appointments that an assistant who books has no business to read;
//   - documents with the label R (restricted) among those of the category that the assistant may see;
//   - attachment.url that opens a document without a log-in, as EMRs write them (hazard H10);
//   - decimals such as 1.50, extensions on primitive elements, and extensions nobody here knows (hazard H36).
//
// A clinic may run on an OSCAR instead of an EMR that speaks FHIR: OSCARWorld is the same people on the same days in OSCAR's
// tables, and OpenOSCAR serves them.
package demo
