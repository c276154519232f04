package audit

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"vestibule/fhir"
)

// DefaultCount and MaxCount bound what one search returns.
const (
	DefaultCount = 50
	MaxCount     = 1000
)

// Search says which entries of one clinic's log are wanted: those that meet every criterion given. Within one criterion
// any value will do. The zero value finds the newest DefaultCount entries.
type Search struct {
	IDs      []string  // of accesses (Record.ID)
	Indexes  []int64   // of records
	Patients []string  // "Patient/1"
	Writes   []string  // Record.Operation
	Agents   []string  // "iss|sub", or a sub alone
	Names    []string  // what the agent's name begins with, without regard to case and accents
	From     time.Time // not before; zero: no bound
	Until    time.Time // before; zero: no bound
	Outcomes []Outcome
	Phases   []Phase
	Types    []string // AuditEvent.type codes
	Subtypes []string // AuditEvent.subtype codes: the interaction, or DICOM's code
	Actions  []string // AuditEvent.action codes
	Grants   []string // "name@version"
	Clients  []string // OAuth client ids
	Before   int64    // only entries with a smaller index; 0: from the newest. This is how a search is paged.
	Count    int      // at most; 0: DefaultCount, and never more than MaxCount

	Ascending bool  // oldest first
	Since     int64 // only entries with this index or a greater one; an ascending search is paged by it
	Skip      int   // how many events of the first entry were shown already
	Looks     int   // how many records may be looked at before the page ends, full or not; 0: any number
	Total     bool  // whether the number of all events is wanted: see Reader.Total

	events      []string // ids of AuditEvents: which of an entry's events EventsFor gives
	subjects    []string // "Patient/1": whom the event is about, also where nothing of them was shown
	dates       [][]span // each: the record's time lies in one of them
	addresses   []string // what the address of one of the agents begins with
	identifiers []string // "system|value", or a value, of one of the agents
	clauses     []clause // what the event itself has to meet
}

// Result is what a search found. The order is that of the log, which nothing later changes: paging with Before, or Since,
// never shows an entry twice or leaves one out. Entries are dated when their access began, so that neighbours in the log may
// be dated the other way round.
type Result struct {
	Entries []Entry
	Next    int64 // Before, or Since, of the next page; 0: there is no more
}

// Page is the events of the result by date, as many as q asks for, and what to search for next; more is false where nothing is
// left. The page ends between two events of an entry where it has to.
func (r Result) Page(q Search) (events [][]byte, next Search, more bool) {
	next = q
	next.Skip = 0
	var page page
	for i, e := range r.Entries {
		mine := e.EventsFor(q)
		skip := 0
		if i == 0 {
			skip = min(q.Skip, len(mine))
		}
		for at, event := range mine[skip:] {
			if len(page) == q.limit() {
				next.from(e.Index)
				next.Skip = skip + at
				return page.sorted(q.Ascending), next, true
			}
			page = append(page, datedEvent{e.Record.Time, event})
		}
	}
	events = page.sorted(q.Ascending)
	if r.Next == 0 {
		return events, next, false
	}
	next.Before, next.Since = r.Next, q.Since
	if q.Ascending {
		next.Before, next.Since = q.Before, r.Next
	}
	return events, next, true
}

// page is the events of one page, in the order of the log until they are sorted.
type page []datedEvent

type datedEvent struct {
	time  time.Time
	event []byte
}

// sorted is the events by date; those of one time stay in the order of the log.
func (p page) sorted(ascending bool) [][]byte {
	slices.SortStableFunc(p, func(a, b datedEvent) int {
		if ascending {
			return a.time.Compare(b.time)
		}
		return b.time.Compare(a.time)
	})
	var out [][]byte
	for _, d := range p {
		out = append(out, d.event)
	}
	return out
}

// from makes q begin at an entry.
func (q *Search) from(index int64) {
	if q.Ascending {
		q.Since = index
	} else {
		q.Before = index + 1
	}
}

// Place is where q begins, as a number for a page link; Begin is its inverse.
func (q *Search) Place() int64 {
	if q.Ascending {
		return q.Since
	}
	return q.Before
}

// Begin makes q begin at a place and skip events of the first entry.
func (q *Search) Begin(place int64, skip int) {
	q.Skip = skip
	if q.Ascending {
		q.Since = place
	} else {
		q.Before = place
	}
}

// Search finds entries of a clinic's log. It sees every record that was durable when it began. A clinic without a log has
// no entries.
func (r *Reader) Search(ctx context.Context, clinic string, q Search) (Result, error) {
	const op = "audit.Search"
	tx, err := r.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return Result{}, readFailed(op, err)
	}
	defer tx.Rollback()
	s := &searcher{ctx: ctx, q: tx, want: q, limit: q.limit()}
	err = s.run(clinic)
	if errors.Is(err, sql.ErrNoRows) {
		return Result{}, nil
	}
	if err != nil {
		return Result{}, readFailed(op, err)
	}
	return s.result(), nil
}

// maxTotal bounds how many records are looked at in order to count events.
const maxTotal = 100_000

