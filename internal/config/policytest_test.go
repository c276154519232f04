package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vestibule/internal/policytest"
)

// head is a policy test as far as its resources.
const head = "kind: PolicyTest\nclinic: maple\nname: t\nat: 2026-12-01T10:00\ncallers: {a: {user: \"https://id.example|a\", platform: p}}\n" +
	"tests: [{name: n, request: GET Task/1, expect: denied, reason: no-grant}]\nresources:\n"

// TestH36AResourceInYAMLIsTheJSONItLooksLike: nothing is rounded, turned into a date or guessed.
func TestH36AResourceInYAMLIsTheJSONItLooksLike(t *testing.T) {
	tests := []struct{ yaml, want string }{
		{"{resourceType: Task, id: 7}", `{"resourceType":"Task","id":"7"}`},
		{`{resourceType: Task, id: "7", n: 1.50, big: 12345678901234567890, e: 1e3}`, `{"resourceType":"Task","id":"7","n":1.50,"big":12345678901234567890,"e":1e3}`},
		{"{resourceType: Task, id: a, on: 2026-12-01, at: 2026-12-01T10:00:00-05:00}", `{"resourceType":"Task","id":"a","on":"2026-12-01","at":"2026-12-01T10:00:00-05:00"}`},
		{"{resourceType: Task, id: a, yes: true, no: \"true\", hex: 0x10, none: .nan}", `{"resourceType":"Task","id":"a","yes":true,"no":"true","hex":"0x10","none":".nan"}`},
		{"{resourceType: Task, id: a, l: [1, [b], {c: \"é \\\"q\\\"\"}]}", `{"resourceType":"Task","id":"a","l":[1,["b"],{"c":"é \"q\""}]}`},
		{`{"resourceType": "Task", "id": "a", "_id": {"extension": []}}`, `{"resourceType":"Task","id":"a","_id":{"extension":[]}}`},
		{"{like: Task/0, id: a, note: null}", `{"like":"Task/0","id":"a","note":null}`},
	}
	for _, test := range tests {
		found, problems := parseTests("t.yaml", []byte(head+"- {resourceType: Task, id: \"0\"}\n- "+test.yaml+"\n"))
		if len(problems) > 0 || len(found) != 1 {
			t.Errorf("%s: %v", test.yaml, problems)
			continue
		}
		if got := string(found[0].Resources[1]); got != test.want {
			t.Errorf("%s:\n%s, want\n%s", test.yaml, got, test.want)
		}
	}
}

func TestAResourceThatIsNotWhatItLooksLikeIsRefused(t *testing.T) {
	tests := []struct{ yaml, want string }{
		{"- &a {resourceType: Task, id: a}", "anchors and aliases"},
		{"- {resourceType: Task, id: !!str 7}", "tags (!"},
		{"- {resourceType: Task, id: a, note: }", "has no value"},
		{"- {resourceType: Task, id: a, id: b}", "twice"},
		{"- {resourceType: Task, id: a, ? [x] : y}", "plain word"},
		{"- Task/9", `there is no resource "Task/9"`},
		{"- \"\"", "is empty"},
		{"- [a]", "has to be a resource"},
		{"- {file: ../secret.json}", "has to lie in the folder"},
		{"- {file: /etc/passwd}", "has to lie in the folder"},
		{"- {resourceType: Task, id: a}\n- {resourceType: Task, id: a}", "given twice"},
		{"- {resourceType: Task, id: a/b}", "id"},
	}
	for _, test := range tests {
		_, problems := parseTests("t.yaml", []byte(head+test.yaml+"\n"))
		if len(problems) == 0 || !strings.Contains(problems.Error(), test.want) || problems[0].Line < 7 {
			t.Errorf("%s: %v, want %q", test.yaml, problems, test.want)
		}
	}
}

func TestResourcesCanStandInFilesAndBundles(t *testing.T) {
	dir := t.TempDir()
	bundle := `{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Task","id":"1"}},{"resource":{"resourceType":"Task","id":"2"}}]}`
	if err := os.WriteFile(filepath.Join(dir, "all.json"), []byte(bundle), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "t.yaml")
	if err := os.WriteFile(file, []byte(head+"- {file: all.json}\n- {like: Task/2, id: \"3\"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	found, err := LoadTests(file)
	if err != nil || len(found) != 1 {
		t.Fatal(err)
	}
	if _, err := found[0].Questions(time.UTC); err != nil {
		t.Error(err)
	}
	if _, err := LoadTests(file, file); err == nil || !strings.Contains(err.Error(), "t is written twice") {
		t.Errorf("the same file twice: %v", err)
	}
}

// FuzzPolicyTests: whatever a file holds, it is read or refused with its place, and what was read can be asked.
func FuzzPolicyTests(f *testing.F) {
	asked := strings.SplitAfter(head, "platform: p}}\n")[0] // short seeds: long ones are cut down for minutes
	f.Add([]byte(asked + "tests: [{name: n, request: PUT Task/1, change: {note: null, status: x}, emr: [{resourceType: Task, id: 1}], expect: permitted, shows: [note]}]\n"))
	f.Add([]byte(asked + "tests:\n- name: n\n  request: POST Task\n  body: {resourceType: Task}\n  expect: denied\n  reason: no-grant\n"))
	f.Add([]byte(asked + "about: [g]\ntests: [{name: n, as: a, request: GET Task?status=x, purposes: [], expect: permitted, visible: [], limits: {pagesPerSearch: 2}}]\n"))
	f.Add([]byte(head + "- {like: Task/2, id: 3}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		tests, problems := parseTests("t.yaml", b)
		for _, p := range problems {
			if p.Text == "" {
				t.Errorf("a problem without words: %+v", p)
			}
		}
		for _, test := range tests {
			questions, mistakes := policytest.Prepare(test.File, time.FixedZone("", -5*3600))
			if len(mistakes) > 0 {
				continue
			}
			for _, q := range questions {
				q.Wrong(q.Ask(nil))
			}
		}
	})
}
