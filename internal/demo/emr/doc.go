// Package emr is a small EMR for trying Vestibule out: FHIR R4 over HTTP, in memory, made-up patients. It is what stands
// behind the demo's gateway, and people are meant to ask it directly and compare: like real EMRs it hands over whatever it is
// asked for.
//
// # What it speaks
//
// Below its base: metadata; read of Appointment, Task, DocumentReference, Patient, Practitioner, Organization and Location;
// search by GET and POST _search with every parameter of package fhir for the first three (chains such as
// patient.birthdate, _has and _include among them) and _id, identifier, name, family, given and birthdate for the rest;
// _sort, _count, _total, and next links. The first three can be created (If-None-Exist) and updated (If-Match required, 412
// when stale). Errors are OperationOutcomes. Resources are kept as the bytes that came, with id, meta.versionId and
// meta.lastUpdated spliced in.
//
// # Who may ask
//
// It is for loopback only: New refuses any other base, and a request whose peer is elsewhere is refused. With
// Config.RequireLogin a token is needed from its own token endpoint, which speaks SMART Backend Services (private_key_jwt,
// RS384 and ES384, each assertion once) and is found at .well-known/smart-configuration. Without, anyone on this machine is
// served, whatever token they bring.
//
// # What it keeps
//
// With Config.Path every resource written is a line of that file, and New reads it back, so that a second start on the same
// folder goes on where the first stopped. A last line cut off by a crash is dropped.
package emr