// Total is how many events a search finds on all its pages. It looks at every record that the index proposes, at most
// 100,000: beyond that it is an error of KindUnprocessable.
func (r *Reader) Total(ctx context.Context, clinic string, q Search) (int, error) {
	q.Before, q.Since, q.Skip, q.Count, q.Looks, q.Ascending = 0, 0, 0, MaxCount, maxTotal, false
	total := 0
	for {
		found, err := r.Search(ctx, clinic, q)
		if err != nil {
			return 0, err
		}
		for _, e := range found.Entries {
			total += e.countFor(q)
		}
		if found.Next == 0 {
			return total, nil
		}
		if len(found.Entries) < MaxCount || total >= maxTotal { // the looks ran out, or would
			return 0, fhir.E("audit.Total", fhir.KindUnprocessable, "total-too-costly",
				"Too many records would have to be counted; narrow the search, for example by date, or ask for no _total.").At("_total")
		}
		q.Before = found.Next
	}
}

// Read is one entry of a clinic's log.
func (r *Reader) Read(ctx context.Context, clinic string, index int64) (Entry, error) {
	found, err := r.Search(ctx, clinic, Search{Indexes: []int64{index}, Count: 1})
	if err != nil {
		return Entry{}, err
	}
	if len(found.Entries) == 0 {
		if gone, err := r.deletedBy(ctx, clinic, index); err != nil || gone != nil {
			return Entry{}, firstOf(err, gone)
		}
		return Entry{}, fhir.E("audit.Read", fhir.KindNotFound, "not-found", "There is no such entry.")
	}
	return found.Entries[0], nil
}

func readFailed(op string, err error) error {
	return fhir.E(op, fhir.KindUnavailable, "ledger-unreadable", "The trail could not be read. Try again shortly.").Because(err)
}

func (q *Search) limit() int {
	switch {
	case q.Count <= 0:
		return DefaultCount
	case q.Count > MaxCount:
		return MaxCount
	}
	return q.Count
}

// criteria are the index's values for each criterion, the one that is likely to keep least first: it drives the search. owner is
// the deployment, an agent of every event, so that a search for it asks nothing of the index.
func (q *Search) criteria(owner string) [][]value {
	var out [][]value
	add := func(values []value) {
		if len(values) > 0 {
			out = append(out, values)
		}
	}
	add(valuesOf(kindWrite, q.Writes))
	var ids []value
	for _, id := range q.IDs {
		ids = append(ids, value{kindID, idValue(id)})
	}
	add(ids)
	add(valuesOf(kindPatient, q.Patients))
	add(append(valuesOf(kindPatient, q.subjects), valuesOf(kindAsked, q.subjects)...))
	var agents []value
	for _, a := range q.Agents {
		kind := kindSubject
		if strings.Contains(a, "|") {
			kind = kindAgent
		}
		agents = append(agents, value{kind, a})
	}
	add(agents)
	add(q.identified(owner))
	if !slices.ContainsFunc(q.addresses, func(a string) bool { return strings.HasPrefix(fold(owner), a) }) {
		add(valuesOf(kindAddress, q.addresses))
	}
	add(valuesOf(kindGrant, q.Grants))
	add(valuesOf(kindClient, q.Clients))
	var names []string
	for _, n := range q.Names {
		names = append(names, fold(n))
	}
	add(valuesOf(kindName, names))
	add(valuesOf(kindOutcome, q.Outcomes))
	add(valuesOf(kindSubtype, q.Subtypes))
	add(valuesOf(kindType, q.Types))
	add(valuesOf(kindAction, q.Actions))
	add(valuesOf(kindPhase, q.Phases))
	return out
}

// identified is where the index may have the identifiers of agents; nothing where one of them is the deployment's.
func (q *Search) identified(owner string) (out []value) {
	for _, id := range q.identifiers {
		system, text, ok := strings.Cut(id, "|")
		switch {
		case !ok && id == owner, ok && text == owner:
			return nil
		case !ok:
			out = append(out, value{kindSubject, id}, value{kindClient, id})
		case system == "":
			out = append(out, value{kindClient, text})
		default:
			out = append(out, value{kindAgent, id})
		}
	}
	return out
}

func valuesOf[S ~string](kind string, texts []S) []value {
	out := make([]value, 0, len(texts))
	for _, t := range texts {
		out = append(out, value{kind, string(t)})
	}
	return out
}

// matches decides by the record itself; the index only proposes.
func (s *searcher) matches(index int64, r *Record) bool {
	q := &s.want
	switch {
	case !q.dated(r.Time),
		len(q.IDs) > 0 && !contains(q.IDs, r.ID),
		len(q.Indexes) > 0 && !contains(q.Indexes, index):
		return false
	}
	for _, any := range s.criteria {
		if !r.has(any) {
			return false
		}
	}
	return len(q.clauses) == 0 || s.entry(index, r).countFor(*q) > 0
}

func (s *searcher) entry(index int64, r *Record) Entry {
	return Entry{Deployment: s.owner, Log: s.name, Index: index, Record: *r}
}

func contains[T comparable](list []T, x T) bool {
	for _, v := range list {
		if v == x {
			return true
		}
	}
	return false
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
