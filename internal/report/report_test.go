package report_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"html"
	"strings"
	"testing"
	"time"

	"vestibule/internal/report"
)

// hostile is what somebody might call themselves.
const hostile = "=cmd|' /C calc'!A0 <script>alert(1)</script> \x1b[31mred\x1b[0m \u202egnp.exe \u200b\u2028 \x00\xff"

var formats = [...]report.Format{report.Table, report.CSV, report.NDJSON, report.HTML, report.PDF}

// sample is a report with one value of each kind.
func sample(rows int) report.Report {
	zone, err := time.LoadLocation("America/Toronto")
	if err != nil {
		panic(err)
	}
	at := time.Date(2026, 11, 23, 19, 5, 9, 0, time.UTC)
	row := []report.Value{report.Moment(at), report.Data(hostile), report.Number(12345), report.Code("Appointment/7"),
		report.List(report.Say(report.T("one", "un")), report.Day(at)), report.Unknown(report.T("nobody knows", "personne ne le sait"))}
	r := report.Report{Name: "sample", Title: report.T("A sample", "Un exemple"), About: report.Data(hostile),
		Head:  report.Head{Clinic: "maple", ClinicTitle: "Clinique de l'Érable", Zone: zone, Made: at, By: hostile, Program: "v1", Logs: []report.Log{{Origin: "gate/log/1", Size: 4711, Root: "abc=", Deleted: 3}}},
		Lead:  []report.Text{report.Many(rows, report.T("{1} row", "{1} ligne"), report.T("{1} rows", "{1} lignes"))},
		Notes: []report.Text{report.T("A note.", "Une note.")},
	}
	var all [][]report.Value
	for range rows {
		all = append(all, row)
	}
	r.Sections = []report.Section{{ID: "all", Title: report.T("All", "Tout"), Rows: report.Fixed(all), None: report.T("Nothing at all.", "Rien du tout."), Columns: []report.Column{
		{ID: "time", Title: report.T("When", "Quand")}, {ID: "who", Title: report.T("Who", "Qui")}, {ID: "n", Title: report.T("Times", "Nombre")},
		{ID: "what", Title: report.T("What", "Quoi")}, {ID: "list", Title: report.T("List", "Liste")}, {ID: "why", Title: report.T("Why", "Pourquoi")},
	}}}
	return r
}

func written(t *testing.T, r report.Report, f report.Format, l report.Language) string {
	t.Helper()
	var out bytes.Buffer
	if err := report.Write(&out, r, f, l); err != nil {
		t.Fatalf("%s: %v", f, err)
	}
	return out.String()
}

func TestWhatARecordSaysActsOnNobody(t *testing.T) {
	for _, f := range formats[:4] {
		out := written(t, sample(2), f, report.English)
		for _, bad := range []string{"\x1b", "\u202e", "\u200b", "\u2028", "\x00", "\xff", "<script"} {
			if f != report.HTML && f != report.NDJSON && bad == "<script" {
				continue // text is text there
			}
			if strings.Contains(out, bad) {
				t.Errorf("%s holds %q", f, bad)
			}
		}
		if !strings.Contains(html.UnescapeString(out), "[U+202E]") {
			t.Errorf("%s does not show that something was there", f)
		}
	}
}

