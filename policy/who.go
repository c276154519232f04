package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"vestibule/fhir"
)

// Question is who may do this to that resource.
type Question struct {
	Interaction fhir.Interaction
	Resource    fhir.Resource // what stands in the EMR or, for a create, what would; zero: any resource of the type
	Now         time.Time
	Platforms   map[string][]string // issuer to the platforms whose people it vouches for
}

// Holder is somebody to whom a grant gives something: one person, or everybody (every automated agent) of a platform.
type Holder struct {
	Person    string `json:"person,omitempty"`   // "iss|sub"; empty: everybody at the platform
	Platform  string `json:"platform,omitempty"` // empty: not known, or several
	Team      string `json:"team,omitempty"`     // "platform/team", by which the grant names the person
	Automated bool   `json:"automated,omitempty"`
}

// Holding is one permission by which somebody can do what was asked about.
type Holding struct {
	Holder
	Grant   string   `json:"grant"`            // name@version
	Clause  string   `json:"clause"`           // of the grant, as it writes it
	Now     bool     `json:"now"`              // everything that can be known without the caller is met
	From    string   `json:"from,omitempty"`   // what is not met now and when it will be
	Only    []string `json:"only,omitempty"`   // what else the grant asks of the caller: hours, networks, purposes
	Removed []string `json:"hidden,omitempty"` // paths of the resource that they are not shown
}

