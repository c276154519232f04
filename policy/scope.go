package policy

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"vestibule/fhir"
)

// letters is a set of SMART v2 interactions (https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html).
type letters uint8

// The interactions, in the order in which SMART wants them written.
const (
	letterCreate letters = 1 << iota
	letterRead
	letterUpdate
	letterDelete
	letterSearch
)

const letterOrder = "cruds"

// letterOf is the letter that an interaction needs; 0 for one that no grant can give.
func letterOf(k fhir.InteractionKind) letters {
	switch k {
	case fhir.InteractionRead:
		return letterRead
	case fhir.InteractionSearch:
		return letterSearch
	case fhir.InteractionCreate:
		return letterCreate
	case fhir.InteractionUpdate:
		return letterUpdate
	}
	return 0
}

// String is the set as SMART writes it.
func (l letters) String() string {
	var out []byte
	for i := range len(letterOrder) {
		if l&(1<<i) != 0 {
			out = append(out, letterOrder[i])
		}
	}
	return string(out)
}

// parseLetters reads "rs"; ok is false for an empty, repeated, unknown or out-of-order list, as SMART asks.
func parseLetters(s string) (l letters, ok bool) {
	last := -1
	for i := range len(s) {
		at := strings.IndexByte(letterOrder, s[i])
		if at <= last {
			return 0, false
		}
		last = at
		l |= 1 << at
	}
	return l, l != 0
}

// The levels of a scope.
const (
	levelUser   = "user"
	levelSystem = "system"
)

// scope is one SMART scope.
type scope struct {
	text     string
	level    string
	typ      string // "*" only in tokens
	letters  letters
	legacy   bool // written in SMART v1 form
	criteria []fhir.Clause
}

// splitScope reads a scope but for its criteria, which it returns as text. smart is false for a scope of another kind, such
// as openid; an error says what is wrong with one that means to be SMART's.
func splitScope(text string) (s scope, criteria string, smart bool, err error) {
	level, rest, ok := strings.Cut(text, "/")
	if !ok || level != levelUser && level != levelSystem && level != "patient" {
		return scope{}, "", false, nil
	}
	rest, criteria, narrowed := strings.Cut(rest, "?")
	typ, verbs, ok := strings.Cut(rest, ".")
	s = scope{text: text, level: level, typ: typ}
	switch {
	case !ok || typ == "" || narrowed && criteria == "":
		return scope{}, "", true, fmt.Errorf(`%q is not a scope: write it like "user/Appointment.rs?practitioner=Practitioner/42"`, text)
	case typ != "*" && !fhir.IsType(typ):
		return scope{}, "", true, fmt.Errorf("%q is not a type that can be granted; those are %s", typ, strings.Join(fhir.Types(), ", "))
	}
	if s.letters, s.legacy = legacyLetters(verbs); s.legacy {
		return s, criteria, true, nil
	}
	if s.letters, ok = parseLetters(verbs); !ok {
		return scope{}, "", true, lettersError(verbs)
	}
	return s, criteria, true, nil
}

// inOrder is a grant's scope with its interactions in SMART's order. People write grants, and rsu means what rus means; a
// token is held to the letter. What is not some of "cruds", once each, stays as it is and is refused as such.
func inOrder(text string) string {
	head, rest := text, ""
	if i := strings.IndexByte(text, '?'); i >= 0 {
		head, rest = text[:i], text[i:]
	}
	dot := strings.LastIndexByte(head, '.')
	var l letters
	for _, c := range head[dot+1:] {
		at := strings.IndexRune(letterOrder, c)
		if at < 0 || l&(1<<at) != 0 {
			return text
		}
		l |= 1 << at
	}
	return head[:dot+1] + l.String() + rest
}

// grantedScope is splitScope for a grant. People write grants, so the interactions may stand in any order; and SMART v1 means
// what it means in v2, but for deleting, which nobody can give.
func grantedScope(text string) (s scope, criteria string, smart bool, err error) {
	if s, criteria, smart, err = splitScope(inOrder(text)); s.legacy {
		s.letters &^= letterDelete
	}
	return s, criteria, smart, err
}

// lettersError says what would be right.
func lettersError(verbs string) error {
	if strings.Trim(verbs, letterOrder) != "" || verbs == "" {
		return fmt.Errorf(`%q are not interactions: use some of c, r, u and s`, verbs)
	}
	var l letters
	for i := range len(verbs) {
		l |= 1 << strings.IndexByte(letterOrder, verbs[i])
	}
	return fmt.Errorf(`SMART wants interactions once each and in the order of "cruds": write %s instead of %s`, l, verbs)
}

// legacyLetters reads the verbs of SMART v1.
func legacyLetters(verbs string) (l letters, ok bool) {
	const read, write = letterRead | letterSearch, letterCreate | letterUpdate | letterDelete
	switch verbs {
	case "read":
		return read, true
	case "write":
		return write, true
	case "*":
		return read | write, true
	}
	return 0, false
}

// parseCriteria reads what stands after a scope's "?": FHIR search criteria as in a URL, all of which have to match.
func parseCriteria(typ, text string, zone *time.Location) ([]fhir.Clause, error) {
	if text == "" {
		return nil, nil
	}
	var out []fhir.Clause
	for pair := range strings.SplitSeq(text, "&") {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || key == "" || value == "" {
			return nil, fmt.Errorf(`%q is not a criterion: write it like "status=booked"`, pair)
		}
		key, errKey := url.QueryUnescape(key)
		value, errValue := url.QueryUnescape(value)
		if errKey != nil || errValue != nil {
			return nil, fmt.Errorf("%q is not encoded as a URL", pair)
		}
		c, err := fhir.ParseClause(typ, key, value, zone)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// tokenScopes are those of a token's scopes that speak of one interaction on one type. A scope that cannot be read gives
// nothing: scopes add up, so leaving one out can only narrow.
type tokenScopes struct {
	free   bool // one of them has no criteria
	scopes []scope
}

func (t tokenScopes) none() bool { return !t.free && len(t.scopes) == 0 }

// scopesFor picks from a token's scopes. A person's token speaks at level user; an automated agent's at user or system. A
// token at level patient is bound to a patient by a launch, which does not happen here, so it gives nothing.
func scopesFor(c Caller, typ string, letter letters, zone *time.Location) tokenScopes {
	var out tokenScopes
	for _, text := range c.Scopes {
		if _, rest, _ := strings.Cut(text, "/"); !strings.HasPrefix(rest, typ+".") && !strings.HasPrefix(rest, "*.") {
			continue
		}
		s, criteria, smart, err := splitScope(text)
		if err != nil || !smart || s.letters&letter == 0 {
			continue
		}
		if s.level != levelUser && (s.level != levelSystem || !c.Automated) {
			continue
		}
		if criteria == "" {
			return tokenScopes{free: true}
		}
		if s.criteria, err = parseCriteria(typ, criteria, zone); err == nil {
			out.scopes = append(out.scopes, s)
		}
	}
	return out
}
