package config

import (
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"vestibule/policy"
)

// Clinic is who owns data behind the gateway.
type Clinic struct {
	Name           string              `yaml:"name"`           // a DNS label; the clinic's part of every URL
	Title          string              `yaml:"title"`          // for people
	Zone           string              `yaml:"zone"`           // IANA time zone
	Auditors       []string            `yaml:"auditors"`       // "iss|sub" of those who may search the trail
	Administrators []string            `yaml:"administrators"` // "iss|sub" of those who may apply and revoke
	Teams          map[string][]string `yaml:"teams"`          // "platform/team" to the "iss|sub" of its members, for grants to a team
	Approvals      string              `yaml:"approvals"`      // SecondPerson, or empty: whoever applies a grant approves it
	ReviewEvery    int                 `yaml:"reviewEvery"`    // days after which a grant's approval is due for review
	Hours          string              `yaml:"hours"`          // when the clinic is open, as a grant's hours are written; reports say what was after hours
	Retention      Retention           `yaml:"retention"`      // how long the bodies of records are kept, by class
}

// SecondPerson is the one value of Clinic.Approvals: a grant has no effect before somebody else than who applied it approves.
const SecondPerson = "second-person"

// What reviewEvery may be, in days.
const (
	defaultReviewEvery = 90
	maxReviewEvery     = 366 // a grant lasts no longer
)

// Location is the clinic's time zone. A clinic that was parsed has one.
func (c *Clinic) Location() (*time.Location, error) { return time.LoadLocation(c.Zone) }

func (c *Clinic) check() findings {
	var f findings
	label(&f, "name", c.Name)
	if strings.TrimSpace(c.Title) == "" {
		f.add("title", "is missing: the clinic's name as people know it")
	}
	if c.Zone == "" {
		f.add("zone", "is missing: the clinic's IANA time zone, such as America/Regina")
	} else if _, err := c.Location(); err != nil || c.Zone == "Local" || !strings.Contains(c.Zone, "/") && c.Zone != "UTC" {
		f.add("zone", "%q is no IANA time zone; write one such as America/Regina", c.Zone)
	}
	people(&f, "auditors", c.Auditors)
	people(&f, "administrators", c.Administrators)
	if c.Approvals != "" && c.Approvals != SecondPerson {
		oneOf(&f, "approvals", c.Approvals, SecondPerson)
	}
	if c.ReviewEvery < 1 || c.ReviewEvery > maxReviewEvery {
		f.add("reviewEvery", "has to be a number of days from 1 to %d", maxReviewEvery)
	}
	if c.Hours != "" {
		if _, err := policy.ParseHours(c.Hours); err != nil {
			f.add("hours", "%s", err)
		}
	}
	for _, team := range slices.Sorted(maps.Keys(c.Teams)) {
		if platform, name, ok := strings.Cut(team, "/"); !ok || !isLabel(platform) || !isLabel(name) {
			f.add("teams."+team, "a team is named platform/team, such as assistco/front-desk")
		}
		people(&f, "teams."+team, c.Teams[team])
	}
	return f
}

// Platform is an employer of assistants, and how the tokens of its people are recognised.
type Platform struct {
	Name       string   `yaml:"name"`       // our name for it, as grants use it
	Title      string   `yaml:"title"`      // for people
	Issuer     string   `yaml:"issuer"`     // exactly as the tokens' iss writes it
	Clients    []string `yaml:"clients"`    // the client ids that may present its tokens
	TokenTypes []string `yaml:"tokenTypes"` // header types of its access tokens; none: at+jwt (RFC 9068)
}

func (p *Platform) check() findings {
	var f findings
	label(&f, "name", p.Name)
	if strings.TrimSpace(p.Title) == "" {
		f.add("title", "is missing: the platform's name as people know it")
	}
	if p.Issuer == "" {
		f.add("issuer", "is missing: the URL that its tokens carry as iss")
	} else if why := badURL(p.Issuer); why != "" {
		f.add("issuer", "%s", why)
	} else if strings.Contains(p.Issuer, "|") {
		f.add("issuer", "holds a |, which separates issuer and subject in a grant")
	}
	if len(p.Clients) == 0 {
		f.add("clients", "is missing: at least one client id; without one no token of this issuer is accepted")
	}
	words(&f, "clients", p.Clients)
	words(&f, "tokenTypes", p.TokenTypes)
	for i, t := range p.TokenTypes {
		if strings.EqualFold(t, "application/") {
			f.add(indexed("tokenTypes", i), "%q is no token type; write one such as at+jwt", t)
		}
	}
	return f
}

// label wants a DNS label (RFC 1123 section 2.1): it stands in URLs, file names and log lines.
func label(f *findings, path, s string) {
	switch {
	case s == "":
		f.add(path, "is missing: lower-case letters, digits and dashes, such as front-desk")
	case !isLabel(s):
		f.add(path, "%q may hold lower-case letters, digits and inner dashes only, at most 63 of them", s)
	}
}

func isLabel(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' }) < 0
}

// people wants each entry to name one person as an issuer does: iss|sub.
func people(f *findings, path string, list []string) {
	seen := make(map[string]bool, len(list))
	for i, s := range list {
		at := indexed(path, i)
		iss, sub, ok := strings.Cut(s, "|")
		switch {
		case s == "" || !ok || sub == "":
			f.add(at, `has to be "issuer|subject", such as "https://id.example|ann"`)
		case badURL(iss) != "":
			f.add(at, "issuer %s", badURL(iss))
		case seen[s]:
			f.add(at, "names the same person twice")
		}
		seen[s] = true
	}
}

// words wants entries that are not empty and not repeated.
func words(f *findings, path string, list []string) {
	seen := make(map[string]bool, len(list))
	for i, s := range list {
		if strings.TrimSpace(s) == "" || s != strings.TrimSpace(s) {
			f.add(indexed(path, i), "is empty or has spaces around it")
		} else if seen[s] {
			f.add(indexed(path, i), "is written twice")
		}
		seen[s] = true
	}
}

// badURL says why raw may not be talked to, "" when it may: https, or http on loopback where nobody listens on the wire.
func badURL(raw string) string {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "" || u.Hostname() == "":
		return "has to be an absolute URL, such as https://host.example/path"
	case u.User != nil:
		return "must not hold a user or password"
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Contains(raw, "#"):
		return "must not have a query or fragment"
	case u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()):
		return ""
	}
	return "has to begin with https:// (http:// is accepted on loopback only)"
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
