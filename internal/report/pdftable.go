package report

import "slices"

// pdfTable is a table on paper.
type pdfTable struct {
	*paper
	section *Section
	widths  []float64
	titles  [][]string // the lines of each column's title
	size    float64    // of the letters
	step    float64    // from line to line
}

func (p *paper) section(s *Section) error {
	t := p.table(s)
	first := true
	err := s.each(func(row []Value) error {
		if p.rows++; p.rows > MaxPDFRows {
			return ErrTooLong
		}
		p.SetFont(fontText, "", t.size)
		cells := make([][]string, 0, len(row))
		for i, value := range row {
			cells = append(cells, t.fitted(i, value.lines(p.voice)))
		}
		if first {
			t.begin(cells)
		}
		t.row(cells, first)
		first = false
		return p.Error()
	})
	if err == nil && first {
		texts := append(slices.Clone(s.Intro), s.none())
		p.heading(s.Title, p.tall(texts))
		p.paragraphs(texts)
	}
	return err
}

// begin writes what stands above a table, on the page of its first row: all of that row where a page holds it.
func (t *pdfTable) begin(row [][]string) {
	above := t.tall(t.section.Intro) + t.height(t.titles)
	height := t.height(row)
	if most := t.bottom() - margin - above - 12; height > most { // 12 mm are the heading's
		height = 3*t.step + padding
	}
	t.heading(t.section.Title, above+height)
	t.paragraphs(t.section.Intro)
	t.header()
}

// table shares the width among the columns; many columns have small letters.
func (p *paper) table(s *Section) *pdfTable {
	t := &pdfTable{paper: p, section: s, size: sizeCell}
	if len(s.Columns) > mostColumns+2 {
		t.size = 6.5
	}
	t.step = t.size * points * 1.3
	total := 0
	for _, c := range s.Columns {
		total += c.width()
	}
	p.SetFont(fontText, "B", t.size)
	for i, c := range s.Columns {
		t.widths = append(t.widths, p.width()*float64(c.width())/float64(total))
		t.titles = append(t.titles, t.fitted(i, []string{c.Title.In(p.voice)}))
	}
	return t
}

// fitted is a cell's lines in the width of its column and the present font.
func (t *pdfTable) fitted(column int, lines []string) (out []string) {
	for _, line := range lines {
		out = append(out, wrapped(t.shown(line), t.widths[column]-2, t.GetStringWidth)...)
	}
	return out
}

func (t *pdfTable) height(cells [][]string) float64 {
	most := 0
	for _, cell := range cells {
		most = max(most, len(cell))
	}
	return float64(most)*t.step + 2*padding
}

func (t *pdfTable) header() {
	t.SetFont(fontText, "B", t.size)
	t.SetFillColor(228, 234, 239)
	t.Rect(margin, t.GetY(), t.width(), t.height(t.titles), "F")
	t.cells(t.titles)
	t.SetFont(fontText, "", t.size)
}

// row writes a row: on the next page where it does not fit, under the header, and in pieces where it fits on none. The first
// stays with the header.
func (t *pdfTable) row(cells [][]string, first bool) {
	full := t.bottom() - margin - t.height(t.titles)
	if h := t.height(cells); !first && t.GetY()+h > t.bottom() && h <= full {
		t.turn()
	}
	for t.GetY()+t.height(cells) > t.bottom() {
		fits := int((t.bottom() - t.GetY() - 2*padding) / t.step)
		if fits < 1 {
			t.turn()
			continue
		}
		var now [][]string
		now, cells = split(cells, fits)
		t.cells(now)
		t.turn()
	}
	t.cells(cells)
	t.SetDrawColor(201, 209, 216)
	t.Line(margin, t.GetY(), margin+t.width(), t.GetY())
}

// split is the first n lines of every cell, and the others.
func split(cells [][]string, n int) (now, later [][]string) {
	for _, cell := range cells {
		at := min(n, len(cell))
		now, later = append(now, cell[:at]), append(later, cell[at:])
	}
	return now, later
}

func (t *pdfTable) turn() {
	t.AddPage()
	t.SetY(margin)
	t.header()
}

func (t *pdfTable) cells(cells [][]string) {
	x, y := margin, t.GetY()
	for i, cell := range cells {
		for at, line := range cell {
			t.SetXY(x+1, y+padding+float64(at)*t.step)
			t.CellFormat(t.widths[i]-2, t.step, line, "", 0, "L", false, 0, "")
		}
		x += t.widths[i]
	}
	t.SetXY(margin, y+t.height(cells))
}
