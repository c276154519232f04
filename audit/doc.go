// Package audit is the ledger: what happened, in an order nobody can change unseen. Nothing of a patient leaves the
// gateway before the record of it is durable here, and a record, once durable, can be proved to anyone who holds the
// public key and an exported file.
//
// # Record
//
// A Record is one leaf. Its bytes are one line of compact JSON, members in the order of the struct, empty members left
// out, strings in UTF-8 with only `"`, `\` and control characters escaped (invalid UTF-8 becomes U+FFFD). The first
// member is "v", the format (1); the second is "salt", 16 random bytes in hex, so that the leaf's hash says nothing about
// its content once the body has been deleted. Hashes are over exactly the stored bytes, never over a re-encoding.
//
// Phases: an intent is written before an EMR is asked to change something; an outcome after it answered and before the
// caller hears of it; a denial when policy or identity refused; admin and system for what people and the program did to
// the gateway itself; unresolved for an intent whose outcome nobody saw. An outcome or unresolved record names the index
// of the intent it settles.
//
// Everything that is put on record is a row of Kinds: interactions, and the actions of the phases admin and system. The
// thirty fields that Canadian laws ask for together are the rows of Fields; Record.Unknown says which of them a record does
// not hold, and why. Members are only ever added: a record that was written before one existed reads as not knowing it.
//
// # Tree
//
// Each clinic has its own log: an RFC 6962 Merkle tree. The leaf hash is SHA-256(0x00 || record), a node is
// SHA-256(0x01 || left || right) (RFC 6962 section 2.1). A log's name is random and says nothing of the clinic.
//
// # Tables
//
//	ledger(one, format, deployment, pulse)    one row: whose ledger this is; pulse is written to prove that writing works
//	log(id, name, clinic)                     one row per clinic
//	batch(log, first, count, time, records, hashes, root)
//	    a commit adds rows of about eight kilobytes of records to each log in it, so that one record is read without many
//	    others. records: the records' lines, each ended by '\n'. hashes: the tlog stored hashes of
//	    those records, 32 bytes each, contiguous from tlog.StoredHashIndex(0, first). root: the tree's root after them.
//	    The line of a record whose body was deleted is empty.
//	checkpoint(log, slot, size, root, time, note)
//	    signed checkpoints; slot is the hour, the last one of each hour is kept, and the newest is always there. Where one
//	    key handed over to another the slot is the negative size, and the checkpoint is kept for good.
//	cosigned(log, witness, size, note, time)
//	    the newest checkpoint of a log that a witness cosigned, with its signature lines. Proofs are made from it where it covers
//	    the record, so that they carry the cosignatures.
//	segment, posting, open_intent             the index, see below
//
// The truth (records) and its tree (hashes, root) are written by one transaction per commit, for all logs in it. Batches
// are only ever inserted, but for the bodies that Forget empties.
//
// # Order of things
//
// Append encodes and hashes in the caller's goroutine, takes a place in the bounded queue, and waits. One goroutine
// commits: whatever arrived during a commit rides in the next. A Receipt exists only after the commit returned without an
// error. After a failed or uncertain commit the edge of every tree is read back from the database before anything else is
// written. An fsync that failed ends the ledger until the next start: the page cache can no longer be believed. Around each
// commit the ledger asks whether the file that takes it is still the one that will be found (Options.Intact).
//
// A ledger that was told to stop (Stop) refuses every record at once but those of the phase system with the actions
// "audit-stopped", "audit-resumed", "start" and "stop", until Resume.
//
// # Checkpoint
//
// A C2SP tlog-checkpoint (https://c2sp.org/tlog-checkpoint): origin line "<deployment>/log/<log name>", size, root, and
// an Ed25519 note signature whose key name is the deployment. It is signed inside the first commit that comes a second or
// more after the log's last one, a second after a commit that was not signed, on demand, and at Close. Open recomputes the
// root at the newest checkpoint and refuses to start when it differs.
//
// # Keys
//
// Verifiers get a list of public keys, log.pub: a note verifier key in each line, oldest first. When one key hands over to
// another, each log gets, in one transaction, a record of the phase system whose Admin is {"action":"key-rotated","subject":
// "<the new verifier key>"}, and a checkpoint over it that both keys sign. What comes later is signed by the new key alone. A
// verifier believes the keys on its list and no others, and holds a log to the order: a checkpoint signed by another key than
// the one in force at its size, a handing over that the old key did not sign, and a new key that is not on the list are
// problems. A log that ends before its handing over is told to have ended under a key since replaced.
//
// # Proofs
//
// The newest checkpoint, the tiles of the tree below it (https://c2sp.org/tlog-tiles: 256 hashes in a tile) and bundles of
// records are readable one by one, for whoever builds proofs alone. A bundle's form has no room for a record of 65,536 bytes
// or more; such a bundle is refused, and the export has its records. The proof of one record is a C2SP tlog-proof
// (https://c2sp.org/tlog-proof): its extra data is the record's bytes, unless it was asked for without them, then the index,
// the inclusion proof and a signed checkpoint. A Receipt names the log and the index, which is all that finds it.
//
// # Forgetting
//
// A body is deleted by its age (Forgetting.Older) or because it names a patient (Forgetting.Naming), never when a hold covers it. Its
// line becomes empty; its place, its leaf hash and the tree stay. In the same transaction goes a record of the phase system, action
// "retention-delete" or "erasure", whose member "forgotten" lists the indexes, "7" or "12-40", all smaller than its own; the segments
// of the index that held the bodies' values, made again; and a checkpoint. Records of those two actions, of key rotations and of
// discontinuities keep their bodies, and so does an intent without an outcome; the two go together.
//
// A verifier takes a record without a body by its stored hash, and wants a later record in the same log that names it. One that
// names a body which is here is said to have been returned, from a backup. The proof of a record without a body has "body
// deleted, leaf hash <base64>" as its extra data.
//
// # Copy
//
// The newest checkpoint of each log is kept a second time, in a folder apart from the database: "<log>.checkpoint", replaced
// whole and synced. A ledger that does not hold what such a checkpoint signs is older, or another one, and Open refuses it.
//
// Recover puts such a loss on record. The log is sealed: its clinic becomes "<clinic>#<number>", nothing is added to it or
// signed any more, and its records still name the clinic. A new log of the clinic begins with a record of the phase system,
// action "discontinuity", subject "<origin>: signed <size> <root>, here <size> <root>; <what happened>". To go on in the
// old log would be to sign two histories under one name.
//
// # Witness
//
// A witness cosigns a checkpoint (cosignature/v1, https://c2sp.org/tlog-cosignature) of a log whose key it was told, where a
// consistency proof shows that it follows from the newest one that it cosigned (add-checkpoint,
// https://c2sp.org/tlog-witness), in this order: a malformed request is 400, an unknown origin 404, no signature of a known key
// 403, an old size beyond the checkpoint's 400, another old size than the one seen 409 with that size, another root of the same
// size 422, a proof that does not hold 422. The text of the checkpoint is on its disk, "<SHA-256 of the origin>.checkpoint",
// before the cosignature is given away. A file there that cannot be read keeps it from starting.
//
// # Index
//
// The index is a hint that can be thrown away and made again from the batches: nothing is believed that the record itself
// does not say. A segment covers records that follow one another, at least 512, and its postings say which offsets in it hold a
// searchable value. Records behind the last segment (the tail) are read directly, so that a search sees every record that was
// durable when it began: it never waits and never misses. open_intent holds the intents that no indexed record has settled.
//
// Sixteen segments of one level are merged into one of the next, in steps of about 128 KiB between two commits, so that a log has
// fewer than sixteen of each level. A step goes on behind the last posting that is written, and keeps nothing in memory: a merge
// outlives a crash at any point. Its last step puts the new segment in the place of the others; their rows are removed in further
// steps. Under load steps are made only where twice as many segments wait.
//
//	segment(log, id, first, count, level, state, min_time, max_time)
//	    state: 0 is being merged into, 1 is searched, 2 is being removed. Times in Unix milliseconds, of all its records or further
//	    apart.
//	posting(log, segment, key, entries)
//	    entries: about 3,700 bytes, that is half a page, of postings in the order of kind, text and offset. Each is four uvarints with bytes
//	    behind the second and the fourth: how much of the name (the kind's letter, the text) is that of the one in front, the
//	    length and text of the rest; the first offset; the length of the runs, and the runs. A run is the distance from the end of
//	    the one before it, doubled, one more where the number of its records less two follows. A single record has no runs.
//	    key: not behind the first posting, and behind all of the row in front: name, 00 00, offset in eight bytes; 00 in a name is
//	    00 01.
//
// A search reads a segment in windows that grow, each as a set of bits for each criterion. Kinds of few values are left to the
// records where few are left. The times of records are values too, in quarters of an hour: they say which offsets a span of time
// lies between, and count hours. Of an access's id the index has the first eight digits, about a minute of a UUIDv7.
//
// # Search
//
// AuditEvents are searched by the parameters of R4 and of IHE ITI-81 (Params). Every clause is held against the AuditEvent as
// it would be shown, so that an answer is what a FHIR server that stored the events would give. The index proposes records by
// agent, agent.identifier, agent-name, address, action, outcome, patient, policy (grants), type, subtype and date; entity,
// entity-type and the others are read off the records that those leave. A page looks at 20,000 records at the most: it may be
// short, even empty, and still have a next one. A total counts 100,000 at the most, or is refused.
//
// From page to page the order is that of the log, newest first or oldest first, which nothing later changes; a page itself is by date,
// as an access that took long is behind others that began after it. A page holds at most as many events as were asked for, and
// continues inside an entry with several patients. Of a token's forms code, system|code, |code and system| all are understood;
// there are no modifiers.
//
//	agent               "iss|sub", or the sub alone, of who asked; a grant's person is named so
//	agent.identifier    any agent: a person, "|" and the client's id, the deployment
//	agent-role          a team (urn:vestibule:team), auditor, automated
//	patient.identifier  urn:vestibule:patient|id in the clinic's EMR; any other system is refused, as no health number is held
//	source              the deployment; site: the clinic
//	patient             who was shown or written, or named by a search that found nothing of them
//	policy              urn:vestibule:grant:name@version, or urn:ietf:params:oauth:jti:id
//	entity              Type/id of any version, or Type/id/_history/version
//	altid               accepted; no agent has one
//	_lastUpdated        the same as date: a record never changes
//
// # Export
//
// One JSON object per line (NDJSON). The first is the header, then one line per record in order, with each kept checkpoint
// directly after the record that completes it, and last a checkpoint of everything exported:
//
//	{"format":"vestibule-audit-export/2","origin":"…","clinic":"…","key":"<note verifier key>"}
//	{"index":0,"leaf":"<base64 leaf hash>","record":{<the record's bytes, as they are>}}
//	{"size":1,"checkpoint":"<signed note>"}
//
// The hash is over exactly the bytes from the record's first brace to its last. A record whose body was deleted has no member
// "record". The leaf hash lets the verifier name a record that was edited; the signed checkpoints catch whoever edited both. The key
// in the header is for convenience and is never believed, but has to be one of the deployment's. A line has the members of its kind
// and no others. A verifier counts on from the number that a record says it has, so that one that is missing is one problem.
//
// # AuditEvent
//
// The outward form is FHIR R4 AuditEvent under IHE BALP 1.1.4: one event per patient, a profile claimed by successes only. A patient
// whom a search named has an event of it also where nothing of that patient was found.
// An intent has no event of its own: the outcome or unresolved record that settles it has. What of a record has no element
// in AuditEvent stands in an entity of type "decision" (urn:vestibule:audit), as details; so do the fields it does not hold.
//
// A refusal claims no profile. Its type is 110113 (an alert) where policy refused, with AuthZ-Role, AuthZ-Consent (a
// patient's directive) or 110132 (hours, networks, limits) beside the interaction among its subtypes; 110114 with 110122
// where the token was refused; rest where the caller can mend it. It has an entity for the OperationOutcome.
package audit
