package audit

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// maxProblems bounds how many problems a report lists; the rest is counted.
const maxProblems = 50

// Problem is one thing that is not as it was signed.
type Problem struct {
	Index int64  // of the record; -1 where none can be named
	Last  int64  // the same is wrong with the records up to this one
	Text  string // what is wrong, without anything out of a record
}

// String names the records.
func (p Problem) String() string {
	switch {
	case p.Index < 0:
		return p.Text
	case p.Last > p.Index:
		return fmt.Sprintf("record %d: %s; the same is so of those up to record %d", p.Index, p.Text, p.Last)
	}
	return fmt.Sprintf("record %d: %s", p.Index, p.Text)
}

// Report is what verifying one log found.
type Report struct {
	Origin      string // from the checkpoints
	Clinic      string
	Records     int64
	Deleted     int64 // of them, those whose bodies are not there
	Accounted   int64 // of the deleted, those that a later record says were deleted
	Returned    int64 // records that were to be deleted, and are here
	Checkpoints int   // signed, and consistent with the records
	Signed      int64 // how many records the newest good checkpoint covers
	Root        string
	Key, Keys   int // which key of how many on the list signed last, counted from 1; 0 where none did
	Phases      map[Phase]int64
	Outcomes    map[Outcome]int64
	First, Last time.Time // the earliest and the latest record
	Open        []int64   // intents that no record settles
	Problems    []Problem
	Omitted     int // problems beyond those listed
}

// OK reports whether the log is what was signed, in full.
func (r *Report) OK() bool { return len(r.Problems) == 0 }

// problem lists what is wrong with a record; what is wrong with many in a row is one problem.
func (r *Report) problem(index int64, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	for i := max(0, len(r.Problems)-alternating); i < len(r.Problems) && index >= 0; i++ {
		if p := &r.Problems[i]; p.Text == text && (index == p.Last || index == p.Last+1) {
			p.Last = index
			return
		}
	}
	if len(r.Problems) >= maxProblems {
		r.Omitted++
		return
	}
	r.Problems = append(r.Problems, Problem{Index: index, Last: index, Text: text})
}

// alternating is how many things may be wrong with each of many records for them to be listed as one each.
const alternating = 4

// bodiless says how many records have lost their bodies, and whether that is explained.
func (r *Report) bodiless() string {
	switch {
	case r.Deleted == 0:
		return ""
	case r.Accounted == r.Deleted:
		return fmt.Sprintf(", of which %d without their bodies, all accounted for", r.Deleted)
	}
	return fmt.Sprintf(", of which %d without their bodies, %d of them accounted for", r.Deleted, r.Accounted)
}

// String is the verdict on one page.
func (r *Report) String() string {
	var b strings.Builder
	verdict := "VERIFIED: every record is what was signed; none is missing, added, changed or moved."
	switch {
	case !r.OK():
		verdict = "NOT VERIFIED: this log is not what was signed."
	case r.Records > r.Signed:
		verdict = "VERIFIED: every record is what was signed, but for the newest, which are not signed yet; none is missing, added, changed or moved."
	}
	fmt.Fprintf(&b, "%s\n\n", verdict)
	fmt.Fprintf(&b, "clinic       %s\nlog          %s\nrecords      %d%s\n", r.Clinic, r.Origin, r.Records, r.bodiless())
	if !r.First.IsZero() {
		fmt.Fprintf(&b, "from         %s\nto           %s\n", r.First.Format(timeLayout), r.Last.Format(timeLayout))
	}
	fmt.Fprintf(&b, "signed       %d records, root %s (%d checkpoints)\n", r.Signed, r.Root, r.Checkpoints)
	if r.Key > 0 && r.Key < r.Keys {
		fmt.Fprintf(&b, "key          number %d of the %d on your list, since replaced: this log ended before that, or is kept from you\n", r.Key, r.Keys)
	}
	for _, p := range [...]Phase{PhaseOutcome, PhaseDenial, PhaseIntent, PhaseUnresolved, PhaseAdmin, PhaseSystem} {
		if n := r.Phases[p]; n > 0 {
			fmt.Fprintf(&b, "%-12s %d\n", p, n)
		}
	}
	if r.Records > r.Signed {
		fmt.Fprintf(&b, "unsigned     the last %d records are not covered by a checkpoint yet\n", r.Records-r.Signed)
	}
	if r.Returned > 0 {
		fmt.Fprintf(&b, "returned     %d records are here whose bodies were deleted once: an older copy was put back; delete them again\n", r.Returned)
	}
	for _, index := range r.Open {
		fmt.Fprintf(&b, "open         the intent at %d has no outcome\n", index)
	}
	for _, p := range r.Problems {
		fmt.Fprintf(&b, "PROBLEM      %s\n", p)
	}
	if r.Omitted > 0 {
		fmt.Fprintf(&b, "PROBLEM      and %d more\n", r.Omitted)
	}
	return b.String()
}

// Owed holds the reports of all logs of a ledger against receipts that were kept beside it, the largest index of each log by its
// name: what they are of has to be here.
func Owed(reports []*Report, receipts map[string]int64) []*Report {
	for _, log := range slices.Sorted(maps.Keys(receipts)) {
		i := slices.IndexFunc(reports, func(r *Report) bool { return strings.HasSuffix(r.Origin, "/log/"+log) })
		if i < 0 {
			gone := &Report{Origin: log, Clinic: "unknown", Root: "none"}
			gone.problem(-1, "there is a receipt of record %d of this log, but the log is not here: it was removed", receipts[log])
			reports = append(reports, gone)
		} else if r := reports[i]; receipts[log] >= r.Records && r.OK() {
			r.problem(-1, "there is a receipt of record %d, but only %d are here: records are missing", receipts[log], r.Records)
		}
	}
	return reports
}
