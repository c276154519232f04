package report

import (
	"bufio"
	"fmt"
	"strings"
	"unicode"
)

const (
	terminalWidth = 100 // of running text, and of a table of cards
	cellWidth     = 34  // of a cell, in characters
	mostColumns   = 7   // beyond that a row is printed as a card, one line for each column
	pageRows      = 500 // so many rows are aligned with each other
)

// writeTable writes for a terminal.
func writeTable(w *bufio.Writer, r *Report, v Voice) error {
	fmt.Fprintf(w, "%s\n\n", r.Title.In(v))
	width := 0
	for _, l := range r.frame() {
		width = max(width, columns(l.Label.In(v)))
	}
	for _, l := range r.frame() {
		for i, text := range wrapped(l.Value.In(v), terminalWidth-float64(width)-2, measured) {
			label := ""
			if i == 0 {
				label = l.Label.In(v)
			}
			fmt.Fprintf(w, "%s  %s\n", padded(label, width), text)
		}
	}
	paragraphs(w, "", r.Lead, v)
	for i := range r.Sections {
		s := &r.Sections[i]
		fmt.Fprintf(w, "\n%s\n", strings.ToUpper(s.Title.In(v)))
		paragraphs(w, "", s.Intro, v)
		if err := s.print(w, v); err != nil {
			return err
		}
	}
	if len(r.Notes) > 0 {
		fmt.Fprintf(w, "\n%s\n", strings.ToUpper(wordNotes.In(v)))
		paragraphs(w, "- ", r.Notes, v)
	}
	fmt.Fprintf(w, "\n%s\n", strings.ToUpper(wordProof.In(v)))
	paragraphs(w, "", r.proof(), v)
	return nil
}

func paragraphs(w *bufio.Writer, mark string, texts []Text, v Voice) {
	if len(texts) > 0 {
		w.WriteByte('\n')
	}
	for _, t := range texts {
		lead := mark
		for _, line := range wrapped(t.In(v), terminalWidth-float64(len(mark)), measured) {
			fmt.Fprintf(w, "%s%s\n", lead, line)
			lead = strings.Repeat(" ", len(mark))
		}
	}
}

// print prints the rows: aligned, or as cards where there are many columns.
func (s *Section) print(w *bufio.Writer, v Voice) error {
	w.WriteByte('\n')
	var page [][][]string
	any := false
	flush := func() {
		if len(s.Columns) > mostColumns {
			s.cards(w, v, page)
		} else if len(page) > 0 {
			s.aligned(w, v, page)
		}
		page = page[:0]
	}
	err := s.each(func(row []Value) error {
		any = true
		cells := make([][]string, 0, len(row))
		for _, value := range row {
			cells = append(cells, value.lines(v))
		}
		if page = append(page, cells); len(page) == pageRows {
			flush()
		}
		return nil
	})
	if err != nil {
		return err
	}
	flush()
	if !any {
		fmt.Fprintln(w, s.none().In(v))
	}
	return nil
}

// none is what is said of an empty table.
func (s *Section) none() Text {
	if s.None.IsZero() {
		return sayNone
	}
	return s.None
}

func (s *Section) aligned(w *bufio.Writer, v Voice, page [][][]string) {
	titles := make([][]string, 0, len(s.Columns))
	for _, c := range s.Columns {
		titles = append(titles, []string{heading(c.Title.In(v))})
	}
	rows := append([][][]string{titles}, page...)
	widths := make([]int, len(s.Columns))
	for _, row := range rows {
		for i, cell := range row {
			row[i] = fitted(cell)
			for _, line := range row[i] {
				widths[i] = max(widths[i], columns(line))
			}
		}
	}
	for _, row := range rows {
		printRow(w, row, widths)
	}
}

// heading is a column's title in capitals, but for one that cites the letter of a law.
func heading(title string) string {
	if strings.Contains(title, "(") {
		return title
	}
	return strings.ToUpper(title)
}

// fitted is a cell's lines, none longer than a cell is wide.
func fitted(cell []string) (out []string) {
	for _, line := range cell {
		out = append(out, wrapped(line, cellWidth, measured)...)
	}
	return out
}

func printRow(w *bufio.Writer, row [][]string, widths []int) {
	height := 0
	for _, cell := range row {
		height = max(height, len(cell))
	}
	for at := range height {
		var line strings.Builder
		for i, cell := range row {
			text := ""
			if at < len(cell) {
				text = cell[at]
			}
			line.WriteString(padded(text, widths[i]) + "  ")
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}

func (s *Section) cards(w *bufio.Writer, v Voice, page [][][]string) {
	width := 0
	for _, c := range s.Columns {
		width = max(width, min(cellWidth, columns(c.Title.In(v))))
	}
	for _, row := range page {
		for i, cell := range row {
			label := wrapped(s.Columns[i].Title.In(v), cellWidth, measured)
			var text []string
			for _, line := range cell {
				text = append(text, wrapped(line, terminalWidth-float64(width)-2, measured)...)
			}
			printRow(w, [][]string{label, text}, []int{width, 0})
		}
		fmt.Fprintln(w)
	}
}

func measured(s string) float64 { return float64(columns(s)) }

// columns is how many places of a terminal a text takes: marks that sit on another character take none, wide ones two.
func columns(s string) (n int) {
	for _, r := range s {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me):
		case r >= 0x1100 && unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana), r >= 0xff01 && r <= 0xff60, r >= 0x1f300 && r <= 0x1faff:
			n += 2
		default:
			n++
		}
	}
	return n
}

func padded(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-columns(s)))
}
