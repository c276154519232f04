package report_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var (
	placeholder = regexp.MustCompile(`\{\d\}`)
	// typography is what French does not write: a plain space before a high sign or inside quotation marks, none at all, straight
	// apostrophes and quotation marks, three dots.
	typography = regexp.MustCompile(` [:;?!%»]|« |[^\x{00a0}]»|«[^\x{00a0}]|[a-zé][;?!](\s|$)|['"]|\.\.\.`)
)

// TestEveryTextIsInBothLanguages reads every call of T in the source of this folder and below.
func TestEveryTextIsInBothLanguages(t *testing.T) {
	found := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || !isT(call.Fun) || len(call.Args) != 2 {
				return true
			}
			en, ok1 := literal(call.Args[0])
			fr, ok2 := literal(call.Args[1])
			if !ok1 || !ok2 {
				return true // put together elsewhere; the tables that are have tests of their own
			}
			found++
			for _, problem := range problemsOf(en, fr) {
				t.Errorf("%s: %s: %q / %q", set.Position(call.Pos()), problem, en, fr)
			}
			return true
		})
		return nil
	})
	if err != nil || found < 50 {
		t.Errorf("%d texts, %v", found, err)
	}
}

func problemsOf(en, fr string) (out []string) {
	if strings.TrimSpace(en) == "" || strings.TrimSpace(fr) == "" {
		out = append(out, "a language says nothing")
	}
	a, b := placeholder.FindAllString(en, -1), placeholder.FindAllString(fr, -1)
	slices.Sort(a)
	slices.Sort(b)
	if !slices.Equal(a, b) {
		out = append(out, "the placeholders differ")
	}
	if bad := typography.FindString(fr); bad != "" {
		out = append(out, "French does not write "+strconv.Quote(bad))
	}
	if strings.Contains(en, "'") || strings.Contains(en, `"`) {
		out = append(out, "a straight quotation mark")
	}
	return out
}

func isT(fun ast.Expr) bool {
	switch f := fun.(type) {
	case *ast.Ident:
		return f.Name == "T"
	case *ast.SelectorExpr:
		x, ok := f.X.(*ast.Ident)
		return ok && x.Name == "report" && f.Sel.Name == "T"
	}
	return false
}

func literal(e ast.Expr) (string, bool) {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(l.Value)
	return s, err == nil
}

func TestTheTypographyOfFrenchIsHeldToItsRules(t *testing.T) {
	for fr, ok := range map[string]bool{
		"Oui\u00a0: «\u00a0non\u00a0»": true, "Oui : non": false, "« non »": false, "«non»": false, "l'eau": false, "l’eau": true, "Quoi?": false, "Quoi\u00a0?": true,
	} {
		if got := len(problemsOf("x", fr)) == 0; got != ok {
			t.Errorf("%q: %v", fr, got)
		}
	}
}
