package fhir

import (
	"slices"
	"strings"
	"time"
)

// Clause is one criterion of a search: a parameter, perhaps a modifier, and values of which one has to match. It belongs to
// one resource type. The zero Clause matches nothing.
type Clause struct {
	typ      string
	param    *SearchParam // in the table; nil in the zero Clause
	modifier string       // canonical: "" where the modifier only said what the value says too
	values   []operand    // never empty, sorted by their text
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

// Modifier is what stands after the parameter's name, without the colon: "not", "missing", "exact", …, or "". A type, as in
// "subject:Patient=1", is not kept: the value says it.
func (c Clause) Modifier() string { return c.modifier }

// Key is the parameter's name with its modifier, as it stands left of the "=" in a URL, not encoded.
func (c Clause) Key() string {
	if c.param == nil {
		return ""
	}
	if c.modifier == "" {
		return c.param.Name
	}
	return c.param.Name + ":" + c.modifier
}

// Value is the canonical text of the values, as it stands right of the "=" in a URL, not encoded: sorted, each once, special
// characters escaped, references as "Type/id", times of day with their zone.
func (c Clause) Value() string {
	texts := make([]string, len(c.values))
	for i, v := range c.values {
		texts[i] = v.text()
	}
	return strings.Join(texts, ",")
}

// Equal reports whether two clauses say the same.
func (c Clause) Equal(o Clause) bool {
	return c.typ == o.typ && c.param == o.param && c.modifier == o.modifier && c.Value() == o.Value() && c.zone() == o.zone()
}

// zone is the zone that dates without one are read in; "" for clauses that are not about dates.
func (c Clause) zone() string {
	if len(c.values) > 0 {
		if d, ok := c.values[0].(dateValue); ok {
			return d.zone.String()
		}
	}
	return ""
}

// Reads are the paths of the elements by whose values c matches or does not: for a reference its "reference" alone, so that
// its display may be hidden, and its identifier for :identifier, and what says its type where that counts; for a concept its codings, so that its text may be hidden;
// whether something is missing, the whole element says.
func (c Clause) Reads() []string {
	switch {
	case c.param == nil:
		return nil
	case c.modifier == "identifier" && c.param.Target != "": // which asks to what the reference is, too
		return slices.Concat(below(c.param.Paths, "identifier"), below(c.param.Paths, "reference"), below(c.param.Paths, "type"))
	case c.modifier == "identifier":
		return below(c.param.Paths, "identifier")
	case c.modifier == "" || c.modifier == "not":
		return c.param.Reads()
	}
	return c.param.Paths
}

// Match reports whether r is of c's type and meets c.
func (c Clause) Match(r Resource) bool {
	m := r.Matching()
	return m.meets(&c)
}

// takes reports whether one of the values matches what stands at v.
func (c *Clause) takes(v Value) bool {
	for _, o := range c.values {
		if o.matches(v) {
			return true
		}
	}
	return false
}

// Or is the union of two criteria with the same parameter and modifier: what matches either. ok is false where no single
// criterion can say it: another parameter, modifier or zone, :not, :missing, too many values.
func (c Clause) Or(o Clause) (union Clause, ok bool) {
	switch {
	case c.IsZero() || c.typ != o.typ || c.param != o.param || c.modifier != o.modifier || c.zone() != o.zone():
		return Clause{}, false
	case c.Equal(o):
		return c, true
	case c.modifier == "not" || c.modifier == "missing":
		return Clause{}, false
	}
	c.values = canonical(slices.Concat(c.values, o.values))
	if len(c.values) > maxValues {
		return Clause{}, false
	}
	return c, true
}

// canonical sorts values by their text and drops repeated ones.
func canonical(values []operand) []operand {
	slices.SortStableFunc(values, func(a, b operand) int { return strings.Compare(a.text(), b.text()) })
	return slices.CompactFunc(values, func(a, b operand) bool { return a.text() == b.text() })
}

// Tokens are the values of a token clause that compares codes (no :text, :of-type, :missing), for adapters that translate
// it; empty for every other clause. Mind Modifier: with "not" they are what is excluded.
func (c Clause) Tokens() []Token {
	var out []Token
	for _, o := range c.values {
		if t, ok := o.(tokenValue); ok {
			out = append(out, t.Token)
		}
	}
	return out
}

// Refs are the values of a reference clause that name local resources. complete is false where the clause also has others
// (absolute URLs, identifiers) or is not about references, so that it cannot be answered from the refs alone.
func (c Clause) Refs() (refs []Ref, complete bool) {
	for _, o := range c.values {
		if r, ok := o.(refValue); ok && !r.ref.IsZero() {
			refs = append(refs, r.ref)
		}
	}
	return refs, len(refs) > 0 && len(refs) == len(c.values)
}

// Span is a stretch of time that every date matching c overlaps, from inclusive, to exclusive; a zero time leaves that side
// open. Adapters fetch the span and filter with Match.
func (c Clause) Span() (from, to time.Time) {
	if c.IsZero() || c.param.Type != ParamDate {
		return from, to
	}
	hull := interval{always.to, always.from}
	for _, o := range c.values {
		d, ok := o.(dateValue)
		if !ok {
			return from, to // :missing
		}
		r := d.reach()
		if r.from.Before(hull.from) {
			hull.from = r.from
		}
		if r.to.After(hull.to) {
			hull.to = r.to
		}
	}
	return hull.ends()
}

// ends are an interval's ends with a zero time for an open one.
func (a interval) ends() (from, to time.Time) {
	if a.from.After(always.from) {
		from = a.from
	}
	if a.to.Before(always.to) {
		to = a.to
	}
	return from, to
}

// DateBetween are the criteria that a date parameter lies between from (inclusive) and to (exclusive), for the windows of
// grants; a zero time leaves that side open. As R4 has it, a date or Period that reaches into the window lies in it. Dates
// without a zone are read in from's location (to's where from is zero). Where nothing can match (no window, an empty one,
// param no date parameter of typ) it is one zero Clause, which matches nothing.
func DateBetween(typ, param string, from, to time.Time) []Clause {
	zone := from.Location()
	if from.IsZero() {
		zone = to.Location()
	}
	if p := findParam(typ, param); p == nil || p.Type != ParamDate {
		return []Clause{{}}
	}
	if from.IsZero() && to.IsZero() || !from.IsZero() && !to.IsZero() && !from.Before(to) {
		return []Clause{{}}
	}
	var out []Clause
	for _, bound := range []struct {
		prefix string
		at     time.Time
	}{{"ge", from}, {"lt", to}} {
		if bound.at.IsZero() {
			continue
		}
		c, err := ParseClause(typ, param, bound.prefix+bound.at.UTC().Format(time.RFC3339Nano), zone)
		if err != nil {
			return []Clause{{}}
		}
		out = append(out, c)
	}
	return out
}
