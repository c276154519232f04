package report

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
)

// MaxPDFRows bounds what goes into a PDF, which is made in memory.
const MaxPDFRows = 20_000

// ErrTooLong is what a PDF of more than MaxPDFRows rows ends with.
var ErrTooLong = errors.New("this report has more than 20,000 rows, too many for a PDF; take a shorter period, or another format")

// The paper: US letter on its side, in millimetres and points.
const (
	margin   = 14.0
	fontText = "go"
	sizeText = 9.5
	sizeCell = 8.0
	padding  = 0.9
	leading  = 1.35      // from line to line, in heights of a letter
	points   = 25.4 / 72 // millimetres
)

// paper is a PDF under construction.
type paper struct {
	*fpdf.Fpdf
	voice    Voice
	font     *sfnt.Font // tells which characters there are
	buf      sfnt.Buffer
	replaced bool // one was not
	rows     int
}

// writePDF writes the report on paper. The same report gives the same bytes.
func writePDF(w io.Writer, r *Report, v Voice) error {
	font, err := sfnt.Parse(goregular.TTF)
	if err != nil {
		return err
	}
	p := &paper{Fpdf: fpdf.New("L", "mm", "Letter", ""), voice: v, font: font}
	p.SetCatalogSort(true)
	p.SetCreationDate(r.Head.Made.UTC())
	p.SetModificationDate(r.Head.Made.UTC())
	p.SetTitle(r.Title.In(v), true)
	p.SetAuthor(Clean(r.Head.ClinicTitle), true)
	p.SetCreator("Vestibule", true)
	p.SetLang(v.Language.tag())
	p.AddUTF8FontFromBytes(fontText, "", goregular.TTF)
	p.AddUTF8FontFromBytes(fontText, "B", gobold.TTF)
	p.SetMargins(margin, margin, margin)
	p.SetAutoPageBreak(false, margin)
	p.SetCellMargin(0)
	p.AddPage()
	p.head(r)
	for i := range r.Sections {
		if err := p.section(&r.Sections[i]); err != nil {
			return err
		}
	}
	p.titled(wordNotes, r.Notes)
	p.titled(wordProof, r.proof())
	if p.replaced {
		p.paragraphs([]Text{sayOtherFont})
	}
	p.footers(r)
	if err := p.Error(); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return p.Output(w)
}

// footers writes the title and the number of each page, once it is known how many there are: a placeholder that is filled in later
// would be filled in wherever a record says the same.
func (p *paper) footers(r *Report) {
	title := p.shown(r.Title.In(p.voice) + " · " + p.voice.clock(r.Head.Made, false))
	pages := p.PageCount()
	p.SetTextColor(74, 85, 96)
	for n := range pages {
		p.SetPage(n + 1)
		p.SetY(-margin + 4)
		p.SetFont(fontText, "", 7.5)
		p.CellFormat(0, 4, title, "", 0, "L", false, 0, "")
		p.SetX(margin)
		p.CellFormat(0, 4, wordPage.With(Number(n+1), Number(pages)).In(p.voice), "", 0, "R", false, 0, "")
	}
}

func (p *paper) width() float64 {
	w, _ := p.GetPageSize()
	return w - 2*margin
}

// bottom is where a page ends.
func (p *paper) bottom() float64 {
	_, h := p.GetPageSize()
	return h - margin - 2
}

// room makes sure that there are so many millimetres left on the page.
func (p *paper) room(height float64) {
	if p.GetY()+height > p.bottom() {
		p.AddPage()
		p.SetXY(margin, margin)
	}
}

func (p *paper) head(r *Report) {
	p.SetTextColor(27, 31, 36)
	p.SetFont(fontText, "B", 17)
	p.lines(r.Title.In(p.voice), p.width(), 17)
	p.Ln(2)
	for _, l := range r.frame() {
		p.SetFont(fontText, "", sizeText)
		p.SetTextColor(74, 85, 96)
		p.CellFormat(24, 5, p.shown(l.Label.In(p.voice)), "", 0, "L", false, 0, "")
		p.SetTextColor(27, 31, 36)
		p.lines(l.Value.In(p.voice), p.width()-24, sizeText)
	}
	if len(r.Lead) > 0 {
		p.Ln(2)
		p.lead(r.Lead)
	}
}

// lead is the answer, on a ground of its own.
func (p *paper) lead(lead []Text) {
	p.SetFont(fontText, "B", sizeText+1)
	height, step := 4.0, (sizeText+1)*points*1.4
	var all []string
	for _, t := range lead {
		all = append(all, wrapped(p.shown(t.In(p.voice)), p.width()-10, p.GetStringWidth)...)
	}
	height += float64(len(all)) * step
	p.room(height)
	p.SetFillColor(238, 244, 248)
	p.Rect(margin, p.GetY(), p.width(), height, "F")
	p.SetFillColor(31, 95, 139)
	p.Rect(margin, p.GetY(), 1.2, height, "F")
	p.SetY(p.GetY() + 2)
	for _, line := range all {
		p.SetX(margin + 5)
		p.CellFormat(0, step, line, "", 1, "L", false, 0, "")
	}
	p.SetY(p.GetY() + 2)
}

func (p *paper) titled(title Text, texts []Text) {
	if len(texts) == 0 {
		return
	}
	p.heading(title, p.tall(texts[:1]))
	p.paragraphs(texts)
}

// heading writes a heading on the page of what follows it, which is so tall.
func (p *paper) heading(title Text, follows float64) {
	const size = 12
	text := title.In(p.voice)
	p.Ln(4)
	p.SetFont(fontText, "B", size)
	p.room(float64(len(wrapped(p.shown(text), p.width(), p.GetStringWidth)))*size*points*leading + 1 + follows)
	p.lines(text, p.width(), size)
	p.Ln(1)
}

func (p *paper) paragraphs(texts []Text) {
	p.SetFont(fontText, "", sizeText)
	for _, t := range texts {
		p.lines(t.In(p.voice), p.textWidth(), sizeText)
		p.Ln(1)
	}
}

// tall is the height of paragraphs.
func (p *paper) tall(texts []Text) (height float64) {
	p.SetFont(fontText, "", sizeText)
	for _, t := range texts {
		height += float64(len(wrapped(p.shown(t.In(p.voice)), p.textWidth(), p.GetStringWidth)))*sizeText*points*leading + 1
	}
	return height
}

// textWidth is how wide running text is.
func (p *paper) textWidth() float64 { return min(p.width(), 215) }

// lines writes text in lines, on from the present place, and ends at the left of the next line.
func (p *paper) lines(text string, width, size float64) {
	x, step := p.GetX(), size*points*leading
	for _, line := range wrapped(p.shown(text), width, p.GetStringWidth) {
		if p.GetY()+step > p.bottom() {
			p.AddPage()
			p.SetY(margin)
		}
		p.SetX(x)
		p.CellFormat(width, step, line, "", 1, "L", false, 0, "")
	}
	p.SetX(margin)
}

// shown is text in characters that the font has; the others are shown by their number, so that nothing is left out unseen.
func (p *paper) shown(text string) string {
	var b strings.Builder
	for _, r := range text {
		at, err := p.font.GlyphIndex(&p.buf, r)
		if err == nil && at > 0 && r <= 0xffff {
			b.WriteRune(r)
			continue
		}
		p.replaced = true
		fmt.Fprintf(&b, "[U+%04X]", r)
	}
	return b.String()
}
