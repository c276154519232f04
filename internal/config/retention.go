package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"vestibule/audit"
)

// How long bodies of records are kept, in years. The least is the longest of what the provinces ask: one year in Nova Scotia,
// three in Manitoba, five for Québec's register of incidents.
const (
	DefaultYears = 10
	minYears     = 5
	maxYears     = 100
)

// Retention is how long the bodies of a clinic's records are kept, for each class.
type Retention struct {
	Accesses       Years `yaml:"accesses"`       // accesses to patients' data
	Refusals       Years `yaml:"refusals"`       // of policy, of identity, of what cannot be understood
	Looks          Years `yaml:"looks"`          // into the trail itself
	Administration Years `yaml:"administration"` // documents, by whom
	System         Years `yaml:"system"`         // starts, stops, limits
}

// Years is a time such as 10y; zero is the default of ten.
type Years int

// UnmarshalText reads "10y".
func (y *Years) UnmarshalText(text []byte) error {
	number, ok := strings.CutSuffix(string(text), "y")
	n, err := strconv.Atoi(number)
	if !ok || err != nil || strconv.Itoa(n) != number || n < minYears || n > maxYears {
		return fmt.Errorf("%q has to be a number of years from %dy to %dy, such as %dy", text, minYears, maxYears, DefaultYears)
	}
	*y = Years(n)
	return nil
}

// String is how it is written.
func (y Years) String() string {
	if y == 0 {
		y = DefaultYears
	}
	return strconv.Itoa(int(y)) + "y"
}

func (r Retention) of(class audit.Class) Years {
	years := map[audit.Class]Years{audit.ClassAccess: r.Accesses, audit.ClassRefusal: r.Refusals, audit.ClassLook: r.Looks,
		audit.ClassAdministration: r.Administration, audit.ClassSystem: r.System}[class]
	if years == 0 {
		return DefaultYears
	}
	return years
}

// Older is before when records of each class are old.
func (r Retention) Older(now time.Time) map[audit.Class]time.Time {
	out := make(map[audit.Class]time.Time)
	for _, class := range audit.Classes() {
		out[class] = now.UTC().AddDate(-int(r.of(class)), 0, 0)
	}
	return out
}

// String is the rule in words, for the record.
func (r Retention) String() string {
	var parts []string
	for _, class := range audit.Classes() {
		parts = append(parts, fmt.Sprintf("%s %s", class, r.of(class)))
	}
	return "kept are " + strings.Join(parts, ", ")
}
