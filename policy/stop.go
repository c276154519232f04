package policy

import (
	"strconv"

	"vestibule/fhir"
)

// Stop holds up a grant, a person, a platform or everything, at once and until it is withdrawn: plain data as it stands in a
// document of kind Stop. It takes nothing back: what it holds up goes on as before once it is gone.
type Stop struct {
	Clinic     string `yaml:"clinic,omitempty"` // absent: every clinic
	Name       string `yaml:"name"`
	Grant      string `yaml:"grant,omitempty"`      // the name of a grant, whatever its version
	Person     string `yaml:"person,omitempty"`     // "iss|sub", see Caller.ID; an automated agent too
	Platform   string `yaml:"platform,omitempty"`   // everybody and everything that comes from it
	Everything bool   `yaml:"everything,omitempty"` // nobody does anything
	Because    string `yaml:"because"`

	Version int `yaml:"-"` // set by the store, from 1
}

// Cite is how decisions and the trail name this version of the stop: name@version.
func (s Stop) Cite() string { return s.Name + "@" + strconv.Itoa(s.Version) }

// CheckStop lists every mistake in s, as Check does for a grant. What it holds up need not exist: a stop may come before it.
func CheckStop(s Stop, ctx Context) []*fhir.Error {
	m := mistakes{kind: "Stop"}
	m.named(ctx.Clinic, s.Clinic, s.Name, s.Because)
	named := 0
	for _, is := range []bool{s.Grant != "", s.Person != "", s.Platform != "", s.Everything} {
		if is {
			named++
		}
	}
	switch {
	case named != 1:
		m.add("", "Say what to stop: exactly one of grant, person, platform and everything: true.")
	case s.Grant != "" && s.Clinic == "":
		m.add("clinic", "A grant is one clinic's; say which.")
	case s.Grant != "" && !validName(s.Grant):
		m.add("grant", "Name the grant without its version.")
	case s.Person != "":
		m.person("person", s.Person)
	}
	return m.list
}

// stops are the stops of a Set, by what they hold up. The zero value holds up nothing.
type stops struct {
	everything *Stop
	platforms  map[string]*Stop
	persons    map[string]*Stop
	grants     map[string]*Stop
}

func newStops(clinic Clinic, all []Stop) (stops, error) {
	out := stops{platforms: map[string]*Stop{}, persons: map[string]*Stop{}, grants: map[string]*Stop{}}
	for i := range all {
		s := &all[i]
		if m := (mistakes{kind: "Stop", list: CheckStop(*s, Context{Clinic: clinic})}); len(m.list) > 0 {
			return stops{}, m.err(s.Name)
		}
		switch {
		case s.Everything:
			out.everything = s
		case s.Platform != "":
			out.platforms[s.Platform] = s
		case s.Person != "":
			out.persons[s.Person] = s
		default:
			out.grants[s.Grant] = s
		}
	}
	return out, nil
}

// against is why everything that c asks for is held up; ok is false where it is not.
func (s *stops) against(c Caller) (reason Reason, ok bool) {
	for _, held := range []struct {
		by   *Stop
		code Code
	}{{s.everything, CodeClinicStopped}, {s.platforms[c.Platform], CodePlatformStopped}, {s.persons[c.ID()], CodePersonStopped}} {
		if held.by != nil {
			reason = because(held.code)
			reason.Detail = held.by.detail()
			return reason, true
		}
	}
	return Reason{}, false
}

// Bars is why c may do nothing at all, not even look into the trail: c in person, or c's platform, is stopped, or c comes
// from outside the networks of a guardrail. The error, nil where none of it is so, is what c hears; the reason is for the
// trail. A stop of everything is none of these: an auditor looks into what happened when all else stands still.
func (s *Set) Bars(c Caller) (Reason, *fhir.Error) {
	if s == nil {
		return Reason{}, nil
	}
	one := stops{platforms: s.stops.platforms, persons: s.stops.persons}
	reason, barred := one.against(c)
	if !barred {
		reason, barred = s.denials.outside(c.Address.Unmap().WithZone(""))
	}
	if !barred {
		return Reason{}, nil
	}
	info, _ := reason.Code.Info()
	return reason, fhir.E("policy.Bars", info.Kind, string(reason.Code), reason.Text)
}

// detail says for the clinic which stop it is.
func (s *Stop) detail() string { return "Stop " + s.Cite() + ": " + s.Because }
