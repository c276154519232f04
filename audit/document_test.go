package audit_test

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	"vestibule/audit"
)

const document = "../docs/audit-trail.md"

// The document of the trail is made from the tables that the program itself works by.
func TestTheDocumentOfTheTrailIsCurrent(t *testing.T) {
	var b bytes.Buffer
	b.WriteString(`# The audit trail: what is on record, and how it is searched

Made from the program's own tables by ` + "`go test -tags nomsgpack ./audit -run Document -update`" + `.

## The thirty fields

Canadian laws ask for these together. A record holds each, or says why it does not: the reasons stand in every AuditEvent, as
details named "unknown".

| # | Field | Where in a record | Not held when |
|---|---|---|---|
`)
	for _, f := range audit.Fields() {
		in := "nowhere"
		if f.In != "" {
			in = f.In
		}
		fmt.Fprintf(&b, "| %d | %s | %s | %s |\n", f.Number, f.Name, in, f.Unknown)
	}
	b.WriteString(`
## What goes on record

Beside who, when, where, for which purpose and under which rules. Type and subtype are those of a success; a refusal by policy
is 110113, that of a token 110114.

| Interaction or action | Its record holds | Type | Subtype | BALP profile |
|---|---|---|---|---|
`)
	for _, k := range audit.Kinds() {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", k.Name, k.Holds, k.Type, k.Subtype, k.Profile)
	}
	b.WriteString(`
Refusals that are alike, and never reached an EMR, are recorded one by one at first and then counted: one record for each kind
and minute says how many, from which network, and until when. Whatever released something is always a record of its own.

## Searching

` + "`GET /audit/{clinic}/AuditEvent?...`, or `POST /audit/{clinic}/AuditEvent/_search`" + `, for the clinic's auditors. Each look is itself on
record. Values behind commas are alternatives; a parameter that is repeated is another criterion, and every criterion has to be met.
A token is code, system|code, |code or system|; a string is the beginning of what is looked for, in any case and without accents; a
date has any of R4's prefixes and precisions, and without an offset is the clinic's. There are no modifiers and no chains, and any
other parameter is refused by name. A page is by date, and the pages follow the order in which things were put on record, which
nothing later changes.

| Parameter | Type |
|---|---|
| _id | token |
| _lastUpdated | date |
| _count | number, at most 1000 |
| _sort | -date (the default) or date |
| _total | accurate or none |
`)
	for _, p := range audit.Params() {
		fmt.Fprintf(&b, "| %s | %s |\n", p.Name, p.Type)
	}
	if *update {
		if err := os.WriteFile(document, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(document)
	if err != nil || !bytes.Equal(have, b.Bytes()) {
		t.Errorf("%s is not what the tables say (%v); run this test with -update", document, err)
	}
}
