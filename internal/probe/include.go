package probe

import "strings"

// includeProbes are about resources that come along with a search (hazard H2).
func includeProbes() []Probe {
	return []Probe{
		including("include", "Whether _include returns resources that the caller may not read.", func(typ string) []string {
			var out []string
			for _, to := range through(typ) {
				out = append(out, "_include="+typ+":"+to[0], "_include="+typ+":"+to[0]+":"+to[1])
			}
			return out
		}),
		including("include-all", "The same with the wildcard.", func(typ string) []string { return []string{"_include=*", "_include=" + typ + ":*"} }),
		including("include-iterate", "The same with :iterate and STU3's :recurse, which include what was included.", func(typ string) []string {
			return []string{"_include:iterate=" + typ + ":patient", "_include:recurse=" + typ + ":patient", "_include=" + typ + ":patient&_include:iterate=Patient:general-practitioner"}
		}),
		including("include-percent-encoded", "The same with a letter of _include percent-encoded.", func(typ string) []string { return []string{"_incl%75de=" + typ + ":patient"} }),
		including("include-mixed-case", "The same in capitals.", func(typ string) []string {
			return []string{"_INCLUDE=" + typ + ":patient", "_Include=" + typ + ":patient"}
		}),
		including("include-brackets", "The same with brackets behind the name, which some frameworks take for a list.", func(typ string) []string {
			return []string{"_include[]=" + typ + ":patient", "_include%5B0%5D=" + typ + ":patient"}
		}),
		including("include-blanks", "The same with blanks or a zero byte round the name, which some servers strip.", func(typ string) []string {
			return []string{"%20_include=" + typ + ":patient", "_include%20=" + typ + ":patient", "_include%00=" + typ + ":patient"}
		}),
		including("include-semicolon", "The same behind a semicolon, which some servers take for '&'.", func(typ string) []string { return []string{"_total=none;_include=" + typ + ":patient"} }),
		including("revinclude", "Whether _revinclude returns resources that refer to the matches and that the caller may not read.", func(typ string) []string {
			return []string{"_revinclude=Task:focus", "_revinclude=Provenance:target", "_revinclude=Encounter:appointment", "_revinclude=DocumentReference:related", "_revinclude=AuditEvent:entity"}
		}),
		including("revinclude-all", "The same with the wildcard.", func(string) []string { return []string{"_revinclude=*"} }),
		including("revinclude-iterate", "The same with :iterate.", func(string) []string {
			return []string{"_revinclude:iterate=Task:focus", "_revinclude:iterate=Provenance:target"}
		}),
		{Name: "include-by-post", Hazard: "H2", Shows: "The same in the body of a POST _search.", try: func(t *trial) {
			t.shaped(true, func(typ string) []string { return []string{"_include=" + typ + ":patient&_revinclude=Task:focus"} })
		}},
		{Name: "contained-in-answers", Hazard: "H2", Shows: "Whether resources within resources leave with them: nobody decided about those.", late: true, try: func(t *trial) {
			t.watched(t.watch.contained, "an answer holds a contained resource, about which nobody decided")
		}},
		{Name: "reference-displays", Hazard: "H2", Shows: "Whether the display of a reference tells the name behind it although the known-file hides it.", try: displays},
	}
}

func including(name, shows string, params func(typ string) []string) Probe {
	return Probe{Name: name, Hazard: "H2", Shows: shows, try: func(t *trial) { t.shaped(false, params) }}
}

// watched is the verdict of what all answers of the run were looked through for.
func (t *trial) watched(list []*answer, leak string) {
	if t.watch.answers == 0 {
		t.note(NotApplicable, "nothing was answered")
		return
	}
	if len(list) == 0 {
		t.note(OK, "not in any answer of this run")
		return
	}
	t.note(Leak, leak, list...)
}

// displays looks for canaries in the displays of references.
func displays(t *trial) {
	if len(t.Known.Values) == 0 {
		t.note(NotApplicable, "the known-file names no values, such as patients' names")
		return
	}
	for _, k := range t.searched() {
		for _, page := range k.pages {
			for _, r := range page.resources() {
				if t.displays(r) {
					t.note(Leak, "a display holds a canary of the known-file", page)
					return
				}
			}
		}
	}
	if len(t.searched()) > 0 {
		t.note(OK, "no display holds a canary")
	}
}

func (t *trial) displays(r found) bool {
	hit := false
	eachDisplay(r.Value, func(text string) {
		for _, v := range t.Known.Values {
			hit = hit || strings.Contains(text, v)
		}
	})
	return hit
}
