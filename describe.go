package vestibule

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"vestibule/fhir"
	"vestibule/policy"
)

// What a record takes in at the most of what a caller or an EMR chose.
const (
	maxRules    = 20  // names of rules
	maxRule     = 200 // bytes of one
	maxSoftware = 120 // bytes of a User-Agent
	maxCodes    = 4   // kinds, and labels, of one resource
	maxCode     = 120 // bytes of one
)

// rules names what denied the access or kept resources back, beyond the reason's code: the grant's clause, the directive, the
// guardrail, the stop. For the clinic; no caller sees them.
func (a *access) rules(more []policy.Reason) (out []string) {
	if a.decided && !a.decision.Permitted() {
		more = append(a.decision.Reasons(), more...)
	}
	for _, list := range [...][]policy.Reason{more, a.keptBack} {
		for _, r := range list {
			text := strings.TrimSpace(r.Grant + " " + r.Detail)
			if r.Code == policy.CodeGranted || text == "" || len(out) == maxRules {
				continue
			}
			out = appendNew(out, plainText(string(r.Code)+": "+text, maxRule))
		}
	}
	return out
}

// plainText is text without control characters, cut to limit bytes.
func plainText(text string, limit int) string {
	if strings.ContainsFunc(text, unicode.IsControl) {
		text = strings.Map(func(r rune) rune {
			if unicode.IsControl(r) {
				return -1
			}
			return r
		}, text)
	}
	if len(text) > limit {
		text = strings.ToValidUTF8(text[:limit], "")
	}
	return text
}

// Names of parameters that hold what callers put into addresses although it belongs into headers (RFC 6750 section 2.3), and
// what a signed token looks like under whatever name (RFC 7519 section 3): a ledger that is kept for ten years is no place for it.
var (
	credential = regexp.MustCompile(`(?i)token|secret|password|assertion|authorization`)
	signed     = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_.-]+`)
)

// withoutSecrets is an address, or a form, with a '-' for each secret in it. A name is what it reads, however it is spelt.
func withoutSecrets(raw string) string {
	var out strings.Builder
	for len(raw) > 0 {
		part, separator := raw, ""
		if end := strings.IndexAny(raw, "?&;"); end >= 0 {
			part, separator = raw[:end], raw[end:end+1]
		}
		raw = raw[len(part)+len(separator):]
		name, _, valued := strings.Cut(part, "=")
		if plain, err := url.QueryUnescape(name); valued && (credential.MatchString(name) || err == nil && credential.MatchString(plain)) {
			part = name + "=-"
		}
		out.WriteString(signed.ReplaceAllString(part, "-") + separator)
	}
	return out.String()
}

// kindsOf says what kind of information a resource is, by its own codes (PHIPA section 10.1(4)(a)).
func kindsOf(r fhir.Resource) (out []string) {
	v := r.Value()
	switch r.Type() {
	case "Appointment":
		out = codes(codes(out, v.Get("serviceType")), v.Get("appointmentType"))
	case "DocumentReference":
		out = codes(codes(out, v.Get("type")), v.Get("category"))
	case "Task":
		out = codes(out, v.Get("code"))
	}
	return out
}

// labelsOf are a resource's security labels.
func labelsOf(r fhir.Resource) []string {
	var out []string
	for label := range r.Value().Get("meta").Get("security").Items() {
		out = code(out, label)
	}
	if r.Type() == "DocumentReference" {
		out = codes(out, r.Value().Get("securityLabel"))
	}
	return out
}

// codes adds the codings of CodeableConcepts.
func codes(out []string, concepts fhir.Value) []string {
	for concept := range concepts.Items() {
		for coding := range concept.Get("coding").Items() {
			out = code(out, coding)
		}
	}
	return out
}

func code(out []string, coding fhir.Value) []string {
	c := coding.Get("code").Text()
	if c == "" || len(out) == maxCodes {
		return out
	}
	return appendNew(out, plainText(coding.Get("system").Text()+"|"+c, maxCode))
}
