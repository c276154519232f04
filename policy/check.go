package policy

import (
	"slices"
	"strings"
	"time"

	"vestibule/fhir"
)

// longest is how many days a grant may last.
const longest = 366

// Context is what a grant is checked against.
type Context struct {
	Clinic Clinic
	Now    time.Time
}

// Check lists every mistake in g: fields that cannot mean what they say, and lengths that no clinic may give. Path is where
// in the document, such as permissions[1].window; Text says what would be right. None means that Compile will take g.
func Check(g Grant, ctx Context) []*fhir.Error {
	r := reader{clinic: ctx.Clinic}
	if ctx.Clinic.Name == "" || ctx.Clinic.Zone == nil {
		r.mistake("clinic", "The clinic's name and time zone are not known.")
		return r.mistakes
	}
	read := r.read(g)
	r.length(g, read, ctx.Now)
	if _, known := ctx.Clinic.Teams[g.To.Team]; !known && strings.Contains(g.To.Team, "/") {
		r.mistake("to.team", "There is no team %q.", g.To.Team)
	}
	return r.mistakes
}

// length holds a grant to its longest time, counted from its approval or, for a document, from now; and a document to
// ending in the future.
func (r *reader) length(g Grant, read *grant, now time.Time) {
	if read.until.IsZero() {
		return
	}
	begin := g.Approved
	if begin.IsZero() {
		begin = now
		if !now.Before(read.until) {
			r.mistake("until", "%s is over.", g.Until)
		}
	}
	if last := dayOf(begin, r.clinic.Zone).start(longest + 1); read.until.After(last) {
		r.mistake("until", "A grant lasts at most %d days; the last possible day is %s.", longest,
			last.Add(-time.Minute).In(r.clinic.Zone).Format(time.DateOnly))
	}
}

// joined is several mistakes as one error: the first, with all of them in its text.
func joined(name string, mistakes []*fhir.Error) *fhir.Error {
	texts := make([]string, len(mistakes))
	for i, m := range mistakes {
		texts[i] = m.Path + ": " + m.Text
	}
	return fhir.E("policy.Compile", fhir.KindInvalid, "invalid-grant", "Grant "+name+": "+strings.Join(slices.Compact(texts), " "))
}
