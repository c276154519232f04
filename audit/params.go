package audit

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"vestibule/fhir"
)

// maxLooks bounds how many records one page of a search may look at: what the index does not hold is read off the records.
const maxLooks = 20_000

// ParseSearch reads the parameters of a search for AuditEvents: those of R4 and of IHE ITI-81 (see the package comment), and
// _id, _lastUpdated, _count, _sort (-date, the default, or date) and _total. Dates without an offset are in zone. Values
// separated by commas are alternatives. Anything else is refused by name: a parameter that is ignored would give an answer to
// another question (H1).
func ParseSearch(v url.Values, zone *time.Location) (Search, error) {
	q := Search{Phases: []Phase{PhaseOutcome, PhaseDenial, PhaseAdmin, PhaseSystem, PhaseUnresolved}, Looks: maxLooks} // intents have no event
	for _, name := range slices.Sorted(maps.Keys(v)) {                                                                 // the same request always fails on the same parameter
		if len(v[name]) > 1 && name != "date" && name != "_lastUpdated" {
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
		if text != "-date" && text != "date" {
			return unsupported(name, "The trail is sorted by -date or date only.")
		}
		q.Ascending = text == "date"
		return nil
	case "_total":
		if text != "accurate" && text != "none" {
			return unsupported(name, "_total is accurate or none.")
		}
		q.Total = text == "accurate"
		return nil
	case "date", "_lastUpdated": // a record never changes
		return q.date(name, text, zone)
	case "_id":
		q.ids(text)
		return nil
	}
	p, ok := eventParam(name)
	if !ok {
		return unsupported(name, "The trail is searched by "+strings.Join(ParamNames(), ", ")+".")
	}
	c := clause{param: p}
	for _, one := range alternatives(text) {
		t, err := p.read(one)
		if err != nil {
			return err
		}
		c.terms = append(c.terms, t)
		q.hint(name, t)
	}
	q.clauses = append(q.clauses, c)
	if name == "policy" {
		q.Grants = grantsOf(c.terms)
	}
	return nil
}

// grantsOf are the grants that policies name; none where one of them is no grant, so that the index proposes all.
func grantsOf(terms []term) (out []string) {
	for _, t := range terms {
		escaped, ok := strings.CutPrefix(t.text, grantPolicy)
		grant, err := url.PathUnescape(escaped)
		if !ok || err != nil {
			return nil
		}
		out = append(out, grant)
	}
	return out
}

func (q *Search) ids(text string) {
	for _, one := range alternatives(text) {
		index, ok := eventIndex(one)
		if !ok {
			index = -1 // no entry has it
		}
		q.Indexes = append(q.Indexes, index)
		q.events = append(q.events, one)
	}
}

// hint tells the index what it can know of a term. What it proposes is then held against the event itself.
func (q *Search) hint(name string, t term) {
	switch name {
	case "patient", "patient.identifier":
		q.Patients = append(q.Patients, "Patient/"+strings.TrimPrefix(t.text, "Patient/"))
	case "agent":
		q.Agents = append(q.Agents, t.raw)
	case "agent.identifier":
		q.identifiers = append(q.identifiers, t.raw)
	case "agent-name":
		q.Names = append(q.Names, t.text)
	case "address":
		q.addresses = append(q.addresses, t.text)
	case "outcome":
		q.Outcomes = append(q.Outcomes, Outcome(t.text))
	case "type":
		q.Types = append(q.Types, t.text)
	case "subtype":
		q.Subtypes = append(q.Subtypes, t.text)
	case "action":
		q.Actions = append(q.Actions, t.text)
	case "altid": // no agent has one
		q.Indexes = append(q.Indexes, -1)
	}
}

func (q *Search) count(text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return invalid("_count", "_count is a number from 1.")
	}
	q.Count = min(n, MaxCount)
	return nil
}

func invalid(name, text string) error {
	return fhir.E("audit.ParseSearch", fhir.KindInvalid, "parameter-invalid", text).At(name)
}

func unsupported(name, text string) error {
	return fhir.E("audit.ParseSearch", fhir.KindNotSupported, "parameter-not-supported", text).At(name)
}

// date narrows From and Until by one value such as "ge2026-11-01" (http://hl7.org/fhir/R4/search.html#date).
func (q *Search) date(name, text string, zone *time.Location) error {
	prefix := "eq"
	if len(text) > 2 && text[0] >= 'a' {
		prefix, text = text[:2], text[2:]
	}
	low, high, ok := parseDate(text, zone)
	if !ok {
		return invalid(name, "A date is given as YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm[:ss[.sss]] with an optional offset.")
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
		return unsupported(name, "Dates are compared by eq, ge, gt, le, lt, sa and eb.")
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
