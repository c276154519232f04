// Package report is what auditors, privacy officers and patients get out of a trail: a Report, and its rendering as a table
// for a terminal, CSV, NDJSON, HTML or PDF, in English or French.
//
// # Text
//
// A Text is made by T, which takes both languages, so that none can lack a translation; {1}, {2} stand for values that With
// fills in. Many chooses the singular or the plural as each language has it. A test reads the source of this folder and of all
// below it: both languages have to say something, to use the same placeholders and to keep French typography (a no-break space
// before ":", "?", "!", ";" and inside « », as the source writes it). Texts of a file stand together at its top or in words.go.
//
// # Values
//
// A cell is a Value: Say (a Text), Data and Code (what a record says, as text or as an identifier), At and Moment (times in the
// clinic's zone, to the minute or the second), Day, Clock, Clock, Number, List, Unknown (with the reason). What a record says is hostile input:
// Data and Code neutralise control characters, overrides of the direction of writing, invisible characters and escape sequences
// when they are made, HTML is escaped by html/template, and CSV defuses what a spreadsheet would take for a formula.
//
// # How to add a report
//
// Make a Report: Name (a word, also of the command), Title, and sections in the order in which they are read, each with columns
// and rows. The Lead comes first, in a sentence or two: what the reader asked, answered. Rows is called once for each rendering
// and may stream; Fixed is rows that are in memory. Every row has a value for each column; what is not known is Unknown with the
// reason, never empty. Fill in Head by the command: who made it, when, of which clinic and period, and the proof line of each log.
//
//	r := report.Report{Name: "night", Title: report.T("Accesses at night", "Accès de nuit"), Head: head}
//	r.Lead = []report.Text{report.Many(n, report.T("{1} access", "{1} accès"), report.T("{1} accesses", "{1} accès"))}
//	r.Sections = []report.Section{{ID: "accesses", Columns: []report.Column{
//		{ID: "time", Title: report.T("When", "Quand"), Width: 3}, {ID: "who", Title: report.T("Who", "Qui"), Width: 4},
//	}, Rows: report.Fixed(rows), None: report.T("There were none.", "Il n’y en a eu aucun.")}}
//	err := report.Write(w, r, report.HTML, report.French)
//
// In cmd/vestibule a report is a struct with reportFlags inside and one call of reportFlags.make, see report_denials.go: that
// opens the data folder, puts the report on record, waits for the checkpoint, fills in Head, and writes the file whole or not at
// all. List it in reportCmd; the help and docs/commands.md follow.
//
// # Formats
//
// CSV (RFC 4180, UTF-8) holds one section, with times in RFC 3339: the one that is asked for, or the first together with those that have
// the same columns. NDJSON holds everything:
// a first line {"report":{…}}, then {"section":"…","row":{…}} for each row, {"note":"…"} and {"log":{…}}. HTML is one file without
// scripts. A PDF holds at most MaxPDFRows rows. The same Report gives the same bytes in every format.
package report
