package report

import (
	"crypto/sha256"
	_ "embed" // the page and its style
	"encoding/base64"
	"html/template"
	"io"
	"iter"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

// page is what the template shows; everything but the style is text, which html/template escapes.
type page struct {
	Lang, Title, Summary, NotesTitle, ProofTitle string
	StyleHash                                    string
	Style                                        template.CSS
	Frame                                        []pageLine
	Lead, Notes, Proof                           []string
	Sections                                     []pageSection
}

type pageLine struct{ Label, Text string }

type pageSection struct {
	section *Section
	voice   Voice
	failed  *error
	rows    int

	ID, Title string
	Intro     []string
}

type pageCell struct {
	Head  bool // the cell that names the row
	Class string
	Lines []string
}

// pageTable is the one table of a section; a section without rows has none.
type pageTable struct {
	ID      string
	Wide    bool
	Columns []string
	Rows    iter.Seq[[]pageCell]
}

// writeHTML writes one file that needs no other and runs nothing.
func writeHTML(w io.Writer, r *Report, v Voice) error {
	t, err := template.New("page").Parse(pageHTML)
	if err != nil {
		return err
	}
	var failed error
	sum := sha256.Sum256([]byte(pageCSS))
	p := page{
		Lang: v.Language.tag(), Title: r.Title.In(v), Summary: wordSummary.In(v), NotesTitle: wordNotes.In(v), ProofTitle: wordProof.In(v),
		StyleHash: "sha256-" + base64.StdEncoding.EncodeToString(sum[:]), Style: template.CSS(pageCSS),
		Lead: texts(r.Lead, v), Notes: texts(r.Notes, v), Proof: texts(r.proof(), v),
	}
	for _, l := range r.frame() {
		p.Frame = append(p.Frame, pageLine{l.Label.In(v), l.Value.In(v)})
	}
	for i := range r.Sections {
		s := &r.Sections[i]
		p.Sections = append(p.Sections, pageSection{section: s, voice: v, failed: &failed, ID: s.ID, Title: s.Title.In(v), Intro: texts(s.Intro, v)})
	}
	if err := t.Execute(w, &p); err != nil {
		return err
	}
	return failed
}

func texts(of []Text, v Voice) (out []string) {
	for _, t := range of {
		out = append(out, t.In(v))
	}
	return out
}

// Tables is the section's table, none where there is no row.
func (s *pageSection) Tables() []pageTable {
	if err := s.section.each(func([]Value) error { return errStopped }); err == nil {
		return nil
	}
	t := pageTable{ID: s.ID, Wide: len(s.section.Columns) > mostColumns+2, Rows: s.each}
	for _, c := range s.section.Columns {
		t.Columns = append(t.Columns, c.Title.In(s.voice))
	}
	return []pageTable{t}
}

// None is what is said in the place of rows, once the table has turned out to have none.
func (s *pageSection) None() string {
	if s.rows > 0 || *s.failed != nil {
		return ""
	}
	return s.section.none().In(s.voice)
}

// each is the rows, read while they are written. A template knows no errors of a sequence: failed keeps it.
func (s *pageSection) each(yield func([]pageCell) bool) {
	if *s.failed != nil {
		return
	}
	err := s.section.each(func(row []Value) error {
		s.rows++
		cells := make([]pageCell, 0, len(row))
		for i, value := range row {
			cells = append(cells, pageCell{Head: i == 0, Class: value.class(), Lines: value.lines(s.voice)})
		}
		if !yield(cells) {
			return errStopped
		}
		return nil
	})
	if err != nil && *s.failed == nil {
		*s.failed = err
	}
}

// class is how the style sheet knows the value.
func (v Value) class() string {
	switch v.kind {
	case number:
		return "number"
	case minute, second, clock, day:
		return "time"
	case code:
		return "code"
	case unknown:
		return "unknown"
	case several:
		return v.list[0].class()
	}
	return ""
}
