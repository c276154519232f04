package policy_test

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

// Scopes and labels, as package policy's comment has them.

// scopeOf reads a SMART scope for use with a type: v2, or v1 (read, write, *).
func scopeOf(scope, forType string) (level, typ, letters string, criteria []criterion, ok bool) {
	head, query, _ := strings.Cut(scope, "?")
	level, rest, _ := strings.Cut(head, "/")
	typ, letters, _ = strings.Cut(rest, ".")
	if v2, isV1 := map[string]string{"read": "rs", "write": "cud", "*": "cruds"}[letters]; isV1 {
		letters = v2
	}
	values, err := url.ParseQuery(query)
	if err != nil || level != "user" && level != "system" {
		return "", "", "", nil, false
	}
	criteria, ok = criteriaOf(forType, values)
	return level, typ, letters, criteria, ok
}

// tokenScopes are the criteria of each of the token's scopes that allow the letter; one without criteria is an empty list.
func tokenScopes(a asking, letter byte) (out [][]criterion) {
	for _, s := range a.caller.Scopes {
		level, typ, letters, criteria, ok := scopeOf(s, a.typ)
		if ok && (typ == a.typ || typ == "*") && inOrder(letters) && strings.Contains(letters, string(letter)) && (level == "user" || a.caller.Automated) {
			out = append(out, criteria)
		}
	}
	return slices.DeleteFunc(out, func(criteria []criterion) bool {
		return slices.ContainsFunc(criteria, func(c criterion) bool {
			return c.kind == "date" && slices.ContainsFunc(c.values, func(v string) bool { return isSkipped(v, a.clinic.Zone) })
		})
	})
}

// inOrder reports whether a token's letters stand as SMART wants them.
func inOrder(letters string) bool {
	return slices.IsSortedFunc([]byte(letters), func(a, b byte) int { return strings.IndexByte("cruds", a) - strings.IndexByte("cruds", b) })
}

// usable are the token's scopes whose criteria look only at what the views show.
func usable(scopes [][]criterion, vs views) [][]criterion {
	return slices.DeleteFunc(slices.Clone(scopes), func(criteria []criterion) bool { return !showsAll(vs, criteria) })
}

// showsAll reports whether a view by itself shows everything that the criteria look at.
func showsAll(vs views, criteria []criterion) bool {
	return !slices.ContainsFunc(criteria, func(c criterion) bool {
		return slices.ContainsFunc(c.looksAt(), func(path string) bool { return !vs.whole(path) })
	})
}

func meetsAll(criteria []criterion, doc node, zone *time.Location) bool {
	return !slices.ContainsFunc(criteria, func(c criterion) bool { return !c.matches(doc, zone) })
}

const (
	confidentiality = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
	actCode         = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
)

// restricted are the labels that a permission has to name, of those that the worlds hold, and their code systems.
var restricted = map[string]string{"R": confidentiality, "V": confidentiality, "PSY": actCode, "SPI": actCode, "HIV": actCode}

// namedBy are the restricted labels that criteria ask for by name.
func namedBy(criteria []criterion) (out []string) {
	for _, c := range criteria {
		if c.modifier != "" || c.name != "_security" && c.name != "security-label" {
			continue
		}
		for _, v := range c.values {
			system, code, bySystem := strings.Cut(v, "|")
			if !bySystem {
				system, code = "", v
			}
			if known := restricted[code]; known != "" && (system == "" || system == known) {
				out = append(out, code)
			}
		}
	}
	return out
}

// labelsOf are the restricted labels that doc carries.
func labelsOf(doc node) (out []string) {
	for _, coding := range slices.Concat(at(doc, "meta.security"), at(doc, "securityLabel.coding")) {
		system, code := first(coding, "system"), first(coding, "code")
		if known := restricted[code]; known != "" && (system == "" || system == known) {
			out = append(out, code)
		}
	}
	return out
}
