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

// WriteSection is Write, with the section that CSV is to hold; empty is the first.
func WriteSection(w io.Writer, r Report, f Format, l Language, section string) error {
	out := bufio.NewWriterSize(w, 1<<16)
	var err error
	v := r.voice(l)
	switch f {
	case CSV:
		i := max(0, slices.IndexFunc(r.Sections, func(s Section) bool { return s.ID == section }))
		if len(r.Sections) == 0 || section != "" && r.Sections[i].ID != section {
			return fmt.Errorf("report %s has no section %q; it has %v", r.Name, section, r.ids())
		}
		err = writeCSV(out, &r.Sections[i], v)
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

func (r *Report) ids() (out []string) {
	for _, s := range r.Sections {
		out = append(out, s.ID)
	}
	return out
}
