package report_test

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"vestibule/internal/report"
)

var (
	streams = regexp.MustCompile(`(?s)stream\n(.*?)\nendstream`)
	shows   = regexp.MustCompile(`(?s)BT [^(]*\((.*?)\) ?Tj ET`)
	escaped = regexp.MustCompile(`(?s)\\(.)`)
)

// pages are the lines of text on each page of a PDF, in the order in which they were written.
func pages(t *testing.T, pdf string) (out [][]string) {
	t.Helper()
	for _, stream := range streams.FindAllStringSubmatch(pdf, -1) {
		r, err := zlib.NewReader(strings.NewReader(stream[1]))
		if err != nil {
			continue // a font
		}
		b, err := io.ReadAll(r)
		if err != nil || !bytes.HasPrefix(b, []byte("0 J")) && !bytes.Contains(b, []byte("Tj ET")) {
			continue
		}
		var lines []string
		for _, show := range shows.FindAllStringSubmatch(string(b), -1) {
			raw := escaped.ReplaceAllStringFunc(show[1], func(s string) string {
				if s[1] == 'r' {
					return "\r"
				}
				return s[1:]
			})
			var units []uint16
			for i := 0; i+1 < len(raw); i += 2 {
				units = append(units, uint16(raw[i])<<8|uint16(raw[i+1]))
			}
			lines = append(lines, string(utf16.Decode(units)))
		}
		out = append(out, lines)
	}
	if len(out) == 0 {
		t.Fatal("there are no pages")
	}
	return out
}

// table is a section of rows whose first cell says which it is, and whose second has so many lines.
func table(id string, lines ...int) report.Section {
	var rows [][]report.Value
	for i, n := range lines {
		var cell []report.Value
		for at := range n {
			cell = append(cell, report.Data(fmt.Sprintf("%s row %d line %d", id, i, at)))
		}
		rows = append(rows, []report.Value{report.Number(i), report.List(cell...)})
	}
	return report.Section{ID: id, Title: report.T("Heading of "+id, "Titre de "+id), Intro: []report.Text{report.T("Intro of "+id, "Intro de "+id)}, Rows: report.Fixed(rows),
		Columns: []report.Column{{ID: "n", Title: report.T("Head of "+id, "Tête de "+id)}, {ID: "text", Title: report.T("Text", "Texte")}}}
}

// heights are tables that begin at every height of a page: each after one of so many rows.
func heights(t *testing.T, next func(id string) report.Section) (out [][]string) {
	t.Helper()
	r := sample(0)
	r.Sections = nil
	for rows := range 60 {
		r.Sections = append(r.Sections, table(fmt.Sprint("a", rows), slices.Repeat([]int{1}, rows+1)...), next(fmt.Sprint("b", rows)))
	}
	return pages(t, written(t, r, report.PDF, report.English))
}

func TestAHeadingStandsOnThePageOfItsFirstRow(t *testing.T) {
	for _, first := range []int{1, 5, 20, 37, 60} { // lines; the last fits on no page
		all := heights(t, func(id string) report.Section { return table(id, first, 1) })
		for n, page := range all {
			for at, line := range page {
				id, ok := strings.CutPrefix(line, "Heading of ")
				if ok && (!slices.Contains(page, "Intro of "+id) || !slices.Contains(page, id+" row 0 line 0")) {
					t.Fatalf("%d lines: page %d parts the heading of %s from its table:\n%s", first, n+1, id, strings.Join(page, "\n"))
				}
				id, ok = strings.CutPrefix(line, "Head of ")
				if ok && !slices.ContainsFunc(page[at:], func(line string) bool { return strings.HasPrefix(line, id+" row") }) {
					t.Fatalf("%d lines: page %d ends with the head of %s:\n%s", first, n+1, id, strings.Join(page, "\n"))
				}
			}
		}
	}
}

func TestAHeadingStandsOnThePageOfWhatIsSaidOfAnEmptyTable(t *testing.T) {
	all := heights(t, func(id string) report.Section {
		s := table(id)
		s.None = report.T("Nothing of "+id, "Rien de "+id)
		return s
	})
	for n, page := range all {
		for _, line := range page {
			if id, ok := strings.CutPrefix(line, "Heading of b"); ok && !slices.Contains(page, "Nothing of b"+id) {
				t.Fatalf("page %d parts the heading of b%s from what follows:\n%s", n+1, id, strings.Join(page, "\n"))
			}
		}
	}
}

func TestEveryPageHasItsNumberAndWhatRecordsSayIsLeftAsItIs(t *testing.T) {
	r := sample(0)
	r.About = report.Data("{nb} of {1}")
	r.Sections = []report.Section{table("a", slices.Repeat([]int{1}, 100)...)}
	all := pages(t, written(t, r, report.PDF, report.French))
	if len(all) < 3 || !slices.Contains(all[0], "{nb} of {1}") {
		t.Errorf("%d pages; the first says %q", len(all), all[0])
	}
	for n, page := range all {
		if want := fmt.Sprintf("Page %d de %d", n+1, len(all)); !slices.Contains(page, want) || !strings.HasPrefix(page[len(page)-2], "Un exemple · 23") {
			t.Errorf("page %d ends with %q", n+1, page[len(page)-2:])
		}
	}
}

func TestNothingOfARowIsLostBetweenPages(t *testing.T) {
	r := sample(0)
	r.Sections = []report.Section{table("a", 3, 130, 40, 1)}
	var got []string
	for _, page := range pages(t, written(t, r, report.PDF, report.English)) {
		for _, line := range page {
			if strings.HasPrefix(line, "a row") {
				got = append(got, line)
			}
		}
	}
	if len(got) != 174 || got[173] != "a row 3 line 0" {
		t.Errorf("%d lines, the last %q", len(got), got[len(got)-1])
	}
}
