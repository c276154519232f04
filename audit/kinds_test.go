package audit_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"vestibule/audit"
)

// sources are the program's own files, parsed.
func sources(t *testing.T) map[string]*ast.File {
	t.Helper()
	out := map[string]*ast.File{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata" || d.Name() == ".git"):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		out[filepath.ToSlash(path)], err = parser.ParseFile(token.NewFileSet(), path, nil, 0)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func text(e ast.Expr) string {
	if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
		s, _ := strconv.Unquote(lit.Value)
		return s
	}
	return ""
}

// constants are the string constants of a file whose names begin with prefix.
func constants(f *ast.File, prefix string) (out []string) {
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		for i, name := range spec.Names {
			if strings.HasPrefix(name.Name, prefix) && i < len(spec.Values) && text(spec.Values[i]) != "" {
				out = append(out, text(spec.Values[i]))
			}
		}
		return true
	})
	return out
}

// known is the table by name.
func known(t *testing.T) (interactions, actions map[string]audit.Kind) {
	interactions, actions = map[string]audit.Kind{}, map[string]audit.Kind{}
	for _, k := range audit.Kinds() {
		m := interactions
		if k.Action {
			m = actions
		}
		if _, twice := m[k.Name]; twice {
			t.Errorf("%s stands in the table twice", k.Name)
		}
		if k.Type == "" || k.Subtype == "" || k.Holds == "" {
			t.Errorf("%s: the row has a gap: %+v", k.Name, k)
		}
		m[k.Name] = k
	}
	return interactions, actions
}

// Hazard H22: every interaction has its row, or the tests fail.
func TestH22EveryInteractionHasItsRow(t *testing.T) {
	interactions, _ := known(t)
	files := sources(t)
	names := append(constants(files["../fhir/interaction.go"], "Interaction"), constants(files["../audit/record.go"], "Interaction")...)
	if len(names) < 14 {
		t.Fatalf("only %d interactions found: %v", len(names), names)
	}
	for _, name := range names {
		if interactions[name].Name == "" {
			t.Errorf("interaction %s has no row in audit/kinds.go", name)
		}
	}
}

// Every action that the program puts on record has its row: those of documents by kind and verb, the others by name.
func TestH22EveryActionHasItsRow(t *testing.T) {
	_, actions := known(t)
	files := sources(t)
	var verbs, names []string
	for path, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BasicLit:
				if s := text(n); strings.HasPrefix(path, "../internal/store/") && len(s) > 1 && s[0] == '-' && strings.Trim(s[1:], "abcdefghijklmnopqrstuvwxyz") == "" {
					verbs = append(verbs, s[1:])
				}
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Action" && text(n.Value) != "" && !strings.HasPrefix(path, "../internal/probe") {
					names = append(names, text(n.Value))
				}
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "record" && strings.HasPrefix(path, "../internal/daemon/") && len(n.Args) > 1 {
					names = append(names, text(n.Args[1]))
				}
			}
			return true
		})
		if !strings.HasPrefix(path, "../internal/probe") {
			names = append(names, constants(f, "action")...)
			names = append(names, constants(f, "auditVerify")...)
			names = append(names, constants(f, "auditReplay")...)
		}
	}
	verbs = append(verbs, constants(files["../internal/store/approval.go"], "Verdict")...)
	kinds := constants(files["../internal/config/document.go"], "Kind")
	if len(verbs) < 6 || len(kinds) < 7 || len(names) < 5 {
		t.Fatalf("the program is not read any more: verbs %v, kinds %v, names %v", verbs, kinds, names)
	}
	for _, kind := range kinds {
		for _, verb := range verbs {
			if kind != "Grant" || verb != "withdraw" {
				names = append(names, strings.ToLower(kind)+"-"+verb)
			}
		}
	}
	for _, name := range append(names, "grant-revoke") {
		if actions[name].Name == "" {
			t.Errorf("action %q has no row in audit/kinds.go", name)
		}
	}
}

// All thirty fields have their place, and a record holds each or says why not.
func TestEachOfTheThirtyFieldsIsHeldOrItsAbsenceExplained(t *testing.T) {
	seen := map[int]bool{}
	for _, f := range audit.Fields() {
		seen[f.Number] = true
		if f.Name == "" || f.Number < 1 || f.Number > 30 {
			t.Errorf("field %+v", f)
		}
	}
	if len(seen) != 30 {
		t.Errorf("%d of thirty fields are in the table", len(seen))
	}
	everything := full()
	for _, u := range everything.Unknown() {
		for _, f := range audit.Fields() {
			if f.Number == u.Number && f.Name == u.Name && f.In != "" {
				t.Errorf("%d %s: a record with every member does not hold it: %s", u.Number, u.Name, u.Why)
			}
		}
	}
	for name, entry := range samples() {
		unknown := entry.Record.Unknown()
		for _, u := range unknown {
			if u.Why == "" {
				t.Errorf("%s: %d %s is not known, and nothing says why", name, u.Number, u.Name)
			}
		}
		if len(unknown) == 0 || len(unknown) > len(audit.Fields())-4 {
			t.Errorf("%s: %d of %d are unknown", name, len(unknown), len(audit.Fields()))
		}
	}
}
