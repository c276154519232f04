package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vestibule/audit"
	"vestibule/internal/report"
	"vestibule/internal/report/denial"
	"vestibule/internal/report/law"
	"vestibule/internal/report/patient"
	words "vestibule/internal/report/plain"
	"vestibule/internal/report/reporttest"
)

const reportsDocument = "../../docs/reports.md"

// TestTheReportsPageIsWhatTheProgramMakes: the reports, the elements of the laws and the samples come from the program.
func TestTheReportsPageIsWhatTheProgramMakes(t *testing.T) {
	page := reportsPage(t)
	if *update {
		if err := os.WriteFile(reportsDocument, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	found, err := os.ReadFile(reportsDocument)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(found), page); diff != "" {
		t.Errorf("%s is out of date; run: go test -tags nomsgpack ./cmd/vestibule -update\n%s", reportsDocument, diff)
	}
}

func reportsPage(t *testing.T) string {
	var b strings.Builder
	b.WriteString(reportsIntro)
	parser, err := newParser(t.Context(), &terminal{})
	if err != nil {
		t.Fatal(err)
	}
	b.WriteString("| Report | What it answers |\n|---|---|\n")
	for _, leaf := range parser.Model.Leaves(true) {
		if name, ok := strings.CutPrefix(strings.TrimPrefix(leaf.Path(), "vestibule "), "audit report "); ok {
			fmt.Fprintf(&b, "| `%s` | %s |\n", name, cell(leaf.Help))
		}
	}
	b.WriteString(reportsFormats)
	for _, l := range law.Laws() {
		lawTable(&b, l)
	}
	b.WriteString(reportsAdd)
	trail, head := sampleTrail(t)
	made, err := patient.Make(t.Context(), trail, patient.Options{Patient: "Patient/pat-0007", Platforms: samplePlatforms(), Because: sampleReasons(), Proof: true})
	if err != nil {
		t.Fatal(err)
	}
	sample(t, &b, "who looked at one patient's record", made.Report, head, report.English)
	sample(t, &b, "the same, in French", made.Report, head, report.French)
	refused, err := denial.Make(t.Context(), trail, samplePlatforms())
	if err != nil {
		t.Fatal(err)
	}
	refused.Sections = refused.Sections[:3] // the list has ids, which are made anew
	sample(t, &b, "what was refused, without the list of each refusal", refused, head, report.English)
	return b.String()
}

func lawTable(b *strings.Builder, l law.Law) {
	v := report.Voice{Language: report.English, Zone: time.UTC}
	fmt.Fprintf(b, "\n### `%s`: %s\n\n%s. %s\n\n| | Element | Column |\n|---|---|---|\n", l.Name, l.Title.In(v), l.Citation.In(v), l.Status.In(v))
	titles, parts := l.Parts()
	for i, elements := range parts {
		if len(parts) > 1 {
			fmt.Fprintf(b, "| | **%s** | |\n", titles[i].In(v))
		}
		for _, e := range elements {
			fmt.Fprintf(b, "| %s | %s | `%s` |\n", e.Cite, e.Name.In(v), e.ID)
		}
	}
}

func sample(t *testing.T, b *strings.Builder, what string, r report.Report, head report.Head, l report.Language) {
	t.Helper()
	r.Head = head
	var out bytes.Buffer
	if err := report.Write(&out, r, report.Table, l); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(b, "\n## A sample: %s\n\n```text\n%s```\n", what, out.String())
}

func samplePlatforms() map[string]string {
	return map[string]string{"assistco": "AssistCo, virtual medical assistants"}
}

func sampleReasons() map[string]words.Because {
	return map[string]words.Because{"front-desk@2": {Text: "Covers the front desk on weekday mornings", By: "dr.lee"}}
}

// sampleTrail is a morning at a made-up clinic.
func sampleTrail(t *testing.T) (report.Trail, report.Head) {
	t.Helper()
	zone, err := time.LoadLocation("America/Toronto")
	if err != nil {
		t.Fatal(err)
	}
	amara, noor := reporttest.Amara(), reporttest.Amara()
	noor.Subject, noor.Name, noor.Team = "noor", "Noor Haddad", ""
	one, both := []string{"Patient/pat-0007"}, []string{"Patient/pat-0007", "Patient/pat-0012"}
	routine := []string{"http://terminology.hl7.org/CodeSystem/v2-0276|ROUTINE"}
	booked := audit.ReleasedItem{Ref: "Appointment/1041/_history/3", Patients: one, Removed: 2, Kinds: routine}
	allowed := audit.Record{Agent: amara, Purposes: []string{"PATADMIN"}, Grants: []string{"front-desk@2"}, Reasons: []string{"granted"}}
	search, update, read := allowed, allowed, allowed
	search.Interaction, search.Type, search.Query, search.Patients = "search-type", "Appointment", "date=ge2026-11-02", both
	search.Released = []audit.ReleasedItem{booked, {Ref: "Appointment/1042/_history/1", Patients: both[1:], Kinds: routine}}
	update.Interaction, update.Type, update.Resource, update.Patients, update.Released = "update", "Appointment", "Appointment/1041", one, []audit.ReleasedItem{booked}
	read.Interaction, read.Type, read.Query, read.Withheld = "search-type", "DocumentReference", "patient=Patient%2Fpat-0007", 1
	read.Rules = []string{"locked-by-directive: Directive pat-0007-psychotherapy@1"}
	refused := audit.Record{Phase: audit.PhaseDenial, Agent: noor, Purposes: []string{"PATADMIN"}, Interaction: "read", Type: "Appointment", Resource: "Appointment/1041",
		Raw: "/Appointment/1041", Reasons: []string{"no-grant"}}
	looked := audit.Record{Phase: audit.PhaseAdmin, Admin: audit.Admin{Action: "audit-search", Subject: "patient=pat-0007", By: "ann"}}
	trail, _ := reporttest.Trail(t, search, update, read, refused, looked)
	made := reporttest.Began.Add(2 * time.Hour)
	return trail, report.Head{Clinic: "maple", ClinicTitle: "Maple Family Practice", Zone: zone, Made: made, By: "ann", Program: "v1",
		Logs: []report.Log{{Origin: "gate.maple.example/log/1f6f0c9d6e3b7a52", Clinic: "maple", Size: 5, Root: "n7Qb1xH0yN3sVw5m9kq4o2Zr8tF6uJcLdEaPgXiBhAo="}}}
}

const reportsIntro = `# Reports: the trail for people

Made partly from the program itself by ` + "`go test -tags nomsgpack ./cmd/vestibule -update`" + `.

Auditors, privacy officers and patients ask who looked, what was refused and what has to be kept by law. ` + "`vestibule audit report`" + `
answers from the trail, in English and in Canadian French, with times in the clinic's zone:

    vestibule audit report patient Patient/pat-0007 --clinic maple --data ./data --language fr --format pdf -o acces.pdf --proof preuves

`

const reportsFormats = `
Making a report goes on record before anything is read: which one, about whom, for which period, by whom. A report is
of what was on record then; what a serving gateway records meanwhile is the next one's. The trail is read once,
with little memory, whatever its length; ` + "`assistant`, `denials` and `patient --shown-only`" + ` ask the index and are quick.

## Formats

` + "`--format`" + ` | for
---|---
` + "`table`" + ` | a terminal
` + "`csv`" + ` | a spreadsheet: RFC 4180, UTF-8, one table (` + "`--section`" + ` chooses; otherwise the first, with those of the same columns), times in RFC 3339, what a spreadsheet would take for a formula defused
` + "`ndjson`" + ` | a program: everything, one JSON object in each line
` + "`html`" + ` | reading and printing: one file, no scripts, nothing fetched
` + "`pdf`" + ` | handing over: letter size, numbered pages, at most 20,000 rows

` + "`--output`" + ` writes a file for its owner alone, whole or not at all, and replaces none without ` + "`--force`" + `. The same report gives the same bytes.
What records say is shown, never acted on: control characters, escape sequences, invisible characters and overrides of the direction
of writing stand as ` + "`[U+202E]`" + `. A record whose body was deleted by retention or by law is counted, with the date, and not told.

Each report ends with the log's name, size and root: the newest signed checkpoint. Whoever keeps that line can show later that
nothing recorded before was changed, removed or added.

## The patient's report and its proofs

The report has what was shown or changed (by the index), what was refused or showed nothing (requests that name the patient, or a
resource known to be the patient's from what was shown of it), and who asked the trail about the patient. Nothing of any other
patient is in it: of a search that showed several, only this patient's items; that something was withheld is told only where
the search named this patient alone.

` + "`--proof DIR`" + `, or ` + "`--proof FILE.zip`" + `, makes a bundle with a file for each row, ` + "`NNNN.tlog-proof`" + `, in the order of the rows' last column. A record
that names nobody else is inside its file, and ` + "`vestibule audit verify --proof NNNN.tlog-proof --key log.pub`" + ` shows it, offline. A record
that also names other patients stays with the clinic: its file, in ` + "`sealed/`" + `, fixes it without showing it, and verifies once the
clinic shows the record to somebody entitled to see it (` + "`--record FILE`" + `). The records hold the network addresses of the people who looked:
hand a bundle on with care. Reports have no addresses of people but where a law, or the question, asks for them.

## Extracts by law

` + "`access-log --law`" + ` has a table for each list of the law, each column under its letter or paragraph, and a row for each access and
patient. What the trail does not hold says ` + "`unknown: why`" + `; no cell is blank. An extract is **not legal advice**: whether it applies, and what
is in force, only the current consolidated law says.
`

const reportsAdd = `
## Adding a report, a text, a law

How a report is added stands in the comment of package internal/report. Every text is in both languages by the type it has; a test
reads them all and holds French to its typography. A new reason code wants a row in internal/report/plain/french.go, which a test
says. A law is a row of internal/report/law/laws.go, and its list stands a second time in that package's test.
`
