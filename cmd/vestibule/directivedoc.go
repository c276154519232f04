package main

import (
	"fmt"
	"strings"

	"vestibule/internal/config"
	"vestibule/policy"
)

// directiveText is the document of d.
func directiveText(d policy.Directive) []byte {
	out := fmt.Appendf(nil, "kind: %s\nclinic: %s\nname: %s\npatient: %s\n", config.KindDirective, quoted(d.Clinic), quoted(d.Name), quoted(d.Patient))
	if len(d.Resources) > 0 {
		out = append(out, "resources:\n"...)
		for _, r := range d.Resources {
			out = fmt.Appendf(out, "  - %s\n", quoted(r))
		}
	}
	if len(d.To) > 0 {
		out = append(out, "to:\n"...)
		for _, w := range d.To {
			key, value := whom(w)
			out = fmt.Appendf(out, "  - %s: %s\n", key, quoted(value))
		}
	}
	for _, l := range []struct{ key, value string }{{"from", d.From}, {"until", d.Until}, {"because", d.Because}} {
		if l.value != "" {
			out = fmt.Appendf(out, "%s: %s\n", l.key, quoted(l.value))
		}
	}
	return out
}

// whom is who is meant: the key and the value under which a directive names them.
func whom(w policy.Whom) (key, value string) {
	switch {
	case w.User != "":
		return "user", w.User
	case w.Platform != "":
		return "platform", w.Platform
	}
	return "team", w.Team
}

// lockedOut is whom d locks out, for people.
func lockedOut(d policy.Directive) string {
	if d.To == nil {
		return "everybody"
	}
	var names []string
	for _, w := range d.To {
		key, value := whom(w)
		if key == "user" {
			_, value, _ = strings.Cut(value, "|")
		}
		names = append(names, value)
	}
	return strings.Join(names, ", ")
}

// lockedUp is what d locks, for people.
func lockedUp(d policy.Directive) string {
	if d.Resources == nil {
		return "everything"
	}
	return strings.Join(d.Resources, ", ")
}
