package reasons

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// used is a code as a package's source gives it to an error.
type used struct {
	code, kind string // kind is the name of the constant, empty where the source does not say it beside the code
	at         token.Position
}

// sink is a function that makes an error out of a code that it is given: fhir.E, and whatever hands its own parameter on
// to one.
type sink struct {
	name string
	code int    // which argument
	kind int    // which argument, -1 for none
	as   string // the kind, where kind is -1
}

// source is the Go files of one folder.
type source struct {
	t      *testing.T
	set    *token.FileSet
	files  []*ast.File
	consts map[string]string         // of the package and, as "function.name", of functions
	fields map[string]map[string]int // of structs: type to field to position
	sinks  []sink
	found  []used
}

func readSource(t *testing.T, folder string) *source {
	s := &source{t: t, set: token.NewFileSet(), consts: map[string]string{}, fields: map[string]map[string]int{}, sinks: []sink{{"E", 2, 1, ""}}}
	names, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(s.set, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		s.files = append(s.files, f)
	}
	if len(s.files) == 0 {
		t.Fatalf("no source in %s", folder)
	}
	for _, f := range s.files {
		for _, d := range f.Decls {
			s.declare(d)
		}
	}
	return s
}

// declare notes constants and the fields of structs.
func (s *source) declare(d ast.Decl) {
	within := ""
	if fn, ok := d.(*ast.FuncDecl); ok {
		within = fn.Name.Name + "."
	}
	ast.Inspect(d, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ValueSpec:
			for i, name := range n.Names {
				if i < len(n.Values) {
					if text, ok := text(n.Values[i]); ok {
						s.consts[within+name.Name] = text
					}
				}
			}
		case *ast.TypeSpec:
			if st, ok := n.Type.(*ast.StructType); ok {
				s.fields[n.Name.Name] = positions(st.Fields)
			}
		}
		return true
	})
}

// codes are all codes that the source gives to errors.
func (s *source) codes() []used {
	for before := 0; before != len(s.sinks); { // until no more functions are found that hand on a code
		before = len(s.sinks)
		s.found = nil
		for _, f := range s.files {
			for _, d := range f.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
					s.walk(fn)
				}
			}
		}
	}
	return s.found
}

func (s *source) walk(fn *ast.FuncDecl) {
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			for _, k := range slices.Clone(s.sinks) {
				if called(n) == k.name && len(n.Args) > k.code {
					kind := k.as
					if k.kind >= 0 {
						kind = kindName(n.Args[k.kind])
					}
					s.follow(fn, n.Args[k.code], kind)
				}
			}
		case *ast.AssignStmt:
			for i, left := range n.Lhs {
				if to, ok := left.(*ast.SelectorExpr); ok && to.Sel.Name == "Code" && i < len(n.Rhs) {
					if _, ok := text(n.Rhs[i]); ok {
						s.follow(fn, n.Rhs[i], "")
					}
				}
			}
		}
		return true
	})
}

// follow finds what e, an expression in fn, can say.
func (s *source) follow(fn *ast.FuncDecl, e ast.Expr, kind string) {
	if text, ok := text(e); ok {
		s.found = append(s.found, used{text, kind, s.set.Position(e.Pos())})
		return
	}
	switch e := e.(type) {
	case *ast.Ident:
		for _, name := range []string{fn.Name.Name + "." + e.Name, e.Name} {
			if text, ok := s.consts[name]; ok {
				s.found = append(s.found, used{text, kind, s.set.Position(e.Pos())})
				return
			}
		}
		if i, ok := positions(fn.Type.Params)[e.Name]; ok {
			s.handsOn(fn, i, kind)
			return
		}
		if s.assigned(fn, e.Name, kind) {
			return
		}
	case *ast.SelectorExpr:
		if s.literals(fn, e.Sel.Name) {
			return
		}
	}
	s.t.Errorf("%s: the code of this error cannot be followed; write it out, so that it can be listed", s.set.Position(e.Pos()))
}

