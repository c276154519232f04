package main

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"vestibule"
	"vestibule/audit"
)

// books are what a folder's ledger says, and what its callers and its EMR say.
type books struct {
	log      string // the name of the clinic's log
	records  []audit.Record
	attempts []attempt
	writes   []asked
	versions map[string]string // of the EMR's appointments now, by id
	judged   int               // records before this one have been held against the EMR already
	quiet    bool              // nobody has written since the gateway settled what was left open
}

// finding is one thing that must not be.
type finding string

// inspection gathers findings.
type inspection struct {
	books
	byRequest map[string][]int // indexes of the records of each request
	settled   map[int]int      // by intent: the record that settles it
	found     []finding
}

// inspect holds the books against each other; everything that must not be is a finding.
func inspect(b books) []finding {
	in := &inspection{books: b, byRequest: map[string][]int{}, settled: map[int]int{}}
	for i, r := range b.records {
		in.byRequest[r.RequestID] = append(in.byRequest[r.RequestID], i)
	}
	in.intents()
	for _, a := range b.attempts {
		in.answer(a)
	}
	in.strangers()
	in.emr()
	in.wishes()
	if b.quiet {
		in.judgements()
	}
	return in.found
}

// most is how many findings are told: one alone stops a campaign.
const most = 20

func (in *inspection) report(format string, args ...any) {
	if len(in.found) >= most {
		return
	}
	in.found = append(in.found, finding(fmt.Sprintf(format, args...)))
}

// intents wants each intent settled once, by a record of the same request and access.
func (in *inspection) intents() {
	for i, r := range in.records {
		if r.Intent == nil {
			continue
		}
		of := int(*r.Intent)
		if of < 0 || of >= i || in.records[of].Phase != audit.PhaseIntent || in.records[of].ID != r.ID {
			in.report("record %d settles %d, which is no intent of its access", i, of)
			continue
		}
		if before, twice := in.settled[of]; twice {
			in.report("intent %d is settled twice, by %d and %d", of, before, i)
		}
		in.settled[of] = i
	}
	for i, r := range in.records {
		if _, ok := in.settled[i]; r.Phase == audit.PhaseIntent && !ok {
			in.report("intent %d is settled by nothing", i)
		}
	}
}

// answers are the records that say how a request ended.
func (in *inspection) answers(request string) (out []int) {
	for _, i := range in.byRequest[request] {
		if p := in.records[i].Phase; p == audit.PhaseOutcome || p == audit.PhaseDenial {
			out = append(out, i)
		}
	}
	return out
}

// answer wants of what a caller received that it is on record under its receipt.
func (in *inspection) answer(a attempt) {
	ends := in.answers(a.request)
	if len(ends) > 1 {
		in.report("%s: %d records say how it ended", a.request, len(ends))
	}
	if !a.answered {
		return // cut off: its record may be there, or not
	}
	if a.status == http.StatusServiceUnavailable && a.receipt == "" {
		if len(a.refs)+len(a.patients) > 0 {
			in.report("%s: refused, and holds %v %v", a.request, a.refs, a.patients)
		}
		return
	}
	log, place, _ := strings.Cut(a.receipt, "/")
	index, err := strconv.Atoi(place)
	if err != nil || log != in.log || index < 0 || index >= len(in.records) || !slices.Contains(ends, index) {
		in.report("%s: answered with %d under receipt %q, and there is no record of it", a.request, a.status, a.receipt)
		return
	}
	in.covers(a, in.records[index])
}

// covers wants everything that was received named in the record.
func (in *inspection) covers(a attempt, r audit.Record) {
	if r.Interaction != a.kind || r.Status != 0 && r.Status != a.status {
		in.report("%s: a %s answered with %d is on record as %s with %d", a.request, a.kind, a.status, r.Interaction, r.Status)
	}
	for _, ref := range a.refs {
		if !slices.ContainsFunc(r.Released, func(item audit.ReleasedItem) bool { return item.Ref == ref }) {
			in.report("%s: %s left and is not on record", a.request, ref)
		}
	}
	for _, p := range a.patients {
		if !slices.Contains(r.Patients, p) {
			in.report("%s: something of %s left and is not on record", a.request, p)
		}
	}
	if a.whole && a.status < 300 && len(r.Released) != len(a.refs) {
		in.report("%s: %d resources left, %d are on record", a.request, len(a.refs), len(r.Released))
	}
}

// strangers are records of requests that nobody made; what was done to the gateway itself is nobody's request.
func (in *inspection) strangers() {
	made := map[string]bool{}
	for _, a := range in.attempts {
		made[a.request] = true
	}
	for i, r := range in.records {
		if !made[r.RequestID] && r.Phase != audit.PhaseAdmin && r.Phase != audit.PhaseSystem {
			in.report("record %d is of request %q, which nobody made", i, r.RequestID)
		}
	}
}

// emr wants an intent for each write that reached the EMR.
func (in *inspection) emr() {
	for _, w := range in.writes {
		intended := slices.ContainsFunc(in.byRequest[w.request], func(i int) bool {
			r := in.records[i]
			return r.Phase == audit.PhaseIntent && (w.operation == "" || r.Operation == w.operation)
		})
		if !intended {
			in.report("%s: the EMR was asked to write %s and no intent is on record", w.request, w.comment)
		}
	}
}

// wishes wants each write done at most once, and done where its caller was told so.
func (in *inspection) wishes() {
	done := map[string]int{}
	for _, w := range in.writes {
		if w.applied {
			done[w.comment]++
		}
	}
	for wish, times := range done {
		if times > 1 {
			in.report("%s was written %d times", wish, times)
		}
	}
	for _, a := range in.attempts {
		if a.wish == "" || !a.answered {
			continue
		}
		if a.status < 300 && done[a.wish] == 0 {
			in.report("%s: %s is answered with %d and was never written", a.request, a.wish, a.status)
		}
		if a.status >= 300 && a.status != http.StatusServiceUnavailable {
			in.report("%s: %s is answered with %d", a.request, a.wish, a.status)
		}
	}
}

// judgements hold what was settled since the last look against the EMR, whom nobody has asked to write since.
func (in *inspection) judgements() {
	for i := in.judged; i < len(in.records); i++ {
		r := in.records[i]
		if r.Phase != audit.PhaseUnresolved {
			continue
		}
		said := strings.Join(r.Reasons, " ")
		if truth := in.truth(r); said != truth {
			in.report("record %d says %s of %s, the EMR says %s", i, said, r.RequestID, truth)
		}
	}
}

// truth is what can be said of a write without an outcome. A version that has moved on may be anybody's.
func (in *inspection) truth(r audit.Record) string {
	if r.Interaction == doUpdate {
		id, base, _ := strings.Cut(strings.TrimPrefix(r.Resource, "Appointment/"), "/_history/")
		if in.versions[id] == base {
			return vestibule.SettledNotDone
		}
		return vestibule.SettledUnknown
	}
	for _, w := range in.writes {
		if w.applied && w.operation == r.Operation {
			return vestibule.SettledDone
		}
	}
	return vestibule.SettledNotDone
}
