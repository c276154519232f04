// Package policy decides who may do what with which resources of a clinic, and what of them may be seen and changed.
//
// A clinic gives grants. A Set holds the grants of one clinic; Decide answers a Request with a Decision; the Decision
// narrows the search that goes to the EMR, releases what comes back resource by resource, and accepts what is to be written.
// The package does no I/O and knows no clock but the one in the Request. Everything is denied unless a rule below says
// otherwise; the zero value of every type denies.
//
// # Grants
//
//	clinic       the clinic that gives the grant
//	name         a-z, 0-9, '-'; together with the version it is what decisions cite: front-desk-amara@3
//	to           exactly one of
//	               user: "issuer|subject"     one person
//	               platform: name             everybody who works for the platform
//	               team: platform/team        the team's members, while they work for that platform
//	             A grant is for named people; with automated: true it is for automated agents, and then for no person.
//	because      why, on one line; required
//	from         first day, in the clinic's zone; absent: from its approval
//	until        last day, which it holds to its end in the clinic's zone; required; at most 366 days after approval
//	hours        "Mon-Fri 07:30-18:00", several with commas; by the clinic's wall clock, the end not included; "Sat-Mon"
//	             goes over the week's end, a night is split at 24:00. Where clocks skip or repeat an hour the wall clock counts.
//	networks     addresses or prefixes, one of which has to hold the caller's address
//	purposes     purposes of use (v3-ActReason), all of the token's have to be among them, and the token has to state one;
//	             of COC, HOPERAT, HPAYMT, PATADMIN, RECORDMGT, TREAT. A grant without purposes allows each of these and
//	             none besides: marketing and research are nobody's to give.
//	permissions  at least one, see below
//	limits       requestsPerMinute, patientsPerDay (different ones shown, by the clinic's calendar), documentsPerHour,
//	             pagesPerSearch; each for one person under this grant. A Decision hands them on (Limits); it does not count, so
//	             whoever serves requests has to, and says so with LimitReached.
//
// A permission says:
//
//	scope        one SMART v2 scope, user/Type.cruds?criteria; system/ only for automated agents. The interactions are
//	             some of "cruds" (in any order here, in that order in a token), d cannot be given, the type is named. SMART v1
//	             is read as rs for read, cu for write and crus for *; Advise reports it. Criteria are FHIR search criteria
//	             joined by '&', all of which a resource has to meet; times without a zone are the clinic's, codes of the status
//	             have to exist.
//	window       "-1d..+90d", "-2w..0d": whole days in the clinic's zone around the day of the request, both ends included,
//	             on the resource's own date: Appointment.start, Task.authoredOn, DocumentReference.date. A resource without
//	             that date is outside, and so is one whose date, such as a month, lies inside only in part.
//	elements     the elements that are shown, by path or by the name of a set (ElementSets), such as schedule; absent: all that
//	             can be. The extensions of an element go with it. Type, id and the technical part of meta are always shown; contained resources, documents
//	             in extensions or in a Task, and addresses of documents never, but for one of the gateway's own (fhir.BinaryLink)
//	             beside a document that is shown.
//	content      true: with the documents that DocumentReferences carry, and those that can be opened as Binary; absent:
//	             metadata only
//	write        the top-level elements that c and u may set or change; absent: the top-level names of elements, if no set is
//	             among them. A grant of c or u with neither is refused.
//	transitions  of the status, that c and u may make: "booked->cancelled" for u, "->booked" for what c may set; codes of FHIR's
//	             value sets. Absent: any status, where write has it. A create sets one of those listed; an update that is not
//	             listed leaves the status as it is. What depends on the status that stands in the EMR is granted only to a
//	             caller who is shown it.
//
// A grant that means what it says may still give more than anybody needs: Advise lists where.
//
// A list that is there but empty is a mistake: it reads like "none" and would mean "all".
//
// What a permission's criteria and window look at, it has to show: who gets the resource knows that they match. A reference
// is looked at by its "reference": participant.actor.reference is enough to grant by practitioner and hide names; a concept
// by its "coding": category.coding is enough to grant by category and hide what was typed in. An element of which only a part is shown cannot be among those that u writes, because an update replaces elements whole.
//
// # Rules that deny
//
// Whatever grants say, these win.
//
// A stop holds up exactly one of a grant, a person, a platform, and everything, until it is withdrawn; it takes nothing
// back. One without a clinic holds for every clinic; a grant is always one clinic's.
//
// A guardrail is the clinic's or, without a clinic, the operator's for every clinic:
//
//	never        resources that nobody reaches
//	networks     addresses or prefixes; callers from elsewhere, or from an address that is not known, are denied everything
//
// A directive is one patient's, a lock-box:
//
//	patient      "Patient/17"
//	resources    which of the patient's resources; absent: all
//	to           whom it locks out: user, platform (its agents too), team; absent: everybody. A team that the clinic does
//	             not have any more is everybody at its platform: a lock does not open by itself.
//	from, until  first and last day in the clinic's zone; absent: open
//
// Resources are named by type ("Appointment"), by id ("Task/9") or by criteria as in a scope, all of which have to match
// ("DocumentReference?category=psychiatry"). Codes of the status have to exist here, too.
//
// A grant's criteria give what certainly matches; these deny what may. A code is the same without regard to case and
// surrounding space, and where its system is the same or not known on one side; a coding without a code may have any, and so
// may a concept that is there in words alone. A date may match that overlaps one that does, such as 2026-05 for 2026-05-05. A
// reference may be to what is asked for if it is there, cannot be read as a local one, and does not say that it is to
// another type. Texts and addresses are the same without regard to case and accents. What cannot be read may be anything;
// :not denies what does not certainly have the value, :missing=true what nothing certainly stands in. An element that is
// absent altogether matches nothing but those two. fhir.Clause.MayMatch has it parameter by parameter.
//
// A resource is a patient's by a literal local reference in Appointment.participant.actor, Task.for or Task.focus,
// DocumentReference.subject or context.sourcePatientInfo; one that names several patients is locked if one of them has it
// locked. A reference that is there and cannot be read as one (another server's address, a contained resource, an identifier
// alone, a urn:) is unclear unless it says by its type (the name of one, not of every resource), its address or the contained
// resource that it is to no patient, and its address does not lead by way of one ("./Patient/17"); words
// alone (a display) are unclear where no patient is named otherwise (Task.focus is not enough). A resource whose patient is unclear is held back where a
// directive would lock it if it were its patient's. Task.focus only adds a patient: where it cannot be read it makes nothing
// unclear, and where it can it makes nothing clear. A resource that names nobody is nobody's.
//
// ReadConsent makes directives of FHIR Consents, and says what in them a directive cannot say.
//
// # Order of checks
//
// Before any grant: somebody valid asks (nobody); clinic, time and interaction are there (request-incomplete); the Set is
// that clinic's (wrong-clinic); nothing that concerns all of the caller's requests is stopped (clinic-stopped,
// platform-stopped, person-stopped); and the caller comes from within the networks of every guardrail that has some
// (outside-guardrail-networks).
//
// For each grant that names the caller (no-grant), in this order: it has begun (grant-not-started), is not over
// (grant-expired), is for this kind of caller (people-only, agents-only), it is within its hours (outside-hours), the
// address is known and listed (network-unknown, outside-networks), purposes are stated and allowed (purpose-missing,
// purpose-not-granted), and the grant is not stopped (grant-paused). What is not known is not met. The permissions of all
// grants that pass join.
//
// Then: one of them is for the type (type-not-granted) and the interaction (interaction-not-granted); the token's SMART
// scopes allow it too (scope-missing); and one of them shows everything that the search's parameters, its order, and the
// criteria of the token's scopes look at (parameter-hidden). To open a document (a read of a Binary) is to read its DocumentReference with the document: one of the
// permissions that serve it shows documents (content-not-granted).
//
// Last, for what is permitted, whoever serves the request holds it to the limits of each grant that it rests on, and what is released
// also to those of the grants that show something of it: requests
// (too-many-requests), patients (too-many-patients), documents (too-many-documents), pages (too-many-pages).
//
// A default deny cites the nearest misses: grants that would allow the interaction but for a condition, then those that got
// furthest in this order.
//
// The token's scopes only narrow. Those of level user count for people, user and system for automated agents; SMART v1
// scopes are read as v2; a scope that cannot be read gives nothing. If each of them has criteria, a resource has to meet
// those of one as well. Criteria over elements that the permission does not show do not count; with a permission that only
// writes, those over elements that the caller is not shown of the resource; for a create all of them count.
//
// # Release
//
// For one resource that came back, in this order: it is what was asked for, by type and id (wrong-answer); a permission that
// serves the request matches it by criteria (out-of-reach), the token's scopes (outside-token-scope), window
// (outside-window) and labels (restricted-label); no guardrail keeps it from everybody (guardrail), no directive locks it
// (locked-by-directive), nor would if its patient could be read (patient-unclear); for a search it matches the search
// (query-mismatch). It is then cut to the union of what all matching permissions for the interaction show, less what
// _elements leaves out. Where that is a list of elements, it is marked SUBSETTED whatever it holds. A document is released for
// opening if the matching permissions show documents (content-not-granted: whoever hears it can read the DocumentReference); of
// the resource itself nothing leaves then.
//
// A resource that carries Confidentiality R or V or a sensitivity code, in meta.security or in
// DocumentReference.securityLabel, is out of reach of every permission whose criteria do not name that very code (with
// _security or security-label): to name R, or SPI, does not let PSY through. The sensitivity codes are those of v3-ActCode
// from _InformationSensitivityPolicy downwards, such as ETH, HIV, MH, PSY, SDV, SEX, STD and SUD. A code without a system
// counts as well.
//
// A search parameter, or an order, is usable only where one single permission shows all that it looks at; permissions that
// hide it do not serve the search, though they may show more of a resource that another one lets through. Narrow sends the
// EMR the search with what all serving permissions have in common; Release is the check that counts.
//
// # Writes
//
// The body is the resource that the URL names (wrong-resource).
//
// What it sets or changes has FHIR's shape: no list where there is one value, no value where there is a list
// (element-misshapen).
//
// What a guardrail or a directive denies lies within no permission, before a write and after it. So a write that would bring
// a resource under one is refused, and whoever writes what completes its criteria, or takes away the one patient that can be
// read, may learn from the refusal that the hidden rest is there.
//
// Create: every element of the resource is among write of some permission (element-not-writable), where of meta tags and
// security labels are for permissions whose criteria name some, and source and extensions for none; and the write of those
// permissions whose transitions, if any, list its status holds all of them (status-transition-not-granted), and so does the
// write of those among them that the resource lies within (write-out-of-reach).
//
// Update: what stands in the EMR is there and lies within a permission for u (otherwise not-found-or-out-of-reach, or the
// code that Release would give); the elements that differ from what the caller is shown of it are among write of those
// permissions, and none is shown in part (element-not-writable); a change of status is among the transitions of one whose
// write has it (status-transition-not-granted); what results still lies within some of them, and the write and transitions
// of these hold every change (write-out-of-reach). What the caller was not shown survives. What the caller is shown is what
// they may read or, if they may read nothing, find by search.
//
// # What a caller hears
//
// Every decision has a reason; that of what is allowed is granted. Refusal turns the others into an error. Everything about
// a single resource reads not-found-or-out-of-reach, the same for unknown, labelled, locked and out of reach, and lists
// what the caller's grants reach; a write that would end in a locked resource is refused as any other that would end out of
// reach. Texts name no patient, no network and no hidden value; reasons of denied writes name elements.
// Reason.Detail is for the clinic only. Codes lists every code.
package policy
