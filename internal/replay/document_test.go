package replay_test

import (
	"testing"
	"time"

	"vestibule/audit"
	"vestibule/internal/replay"
	"vestibule/internal/replay/replaytest"
	"vestibule/policy"
)

// A document that was opened is on record as a read of its DocumentReference, and replayed as what it was: a grant without the
// documents would have refused it, and let what is known about it be read.
func TestAnOpenedDocumentIsReplayedAsOne(t *testing.T) {
	for _, c := range []struct {
		route         string
		with, without bool // content: true
		reason        policy.Code
	}{
		{"GET /fhir/{clinic}/Binary/{id}", true, false, policy.CodeContentNotGranted},
		{"GET /fhir/{clinic}/{type}/{id}", true, true, policy.CodeGranted},
		{"", true, true, policy.CodeGranted}, // from before routes were on record
	} {
		a, ok := replay.Of(audit.Record{Phase: audit.PhaseOutcome, Clinic: "maple", Time: replaytest.Begin, Interaction: "read", Type: "DocumentReference",
			Resource: "DocumentReference/17/_history/3", Route: c.route, Agent: audit.Agent{Issuer: "https://id.example", Subject: "ann", Name: "Ann", Platform: "assistco", ClientID: "desk", TokenID: "t", Address: "203.0.113.7"}}, time.UTC)
		if !ok {
			t.Fatalf("%s is no access", c.route)
		}
		for content, want := range map[bool]bool{true: c.with, false: c.without} {
			set, err := policy.Compile(policy.Clinic{Name: "maple", Zone: time.UTC}, policy.Rules{Grants: []policy.Grant{
				replaytest.Grant(1, policy.Permission{Scope: "user/DocumentReference.r", Content: content})}})
			if err != nil {
				t.Fatal(err)
			}
			d := set.Decide(a.Request)
			if d.Permitted() != want || !content && d.Reasons()[0].Code != c.reason {
				t.Errorf("%s with documents %v: %v", c.route, content, d.Reasons())
			}
		}
	}
}
