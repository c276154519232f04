package audit

import "strings"

// A log whose end was lost is sealed: it is kept as "<clinic>#<number>", which no clinic is called, and the clinic's records
// go into a new log from then on. See Recover.

// clinicOf is the clinic whose records a log holds.
func clinicOf(name string) string {
	clinic, _, _ := strings.Cut(name, "#")
	return clinic
}

// sealed reports whether a log takes no more records of accesses.
func sealed(name string) bool { return strings.Contains(name, "#") }
