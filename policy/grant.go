package policy

import (
	"strconv"
	"time"
)

// Grant is what a clinic gives to somebody: plain data as it stands in a document of kind Grant. It means nothing until
// Check finds no mistake in it and Compile makes it part of a Set. The meaning of every field is in the package comment.
type Grant struct {
	Clinic      string       `yaml:"clinic"`
	Name        string       `yaml:"name"`
	To          To           `yaml:"to,flow"`
	Because     string       `yaml:"because"`
	From        string       `yaml:"from,omitempty"` // a date; absent: from the moment of approval
	Until       string       `yaml:"until"`          // a date
	Hours       string       `yaml:"hours,omitempty"`
	Networks    []string     `yaml:"networks,omitempty,flow"`
	Purposes    []string     `yaml:"purposes,omitempty,flow"`
	Permissions []Permission `yaml:"permissions"`
	Limits      Limits       `yaml:"limits,omitempty,flow"`

	Version  int       `yaml:"-"` // set by the store, from 1
	Approved time.Time `yaml:"-"` // set by the store: when this version was put in force; zero while it is a document
}

// To says whom a grant is for: exactly one of User, Platform and Team.
type To struct {
	User      string `yaml:"user,omitempty"`      // "iss|sub", see Caller.ID
	Platform  string `yaml:"platform,omitempty"`  // everybody who works for it
	Team      string `yaml:"team,omitempty"`      // "platform/team", see Clinic.Teams
	Automated bool   `yaml:"automated,omitempty"` // for automated agents, and then for no person
}

// Permission is one line of a grant: which interactions, on which resources, showing and changing what of them.
type Permission struct {
	Scope       string   `yaml:"scope"`
	Window      string   `yaml:"window,omitempty"`
	Elements    []string `yaml:"elements,omitempty,flow"`
	Write       []string `yaml:"write,omitempty,flow"`
	Transitions []string `yaml:"transitions,omitempty,flow"` // of status: "booked->cancelled", "->booked" for a create
	Content     bool     `yaml:"content,omitempty"`
}

// Cite is how decisions and the trail name this version of the grant: name@version.
func (g Grant) Cite() string { return g.Name + "@" + strconv.Itoa(g.Version) }

// Rules is everything that a clinic has laid down about who may do what.
type Rules struct {
	Grants     []Grant
	Stops      []Stop
	Directives []Directive
	Guardrails []Guardrail
}

// Clinic is what a Set has to know of the clinic whose grants it holds.
type Clinic struct {
	Name  string
	Zone  *time.Location      // its wall clock: for hours, windows, until, and times without a zone
	Teams map[string][]string // "platform/team" to the Caller.IDs of its members
}
