// Package config reads what people write: the file that `vestibule serve` starts with, and the documents that a clinic
// applies (Clinic, Connection, Platform, Grant, Stop, Directive, Guardrail, LegalHold). It is the one owner of YAML.
//
// # Strictness
//
// A file is UTF-8, at most 1 MiB, nested at most 32 deep. Every key has to be known and written once; anchors, aliases,
// merge keys and explicit tags are refused, so that a document means what it looks like and cannot grow while it is read.
// Every mistake in all files is reported at once, each as
//
//	file:line: what is wrong, and what would be right
//
// A key that looks like a slip of the pen is reported and then read as the key it resembles, so that one slip does not
// cause a second report about the missing key.
//
// # Documents
//
// A stream holds documents separated by lines of three dashes. Every document has a `kind`:
//
//	kind: Clinic                      # who owns the data, and who may look after it
//	name: maple                       # a DNS label; the clinic's part of every URL
//	title: Maple Family Practice
//	zone: America/Toronto             # IANA time zone; hours and windows of grants are in it
//	auditors: ["https://id.example|ann"]         # iss|sub: may search the trail
//	administrators: ["https://id.example|ivan"]  # iss|sub: may apply and revoke
//	approvals: second-person          # optional: a grant waits for approval by somebody else than who applied it
//	reviewEvery: 90                   # optional: days after which a grant's approval is due for review
//	hours: Mon-Fri 08:00-17:00        # optional: when the clinic is open; reports say what was after hours
//	retention: {accesses: 10y}        # optional: how long bodies of records are kept, by class; ten years, at least five
//	teams:                            # optional, for grants to a team
//	  assistco/front-desk: ["https://id.assistco.example|amara"]
//	---
//	kind: Connection                  # how the gateway reaches the clinic's EMR; one for each clinic
//	clinic: maple
//	name: emr                         # optional: "emr"
//	adapter: fhirr4
//	base: https://emr.example/fhir
//	login:
//	  mode: backend-services          # or client-secret, bearer, none
//	  clientId: vestibule
//	  key: file:/etc/vestibule/emr.pem           # secrets are references, never values
//	  algorithm: ES384
//	timeout: 10s                      # optional, at most 60s
//	search: get                       # or post
//	aliases: [https://10.0.0.7/fhir]  # optional, other addresses by which the EMR names its base
//	quirks: {noCount: true}           # optional, what the EMR's own statement does not tell
//	---
//	kind: Platform                    # an employer of assistants, and how its tokens are recognised
//	name: assistco
//	title: AssistCo
//	issuer: https://id.assistco.example
//	clients: [assistco-desktop]
//	tokenTypes: [at+jwt]              # optional
//	---
//	kind: Grant                       # see package policy
//	---
//	kind: Stop                        # holds up a grant, a person, a platform or everything, see package policy
//	clinic: maple                     # optional: every clinic
//	name: everything
//	everything: true                  # or one of grant, person, platform
//	because: A laptop was stolen
//	---
//	kind: Directive                   # a patient's lock-box, see package policy
//	---
//	kind: Guardrail                   # what no grant gives, see package policy
//	---
//	kind: LegalHold                   # keeps records from being deleted
//	clinic: maple
//	name: file-2026-31
//	because: Complaint to the privacy commissioner
//	until: 2028-01-31                 # optional: the last day of the hold
//	patient: Patient/17               # optional: records that meet all of these; without any, all records
//	person: "https://id.assistco.example|amara"
//	from: 2026-01-01
//	to: 2026-06-30
//
// A document of kind PolicyTest is read by LoadTests and never applied; see package policytest.
//
// A secret is a reference that is resolved when the connection is opened: `env:NAME` or `file:/absolute/path`.
package config
