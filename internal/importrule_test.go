// Package internal holds what only the program needs. This test holds the rule of who may import whom.
package internal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "vestibule"

// pkg is what `go list` says of a package.
type pkg struct {
	ImportPath, Name                   string
	Imports, TestImports, XTestImports []string
}

// mayImport names, for each part of the house, the parts it may import beside itself; a part that is not here (internal,
// cmd) may import all but cmd. Tests may import what they like, but for cmd.
func mayImport() map[string][]string {
	return map[string][]string{
		"fhir": nil, "policy": {"fhir"}, "audit": {"fhir"}, "adapters": {"fhir"}, "": {"fhir", "policy", "audit", "adapters"},
	}
}

// owners names, for each outside dependency that has owners, the folders that may import it.
func owners() map[string][]string {
	login := []string{"internal/identity", "internal/console", "internal/demo", "adapters"}
	return map[string][]string{
		"modernc.org/sqlite":                  {"internal/store"},
		"github.com/jackc/pgx":                {"internal/store"},
		"golang.org/x/mod/sumdb":              {"audit"},
		"github.com/gin-gonic/gin":            {"internal/server", "internal/console"},
		"github.com/prometheus/client_golang": {"internal/server"},
		"github.com/coreos/go-oidc":           login,
		"golang.org/x/oauth2":                 login,
		"github.com/go-jose/go-jose":          login,
		"go.yaml.in/yaml":                     {"internal/config"},
		"github.com/samply":                   {"fhir", "adapters"},
		"github.com/sony/gobreaker":           {"adapters"},
		"github.com/alecthomas/kong":          {"cmd"},
	}
}

// broken lists how p breaks the rule.
func broken(p pkg) (out []string) {
	folder, _ := ours(p.ImportPath)
	for _, path := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
		if to, ok := ours(path); ok && within(to, "cmd") {
			out = append(out, fmt.Sprintf("%s imports %s: nothing imports cmd", p.ImportPath, path))
		}
	}
	for _, path := range p.Imports {
		if to, ok := ours(path); ok {
			out = append(out, brokenHere(p.ImportPath, folder, to)...)
			continue
		}
		for dependency, owner := range owners() {
			if within(path, dependency) && !slices.ContainsFunc(owner, func(o string) bool { return within(folder, o) }) {
				out = append(out, fmt.Sprintf("%s imports %s, which belongs to %s", p.ImportPath, path, strings.Join(owner, ", ")))
			}
		}
	}
	if last := folder[strings.LastIndexByte(folder, '/')+1:]; slices.Contains([]string{"util", "utils", "common", "helpers", "lib"}, last) {
		out = append(out, p.ImportPath+" is named after nothing; a package is a noun that a clinician or operator knows")
	}
	return out
}

// brokenHere is broken for an import of the folder to from the folder from.
func brokenHere(path, from, to string) []string {
	part, _, _ := strings.Cut(from, "/")
	allowed, ruled := mayImport()[part]
	if !ruled || from != "" && within(to, part) || slices.Contains(allowed, to) {
		return nil
	}
	return []string{fmt.Sprintf("%s imports %s/%s; it may import only %s", path, module, to, strings.Join(append(allowed, "its own folder"), ", "))}
}

// ours is the folder of a package of this module; ok is false for any other package.
func ours(path string) (folder string, ok bool) {
	if path == module {
		return "", true
	}
	return strings.CutPrefix(path, module+"/")
}

// within reports whether path is root or below it; a version in the path counts as below.
func within(path, root string) bool { return path == root || strings.HasPrefix(path, root+"/") }

func TestImportsPointOneWayAndDependenciesHaveOwners(t *testing.T) {
	cmd := exec.Command("go", "list", "-tags", "nomsgpack", "-json=ImportPath,Name,Imports,TestImports,XTestImports", module+"/...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	count := 0
	for d := json.NewDecoder(strings.NewReader(string(out))); ; count++ {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		for _, b := range broken(p) {
			t.Error(b)
		}
	}
	if count < 10 {
		t.Errorf("go list knows %d packages only", count)
	}
}

func TestTheImportRuleFindsWhatBreaksIt(t *testing.T) {
	tests := []struct {
		p    pkg
		want string
	}{
		{pkg{ImportPath: "vestibule/fhir", Imports: []string{"vestibule/policy"}}, "may import only its own folder"},
		{pkg{ImportPath: "vestibule/policy", Imports: []string{"vestibule/fhir"}}, ""},
		{pkg{ImportPath: "vestibule/policy", Imports: []string{"vestibule/audit"}}, "may import only fhir"},
		{pkg{ImportPath: "vestibule/adapters/fhirr4", Imports: []string{"vestibule/adapters", "vestibule/fhir"}}, ""},
		{pkg{ImportPath: "vestibule/adapters/fhirr4", Imports: []string{"vestibule/internal/config"}}, "may import only fhir"},
		{pkg{ImportPath: "vestibule", Imports: []string{"vestibule/adapters"}}, ""},
		{pkg{ImportPath: "vestibule", Imports: []string{"vestibule/adapters/fhirr4"}}, "may import only"},
		{pkg{ImportPath: "vestibule", Imports: []string{"vestibule/internal/store"}}, "may import only"},
		{pkg{ImportPath: "vestibule/internal/server", Imports: []string{"vestibule", "github.com/gin-gonic/gin"}}, ""},
		{pkg{ImportPath: "vestibule/internal/daemon", Imports: []string{"github.com/gin-gonic/gin/binding"}}, "belongs to internal/server"},
		{pkg{ImportPath: "vestibule/audit", Imports: []string{"modernc.org/sqlite"}}, "belongs to internal/store"},
		{pkg{ImportPath: "vestibule/internal/daemon", XTestImports: []string{"vestibule/cmd/vestibule"}}, "nothing imports cmd"},
		{pkg{ImportPath: "vestibule/internal/util"}, "named after nothing"},
	}
	for _, test := range tests {
		got := strings.Join(broken(test.p), "; ")
		if test.want == "" && got != "" || !strings.Contains(got, test.want) {
			t.Errorf("%+v: %q, want %q", test.p, got, test.want)
		}
	}
}
