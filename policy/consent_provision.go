package policy

import (
	"fmt"
	"slices"
	"strings"

	"vestibule/fhir"
)

// limiting are the elements by which a provision says what it is about, beside its period.
var limiting = [...]string{"actor", "action", "securityLabel", "purpose", "class", "code", "dataPeriod", "data"}

// provision reads one rule and those below it, within the days of those above.
func (c *consentReader) provision(v fhir.Value, path string, root bool, outer days) {
	c.only(v, path, append(limiting[:], "type", "period", "provision")...)
	typ := v.Get("type")
	switch {
	case typ.Text() == "deny":
		c.denial(v, path, outer)
		return
	case typ.Text() != "permit" && (!root || typ.Exists()):
		c.add(path+".type", "A rule says permit or deny.")
		return
	}
	below := c.items(v, path, "provision")
	if !slices.ContainsFunc(below, denies) {
		return // it permits, and a directive only locks
	}
	for _, name := range limiting {
		if v.Get(name).Exists() {
			c.add(path+"."+name, "It limits the denials below it in a way that a directive cannot say; repeat it there.")
		}
	}
	outer = outer.and(c.period(v.Get("period"), path+".period"))
	for i, p := range below {
		c.provision(p, fmt.Sprintf("%s.provision[%d]", path, i), false, outer)
	}
}

// denies reports whether v or something below it is other than a permission.
func denies(v fhir.Value) bool {
	if v.Get("type").Text() != "permit" {
		return true
	}
	for p := range v.Get("provision").Items() {
		if denies(p) {
			return true
		}
	}
	return false
}

// denial makes a directive of one rule that denies.
func (c *consentReader) denial(v fhir.Value, path string, outer days) {
	c.denials++
	for _, no := range [...]struct{ name, why string }{
		{"provision", "It makes exceptions to the denial, which a directive has none of."},
		{"purpose", "A directive locks for every purpose."},
		{"dataPeriod", "A directive does not look at the time that resources are about."},
	} {
		if v.Get(no.name).Exists() {
			c.add(path+"."+no.name, "%s", no.why)
		}
	}
	d := c.base
	d.Name = consentName(strings.TrimPrefix(c.out.Consent, "Consent/"), c.denials)
	c.actions(v, path)
	d.To = c.actors(v, path)
	resources, served := c.resources(v, path)
	d.Resources = resources
	held := outer.and(c.period(v.Get("period"), path+".period"))
	d.From, d.Until = held.from, held.until
	if len(c.list) > 0 || !served {
		return
	}
	if c.isOver(d, path) {
		return
	}
	for _, e := range CheckDirective(d, Context{Clinic: c.options.Clinic, Now: c.options.Now}) {
		c.add(path, "%s: %s", e.Path, e.Text)
	}
	c.out.Directives = append(c.out.Directives, d)
}

// isOver reports, and notes, that d has ended.
func (c *consentReader) isOver(d Directive, path string) bool {
	if d.Until == "" {
		return false
	}
	last, err := parseDay(d.Until, c.options.Clinic.Zone)
	if err != nil || c.options.Now.Before(last.start(1)) {
		return false
	}
	c.note("%s ended with %s, so that it locks nothing", path, d.Until)
	return true
}

func (c *consentReader) actions(v fhir.Value, path string) {
	items := c.items(v, path, "action")
	if len(items) == 0 {
		return
	}
	for _, code := range []string{"access", "correct"} {
		if !slices.ContainsFunc(items, func(a fhir.Value) bool { return hasCode(a.Get("coding"), code, systemAction) }) {
			c.add(path+".action", "A directive keeps from reading and from changing; leave action out, or name both access and correct.")
			return
		}
	}
}

func (c *consentReader) actors(v fhir.Value, path string) (out []Whom) {
	for i, a := range c.items(v, path, "actor") {
		at := fmt.Sprintf("%s.actor[%d]", path, i)
		c.only(a, at, "role", "reference")
		role := a.Get("role").Get("coding")
		if !hasCode(role, "PRCP", systemParticipation) && !hasCode(role, "IRCP", systemParticipation) {
			c.add(at+".role", "A directive locks recipients out: PRCP or IRCP of %s.", systemParticipation)
		}
		whom, ok := c.whom(a.Get("reference"))
		if !ok {
			c.add(at+".reference", "Nobody is known by it; use an identifier whose system is the issuer of a platform, %s or %s, or say who it is with --actor.", systemPlatform, systemTeam)
			continue
		}
		if !slices.Contains(out, whom) {
			out = append(out, whom)
		}
	}
	return out
}

// whom is who a reference means.
func (c *consentReader) whom(ref fhir.Value) (Whom, bool) {
	if whom, ok := c.options.Actors[ref.Get("reference").Text()]; ok {
		return whom, true
	}
	system, value := ref.Get("identifier").Get("system").Text(), ref.Get("identifier").Get("value").Text()
	if whom, ok := c.options.Actors[system+"|"+value]; ok {
		return whom, true
	}
	switch {
	case value == "":
		return Whom{}, false
	case system == systemPlatform:
		return Whom{Platform: value}, true
	case system == systemTeam:
		return Whom{Team: value}, true
	}
	return Whom{User: system + "|" + value}, slices.Contains(c.options.Issuers, system)
}
