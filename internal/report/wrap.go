package report

import "strings"

// wrapped is text in lines of at most width by measure: broken at spaces, never at no-break spaces, and within a word only where
// it does not fit on a line by itself, after a sign such as "/" where there is one.
func wrapped(text string, width float64, measure func(string) float64) []string {
	var lines []string
	line := ""
	for word := range strings.SplitSeq(text, " ") {
		switch {
		case line == "":
			line = word
		case measure(line+" "+word) <= width:
			line += " " + word
			continue
		default:
			lines = append(lines, line)
			line = word
		}
		for measure(line) > width {
			head, tail := broken(line, width, measure)
			if tail == "" {
				break
			}
			lines = append(lines, head)
			line = tail
		}
	}
	return append(lines, line)
}

// broken is the longest beginning of a word that fits, one character at the least, and the rest.
func broken(word string, width float64, measure func(string) float64) (head, tail string) {
	end, sign := 0, 0
	for at, r := range word {
		next := at + len(string(r))
		if at > 0 && measure(word[:next]) > width {
			break
		}
		end = next
		if strings.ContainsRune("/|-_?&=,.:@\u00a0", r) {
			sign = next
		}
	}
	if sign > end/2 && end < len(word) {
		end = sign
	}
	return word[:end], word[end:]
}
