package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vestibule/internal/config"
	"vestibule/policy"
)

func TestAGrantThatIsWrittenReadsAsTheSame(t *testing.T) {
	blanks := policy.Blanks{Clinic: "maple", To: policy.To{User: "https://id.assistco.example|amara"}, Until: "2027-02-22",
		Practitioner: "Practitioner/42", Owner: "Organization/front-desk", Category: "https://emr.example/kinds|a: b #c"}
	var grants []policy.Grant
	for _, template := range policy.Templates() {
		g, err := template.Grant(blanks)
		if err != nil {
			t.Fatal(err)
		}
		grants = append(grants, g)
	}
	odd := grants[0]
	odd.Because, odd.From, odd.Hours, odd.Networks = `yes: "no" # 'maybe', [é]`, "2026-12-01", "Mon-Fri 07:30-18:00", []string{"2001:db8::/32", "::1"}
	odd.To = policy.To{Team: "assistco/front-desk", Automated: true}
	for _, g := range append(grants, odd) {
		text, err := config.WriteGrant(g, "What it is for.\n\n- "+strings.Repeat("words that go on ", 20))
		if err != nil {
			t.Fatal(err)
		}
		docs, err := config.Parse("written.yaml", text)
		if err != nil || len(docs) != 1 {
			t.Fatalf("%v\n%s", err, text)
		}
		if diff := cmp.Diff(&g, docs[0].OfGrant); diff != "" {
			t.Errorf("%s\n%s", diff, text)
		}
		for line := range strings.SplitSeq(string(text), "\n") {
			if strings.HasPrefix(line, "#") && (len(line) > 121 || strings.TrimRight(line, " ") != line) {
				t.Errorf("comment %q", line)
			}
		}
	}
}
