package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"vestibule/internal/policytest"
	"vestibule/policy"
)

const page = "../../docs/configuration.md"

// yamlBlocks are the examples of the page.
func yamlBlocks(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for i, part := range strings.Split(string(b), "```") {
		if text, ok := strings.CutPrefix(part, "yaml\n"); ok && i%2 == 1 {
			out = append(out, text)
		}
	}
	return out
}

func TestTheExamplesOfThePageAreRight(t *testing.T) {
	var docs []Document
	for _, text := range yamlBlocks(t) {
		if !strings.HasPrefix(text, "kind:") {
			if _, err := ParseServe(page, []byte(text)); err != nil {
				t.Error(err)
			}
			continue
		}
		if strings.HasPrefix(text, "kind: PolicyTest") {
			file := filepath.Join(t.TempDir(), "test.yaml")
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := LoadTests(file); err != nil {
				t.Error(err)
			}
			continue
		}
		found, err := Parse(page, []byte(text))
		if err != nil {
			t.Error(err)
		}
		docs = append(docs, found...)
	}
	if len(docs) != 8 {
		t.Errorf("%d documents on the page, want one of each kind", len(docs))
	}
	if err := Check(docs, nil, now); err != nil {
		t.Error(err)
	}
}

func TestThePageListsEveryKey(t *testing.T) {
	all := strings.Join(yamlBlocks(t), "\n")
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range []reflect.Type{reflect.TypeFor[Serve](), reflect.TypeFor[Clinic](), reflect.TypeFor[Connection](), reflect.TypeFor[Platform](), reflect.TypeFor[policy.Grant](), reflect.TypeFor[policy.Stop](), reflect.TypeFor[policy.Directive](), reflect.TypeFor[policy.Guardrail](), reflect.TypeFor[LegalHold](),
		reflect.TypeFor[policytest.File](), reflect.TypeFor[policytest.Caller]()} {
		for _, key := range keysOf(typ) {
			if !strings.Contains(all, key+":") && !strings.Contains(string(b), "`"+key+"`") {
				t.Errorf("%s does not list %s of %s", page, key, typ)
			}
		}
	}
}

// keysOf is every key within a struct, at any depth.
func keysOf(t reflect.Type) (out []string) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[time.Time]() {
		return nil
	}
	for name, member := range fieldsOf(t) {
		out = append(append(out, name), keysOf(member)...)
	}
	return out
}
