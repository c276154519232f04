package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"vestibule/fhir"
)

// The actions of the records, of the phase system, that say which bodies were deleted. Their Admin.Subject is the rule, or the
// reason; it names no patient.
const (
	ActionRetention = "retention-delete" // they were older than the clinic keeps them
	ActionErasure   = "erasure"          // they named a patient whose data was to be erased
)

// forgets reports whether an action is that of a record that says which bodies were deleted.
func forgets(action string) bool { return action == ActionRetention || action == ActionErasure }

// lasting reports whether a record's body is never deleted: the log cannot be verified without it.
func lasting(action string) bool {
	return forgets(action) || action == actionKeyRotated || action == actionDiscontinuity
}

// indexRange is records from first to last, both included.
type indexRange struct{ first, last int64 }

// indexSet is ranges in order that neither overlap nor touch. The zero value is empty.
type indexSet []indexRange

// add puts a range into the set that begins at or behind the last one's beginning.
func (s *indexSet) add(r indexRange) {
	if n := len(*s); n > 0 && r.first <= (*s)[n-1].last+1 {
		(*s)[n-1].last = max((*s)[n-1].last, r.last)
		return
	}
	*s = append(*s, r)
}

// setOf makes a set of ranges in any order.
func setOf(ranges []indexRange) indexSet {
	slices.SortFunc(ranges, func(a, b indexRange) int { return int(min(1, max(-1, a.first-b.first))) })
	var out indexSet
	for _, r := range ranges {
		out.add(r)
	}
	return out
}

// has reports whether an index is in the set.
func (s indexSet) has(index int64) bool {
	i := sort.Search(len(s), func(i int) bool { return s[i].last >= index })
	return i < len(s) && s[i].first <= index
}

// count is how many indexes are in the set.
func (s indexSet) count() (n int64) {
	for _, r := range s {
		n += r.last - r.first + 1
	}
	return n
}

// without is what of s is not in o.
func (s indexSet) without(o indexSet) indexSet {
	var out indexSet
	at := 0
	for _, r := range s {
		for ; at < len(o) && o[at].last < r.first; at++ {
		}
		for i := at; i < len(o) && o[i].first <= r.last; i++ {
			if o[i].first > r.first {
				out.add(indexRange{r.first, o[i].first - 1})
			}
			r.first = o[i].last + 1
		}
		if r.first <= r.last {
			out.add(r)
		}
	}
	return out
}

// texts is the set as a record has it.
func (s indexSet) texts() []string {
	out := make([]string, 0, len(s))
	for _, r := range s {
		text := strconv.FormatInt(r.first, 10)
		if r.last > r.first {
			text += "-" + strconv.FormatInt(r.last, 10)
		}
		out = append(out, text)
	}
	return out
}

// parseRanges reads what texts wrote.
func parseRanges(texts []string) ([]indexRange, error) {
	out := make([]indexRange, 0, len(texts))
	for _, text := range texts {
		from, to, more := strings.Cut(text, "-")
		if !more {
			to = from
		}
		first, err1 := strconv.ParseInt(from, 10, 64)
		last, err2 := strconv.ParseInt(to, 10, 64)
		if err := errors.Join(err1, err2); err != nil || first < 0 || last < first {
			return nil, fmt.Errorf("%q is no range of records", text)
		}
		out = append(out, indexRange{first, last})
	}
	return out, nil
}

// deletion takes a record that says which bodies were deleted.
func (c *checker) deletion(index int64, texts []string) {
	ranges, err := parseRanges(texts)
	if err != nil {
		c.problem(index, "it says that bodies were deleted, but not which")
		return
	}
	for _, r := range ranges {
		if r.last >= index {
			c.problem(index, "it says that bodies were deleted of records that came after it")
			return
		}
	}
	c.named = append(c.named, ranges...)
}

// account holds the bodies that are not here against what the records say was deleted.
func (c *checker) account() {
	c.named = setOf(c.named)
	c.Deleted = c.missing.count()
	unexplained := c.missing.without(c.named)
	c.Accounted = c.Deleted - unexplained.count()
	c.Returned = c.named.count() - c.Accounted
	for _, r := range unexplained {
		if r.first == r.last {
			c.problem(r.first, "its body is missing and no record says why")
		} else {
			c.problem(r.first, "its body and those up to record %d are missing and no record says why", r.last)
		}
	}
}

// Deletion is a record that says which bodies were deleted.
type Deletion struct {
	Index  int64
	Time   time.Time
	Action string // ActionRetention or ActionErasure
	Why    string // the rule, or the reason
	By     string
	Bodies int64 // how many it names
	named  indexSet
}

// Covers reports whether the deletion names a record.
func (d *Deletion) Covers(index int64) bool { return d.named.has(index) }

// String says when and why, for people.
func (d *Deletion) String() string {
	what := "under the clinic's rule"
	if d.Action == ActionErasure {
		what = "by an erasure"
	}
	return fmt.Sprintf("deleted on %s %s: %s (record %d)", d.Time.UTC().Format(time.DateOnly), what, d.Why, d.Index)
}

// deletedBy is nil, or an error that says when and why the body of a record was deleted.
func (r *Reader) deletedBy(ctx context.Context, clinic string, index int64) (gone, err error) {
	all, err := r.Deletions(ctx, clinic)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Covers(index) {
			return fhir.E("audit.Read", fhir.KindNotFound, "body-deleted", "The body of this record was "+all[i].String()+"."), nil
		}
	}
	return nil, nil
}

// Deletions are the records of a clinic's log that say which bodies were deleted, oldest first.
func (r *Reader) Deletions(ctx context.Context, clinic string) ([]Deletion, error) {
	var out []Deletion
	q := Search{Subtypes: []string{ActionRetention, ActionErasure}, Phases: []Phase{PhaseSystem}, Ascending: true, Count: MaxCount}
	for {
		found, err := r.Search(ctx, clinic, q)
		if err != nil {
			return nil, err
		}
		for _, e := range found.Entries {
			ranges, err := parseRanges(e.Record.Forgotten)
			if err != nil {
				return nil, readFailed("audit.Deletions", fmt.Errorf("record %d: %w", e.Index, err))
			}
			d := Deletion{Index: e.Index, Time: e.Record.Time, Action: e.Record.Admin.Action, Why: e.Record.Admin.Subject, By: e.Record.Admin.By, named: setOf(ranges)}
			d.Bodies = d.named.count()
			out = append(out, d)
		}
		if found.Next == 0 {
			return out, nil
		}
		q.Since = found.Next
	}
}
