package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"vestibule/internal/config"
	"vestibule/policy"
)

// stopName is the name of the document that stops what s says: the same for the same, so that stopping twice is stopping
// once. What is no DNS label (a person), or too long for one, is cut and told apart by a digest.
func stopName(s policy.Stop) string {
	kind, what := "everything", ""
	switch {
	case s.Grant != "":
		kind, what = "grant-", s.Grant
	case s.Person != "":
		kind, what = "person-", s.Person
	case s.Platform != "":
		kind, what = "platform-", s.Platform
	}
	name := kind + what
	if s.Person == "" && len(name) <= 63 {
		return name
	}
	_, subject, _ := strings.Cut(s.Person, "|")
	if s.Person == "" {
		subject = what
	}
	readable := strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(subject)), "-")
	sum := sha256.Sum256([]byte(what))
	return kind + strings.TrimLeft(readable[:min(len(readable), 40)]+"-", "-") + hex.EncodeToString(sum[:4])
}

// stopText is the document of s.
func stopText(s policy.Stop) []byte {
	lines := []struct{ key, value string }{{"clinic", s.Clinic}, {"name", s.Name}, {"grant", s.Grant}, {"person", s.Person}, {"platform", s.Platform}}
	out := []byte("kind: " + config.KindStop + "\n")
	for _, l := range lines {
		if l.value != "" {
			out = fmt.Appendf(out, "%s: %s\n", l.key, quoted(l.value))
		}
	}
	if s.Everything {
		out = append(out, "everything: true\n"...)
	}
	return fmt.Appendf(out, "because: %s\n", quoted(s.Because))
}

// quoted is s as a double-quoted scalar: every JSON string is one (YAML 1.2.2 section 1.2).
func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil { // a string always marshals
		return `""`
	}
	return string(b)
}

// people are the issuers of platforms, and everybody whom a document names.
func (d *data) people(ctx context.Context) (issuers, known map[string]bool, err error) {
	docs, err := d.documents(ctx)
	issuers, known = map[string]bool{}, map[string]bool{}
	for _, doc := range docs {
		switch {
		case doc.OfPlatform != nil:
			issuers[doc.OfPlatform.Issuer] = true
		case doc.OfGrant != nil:
			known[doc.OfGrant.To.User] = true
		case doc.OfClinic != nil:
			for _, id := range slices.Concat(slices.Concat(slices.Collect(maps.Values(doc.OfClinic.Teams))...), doc.OfClinic.Auditors, doc.OfClinic.Administrators) {
				known[id] = true
			}
		}
	}
	return issuers, known, err
}

// person is "issuer|subject" of somebody, whom documents may name by the subject alone.
func (d *data) person(ctx context.Context, who string) (string, error) {
	issuers, known, err := d.people(ctx)
	if err != nil {
		return "", err
	}
	if issuer, _, ok := strings.Cut(who, "|"); ok {
		if !issuers[issuer] { // nobody could sign in like that, and the person meant would go on
			return "", fmt.Errorf("no platform has the issuer %q; there are %s", issuer, strings.Join(slices.Sorted(maps.Keys(issuers)), ", "))
		}
		return who, nil
	}
	var meant []string
	for id := range known {
		if _, subject, _ := strings.Cut(id, "|"); subject == who {
			meant = append(meant, id)
		}
	}
	slices.Sort(meant)
	switch len(meant) {
	case 1:
		return meant[0], nil
	case 0:
		var forms []string
		for _, issuer := range slices.Sorted(maps.Keys(issuers)) {
			forms = append(forms, fmt.Sprintf("%q", issuer+"|"+who))
		}
		return "", fmt.Errorf("no document names %q%s; write issuer and subject, as tokens name the person: %s", who, only(known), strings.Join(forms, " or "))
	}
	return "", fmt.Errorf("%q may be any of %s; write which, in quotes", who, strings.Join(meant, ", "))
}

// mostNamed bounds how many people an error names.
const mostNamed = 10

// only is the subjects of the people known, where they are few.
func only(known map[string]bool) string {
	var subjects []string
	for id := range known {
		if _, subject, ok := strings.Cut(id, "|"); ok {
			subjects = append(subjects, subject)
		}
	}
	slices.Sort(subjects)
	if subjects = slices.Compact(subjects); len(subjects) == 0 || len(subjects) > mostNamed {
		return ""
	}
	return ", only " + strings.Join(subjects, ", ")
}
