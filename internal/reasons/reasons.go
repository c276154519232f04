// Package reasons is the one list of every reason code that an answer, a record of the trail or a command's message can
// carry: the policy's own (policy.Codes) between those of the doors and of the EMRs. A code is never renamed and never
// means something else. What happens in which package stands in that package's comment; what a code means for the one who
// meets it stands here. A test reads the source and holds the list to be complete.
package reasons

import (
	"slices"
	"strings"

	"vestibule/fhir"
	"vestibule/policy"
)

// Stage is at which point of an access a code arises.
type Stage string

// The stages, in the order of an access. Those of the policy are the policy's.
const (
	StageToken    Stage = "token"    // who asks is found out
	StageRequest  Stage = "request"  // what is asked is read
	StageEMR      Stage = "emr"      // the EMR is asked
	StageTrail    Stage = "trail"    // the trail is written or read
	StageDocument Stage = "document" // documents are applied; no caller meets these
	StageOperator Stage = "operator" // a defect, for whoever runs the gateway
)

// Row is what there is to say about a code.
type Row struct {
	Code  string
	Stage Stage
	Kind  fhir.Kind // of the error that a caller gets
	Means string    // what happened
	Next  string    // what can be done about it
}

// Status is the HTTP status of an answer with this code; 0 where the answer's own status says how the access ended.
func (r Row) Status() int {
	if r.Code == string(policy.CodeGranted) {
		return 0
	}
	return r.Kind.Status()
}

// Hidden reports whether the code stands in the trail only: the caller hears that there is no such resource.
func (r Row) Hidden() bool { return r.Stage == Stage(policy.StageRelease) }

// All are the rows of every code, in the order in which an access can meet them.
func All() []Row {
	rows := slices.Concat(tokens(), requests())
	for _, c := range policy.Codes() {
		rows = append(rows, Row{string(c.Code), Stage(c.Stage), c.Kind, c.Means, c.Next})
	}
	return slices.Concat(rows, writes(), emrs(), trail(), rest())
}

// own are the rows of the codes that are not the policy's.
func own() []Row { return slices.Concat(tokens(), requests(), writes(), emrs(), trail(), rest()) }

// Find is the row of a code.
func Find(code string) (Row, bool) {
	for _, r := range All() {
		if r.Code == code {
			return r, true
		}
	}
	return Row{}, false
}

// Like are the codes that hold s, for somebody who remembers half of one.
func Like(s string) []string {
	var out []string
	for _, r := range All() {
		if s != "" && strings.Contains(r.Code, s) {
			out = append(out, r.Code)
		}
	}
	return out
}
