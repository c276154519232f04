package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
)

// Format is how a report is written.
type Format string

// The formats.
const (
	Table  Format = "table" // for a terminal
	CSV    Format = "csv"
	NDJSON Format = "ndjson"
	HTML   Format = "html"
	PDF    Format = "pdf"
)

// Write writes the report. Its error is the writer's, or that of reading the rows; what was written by then is not whole.
func Write(w io.Writer, r Report, f Format, l Language) error { return WriteSection(w, r, f, l, "") }

// WriteSection is Write, with the section that CSV is to hold; empty is the first, with those that have the same columns.
func WriteSection(w io.Writer, r Report, f Format, l Language, section string) error {
	out := bufio.NewWriterSize(w, 1<<16)
	var err error
	v := r.voice(l)
	switch f {
	case CSV:
		tables := r.first()
		if i := slices.IndexFunc(r.Sections, func(s Section) bool { return s.ID == section }); i >= 0 {
			tables = r.Sections[i : i+1]
		} else if len(tables) == 0 || section != "" {
			return fmt.Errorf("report %s has no section %q; it has %v", r.Name, section, ids(r.Sections))
		}
		err = writeCSV(out, tables, v)
	case NDJSON:
		err = writeNDJSON(out, &r, v)
	case HTML:
		err = writeHTML(out, &r, v)
	case PDF:
		err = writePDF(out, &r, v)
	case Table:
		err = writeTable(out, &r, v)
	default:
		err = fmt.Errorf("there is no format %q", f)
	}
	if err != nil {
		return err
	}
	return out.Flush()
}

// first is the first section, with those that have the same columns.
func (r *Report) first() (out []Section) {
	for _, s := range r.Sections {
		if slices.EqualFunc(s.Columns, r.Sections[0].Columns, func(a, b Column) bool { return a.ID == b.ID && a.Title.en == b.Title.en }) {
			out = append(out, s)
		}
	}
	return out
}

// Others are the sections that CSV does not hold where none is asked for.
func (r *Report) Others() []string {
	held := ids(r.first())
	return slices.DeleteFunc(ids(r.Sections), func(id string) bool { return slices.Contains(held, id) })
}

func ids(of []Section) (out []string) {
	for _, s := range of {
		out = append(out, s.ID)
	}
	return out
}
