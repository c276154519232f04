package main

import (
	"os"
	"strings"
	"testing"
)

// The test binary is the gateway of its own campaigns.
func TestMain(m *testing.M) {
	if isChild() {
		os.Exit(child())
	}
	os.Exit(m.Run())
}

func carryOut(t *testing.T, c *campaign) summary {
	t.Helper()
	c.dir, c.progress = t.TempDir(), t.Output()
	sum, err := c.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	sum.print(&text)
	t.Log(text.String())
	return sum
}

// Promises 3 to 6 hold for a gateway that is killed at every point of its work: nothing leaves, and no write reaches the
// EMR, without its record; what was left open is settled and told truly; repeated writes happen once.
func TestAGatewayThatIsKilledTellsTheTruth(t *testing.T) {
	c := &campaign{seed: 7}
	for _, p := range points() {
		if p.What == onUnresolved {
			c.plan = append(c.plan, point{What: atDone})
		}
		c.plan = append(c.plan, p)
	}
	sum := carryOut(t, c)
	for _, f := range sum.findings {
		t.Error(f)
	}
	for _, p := range points() {
		if sum.reached[p.String()] == 0 {
			t.Errorf("no gateway died at: %s", p)
		}
	}
	if sum.kills < 25 || sum.attempts < 10*sum.kills || sum.cut == 0 || sum.proofs == 0 || len(sum.settled) < 2 {
		t.Errorf("the campaign was too idle to mean anything: %d kills, %d attempts, %d cut, %d proofs, settled %v",
			sum.kills, sum.attempts, sum.cut, sum.proofs, sum.settled)
	}
}
