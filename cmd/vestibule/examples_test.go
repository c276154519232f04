package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vestibule/internal/demo"
)

// examplePolicyTests is the folder of the example that docs/policy-tests.md walks through.
const examplePolicyTests = "../../docs/examples/policy-tests"

// TestTheExamplePolicyTestsNoticeEveryClause runs them as a clinic would, years later: they do not begin to fail with time.
func TestTheExamplePolicyTestsNoticeEveryClause(t *testing.T) {
	for _, now := range []time.Time{time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), time.Date(2031, 1, 1, 12, 0, 0, 0, time.UTC)} {
		var out, wrong strings.Builder
		args := []string{"grants", "test", "-f", examplePolicyTests + "/tests", "--documents", examplePolicyTests + "/documents.yaml", "--min-coverage", "100"}
		if code := run(t.Context(), args, &terminal{Out: &out, Err: &wrong, Now: func() time.Time { return now }}); code != 0 {
			t.Errorf("at %s: exit code %d\n%s%s", now, code, wrong.String(), out.String())
		}
	}
}

// TestTheExampleDocumentsAreTheDemos: what is shown is what anybody can try.
func TestTheExampleDocumentsAreTheDemos(t *testing.T) {
	const emr, file = "http://127.0.0.1:8081/fhir", examplePolicyTests + "/documents.yaml"
	want := demo.Documents(demo.Setting{Issuer: "https://id.assistco.example", EMR: map[string]string{demo.SignalHill: emr, demo.Wascana: emr},
		Now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)})
	if *update {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	found, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(found)); diff != "" {
		t.Errorf("%s is out of date; run: go test -tags nomsgpack ./cmd/vestibule -update\n%s", file, diff)
	}
}

// TestTheGuidesExamplePasses: what the guide shows can be copied out of it.
func TestTheGuidesExamplePasses(t *testing.T) {
	page, err := os.ReadFile("../../docs/policy-tests.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```yaml\n")
	example, _, ok := strings.Cut(rest, "```")
	file := filepath.Join(t.TempDir(), "booking.yaml")
	if err := os.WriteFile(file, []byte(example), 0o600); err != nil || !ok {
		t.Fatal(err, ok)
	}
	var out, wrong strings.Builder
	code := run(t.Context(), []string{"grants", "test", "-f", file, "--documents", examplePolicyTests + "/documents.yaml"}, &terminal{Out: &out, Err: &wrong, Now: time.Now})
	if code != 0 || !strings.Contains(out.String(), "# 2 tests passed") || !strings.Contains(out.String(), "documents.yaml:41: Grant booking-amara: window 0d..+90d: not before") {
		t.Errorf("exit code %d\n%s%s", code, wrong.String(), out.String())
	}
}
