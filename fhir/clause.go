package fhir

import "time"

// Clause is one criterion of a search: a parameter, perhaps a modifier, and values of which one has to match. It belongs to
// one resource type. The zero Clause matches nothing.
type Clause struct {
	typ      string
	param    *SearchParam // in the table; nil in the zero Clause
	modifier string       // canonical: "" where the modifier only said what the value says too
	values   []operand    // never empty, sorted by their text
	zone     *time.Location
}

// IsZero reports whether c is no criterion; it matches nothing.
func (c Clause) IsZero() bool { return c.param == nil }

// Type is the resource type that c is about.
func (c Clause) Type() string { return c.typ }

// Param is the search parameter that c is about.
func (c Clause) Param() SearchParam {
	if c.param == nil {
		return SearchParam{}
	}
	return *c.param
}

// Modifier is what stands after the parameter's name, without the colon: "not", "missing", "exact", …, or "".
func (c Clause) Modifier() string { return c.modifier }

// Key is the parameter's name with its modifier, as it stands left of the "=" in a URL, not encoded.
func (c Clause) Key() string {
	if c.modifier == "" || c.param == nil {
		return c.Param().Name
	}
	return c.param.Name + ":" + c.modifier
}

// Equal reports whether two clauses say the same.
func (c Clause) Equal(o Clause) bool {
	return c.typ == o.typ && c.param == o.param && c.modifier == o.modifier && c.Value() == o.Value()
}

// Value is the canonical text of the values, as it stands right of the "=" in a URL, not encoded: sorted, each once,
// references as "Type/id", times with their zone.
func (c Clause) Value() string { return "" }

// Match reports whether r is of c's type and meets c.
func (c Clause) Match(r Resource) bool { return false }

// Or is the union of two criteria with the same parameter and modifier: what matches either. ok is false where no single
// criterion can say it (another parameter or zone, :not, :missing, too many values).
func (c Clause) Or(o Clause) (union Clause, ok bool) { return Clause{}, false }

// Token is a value of a token parameter.
type Token struct {
	System string // "" where none was asked for
	Code   string // "" for every code of the system
	Plain  bool   // written without '|': any system will do
}

// Tokens are the values of a token clause, for adapters that translate it; empty for every other clause.
func (c Clause) Tokens() []Token { return nil }

// Refs are the values of a reference clause that name local resources. complete is false where the clause also has others
// (absolute URLs, identifiers) or is not a reference clause, so that an adapter cannot answer it from the refs alone.
func (c Clause) Refs() (refs []Ref, complete bool) { return nil, false }

// Span is a time span that every date matching c overlaps, from inclusive, to exclusive; a zero time leaves that side open.
// Adapters fetch the span and filter with Match.
func (c Clause) Span() (from, to time.Time) { return time.Time{}, time.Time{} }

// ParseClause reads one criterion: key as in "status" or "status:not", value as in a URL after decoding, with \, \| \$ and
// \\ for the characters that are special. Times without a zone are in zone (nil means UTC). Errors are *Error of kind
// KindNotSupported for the key, KindInvalid or KindUnprocessable for the value, with the parameter's name in Path.
func ParseClause(typ, key, value string, zone *time.Location) (Clause, error) {
	return Clause{}, E("fhir.ParseClause", KindNotSupported, "unknown-parameter", "Not a search parameter.")
}

// DateBetween are the criteria that a date parameter lies between from (inclusive) and to (exclusive), for windows of
// grants; a zero time leaves that side open. It is a zero Clause, which matches nothing, if param is no date parameter of typ.
func DateBetween(typ, param string, from, to time.Time) []Clause { return []Clause{{}} }

type operand interface{ text() string }
