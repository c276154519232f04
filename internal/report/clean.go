package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxData bounds a text out of a record, in characters.
const maxData = 500

// Clean is s without anything that could act on whoever looks at it: control characters (ANSI escapes among them), overrides and
// marks of the direction of writing, invisible characters and line ends stand as "[U+202E]", so that a reader sees that something
// was there; what is not UTF-8 is U+FFFD; and it is cut at 500 characters.
func Clean(s string) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	count := 0
	for _, r := range s {
		if count++; count > maxData {
			b.WriteString(" …")
			break
		}
		if acts(r) {
			fmt.Fprintf(&b, "[U+%04X]", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// plain reports whether s is short printable ASCII, as almost everything is.
func plain(s string) bool {
	if len(s) > maxData {
		return false
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// acts reports whether a character does something instead of being seen: the general categories C (control, format, private,
// unassigned are not told apart: only the first two and surrogates act), line and paragraph separators, and the fillers that look
// like nothing.
func acts(r rune) bool {
	switch {
	case r == utf8.RuneError:
		return false // shown as what it is
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp):
		return true
	case r == '\u115f', r == '\u1160', r == '\u3164', r == '\uffa0', r == '\u2800', r == '\u034f', r >= '\ufe00' && r <= '\ufe0f', r >= 0xe0100 && r <= 0xe01ef:
		return true
	}
	return false
}
