package fhir

import (
	"strings"
	"unicode/utf8"
)

// operand is one value of a clause, ready to be compared.
type operand interface {
	// text is the value as it stands in a URL, in canonical form, special characters escaped.
	text() string
	// matches compares with what stands at one of the parameter's paths, never an array.
	matches(v Value) bool
	// may reports whether what stands there, in the resource root, may match; it need not hold where matches does. For
	// :missing see presence.
	may(v, root Value) bool
}

// Limits of a search. They bound the work that one request can cause, not what a person asks for.
const (
	maxClauses = 64    // criteria of a search
	maxValues  = 256   // values of a search, over all criteria
	maxValue   = 1024  // bytes of one value
	maxSearch  = 32768 // bytes of query string and form together
)

// splitValue splits at every sep that is not escaped by a backslash; the pieces keep their escapes
// (http://hl7.org/fhir/R4/search.html#escaping).
func splitValue(s string, sep byte) []string {
	var out []string
	start := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case sep:
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	return append(out, s[start:])
}

// special are the characters that a backslash escapes in a search value.
const special = `\,|$`

// plain resolves the escapes of a value. ok is false where a special character stands alone, a backslash escapes something
// else, or the text is empty, too long, not UTF-8 or holds control characters.
func plain(s string) (text string, ok bool) {
	if s == "" || len(s) > maxValue || !utf8.ValidString(s) {
		return "", false
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c < 0x20 || c == 0x7F:
			return "", false
		case c == '\\':
			i++
			if i == len(s) || strings.IndexByte(special, s[i]) < 0 {
				return "", false
			}
			c = s[i]
		case strings.IndexByte(special, c) >= 0:
			return "", false
		}
		b.WriteByte(c)
	}
	return b.String(), true
}

// escaped is the reverse of plain.
func escaped(s string) string {
	if !strings.ContainsAny(s, special) {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		if strings.IndexByte(special, s[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// presence is the value of :missing. It matches what counts as a value of the parameter; the clause turns that round.
type presence struct {
	missing bool
	target  string // for parameters of the form where(resolve() is target)
}

func (p presence) text() string {
	if p.missing {
		return "true"
	}
	return "false"
}

func (p presence) matches(v Value) bool {
	if v.Kind() == Null {
		return false
	}
	return p.target == "" || refType(v) == p.target
}
