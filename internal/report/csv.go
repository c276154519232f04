package report

import (
	"encoding/csv"
	"io"
	"slices"
	"strings"
)

// writeCSV writes sections of the same columns as RFC 4180 has it, in UTF-8, with the titles of the columns above; of several, each row
// begins with the section that it is of.
func writeCSV(w io.Writer, sections []Section, v Voice) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	var lead []string
	if len(sections) > 1 {
		lead = []string{wordSection.In(v)}
	}
	cells := slices.Clone(lead)
	for _, c := range sections[0].Columns {
		cells = append(cells, defused(c.Title.In(v)))
	}
	if err := out.Write(cells); err != nil {
		return err
	}
	for i := range sections {
		s := &sections[i]
		err := s.each(func(row []Value) error {
			if cells = cells[:0]; len(lead) > 0 {
				cells = append(cells, s.ID)
			}
			for _, value := range row {
				text := value.plain(v)
				if !value.isNumber() {
					text = defused(text)
				}
				cells = append(cells, text)
			}
			return out.Write(cells)
		})
		if err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// defused is text that no spreadsheet takes for a formula: an apostrophe before what begins like one, also in full width, also
// after spaces (https://owasp.org/www-community/attacks/CSV_Injection).
func defused(text string) string {
	start := strings.TrimLeft(text, " \u00a0\u3000")
	for _, sign := range [...]string{"=", "+", "-", "@", "|", "%", "＝", "＋", "－", "＠"} {
		if strings.HasPrefix(start, sign) {
			return "'" + text
		}
	}
	return text
}
