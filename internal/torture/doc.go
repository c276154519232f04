// Command torture kills a gateway again and again, without warning (SIGKILL), and checks after each time that its ledger
// tells the truth. `make torture` runs it; a shorter campaign is an ordinary test of this package.
//
// # Who plays
//
//	parent   this process: the EMR behind the gateway (internal/demo/emr, in memory), the issuer of tokens, and callers who
//	         read, search, create and update, and who repeat a write under its key until they hear of it. It survives every
//	         kill, and remembers what each caller received, byte for byte, and what the EMR was asked for and did.
//	child    the gateway: internal/daemon on a data folder with SQLite, over real HTTP, in a process of its own. Nothing in
//	         it knows of the campaign; the SQL driver below it and the listener above it are wrapped, and kill it.
//
// # Where it is killed
//
// The points are those of the path of an access: around the commit of the intent, at the EMR before and after the write is
// carried out, around the commit of the outcome, before the first byte of the answer and half-way through it; further around
// the commits that write the index, sign a checkpoint, hand over to another key, settle what was left open, note that the
// process started, and make the tables; and at random moments. "inside" is at a random moment while the commit runs.
//
// # What is checked
//
// After each kill the gateway is started on the same folder, and once it has settled what was left open:
//
//   - every answer that a caller received, even in part, has its record under its receipt: of that request, with that
//     status, naming every resource and patient that was in the bytes received
//   - no write reached the EMR whose intent is not in the ledger
//   - every intent has exactly one record that settles it; where that says done or not done, the EMR bears it out, and it says
//     that it cannot be told only where it cannot
//   - every request has one record that answers it, or was cut off by a kill; there are no other records
//   - a write that its caller repeated happened once, and one that was answered as a success has happened
//   - the tree fits its checkpoints, in the database and in an export; receipts given out before still prove
//
// A kill leaves what the kernel was given: this says nothing about a loss of power, which is what fdatasync is for.
package main