func (s *source) handsOn(fn *ast.FuncDecl, code int, kind string) {
	k := sink{fn.Name.Name, code, -1, kind}
	if i, ok := positions(fn.Type.Params)[kind]; ok {
		k.kind, k.as = i, ""
	}
	if !slices.Contains(s.sinks, k) {
		s.sinks = append(s.sinks, k)
	}
}

// assigned follows what is assigned to a variable of fn.
func (s *source) assigned(fn *ast.FuncDecl, name, kind string) (any bool) {
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		if a, ok := n.(*ast.AssignStmt); ok && len(a.Lhs) == len(a.Rhs) {
			for i, left := range a.Lhs {
				if id, ok := left.(*ast.Ident); ok && id.Name == name {
					any = true
					s.follow(fn, a.Rhs[i], kind)
				}
			}
		}
		return true
	})
	return any
}

// literals follows the field of that name in every literal of a struct of this package that has one.
func (s *source) literals(fn *ast.FuncDecl, field string) (any bool) {
	for _, f := range s.files {
		ast.Inspect(f, func(n ast.Node) bool {
			lit, ok := n.(*ast.CompositeLit)
			if !ok {
				return true
			}
			id, ok := lit.Type.(*ast.Ident)
			if !ok {
				return true
			}
			at, ok := s.fields[id.Name][field]
			if !ok {
				return true
			}
			for i, e := range lit.Elts {
				kv, keyed := e.(*ast.KeyValueExpr)
				switch {
				case !keyed && i == at:
					any = true
					s.follow(fn, e, "")
				case keyed && kv.Key.(*ast.Ident).Name == field:
					any = true
					s.follow(fn, kv.Value, "")
				}
			}
			return true
		})
	}
	return any
}

func positions(list *ast.FieldList) map[string]int {
	out := map[string]int{}
	n := 0
	for _, f := range list.List {
		for _, name := range f.Names {
			out[name.Name] = n
			n++
		}
	}
	return out
}

func text(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}

func called(c *ast.CallExpr) string {
	switch f := c.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

// kindName is KindInvalid for both fhir.KindInvalid and, within fhir, KindInvalid; a variable's name otherwise.
func kindName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// TestEveryCodeThatAnErrorCarriesIsListed reads the source: whatever the gateway, its doors, its adapters and its ledger
// can answer stands in the table, with the status that it is answered with.
func TestEveryCodeThatAnErrorCarriesIsListed(t *testing.T) {
	folders := []string{"../..", "../../fhir", "../../audit", "../identity", "../server"}
	err := filepath.WalkDir("../../adapters", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() != "testdata" && d.Name() != "internal" && d.Name() != "adaptertest" { // a suite that no gateway runs
			folders = append(folders, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]bool{}
	for _, folder := range folders {
		for _, u := range readSource(t, folder).codes() {
			code := u.code
			if code == "" {
				code = "internal"
			}
			said[code] = true
			row, ok := Find(code)
			if !ok {
				t.Errorf("%s: %q is not listed in internal/reasons; add a row (what happened, what the caller can do)", u.at, code)
				continue
			}
			if name := "Kind" + camel(row.Kind.String()); strings.HasPrefix(u.kind, "Kind") && u.kind != name && elsewhere()[code] != u.kind {
				t.Errorf("%s: %q has %s here and %s in the table", u.at, code, u.kind, name)
			}
		}
	}
	for _, row := range own() {
		if !said[row.Code] && row.Stage != StageDocument {
			t.Errorf("%q is listed, and nothing says it", row.Code)
		}
	}
}

// elsewhere is the kind of a code where no caller can meet it: at the gateway's start, in a document that is applied.
func elsewhere() map[string]string {
	return map[string]string{"ledger-unreadable": "KindInternal", "type-not-supported": "KindNotSupported"}
}

// camel is "NotFound" for "not-found".
func camel(s string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(s, "-") {
		fmt.Fprintf(&b, "%s%s", strings.ToUpper(word[:1]), word[1:])
	}
	return b.String()
}