func TestNoSpreadsheetTakesACellForAFormula(t *testing.T) {
	for _, s := range []string{"=1+1", "+1", "-1", "@x", " =1", "\t=1", "＝1", "\r=1", "|x", "%0A=1"} {
		r := sample(1)
		r.Sections[0].Columns = r.Sections[0].Columns[:1]
		r.Sections[0].Rows = report.Fixed([][]report.Value{{report.Data(s)}})
		rows, err := csv.NewReader(strings.NewReader(written(t, r, report.CSV, report.English))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if got := rows[1][0]; !strings.HasPrefix(got, "'") && !strings.HasPrefix(got, "[U+") {
			t.Errorf("%q stands as %q", s, got)
		}
	}
}

func TestTheSameReportGivesTheSameBytes(t *testing.T) {
	for _, f := range formats {
		for _, l := range []report.Language{report.English, report.French} {
			if a, b := written(t, sample(200), f, l), written(t, sample(200), f, l); a != b {
				t.Errorf("%s %s differs", f, l)
			}
		}
	}
}

func TestCSVIsWhatRFC4180Says(t *testing.T) {
	rows, err := csv.NewReader(strings.NewReader(written(t, sample(3), report.CSV, report.French))).ReadAll()
	if err != nil || len(rows) != 4 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if got := strings.Join([]string{rows[0][0], rows[1][0], rows[1][2], rows[1][5]}, "/"); got != "Quand/2026-11-23T14:05:09.000-05:00/12345/inconnu\u00a0: personne ne le sait" {
		t.Errorf("%q", got)
	}
	var out bytes.Buffer
	if err := report.WriteSection(&out, sample(1), report.CSV, report.English, "other"); err == nil || !strings.Contains(err.Error(), "[all]") {
		t.Errorf("a section that there is not: %v", err)
	}
}

func TestCSVHoldsWhatHasTheSameColumnsAndNamesTheRest(t *testing.T) {
	r := sample(1)
	two, other := r.Sections[0], r.Sections[0]
	two.ID, other.ID = "two", "other"
	other.Columns = append(other.Columns[:5:5], report.Column{ID: "why", Title: report.T("Else", "Autre")})
	r.Sections = append(r.Sections, other, two)
	rows, err := csv.NewReader(strings.NewReader(written(t, r, report.CSV, report.English))).ReadAll()
	if err != nil || len(rows) != 3 || rows[0][0]+rows[1][0]+rows[2][0] != "Sectionalltwo" || rows[2][3] != "12345" {
		t.Errorf("%q, %v", rows, err)
	}
	if got := r.Others(); len(got) != 1 || got[0] != "other" {
		t.Error(got)
	}
	var out bytes.Buffer
	if err := report.WriteSection(&out, r, report.CSV, report.English, "two"); err != nil || !strings.HasPrefix(out.String(), "When,") || strings.Count(out.String(), "\n") != 2 {
		t.Errorf("%s %v", out.String(), err)
	}
}

func TestNDJSONIsOneObjectInEachLine(t *testing.T) {
	lines := strings.Split(strings.TrimSuffix(written(t, sample(2), report.NDJSON, report.English), "\n"), "\n")
	if len(lines) != 5 { // report, two rows, a note, a log
		t.Fatalf("%d lines", len(lines))
	}
	for i, line := range lines {
		var o map[string]any
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Errorf("line %d: %v", i, err)
		}
	}
	if want := `{"section":"all","row":{"time":"2026-11-23T14:05:09.000-05:00",`; !strings.HasPrefix(lines[1], want) {
		t.Errorf("%s", lines[1])
	}
	if want := `"n":12345,"what":"Appointment/7","list":["one","2026-11-23"],"why":{"unknown":"nobody knows"}}}`; !strings.HasSuffix(lines[1], want) {
		t.Errorf("%s", lines[1])
	}
}

func TestAPageNeedsNothingAndRunsNothing(t *testing.T) {
	out := written(t, sample(2), report.HTML, report.French)
	for _, want := range []string{`<html lang="fr-CA">`, `default-src 'none'`, `style-src 'sha256-`, `<th scope="col">Quand</th>`, `<th scope="row">`, `@media print`,
		"23\u00a0novembre\u00a02026, 14\u00a0h\u00a005\u00a0min\u00a009\u00a0s", "12\u00a0345", "2 lignes", `<td class="number">`, "td.time{overflow-wrap:break-word}", "overflow-wrap:anywhere}"} {
		if !strings.Contains(out, want) {
			t.Errorf("there is no %s", want)
		}
	}
	for _, bad := range []string{"<script", "http://", "https://", "javascript:", "onload", "ZgotmplZ"} {
		if strings.Contains(strings.ToLower(out), bad) {
			t.Errorf("it holds %s", bad)
		}
	}
}

