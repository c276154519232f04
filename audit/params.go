package audit

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"vestibule/fhir"
)

// ParseSearch reads the parameters of GET /audit/{clinic}/AuditEvent: _id, patient, agent ("iss|sub" or sub), agent-name,
// date (with prefixes, repeatable; a value without an offset is in zone), outcome, type, subtype, action, _count and
// _sort=-date, the order there is anyway. Values separated by commas are alternatives. Anything else is refused by name: a
// parameter that is ignored would give an answer to another question (H1).
func ParseSearch(v url.Values, zone *time.Location) (Search, error) {
	q := Search{Phases: []Phase{PhaseOutcome, PhaseDenial, PhaseAdmin, PhaseSystem, PhaseUnresolved}} // intents have no event
	names := make([]string, 0, len(v))
	for name := range v {
		names = append(names, name)
	}
	slices.Sort(names) // the same request always fails on the same parameter
	for _, name := range names {
		if len(v[name]) > 1 && name != "date" {
			return Search{}, unsupported(name, "This parameter can be given once; separate alternatives by commas.")
		}
		for _, text := range v[name] {
			if err := q.param(name, text, zone); err != nil {
				return Search{}, err
			}
		}
	}
	return q, nil
}

func (q *Search) param(name, text string, zone *time.Location) error {
	if text == "" {
		return invalid(name, "The parameter has no value.")
	}
	switch name {
	case "_count":
		return q.count(text)
	case "_sort":
		if text != "-date" {
			return unsupported(name, "The trail is sorted by -date only.")
		}
		return nil
	case "date":
		return q.date(text, zone)
	}
	for _, one := range alternatives(text) {
		if err := q.alternative(name, one); err != nil {
			return err
		}
	}
	return nil
}

// alternative takes in one value of a parameter that may have several.
func (q *Search) alternative(name, text string) error {
	switch name {
	case "_id":
		index, ok := eventIndex(text)
		if !ok {
			index = -1 // no entry has it
		}
		q.Indexes = append(q.Indexes, index)
		q.events = append(q.events, text)
	case "patient":
		ref, ok := fhir.ParseRef("Patient/" + strings.TrimPrefix(text, "Patient/"))
		if !ok || ref.Version != "" {
			return invalid(name, "A patient is given as Patient/id or id.")
		}
		q.Patients = append(q.Patients, ref.String())
	case "agent":
		q.Agents = append(q.Agents, text)
	case "agent-name":
		q.Names = append(q.Names, text)
	case "outcome":
		return token(name, text, &q.Outcomes, OutcomeSuccess, OutcomeMinor, OutcomeSerious, OutcomeMajor)
	case "type":
		return token[string](name, text, &q.Types)
	case "subtype":
		return token[string](name, text, &q.Subtypes)
	case "action":
		return token(name, text, &q.Actions, "C", "R", "U", "D", "E")
	default:
		return unsupported(name, "The trail is searched by _id, patient, agent, agent-name, date, outcome, type, subtype, action, _count and _sort.")
	}
	return nil
}

// token reads "code" or "system|code" and adds the code; the system is not looked at, no two of ours share a code. Where
// allowed is given, the code has to be one of them.
func token[S ~string](name, text string, out *[]S, allowed ...S) error {
	_, code, ok := strings.Cut(text, "|")
	if !ok {
		code = text
	}
	if code == "" || len(allowed) > 0 && !slices.Contains(allowed, S(code)) {
		return invalid(name, "The parameter has a code that does not exist.")
	}
	*out = append(*out, S(code))
	return nil
}

func (q *Search) count(text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return invalid("_count", "_count is a number from 1.")
	}
	q.Count = min(n, MaxCount)
	return nil
}

// alternatives splits at commas; "\," is a comma and "\|" a bar (http://hl7.org/fhir/R4/search.html#escaping).
func alternatives(text string) []string {
	var out []string
	var one strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text):
			i++
			one.WriteByte(text[i])
		case text[i] == ',':
			out = append(out, one.String())
			one.Reset()
		default:
			one.WriteByte(text[i])
		}
	}
	return append(out, one.String())
}

func invalid(name, text string) error {
	return fhir.E("audit.ParseSearch", fhir.KindInvalid, "parameter-invalid", text).At(name)
}

func unsupported(name, text string) error {
	return fhir.E("audit.ParseSearch", fhir.KindNotSupported, "parameter-not-supported", text).At(name)
}

// date narrows From and Until by one value such as "ge2026-11-01" (http://hl7.org/fhir/R4/search.html#date).
func (q *Search) date(text string, zone *time.Location) error {
	prefix := "eq"
	if len(text) > 2 && text[0] >= 'a' {
		prefix, text = text[:2], text[2:]
	}
	low, high, ok := parseDate(text, zone)
	if !ok {
		return invalid("date", "A date is given as YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm[:ss[.sss]] with an optional offset.")
	}
	switch prefix {
	case "eq":
		q.notBefore(low)
		q.before(high)
	case "ge":
		q.notBefore(low)
	case "gt", "sa":
		q.notBefore(high)
	case "le":
		q.before(high)
	case "lt", "eb":
		q.before(low)
	default:
		return unsupported("date", "Dates are compared by eq, ge, gt, le, lt, sa and eb.")
	}
	return nil
}

func (q *Search) notBefore(t time.Time) {
	if q.From.IsZero() || t.After(q.From) {
		q.From = t
	}
}

func (q *Search) before(t time.Time) {
	if q.Until.IsZero() || t.Before(q.Until) {
		q.Until = t
	}
}

// parseDate is the span of time that a date of any precision covers: from low, before high.
func parseDate(text string, zone *time.Location) (low, high time.Time, ok bool) {
	day, clock, timed := strings.Cut(text, "T")
	if !timed {
		return parseDay(day, zone)
	}
	if at := strings.IndexAny(clock, "Z+-"); at >= 0 {
		offset, err := time.Parse("Z07:00", clock[at:])
		if err != nil {
			return low, high, false
		}
		zone, clock = offset.Location(), clock[:at]
	}
	for _, p := range [...]struct {
		layout string
		length time.Duration
	}{{"15:04", time.Minute}, {"15:04:05", time.Second}, {"15:04:05.000", time.Millisecond}} {
		if len(clock) != len(p.layout) {
			continue
		}
		t, err := time.ParseInLocation("2006-01-02T"+p.layout, day+"T"+clock, zone)
		return t, t.Add(p.length), err == nil
	}
	return low, high, false
}

func parseDay(day string, zone *time.Location) (low, high time.Time, ok bool) {
	layouts := map[int]string{4: "2006", 7: "2006-01", 10: "2006-01-02"}
	t, err := time.ParseInLocation(layouts[len(day)], day, zone)
	if err != nil || layouts[len(day)] == "" {
		return low, high, false
	}
	switch len(day) {
	case 4:
		return t, t.AddDate(1, 0, 0), true
	case 7:
		return t, t.AddDate(0, 1, 0), true
	}
	return t, t.AddDate(0, 0, 1), true
}
