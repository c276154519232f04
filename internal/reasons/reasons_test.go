package reasons

import (
	"strings"
	"testing"

	"vestibule/policy"
)

// TestEveryCodeStandsOnceAndSaysWhatToDo: also those that the policy lists.
func TestEveryCodeStandsOnceAndSaysWhatToDo(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range All() {
		if seen[r.Code] {
			t.Errorf("%s stands twice", r.Code)
		}
		seen[r.Code] = true
		if !strings.HasSuffix(r.Means, ".") || !strings.HasSuffix(r.Next, ".") || r.Stage == "" {
			t.Errorf("%s: %q %q %q", r.Code, r.Stage, r.Means, r.Next)
		}
	}
	for _, c := range policy.Codes() {
		if r, ok := Find(string(c.Code)); !ok || r.Means != c.Means || r.Hidden() != (c.Stage == policy.StageRelease) {
			t.Errorf("%s: %+v", c.Code, r)
		}
	}
	if _, ok := Find("no-such-code"); ok {
		t.Error("found a code that there is not")
	}
	if got := Like("hours"); len(got) != 1 || got[0] != "outside-hours" {
		t.Errorf("Like: %v", got)
	}
}