// WhoCan lists who can do what q asks about: first who can now, in a stable order. It asks the evaluator that decides
// requests, once for each holder of each grant, as somebody who meets what the grant asks of a caller and whose token
// narrows nothing; so deny rules count. A platform's people are asked about as one; a rule against one of them, or a grant
// to one, is about that one only.
func (s *Set) WhoCan(q Question) []Holding {
	var out []Holding
	for _, g := range s.all {
		at, when := s.next(g, q.Now)
		if at.IsZero() {
			continue
		}
		for _, h := range s.holders(g, q.Platforms) {
			for _, found := range s.holdings(g, h, q, at) {
				found.Now, found.From, found.Only = when == "", when, s.asks(g)
				out = append(out, found)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Holding) int {
		if a.Now != b.Now {
			return map[bool]int{true: -1, false: 1}[a.Now]
		}
		return strings.Compare(a.order(), b.order())
	})
	return out
}

func (h Holding) order() string {
	return strings.Join([]string{h.Platform, h.Person, fmt.Sprint(h.Automated), h.Grant, h.Clause}, "\x00")
}

// next is the first moment from now on at which the grant's days and hours are met, zero if there is none within them; when
// says what has to be waited for, empty where it is now.
func (s *Set) next(g *grant, now time.Time) (at time.Time, when string) {
	at = now
	if at.Before(g.from) {
		at, when = g.from, "from "+momentInWords(g.from, s.clinic.Zone)
	}
	in := func(t time.Time) bool { return g.hours.include(wallClockAt(t.In(s.clinic.Zone))) }
	if !in(at) {
		at = at.Truncate(time.Minute)
	}
	for end := at.AddDate(0, 0, 9); !in(at) && at.Before(end); at = at.Add(time.Minute) { // every hour there is comes within a week
	}
	if !at.Before(g.until) || !in(at) {
		return time.Time{}, ""
	}
	if when == "" && at.After(now) {
		when = "from " + at.In(s.clinic.Zone).Format("Monday, 2 January 2006 15:04")
	}
	return at, when
}

// holders are whom a grant is for, one by one as far as they are known.
func (s *Set) holders(g *grant, platforms map[string][]string) []Holder {
	to := g.src.To
	switch {
	case to.User != "":
		issuer, _, _ := strings.Cut(to.User, "|")
		h := Holder{Person: to.User, Automated: to.Automated}
		if known := platforms[issuer]; len(known) == 1 {
			h.Platform = known[0]
		}
		return []Holder{h}
	case to.Team != "":
		var out []Holder
		platform, _, _ := strings.Cut(to.Team, "/")
		for _, id := range theNames(s.clinic.Teams[to.Team]...).list {
			out = append(out, Holder{Person: id, Platform: platform, Team: to.Team, Automated: to.Automated})
		}
		return out
	}
	return []Holder{{Platform: to.Platform, Automated: to.Automated}}
}

// holdings are the permissions of g by which h can do what q asks about at that moment.
func (s *Set) holdings(g *grant, h Holder, q Question, at time.Time) []Holding {
	var out []Holding
	for _, caller := range s.callers(g, h, at) {
		d := s.Decide(Request{Caller: caller, Clinic: s.clinic.Name, Interaction: named(q), Now: at})
		reasons, removed, ok := d.answer(q.Resource)
		if !ok {
			continue
		}
		for _, r := range reasons {
			if r.Grant == g.cite && !slices.ContainsFunc(out, func(o Holding) bool { return o.Clause == r.Detail }) {
				out = append(out, Holding{Holder: h, Grant: r.Grant, Clause: r.Detail, Removed: removed})
			}
		}
	}
	return out
}

// named is the interaction with the resource's id, where it has none of its own.
func named(q Question) fhir.Interaction {
	in := q.Interaction
	if in.Kind == fhir.InteractionRead || in.Kind == fhir.InteractionUpdate {
		if in.ID == "" {
			in.ID = q.Resource.ID()
		}
		if in.ID == "" {
			in.ID = anyID
		}
	}
	if in.Kind == fhir.InteractionSearch && in.Query.IsZero() {
		in.Query = fhir.NewQuery(in.Type)
	}
	return in
}

// anyID stands for the id of whatever resource: no decision depends on it.
const anyID = "any"

// answer is why d lets its caller have, find, make or change r, and what of it is not shown; ok is false where it does not.
// Of the zero resource nothing is asked.
func (d Decision) answer(r fhir.Resource) (reasons []Reason, removed []string, ok bool) {
	if !d.Permitted() {
		return nil, nil, false
	}
	if r.IsZero() {
		return d.Reasons(), nil, true
	}
	switch d.p.req.Interaction.Kind {
	case fhir.InteractionCreate:
		accepted, reasons := d.Accept(fhir.Resource{}, r)
		return reasons, nil, !accepted.IsZero()
	case fhir.InteractionUpdate:
		seen, err := fhir.ParseResource(r.Cut(d.p.seen(r)).AppendTo(nil), fhir.Limits{})
		if err != nil {
			return nil, nil, false
		}
		accepted, reasons := d.Accept(r, seen) // what they were shown, sent back
		return reasons, r.Cut(d.p.seen(r)).Removed(), !accepted.IsZero()
	}
	released, reasons := d.Release(r)
	return reasons, released.Removed(), !released.IsZero()
}

// callers are somebody in h's place who meets what g asks of a caller: from each of its networks, and of those that
// guardrails ask for.
func (s *Set) callers(g *grant, h Holder, at time.Time) []Caller {
	issuer, subject, _ := strings.Cut(h.Person, "|")
	if h.Person == "" {
		issuer, subject = "platform:"+h.Platform, "anybody"
	}
	c := Caller{
		Issuer: issuer, Subject: subject, Name: subject, Platform: h.Platform, ClientID: "any", Automated: h.Automated,
		Expires: at.Add(time.Hour), Scopes: []string{"user/*.cruds"},
	}
	if c.Platform == "" {
		c.Platform = "?" // no platform's name
	}
	if len(g.src.Purposes) > 0 {
		c.Purposes = g.src.Purposes[:1]
	}
	out := []Caller{c}
	networks := slices.Clone(g.networks)
	for _, rail := range s.denials.networks {
		networks = append(networks, rail.networks...)
	}
	for _, n := range networks {
		c.Address = n.Addr()
		out = append(out, c)
	}
	return out
}

// asks is what g and the guardrails ask of callers beside being who they are, in words.
func (s *Set) asks(g *grant) []string {
	var out []string
	if g.src.Hours != "" {
		out = append(out, g.src.Hours+" by the clock of "+s.clinic.Zone.String())
	}
	if len(g.networks) > 0 {
		out = append(out, "from "+strings.Join(prefixTexts(g.networks), " or "))
	}
	for _, rail := range s.denials.networks {
		out = append(out, "from "+strings.Join(prefixTexts(rail.networks), " or ")+" ("+rail.detail+")")
	}
	if len(g.src.Purposes) > 0 {
		out = append(out, "for "+list(g.src.Purposes, purposeInWords, " or "))
	}
	return append(out, "until the end of "+humanDate(g.src.Until))
}
