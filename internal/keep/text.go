package keep

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"vestibule/audit"
)

// Complete reports whether nothing was left that was to go.
func (r *Result) Complete() bool {
	return r.HeldBodies() == 0 && len(r.Open)+len(r.Standing)+len(r.Sealed) == 0
}

// String says what was done, or would be, for people; the last line is not ended.
func (r *Result) String() string {
	would := "were"
	if r.Planned {
		would = "would be"
	}
	var lines []string
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	add("%d of %d records: their bodies %s deleted", r.Bodies, r.Size, would)
	for _, class := range audit.Classes() {
		if n := r.Classes[class]; n > 0 {
			add("    %-15s %d", class, n)
		}
	}
	if r.Texts+r.Subjects > 0 {
		add("%d past texts of documents and %d notes of what was done on the command line %s blanked", r.Texts, r.Subjects, would)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Held)) {
		add("kept: %d records are under the legal hold %s", r.Held[name], name)
	}
	if n := len(r.Open); n > 0 {
		add("kept: %d writes have no outcome yet; run this again when the gateway has settled them, a minute after its start", n)
	}
	for _, log := range slices.Sorted(maps.Keys(r.Sealed)) {
		add("kept: %d records of the sealed trail %s, in which nothing can be put on record any more", r.Sealed[log], log)
	}
	for _, name := range r.Standing {
		add("in the way: %s names the patient and is in force, or waits for approval; withdraw or change it first", name)
	}
	return strings.Join(lines, "\n")
}
