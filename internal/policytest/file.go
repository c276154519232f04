package policytest

import "vestibule/policy"

// File is one document of kind PolicyTest, as written.
type File struct {
	Clinic    string            `yaml:"clinic"`
	Name      string            `yaml:"name"`
	About     []string          `yaml:"about,omitempty"`
	At        string            `yaml:"at,omitempty"`
	Callers   map[string]Caller `yaml:"callers"`
	Resources []Given           `yaml:"resources,omitempty"`
	Tests     []Test            `yaml:"tests"`
}

// Caller is somebody who asks.
type Caller struct {
	User      string   `yaml:"user"` // "iss|sub"
	Platform  string   `yaml:"platform"`
	Name      string   `yaml:"name,omitempty"`   // absent: the subject
	Client    string   `yaml:"client,omitempty"` // absent: some program of the platform
	Automated bool     `yaml:"automated,omitempty"`
	Scopes    []string `yaml:"scopes,omitempty"`   // absent: everything
	Purposes  []string `yaml:"purposes,omitempty"` // absent: none is stated
	Address   string   `yaml:"address,omitempty"`  // absent, or "unknown": not known
}

// Test is one question and what is expected, as written.
type Test struct {
	Name     string         `yaml:"name"`
	As       string         `yaml:"as,omitempty"`
	At       string         `yaml:"at,omitempty"`
	Scopes   []string       `yaml:"scopes,omitempty"`
	Purposes []string       `yaml:"purposes,omitempty"`
	Address  string         `yaml:"address,omitempty"`
	Request  string         `yaml:"request"`
	EMR      []Given        `yaml:"emr,omitempty"`
	Body     Given          `yaml:"body,omitempty"`
	Change   Given          `yaml:"change,omitempty"`
	Expect   string         `yaml:"expect"`
	Reason   string         `yaml:"reason,omitempty"`
	Visible  []string       `yaml:"visible,omitempty"`
	Shows    []string       `yaml:"shows,omitempty"`
	Hides    []string       `yaml:"hides,omitempty"`
	Changed  []string       `yaml:"changed,omitempty"`
	Grants   []string       `yaml:"grants,omitempty"`
	Limits   *policy.Limits `yaml:"limits,omitempty"`
}

// Given is the JSON of what may stand in the place of a resource: an object, or the string of a reference. Whoever reads the
// file has turned its YAML into JSON, and put the content of a file in the place of {"file": …}.
type Given string

// Mistake is something wrong in a File: where, such as tests[3].reason, and what would be right.
type Mistake struct{ Path, Text string }
