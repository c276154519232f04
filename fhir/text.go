package fhir

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// ligatures are letters of French that no normalisation form takes apart.
var ligatures = strings.NewReplacer("œ", "oe", "æ", "ae")

// fold makes texts compare as people read them: without case and accents (http://hl7.org/fhir/R4/search.html#string).
func fold(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(s))
	return ligatures.Replace(s)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// stringValue is a value of a string parameter: a beginning by default, all of it with :exact, any part with :contains.
type stringValue struct {
	modifier string
	written  string
	folded   string
}

// parseText reads a string or :text value; one that folds to nothing would match everything.
func parseText(s string) (written, folded string, ok bool) {
	written, ok = plain(s)
	folded = fold(written)
	return written, folded, ok && folded != ""
}

func (t stringValue) text() string { return escaped(t.written) }

func (t stringValue) matches(v Value) bool {
	if v.Kind() != String {
		return false
	}
	switch t.modifier {
	case "exact":
		return string(v.text()) == t.written
	case "contains":
		return strings.Contains(fold(v.Text()), t.folded)
	}
	return strings.HasPrefix(fold(v.Text()), t.folded)
}

// uriValue is a value of a uri parameter: exact, or with :below and :above one that lies under or over it, segment by
// segment. Only URLs have levels, so a urn: finds itself alone (http://hl7.org/fhir/R4/search.html#uri).
type uriValue struct {
	modifier string
	uri      string
}

func (u uriValue) text() string { return escaped(u.uri) }

func (u uriValue) matches(v Value) bool {
	is := string(v.text())
	if is == "" {
		return false
	}
	switch u.modifier {
	case "below":
		return isUnder(is, u.uri)
	case "above":
		return isUnder(u.uri, is)
	}
	return is == u.uri
}

// isUnder reports whether uri is base or lies below it.
func isUnder(uri, base string) bool {
	rest, ok := strings.CutPrefix(uri, base)
	if !ok || rest == "" {
		return ok
	}
	return strings.Contains(base, "://") && (strings.HasSuffix(base, "/") || rest[0] == '/')
}
