package policy

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"vestibule/fhir"
)

// grant is a Grant that has been read: every field checked and in the form that decisions use.
type grant struct {
	src         Grant
	cite        string
	from, until time.Time // until exclusive
	hours       hours
	networks    []netip.Prefix
	purposes    purposes
	permissions []permission
	paused      *Stop // nil: it is not
}

// permission is a Permission that has been read.
type permission struct {
	grant       *grant
	src         Permission
	scope       scope
	window      window
	windowed    bool
	shown       fhir.Elements // what it shows of a resource that it reaches, content included
	class       int           // number of shown among the different ones of a Set
	windowAt    int           // number of window among the different ones of a Set
	write       []string      // top-level elements, sorted
	transitions []transition  // of status, that a write may make; none: any
	clears      labels        // the labels that its criteria name
}

// reader collects the mistakes of a grant, so that its author sees all of them at once.
type reader struct {
	clinic   Clinic
	mistakes []*fhir.Error
}

// mistake records what is wrong at a path of the document and what would be right.
func (r *reader) mistake(path, format string, args ...any) {
	r.mistakes = append(r.mistakes,
		fhir.E("policy.Check", fhir.KindInvalid, "invalid-grant", fmt.Sprintf(format, args...)).At(path))
}

// wrong records err at a path; the text of a fhir.Error is already made for people.
func (r *reader) wrong(path string, err error) {
	if e, ok := errors.AsType[*fhir.Error](err); ok {
		text := e.Text
		if e.Path != "" {
			text = e.Path + ": " + text
		}
		r.mistake(path, "%s", text)
		return
	}
	r.mistake(path, "%v.", err)
}

// read turns g into a grant. Whatever is wrong is in r.mistakes, and then the result must not be used.
func (r *reader) read(g Grant) *grant {
	out := &grant{src: g, cite: g.Cite()}
	if g.Clinic != r.clinic.Name {
		r.mistake("clinic", "This grant is for clinic %q, not for %q.", g.Clinic, r.clinic.Name)
	}
	if !validName(g.Name) {
		r.mistake("name", "A grant's name is 1 to 64 of a-z, 0-9 and '-', and begins with a letter or digit.")
	}
	if strings.TrimSpace(g.Because) == "" || strings.ContainsFunc(g.Because, isControl) {
		r.mistake("because", "Say on one line why the grant is given.")
	}
	r.empty("networks", g.Networks)
	r.empty("purposes", g.Purposes)
	r.to(g.To)
	r.dates(g, out)
	if g.Hours != "" {
		var err error
		if out.hours, err = parseHours(g.Hours); err != nil {
			r.wrong("hours", err)
		}
	}
	r.networks(g, out)
	r.purposes(g.Purposes, out)
	r.limits(g.Limits)
	r.permissions(g, out)
	return out
}

// empty refuses a list that is there and names nothing: it reads like "none" and would mean "all".
func (r *reader) empty(path string, list []string) {
	if list != nil && len(list) == 0 {
		r.mistake(path, "This list is empty; name something or leave it out.")
	}
}

func validName(s string) bool {
	if s == "" || len(s) > 64 || s[0] == '-' {
		return false
	}
	return !strings.ContainsFunc(s, func(c rune) bool {
		return c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z')
	})
}

func isControl(c rune) bool { return c < ' ' || c == 0x7f }

func (r *reader) to(to To) {
	named := 0
	for _, s := range []string{to.User, to.Platform, to.Team} {
		if s != "" {
			named++
		}
	}
	if named != 1 {
		r.mistake("to", "Name exactly one of user, platform and team.")
		return
	}
	if to.User != "" {
		if iss, sub, ok := strings.Cut(to.User, "|"); !ok || iss == "" || sub == "" || strings.ContainsFunc(to.User, isControl) {
			r.mistake("to.user", `Name a user as "issuer|subject", such as "https://id.assistco.example|amara".`)
		}
	}
	if to.Team != "" {
		if platform, team, ok := strings.Cut(to.Team, "/"); !ok || platform == "" || team == "" {
			r.mistake("to.team", `Name a team as "platform/team", such as "assistco/front-desk".`)
		}
	}
}

func (r *reader) dates(g Grant, out *grant) {
	if g.Until == "" {
		r.mistake("until", "A grant ends; give the last day, at most %d days ahead.", longest)
		return
	}
	until, err := parseDay(g.Until, r.clinic.Zone)
	if err != nil {
		r.wrong("until", err)
		return
	}
	out.from, out.until = g.Approved, until.start(1)
	if g.From == "" {
		return
	}
	from, err := parseDay(g.From, r.clinic.Zone)
	if err != nil {
		r.wrong("from", err)
		return
	}
	if begin := from.start(0); begin.After(out.from) {
		out.from = begin
	}
	if !from.start(0).Before(out.until) {
		r.mistake("from", "The grant ends on %s, before it begins on %s.", g.Until, g.From)
	}
}

func (r *reader) networks(g Grant, out *grant) {
	for i, text := range g.Networks {
		path := fmt.Sprintf("networks[%d]", i)
		p, err := parseNetwork(text)
		switch {
		case err != nil:
			r.mistake(path, `%q is not a network: write it like "203.0.113.0/24" or "203.0.113.7".`, text)
		case p != p.Masked():
			r.mistake(path, "%s has bits set beyond its length; did you mean %s?", text, p.Masked())
		case p.Bits() == 0:
			r.mistake(path, "%s is every network; leave networks out if none is meant.", text)
		default:
			out.networks = append(out.networks, p)
		}
	}
}

func parseNetwork(s string) (netip.Prefix, error) {
	if !strings.Contains(s, "/") {
		a, err := netip.ParseAddr(s)
		if err != nil || a.Zone() != "" {
			return netip.Prefix{}, fmt.Errorf("not an address")
		}
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil || p.Addr().Is4In6() {
		return netip.Prefix{}, fmt.Errorf("not a network")
	}
	return p, nil
}

func (r *reader) purposes(given []string, out *grant) {
	for i, code := range given {
		path := fmt.Sprintf("purposes[%d]", i)
		if _, ok := purposeMeans(code); !ok {
			r.mistake(path, "%q cannot be granted; use COC, HOPERAT, HPAYMT, PATADMIN, RECORDMGT or TREAT.", code)
		}
		if slices.Index(given, code) < i {
			r.mistake(path, "%s stands twice.", code)
		}
	}
	out.purposes = purposesOf(given)
}