func TestAnEmptyTableSaysThatItIsEmpty(t *testing.T) {
	for _, f := range []report.Format{report.Table, report.HTML} {
		if out := written(t, sample(0), f, report.English); !strings.Contains(out, "Nothing at all.") || strings.Contains(out, "<table") {
			t.Errorf("%s", out)
		}
	}
}

func TestAnErrorOfTheRowsIsTheReports(t *testing.T) {
	broken := errors.New("the disk is gone")
	for _, f := range formats {
		r := sample(0)
		row := make([]report.Value, len(r.Sections[0].Columns))
		r.Sections[0].Rows = func(yield func([]report.Value) error) error {
			if err := yield(row); err != nil {
				return err
			}
			return broken
		}
		if err := report.Write(new(bytes.Buffer), r, f, report.English); !errors.Is(err, broken) {
			t.Errorf("%s: %v", f, err)
		}
		r.Sections[0].Rows = report.Fixed([][]report.Value{row[1:]})
		if err := report.Write(new(bytes.Buffer), r, f, report.English); err == nil {
			t.Errorf("%s takes a row that lacks a value", f)
		}
	}
}

func TestATimeThatComesTwiceSaysWhichOfTheTwo(t *testing.T) {
	first := time.Date(2026, 11, 1, 5, 30, 0, 0, time.UTC)
	r := sample(0)
	v := report.Voice{Language: report.English, Zone: r.Head.Zone}
	for at, want := range map[time.Time]string{
		first:                      "November\u00a01, 2026, 01:30 (EDT)",
		first.Add(time.Hour):       "November\u00a01, 2026, 01:30 (EST)",
		first.Add(3 * time.Hour):   "November\u00a01, 2026, 03:30",
		first.Add(-24 * time.Hour): "October\u00a031, 2026, 01:30",
	} {
		if got := report.At(at).In(v); got != want {
			t.Errorf("%s: %s", at, got)
		}
	}
	if got := report.At(first.Add(time.Hour)).In(report.Voice{Language: report.French, Zone: r.Head.Zone}); !strings.HasSuffix(got, "1\u00a0h\u00a030 (HNE)") {
		t.Error(got)
	}
	if got := report.At(first).In(report.Voice{Language: report.French, Zone: r.Head.Zone}); !strings.HasSuffix(got, "(HAE)") {
		t.Error(got)
	}
	if got := report.Day(first).In(report.Voice{Language: report.French, Zone: r.Head.Zone}); got != "1er\u00a0novembre\u00a02026" {
		t.Error(got)
	}
}

func TestNumbersAndTheirPluralsFollowTheLanguage(t *testing.T) {
	rows := func(n int) report.Text {
		return report.Many(n, report.T("{1} row of {2}", "{1} ligne de {2}"), report.T("{1} rows of {2}", "{1} lignes de {2}")).With(report.Number(1234567))
	}
	for _, c := range []struct {
		n      int
		en, fr string
	}{{0, "0 rows of 1,234,567", "0 ligne de 1\u00a0234\u00a0567"}, {1, "1 row of 1,234,567", "1 ligne de 1\u00a0234\u00a0567"}, {2, "2 rows of 1,234,567", "2 lignes de 1\u00a0234\u00a0567"}} {
		if got := rows(c.n).In(report.Voice{Language: report.English, Zone: time.UTC}); got != c.en {
			t.Error(got)
		}
		if got := rows(c.n).In(report.Voice{Language: report.French, Zone: time.UTC}); got != c.fr {
			t.Error(got)
		}
	}
}

func TestAPDFHasAtMostSoManyRows(t *testing.T) {
	r := sample(1)
	one := r.Sections[0].Rows
	r.Sections[0].Rows = func(yield func([]report.Value) error) error {
		for range report.MaxPDFRows + 1 {
			if err := one(yield); err != nil {
				return err
			}
		}
		return nil
	}
	if err := report.Write(new(bytes.Buffer), r, report.PDF, report.English); !errors.Is(err, report.ErrTooLong) {
		t.Errorf("%v", err)
	}
}
