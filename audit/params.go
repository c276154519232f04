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
// separated by commas are alternatives, a parameter that is repeated is another criterion. Anything else is refused by name: a
// parameter that is ignored would give an answer to another question (H1).
func ParseSearch(v url.Values, zone *time.Location) (Search, error) {
	q := Search{Phases: []Phase{PhaseOutcome, PhaseDenial, PhaseAdmin, PhaseSystem, PhaseUnresolved}, Looks: maxLooks} // intents have no event
	for _, name := range slices.Sorted(maps.Keys(v)) {                                                                 // the same request always fails on the same parameter
		if len(v[name]) > 1 && strings.HasPrefix(name, "_") && name != "_lastUpdated" {
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
	values := alternatives(text)
	if slices.Contains(values, "") {
		return invalid(name, "The parameter has no value, or none between two commas.")
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
		return q.date(name, values, zone)
	case "_id":
		q.ids(values)
		return nil
	}
	p, ok := eventParam(name)
	if !ok {
		return unknown(name)
	}
	c := clause{param: p}
	for _, one := range values {
		t, err := p.read(one)
		if err != nil {
			return err
		}
		c.terms = append(c.terms, t)
	}
	q.clauses = append(q.clauses, c)
	q.hint(&c)
	return nil
}

// unknown refuses a parameter that there is not, or not in this form.
func unknown(name string) error {
	if base, _, modified := strings.Cut(name, ":"); modified && slices.Contains(ParamNames(), base) {
		return unsupported(name, "The trail knows no modifiers; give the parameter as "+base+", alone.")
	}
	return unsupported(name, "The trail is searched by "+strings.Join(ParamNames(), ", ")+".")
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

func (q *Search) ids(values []string) {
	for _, one := range values {
		index, ok := eventIndex(one)
		if !ok {
			index = -1 // no entry has it
		}
		q.Indexes = append(q.Indexes, index)
		q.events = append(q.events, one)
	}
}

// hint tells the index what it can know of a clause. What it proposes is then held against the event itself, so that of a
// repeated parameter it may propose what meets one of the clauses only.
func (q *Search) hint(c *clause) {
	if c.param.name == "policy" {
		q.Grants = grantsOf(c.terms)
	}
	if slices.ContainsFunc(c.terms, func(t term) bool { return t.text == "" }) {
		return // any code of a system: the index knows codes
	}
	for _, t := range c.terms {
		switch c.param.name {
		case "patient", "patient.identifier":
			q.subjects = append(q.subjects, "Patient/"+strings.TrimPrefix(t.text, "Patient/"))
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
}

func (q *Search) count(text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return invalid("_count", "_count is a number from 1; _total=accurate asks how many there are.")
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
