package fhir

// Ref names a resource: its type, its logical id and, where one is meant, a version. The zero value names nothing.
type Ref struct {
	Type    string
	ID      string
	Version string
}

// ParseRef reads a literal reference "Type/id" or "Type/id/_history/version". An absolute URL, a urn:, a "#fragment" and
// anything malformed are not local references: ok is false.
// Source: http://hl7.org/fhir/R4/references.html#literal.
func ParseRef(s string) (ref Ref, ok bool) {
	typ, id, version, ok := splitRef(s)
	return Ref{Type: typ, ID: id, Version: version}, ok
}

// LocalRef is the type and the id of the literal local reference that v is, read as ParseRef does but without copying; ok is
// false where it is none. The bytes must not be changed.
func (v Value) LocalRef() (typ, id []byte, ok bool) {
	typ, id, _, ok = splitRef(v.text())
	return typ, id, ok
}

// splitRef takes a literal reference apart; all parts are empty where ok is false.
func splitRef[T string | []byte](s T) (typ, id, version T, ok bool) {
	const history = "/_history/"
	var none T
	at := slash(s, 0)
	if at < 0 || !validType(s[:at]) {
		return none, none, none, false
	}
	typ, id = s[:at], s[at+1:]
	if end := slash(s, at+1); end >= 0 {
		if len(s)-end <= len(history) || string(s[end:end+len(history)]) != history {
			return none, none, none, false
		}
		id, version = s[at+1:end], s[end+len(history):]
		if !validID(version) {
			return none, none, none, false
		}
	}
	if !validID(id) {
		return none, none, none, false
	}
	return typ, id, version, true
}

// slash is where the next slash stands in s from at on; -1 for none.
func slash[T string | []byte](s T, at int) int {
	for ; at < len(s); at++ {
		if s[at] == '/' {
			return at
		}
	}
	return -1
}

// IsZero reports whether r names nothing.
func (r Ref) IsZero() bool { return r == Ref{} }

// String is "Type/id", with "/_history/version" when a version is named.
func (r Ref) String() string {
	switch {
	case r.IsZero():
		return ""
	case r.Version != "":
		return r.Type + "/" + r.ID + "/_history/" + r.Version
	case r.ID == "":
		return r.Type
	}
	return r.Type + "/" + r.ID
}

// ValidID reports whether s is a FHIR id that is safe in a path: 1 to 64 of A-Z a-z 0-9 - and '.', but not "." or "..",
// which R4's pattern lets through (hazard H13).
func ValidID(s string) bool { return validID(s) }

func validID[T string | []byte](s T) bool {
	if len(s) == 0 || len(s) > 64 || string(s) == "." || string(s) == ".." {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !isAlnum(c) && c != '-' && c != '.' {
			return false
		}
	}
	return true
}

// ValidType reports whether s is spelt like a resource type: an upper-case letter, then letters.
func ValidType(s string) bool { return validType(s) }

// validType reports whether s is spelt like a resource type: an upper-case letter, then letters.
func validType[T string | []byte](s T) bool {
	if len(s) == 0 || len(s) > 64 || s[0] < 'A' || s[0] > 'Z' {
		return false
	}
	for i := range len(s) {
		if c := s[i] | 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}
