package adaptertest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"vestibule/adapters"
)

// promise is one sentence of the contract and how it is tried.
type promise struct {
	name  string // what is promised, as a sentence
	needs []need // of the table's row; without them the promise is skipped
	whole bool   // about the adapter, not about one type: tried once
	keep  func(T, *suite, subject)

	optional func(a adapters.EMR, typ string) string // why the adapter need not keep it; "" where it has to
}

// subject is one resource type of one EMR: its row of the table and how the suite gets at it.
type subject struct {
	adapters.Type
	Holding
}

// report is what became of each promise.
type report struct {
	mu   sync.Mutex
	rows []reportRow
}

type reportRow struct{ promise, typ, result string }

func (r *report) add(p promise, typ, result string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rows = append(r.rows, reportRow{p.name, typ, result})
}

// String is the report as a table: what was skipped and why, and how many promises were kept.
func (r *report) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	slices.SortStableFunc(r.rows, func(a, b reportRow) int { return cmp.Compare(a.promise, b.promise) })
	var b strings.Builder
	kept, broken := 0, 0
	for _, row := range r.rows {
		switch row.result {
		case "":
			kept++
		case "broken":
			broken++
		}
	}
	fmt.Fprintf(&b, "%d promises kept, %d broken, %d skipped because the adapter does not offer what they are about:\n", kept, broken, len(r.rows)-kept-broken)
	for _, row := range r.rows {
		if row.result != "" {
			fmt.Fprintf(&b, "  %-80.80s %-18s %s\n", row.promise, row.typ, row.result)
		}
	}
	return b.String()
}

// promises are all of them, in the order in which they are tried.
func promises() []promise {
	return slices.Concat(capabilityPromises(), readPromises(), searchPromises(), pagePromises(), faultPromises(), writePromises(), oncePromises(),
		timePromises(), textPromises(), leavingPromises(), contentPromises())
}
