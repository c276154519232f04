package adaptertest

import "strings"

// Canary is the word that must not get out.
const Canary = canary

// Names are all promises, in order.
func Names() []string {
	var out []string
	for _, p := range promises() {
		out = append(out, p.name)
	}
	return out
}

// Try tries the one promise whose name begins so, with one type.
func Try(t T, start Start, typ, name string) { Report(t, start, typ, name) }

// Report is Try, and the report about it.
func Report(t T, start Start, typ, name string) string {
	log := takeOver(t)
	s := newSuite(t, start, log)
	for _, p := range promises() {
		if strings.HasPrefix(p.name, name) {
			if p.whole {
				typ = ""
			}
			s.try(t, p, typ)
		}
	}
	log.check(t)
	return s.report.String()
}

// GoldenT is Golden for a recorder.
func GoldenT(t T, pattern string, update bool, translate Translation) {
	golden(t, pattern, update, translate)
}
