package report

import (
	"encoding/csv"
	"io"
	"strings"
)

// writeCSV writes one section as RFC 4180 has it, in UTF-8, with the titles of the columns above.
func writeCSV(w io.Writer, s *Section, v Voice) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	cells := make([]string, 0, len(s.Columns))
	for _, c := range s.Columns {
		cells = append(cells, defused(c.Title.In(v)))
	}
	if err := out.Write(cells); err != nil {
		return err
	}
	err := s.each(func(row []Value) error {
		cells = cells[:0]
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
