package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"vestibule/fhir"
)

// ConsentOptions are what the reading of Consents needs to know of the clinic.
type ConsentOptions struct {
	Clinic  Clinic
	Now     time.Time
	Issuers []string        // of the platforms: an identifier in one of these systems is a person
	Actors  map[string]Whom // who else is meant, by literal reference ("Organization/f1") or "system|value"
}

// Import is what became of one Consent: directives, or mistakes. Notes say what there was nothing to do about.
type Import struct {
	Consent    string // "Consent/17"
	Directives []Directive
	Notes      []string
	Mistakes   []*fhir.Error // what a directive cannot say, each with its path; then there are no directives
}

// The systems and codes of R4 that a Consent's meaning hangs on.
const (
	systemScope         = "http://terminology.hl7.org/CodeSystem/consentscope"
	systemAction        = "http://terminology.hl7.org/CodeSystem/consentaction"
	systemActCode       = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
	systemParticipation = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
	systemResourceTypes = "http://hl7.org/fhir/resource-types"
	systemPlatform      = "urn:vestibule:platform" // identifies an actor by our name of a platform
	systemTeam          = "urn:vestibule:team"     // by "platform/team"
)

// ReadConsent makes directives of an R4 Consent (http://hl7.org/fhir/R4/consent.html): one for each rule that denies. What a
// directive cannot say exactly is a mistake with its path and never guessed: a lock that is narrower than what the patient
// asked for would break the promise, one that is wider would keep people from their work without anybody knowing why.
//
//	status          active; other Consents have no effect, which is a note
//	scope           patient-privacy
//	patient         a literal local reference
//	policyRule      not OPTOUT, OPTOUTE or EMRGONLY, which deny more than the provision says
//	provision       type deny at any depth; above it only provisions that are no denials and limit nothing but the period;
//	                below it nothing
//	  period        whole days of the clinic
//	  actor         in the role of a recipient (PRCP, IRCP): a person by an identifier in an issuer's system, a platform or a
//	                team by one in urn:vestibule:platform or urn:vestibule:team, or whoever Actors says; none: everybody
//	  action        none, or both access and correct, because a directive keeps from reading and from changing
//	  class         resource types; those that are not served here are a note
//	  code          with class DocumentReference alone: documents that say one of these codes anywhere
//	  securityLabel one sensitivity code, with all that lie below it
//	  data          instances of resources, and then no class, code or label
//	  purpose, dataPeriod, modifierExtension: never
func ReadConsent(v fhir.Value, o ConsentOptions) Import {
	c := consentReader{options: o, mistakes: mistakes{kind: "Consent"}}
	c.out.Consent = "Consent/" + v.Get("id").Text()
	c.read(v)
	if c.out.Mistakes = c.list; len(c.list) > 0 {
		c.out.Directives = nil
	}
	return c.out
}

type consentReader struct {
	mistakes
	options ConsentOptions
	base    Directive // what all directives of the Consent have in common
	denials int
	out     Import
}

func (c *consentReader) note(format string, args ...any) {
	c.out.Notes = append(c.out.Notes, fmt.Sprintf(format, args...))
}

func (c *consentReader) read(v fhir.Value) {
	if v.Get("resourceType").Text() != "Consent" {
		c.add("resourceType", "That is no Consent.")
		return
	}
	if status := v.Get("status").Text(); status != "active" {
		if !slices.Contains([]string{"draft", "proposed", "rejected", "inactive", "entered-in-error"}, status) {
			c.add("status", "An R4 Consent has a status, such as active.")
			return
		}
		c.note("its status is %s, so that it locks nothing; if it once did, withdraw the directive %s", status, consentName(v.Get("id").Text(), 1))
		return
	}
	c.only(v, "", "resourceType", "meta", "language", "text", "contained", "identifier", "status", "scope", "category", "patient", "dateTime",
		"performer", "organization", "sourceAttachment", "sourceReference", "policy", "policyRule", "verification", "provision")
	c.header(v)
	provision := v.Get("provision")
	if !provision.Exists() {
		c.add("provision", "It says nothing that a directive could lock; write what is meant as a directive.")
		return
	}
	c.provision(provision, "provision", true, days{})
	if c.denials == 0 && len(c.list) == 0 {
		c.add("provision", "Nothing in it denies anything; a directive only locks.")
	}
}

