package policy

import (
	"fmt"
	"strings"
	"time"

	"vestibule/fhir"
)

// Limits are a grant's caps, each counted for one person under one grant; zero is no cap. A Decision hands them on; whoever
// serves requests counts, and says with LimitReached that one is reached.
type Limits struct {
	RequestsPerMinute int `yaml:"requestsPerMinute,omitempty"` // accesses of any kind
	PatientsPerDay    int `yaml:"patientsPerDay,omitempty"`    // different patients whose resources are shown, by the clinic's calendar
	DocumentsPerHour  int `yaml:"documentsPerHour,omitempty"`  // documents themselves, not what is known about them
	PagesPerSearch    int `yaml:"pagesPerSearch,omitempty"`    // of one search's results, the first included
}

// limitRow is one kind of limit.
type limitRow struct {
	name  string // the key in a grant
	code  Code   // what a denial says
	words string // "80 different patients a day", less the number
	of    func(Limits) int
}

// limitTable is the one table of limits, in the order of their codes.
var limitTable = [...]limitRow{
	{"requestsPerMinute", CodeTooManyRequests, "requests a minute", func(l Limits) int { return l.RequestsPerMinute }},
	{"patientsPerDay", CodeTooManyPatients, "different patients a day", func(l Limits) int { return l.PatientsPerDay }},
	{"documentsPerHour", CodeTooManyDocuments, "documents an hour", func(l Limits) int { return l.DocumentsPerHour }},
	{"pagesPerSearch", CodeTooManyPages, "pages of one search", func(l Limits) int { return l.PagesPerSearch }},
}

// For is the cap whose denial has the code; 0 where there is none.
func (l Limits) For(code Code) int {
	for _, row := range limitTable {
		if row.code == code {
			return row.of(l)
		}
	}
	return 0
}

// limits refuses caps that are none.
func (r *reader) limits(l Limits) {
	for _, row := range limitTable {
		if row.of(l) < 0 {
			r.mistake("limits."+row.name, "A limit is a number above zero; leave out what is not limited.")
		}
	}
}

// sentence is the limits in plain words, empty where there are none.
func (l Limits) sentence() string {
	var parts []string
	for _, row := range limitTable {
		if n := row.of(l); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, row.words))
		}
	}
	switch len(parts) {
	case 0, 1:
		return strings.Join(parts, "")
	}
	return strings.Join(parts[:len(parts)-1], ", ") + " and " + parts[len(parts)-1]
}

// Limits are the limits of all grants, sorted by grant; grants without limits are left out.
func (s *Set) Limits() []Limit {
	if s == nil {
		return nil
	}
	var out []Limit
	for _, g := range s.all {
		if g.src.Limits != (Limits{}) {
			out = append(out, Limit{g.cite, g.src.Limits})
		}
	}
	return out
}

// LimitReached is the denial of a permitted request because the limit that code is about is reached: for the trail, and as
// the caller hears it. freeAt is when the next one is free again; zero where waiting does not help.
func (d Decision) LimitReached(code Code, limit Limit, freeAt time.Time) (Reason, *fhir.Error) {
	r := because(code)
	info, _ := code.Info()
	r.Grant = limit.Grant
	name, _, _ := strings.Cut(limit.Grant, "@")
	for _, row := range limitTable {
		if row.code == code {
			r.Detail = fmt.Sprintf("%s: %d", row.name, limit.For(code))
			r.Text = fmt.Sprintf("%s allows %d %s, and you have had them. %s", name, limit.For(code), row.words, info.Next)
		}
	}
	if freeAt.IsZero() || d.p == nil || d.p.set == nil {
		return r, fhir.E(op, info.Kind, string(code), r.Text)
	}
	zone := d.p.set.clinic.Zone
	r.Text += fmt.Sprintf(" The next one is free on %s by the clock of %s.", freeAt.In(zone).Format("Monday, 2 January 2006 at 15:04:05"), zone)
	e := fhir.E(op, info.Kind, string(code), r.Text)
	e.RetryAfter = max(freeAt.Sub(d.p.req.Now), time.Second)
	return r, e
}
