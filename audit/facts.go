package audit

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The kinds of posting: what the index finds records by.
const (
	kindAgent   = "a" // "iss|sub"
	kindSubject = "u" // sub alone
	kindName    = "n" // the agent's name, folded
	kindOutcome = "o"
	kindPhase   = "f"
	kindType    = "t" // AuditEvent.type code
	kindSubtype = "s" // AuditEvent.subtype code
	kindAction  = "c" // AuditEvent.action
	kindWrite   = "w" // Record.Operation
	kindAddress = "d" // the network address of the caller
	kindClient  = "l" // the OAuth client
	kindGrant   = "g" // "name@version"
	kindPatient = "p" // "Patient/1"
	kindAsked   = "q" // "Patient/1", whom a search named
	kindQuarter = "h" // the quarter of an hour that it is dated in, see quarterOf
	kindID      = "i" // the first idDigits of Record.ID
)

// value is something to search by.
type value struct{ kind, text string }

// facts are what the index keeps of a record.
type facts struct {
	id      string
	millis  int64 // Unix milliseconds
	intent  bool
	settles int64 // index of the intent it settles, -1: none
	values  []value
}

// factsOf reads the facts out of a record; the index is made of nothing else.
func factsOf(r *Record) facts { return factsIn(nil, r) }

// factsIn is factsOf with room for its values, whose memory they take over.
func factsIn(room []value, r *Record) facts {
	f := facts{id: r.ID, millis: r.Time.UnixMilli(), intent: r.Phase == PhaseIntent, settles: -1}
	if r.Intent != nil && (r.Phase == PhaseOutcome || r.Phase == PhaseUnresolved) {
		f.settles = *r.Intent
	}
	f.values = slices.Grow(room[:0], 14+len(r.Grants)+len(r.Patients))
	add := func(kind, text string) {
		if text != "" {
			f.values = append(f.values, value{kind, text})
		}
	}
	add(kindQuarter, quarterOf(f.millis))
	add(kindID, idValue(r.ID))
	add(kindAgent, r.Agent.Key())
	add(kindSubject, r.Agent.Subject)
	add(kindName, fold(r.Agent.Name))
	add(kindName, fold(r.Admin.By))
	add(kindClient, r.Agent.ClientID)
	add(kindOutcome, string(r.Outcome))
	add(kindPhase, string(r.Phase))
	add(kindType, r.eventType().code)
	var few [4]coding // kept off the heap: every access pays for this
	for _, sub := range r.appendSubtypes(few[:0]) {
		add(kindSubtype, sub.code)
	}
	add(kindAction, r.eventAction())
	add(kindWrite, r.Operation)
	add(kindAddress, fold(r.Agent.Address))
	for _, g := range r.Grants {
		add(kindGrant, g)
	}
	for _, p := range r.Patients {
		add(kindPatient, p)
	}
	for _, p := range r.asked() {
		add(kindAsked, p)
	}
	return f
}

// idDigits is how much of an id the index keeps: of a UUIDv7, about a minute (RFC 9562 section 5.7). What lies in the same minute
// is told apart by the records.
const idDigits = 8

func idValue(id string) string { return id[:min(len(id), idDigits)] }

// has reports whether the record holds one of the values.
func (r *Record) has(any []value) bool {
	var f facts // made for the kinds that are rarely asked for
	for _, want := range any {
		switch want.kind {
		case kindPatient:
			if want.text != "" && slices.Contains(r.Patients, want.text) {
				return true
			}
		case kindAgent:
			if r.Agent.keyIs(want.text) {
				return true
			}
		case kindPhase:
			if want.text != "" && string(r.Phase) == want.text {
				return true
			}
		default:
			if f.values == nil {
				f = factsOf(r)
			}
			if f.has(want) {
				return true
			}
		}
	}
	return false
}

func (f *facts) has(want value) bool {
	for _, v := range f.values {
		if v.kind == want.kind && want.accepts(v.text) {
			return true
		}
	}
	return false
}

// accepts reports whether a posting's text is what v looks for; names and addresses by their beginning.
func (v value) accepts(text string) bool {
	return text == v.text || (v.kind == kindName || v.kind == kindAddress) && strings.HasPrefix(text, v.text)
}

// fold makes names comparable without regard to case and accents, as FHIR's string search asks
// (http://hl7.org/fhir/R4/search.html#string).
func fold(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	var b strings.Builder
	for _, r := range norm.NFD.String(s) {
		if !unicode.Is(unicode.Mn, r) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
