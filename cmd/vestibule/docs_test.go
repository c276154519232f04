package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

	"vestibule/internal/reasons"
	"vestibule/policy"
)

var update = flag.Bool("update", false, "write the generated pages of docs/ anew")

// TestTheReferencePagesAreWhatTheProgramSays: flags and reason codes are listed once, by the program.
func TestTheReferencePagesAreWhatTheProgramSays(t *testing.T) {
	for path, page := range map[string]string{
		"../../docs/commands.md":     commandsPage(t),
		"../../docs/reason-codes.md": reasonsPage(),
		"../../docs/element-sets.md": setsPage(),
	} {
		if *update {
			if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		found, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(found), page); diff != "" {
			t.Errorf("%s is out of date; run: go test -tags nomsgpack ./cmd/vestibule -update\n%s", path, diff)
		}
	}
}

func commandsPage(t *testing.T) string {
	var b strings.Builder
	b.WriteString("# Commands\n\nWhat `vestibule COMMAND --help` prints; made from the program, see `cmd/vestibule/docs_test.go`.\n")
	parser, err := newParser(t.Context(), &terminal{})
	if err != nil {
		t.Fatal(err)
	}
	for _, leaf := range parser.Model.Leaves(true) {
		name := strings.TrimPrefix(leaf.Path(), "vestibule ")
		fmt.Fprintf(&b, "\n## %s\n\n```text\n%s```\n", name, help(t, strings.Fields(name)))
	}
	return b.String()
}

// help is what a command prints when it is asked for help, which ends the program.
func help(t *testing.T, args []string) string {
	t.Helper()
	t.Setenv("COLUMNS", "100")
	var out bytes.Buffer
	parser, err := newParser(t.Context(), &terminal{Out: &out, Err: &out, Now: time.Now}, kong.Exit(func(int) { panic("end") }))
	if err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Errorf("%v --help does not end the program", args)
			}
		}()
		_, _ = parser.Parse(append(args, "--help"))
	}()
	return out.String()
}

func reasonsPage() string {
	var b strings.Builder
	b.WriteString(`# Reason codes

Every refusal carries a code (` + "`issue.details.coding`, system `urn:vestibule:reason`" + `), and so does every record of the trail. A code is never
renamed and never means something else. They stand in the order in which an access can meet them; ` + "`vestibule grants reasons CODE`" + `
prints one. Made from the program, see ` + "`cmd/vestibule/docs_test.go`" + `.

Codes of the stage "release" stand in the trail only: to the caller, unknown, hidden and out of reach look alike.

| code | stage | status | what happened | what to do |
|---|---|---|---|---|
`)
	for _, r := range reasons.All() {
		status := "as the access ended"
		if r.Status() != 0 {
			status = fmt.Sprint(r.Status())
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", r.Code, r.Stage, status, cell(r.Means), cell(r.Next))
	}
	return b.String()
}

func setsPage() string {
	var b strings.Builder
	b.WriteString(`# Sets of elements

What a permission shows can be named by element (` + "`status`, `participant.actor.reference`" + `) or by one of the sets below; several
join. A set shows the elements of its row and, as always, type, id and the technical part of ` + "`meta`" + `. People are shown by their
numbers (references) unless the set is about names; concepts by their codes, not by what somebody typed in. Sets are for
` + "`elements`, not for `write`" + `. Made from the program, see ` + "`cmd/vestibule/docs_test.go`" + `.

| type | set | shows | elements |
|---|---|---|---|
`)
	for _, s := range policy.ElementSets("") {
		fmt.Fprintf(&b, "| %s | `%s` | %s | `%s` |\n", s.Type, s.Name, cell(s.Means), strings.Join(s.Paths, "`, `"))
	}
	return b.String()
}

// cell is s within a Markdown table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