// header reads what stands outside the provision.
func (c *consentReader) header(v fhir.Value) {
	id := v.Get("id").Text()
	if !fhir.ValidID(id) {
		c.add("id", "It needs an id, by which its directives are found when it is imported again.")
	}
	if !hasCode(v.Get("scope").Get("coding"), "patient-privacy", systemScope) {
		c.add("scope", "Only Consents of scope patient-privacy are about who sees what.")
	}
	ref, ok := fhir.ParseRef(v.Get("patient").Get("reference").Text())
	if !ok || ref.Type != "Patient" || ref.Version != "" {
		c.add("patient", `It has to name its patient as the EMR does, such as {"reference": "Patient/17"}.`)
	}
	for _, code := range []string{"OPTOUT", "OPTOUTE", "EMRGONLY"} {
		if hasCode(v.Get("policyRule").Get("coding"), code, systemActCode) {
			c.add("policyRule", "%s denies more than the provision says, and how much more cannot be read.", code)
		}
	}
	c.base = Directive{Clinic: c.options.Clinic.Name, Patient: ref.String(), Because: "Consent/" + id}
	if given := v.Get("dateTime").Text(); given != "" && !strings.ContainsFunc(given, isControl) {
		c.base.Because += ", given " + given
	}
}

// only refuses every member of v that is not among known: what is not understood may limit or widen what is.
func (c *consentReader) only(v fhir.Value, path string, known ...string) {
	for name := range v.Members() {
		name = strings.TrimPrefix(name, "_") // extensions of a primitive
		if name == "id" || name == "extension" || slices.Contains(known, name) {
			continue
		}
		c.add(strings.TrimPrefix(path+"."+name, "."), "It may change what the rest means, and is not understood.")
	}
}

// items are those of the list that v has under name; absent is none, and an empty list is a mistake.
func (c *consentReader) items(v fhir.Value, path, name string) []fhir.Value {
	list := v.Get(name)
	if !list.Exists() {
		return nil
	}
	var out []fhir.Value
	for item := range list.Items() {
		out = append(out, item)
	}
	if list.Kind() != fhir.Array || len(out) == 0 {
		c.add(path+"."+name, "It has to be a list that is not empty.")
	}
	return out
}

// hasCode reports whether one of codings is code in system.
func hasCode(codings fhir.Value, code, system string) bool {
	for coding := range codings.Items() {
		if coding.Get("system").Text() == system && coding.Get("code").Text() == code {
			return true
		}
	}
	return false
}

// consentName is the name of the n-th directive, from 1, of the Consent with that id: the same at each import.
func consentName(id string, n int) string {
	name := "consent-" + id
	if len(name) > 54 || !validName(name) || strings.HasSuffix(name, "-") {
		sum := sha256.Sum256([]byte(id))
		name = "consent-" + hex.EncodeToString(sum[:8])
	}
	if n > 1 {
		name += fmt.Sprintf("-rule-%d", n)
	}
	return name
}

// days are a period: dates of the clinic, both included, empty where it is open.
type days struct{ from, until string }

// and is the days in both. Dates of this form sort like the days they name.
func (a days) and(b days) days {
	out := days{max(a.from, b.from), a.until}
	if out.until == "" || b.until != "" && b.until < out.until {
		out.until = b.until
	}
	return out
}

func (c *consentReader) period(v fhir.Value, path string) (out days) {
	if !v.Exists() {
		return days{}
	}
	c.only(v, path, "start", "end")
	for _, field := range []struct {
		name string
		end  bool
		to   *string
	}{{"start", false, &out.from}, {"end", true, &out.until}} {
		if !v.Get(field.name).Exists() {
			continue
		}
		day, ok := wholeDay(v.Get(field.name).Text(), c.options.Clinic.Zone, field.end)
		if *field.to = day; !ok {
			c.add(path+"."+field.name, "A directive locks whole days of the clinic (%s).", c.options.Clinic.Zone)
		}
	}
	return out
}

// wholeDay is the first, or the last, day of a period in zone that begins, or ends, with a FHIR dateTime. A moment has to be
// the first, or within the last second, of its day there. Source: http://hl7.org/fhir/R4/datatypes.html#Period.
func wholeDay(s string, zone *time.Location, end bool) (date string, ok bool) {
	for _, form := range []struct {
		layout        string
		years, months int
	}{{"2006", 1, 0}, {"2006-01", 0, 1}, {time.DateOnly, 0, 0}} {
		t, err := time.Parse(form.layout, s)
		if err != nil {
			continue
		}
		if end && form.layout != time.DateOnly {
			t = t.AddDate(form.years, form.months, -1)
		}
		return t.Format(time.DateOnly), true
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return "", false
	}
	day := dayOf(t, zone)
	ok = t.Equal(day.start(0))
	if end {
		ok = day.start(1).Sub(t) <= time.Second
	}
	return t.In(zone).Format(time.DateOnly), ok
}
