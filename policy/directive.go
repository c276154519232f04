package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"vestibule/fhir"
)

// Directive locks resources of one patient, as the patient has asked for: plain data as it stands in a document of kind
// Directive. Whatever grants say, it wins.
type Directive struct {
	Clinic    string   `yaml:"clinic"`
	Name      string   `yaml:"name"`
	Patient   string   `yaml:"patient"`             // "Patient/17", as the EMR's resources name the patient
	Resources []string `yaml:"resources,omitempty"` // "Appointment", "Task/9", "DocumentReference?category=psychiatry"; absent: all
	To        []Whom   `yaml:"to,omitempty"`        // whom it locks out; absent: everybody
	From      string   `yaml:"from,omitempty"`      // first day; absent: since it is on record
	Until     string   `yaml:"until,omitempty"`     // last day; absent: until it is withdrawn
	Because   string   `yaml:"because"`

	Version int `yaml:"-"` // set by the store, from 1
}

// Whom is exactly one of a person, everything that comes from a platform, and a team of one.
type Whom struct {
	User     string `yaml:"user,omitempty"` // "iss|sub", see Caller.ID
	Platform string `yaml:"platform,omitempty"`
	Team     string `yaml:"team,omitempty"` // "platform/team"
}

// Cite is how decisions and the trail name this version of the directive: name@version.
func (d Directive) Cite() string { return d.Name + "@" + strconv.Itoa(d.Version) }

// directive is a Directive that has been read.
type directive struct {
	detail      string // for the clinic: which directive it is
	patient     string // the id
	everything  bool   // of the patient
	resources   []selector
	everybody   bool
	to          []group
	from, until time.Time // until exclusive; zero: open
}

// group is some callers: one person, or a platform's, or those of its people who are members.
type group struct {
	person   string
	platform string
	members  []string // nil: everybody and everything at the platform
}

// CheckDirective lists every mistake in d, as Check does for a grant; what is over by ctx.Now is one, because it would lock
// nothing.
func CheckDirective(d Directive, ctx Context) []*fhir.Error {
	m := mistakes{kind: "Directive"}
	read := m.directive(d, ctx.Clinic)
	for i, w := range d.To {
		if _, known := ctx.Clinic.Teams[w.Team]; w.Team != "" && !known {
			m.add(fmt.Sprintf("to[%d].team", i), "There is no team %q.", w.Team)
		}
	}
	if !ctx.Now.IsZero() && !read.until.IsZero() && !ctx.Now.Before(read.until) {
		m.add("until", "%s is over; it would lock nothing.", d.Until)
	}
	return m.list
}

// directive reads d. If m holds mistakes afterwards, the result must not be used.
func (m *mistakes) directive(d Directive, clinic Clinic) directive {
	out := directive{detail: "Directive " + d.Cite(), everything: d.Resources == nil, everybody: d.To == nil}
	m.named(clinic, d.Clinic, d.Name, d.Because)
	if d.Clinic == "" {
		m.add("clinic", "A patient is one clinic's; say which.")
	}
	if clinic.Zone == nil {
		return out
	}
	ref, ok := fhir.ParseRef(d.Patient)
	if !ok || ref.Type != "Patient" || ref.Version != "" {
		m.add("patient", `Name the patient as the EMR does, such as "Patient/17".`)
	}
	out.patient = ref.ID
	out.resources = m.selectors("resources", d.Resources, clinic.Zone)
	out.to = m.groups(d.To, clinic)
	m.days(d, clinic.Zone, &out)
	return out
}

func (m *mistakes) groups(to []Whom, clinic Clinic) (out []group) {
	if to != nil && len(to) == 0 {
		m.add("to", "This list is empty; name somebody or leave it out for everybody.")
	}
	for i, w := range to {
		at := fmt.Sprintf("to[%d]", i)
		platform, team, isTeam := strings.Cut(w.Team, "/")
		switch {
		case len(slices.DeleteFunc([]string{w.User, w.Platform, w.Team}, func(s string) bool { return s == "" })) != 1:
			m.add(at, "Name exactly one of user, platform and team.")
		case w.User != "":
			m.person(at+".user", w.User)
			out = append(out, group{person: w.User})
		case w.Platform != "":
			out = append(out, group{platform: w.Platform})
		case !isTeam || platform == "" || team == "":
			m.add(at+".team", `Name a team as "platform/team", such as "assistco/front-desk".`)
		default: // a team that the clinic does not have any more is everybody at its platform: a lock does not open by itself
			g := group{platform: platform}
			if members, known := clinic.Teams[w.Team]; known {
				g.members = append([]string{}, members...)
			}
			out = append(out, g)
		}
	}
	return out
}

func (m *mistakes) days(d Directive, zone *time.Location, out *directive) {
	for _, field := range []struct {
		path, text string
		offset     int
		to         *time.Time
	}{{"from", d.From, 0, &out.from}, {"until", d.Until, 1, &out.until}} {
		if field.text == "" {
			continue
		}
		day, err := parseDay(field.text, zone)
		if err != nil {
			m.wrong(field.path, err)
			continue
		}
		*field.to = day.start(field.offset)
	}
	if !out.from.IsZero() && !out.until.IsZero() && !out.from.Before(out.until) {
		m.add("from", "The directive ends on %s, before it begins on %s.", d.Until, d.From)
	}
}

// types are those of the resources that d is about.
func (d *directive) types() []string {
	if d.everything {
		return fhir.Types()
	}
	var out []string
	for _, s := range d.resources {
		out = append(out, s.typ)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// applies reports whether d locks c out at now.
func (d *directive) applies(c *Caller, now time.Time) bool {
	if now.Before(d.from) || !d.until.IsZero() && !now.Before(d.until) {
		return false
	}
	return d.everybody || slices.ContainsFunc(d.to, func(g group) bool { return g.holds(c) })
}

func (g *group) holds(c *Caller) bool {
	switch {
	case g.person != "":
		return g.person == c.ID()
	case g.platform != c.Platform:
		return false
	}
	return g.members == nil || slices.Contains(g.members, c.ID())
}

// selects reports whether d is about r, whosever it is.
func (d *directive) selects(r fhir.Resource) bool {
	if d.everything {
		return true
	}
	for i := range d.resources {
		if d.resources[i].matches(r) {
			return true
		}
	}
	return false
}
