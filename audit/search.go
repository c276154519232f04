package audit

import (
	"context"
	"database/sql"
	"errors"
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
	Before   int64    // only entries with a smaller index; 0: from the newest. This is how a search is paged.
	Count    int      // at most; 0: DefaultCount, and never more than MaxCount

	events []string // ids of AuditEvents: which of an entry's events EventsFor gives
}

// Result is what a search found, newest first. The order is that of the log, which nothing later changes: paging with
// Before never shows an entry twice or leaves one out.
type Result struct {
	Entries []Entry
	Next    int64 // Before of the next page; 0: there is no more
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
	s := &searcher{ctx: ctx, q: tx, want: q, criteria: q.criteria(), limit: q.limit()}
	err = s.run(clinic)
	if errors.Is(err, sql.ErrNoRows) {
		return Result{}, nil
	}
	if err != nil {
		return Result{}, readFailed(op, err)
	}
	return s.result(), nil
}

// Read is one entry of a clinic's log.
func (r *Reader) Read(ctx context.Context, clinic string, index int64) (Entry, error) {
	found, err := r.Search(ctx, clinic, Search{Indexes: []int64{index}, Count: 1})
	if err != nil {
		return Entry{}, err
	}
	if len(found.Entries) == 0 {
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

// criteria are the index's values for each criterion, the one that is likely to keep least first: it drives the search.
func (q *Search) criteria() [][]value {
	var out [][]value
	add := func(values []value) {
		if len(values) > 0 {
			out = append(out, values)
		}
	}
	add(valuesOf(kindWrite, q.Writes))
	add(valuesOf(kindPatient, q.Patients))
	var agents []value
	for _, a := range q.Agents {
		kind := kindSubject
		if strings.Contains(a, "|") {
			kind = kindAgent
		}
		agents = append(agents, value{kind, a})
	}
	add(agents)
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
	case q.Before > 0 && index >= q.Before,
		!q.From.IsZero() && r.Time.Before(q.From),
		!q.Until.IsZero() && !r.Time.Before(q.Until),
		len(q.IDs) > 0 && !contains(q.IDs, r.ID),
		len(q.Indexes) > 0 && !contains(q.Indexes, index):
		return false
	}
	f := factsOf(r)
	for _, any := range s.criteria {
		if !f.has(any) {
			return false
		}
	}
	return true
}

func contains[T comparable](list []T, x T) bool {
	for _, v := range list {
		if v == x {
			return true
		}
	}
	return false
}
