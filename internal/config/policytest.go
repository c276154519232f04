package config

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	yaml "go.yaml.in/yaml/v4"

	"vestibule/internal/policytest"
)

// KindPolicyTest is the kind of document that `vestibule grants test` reads. It is never applied.
const KindPolicyTest = "PolicyTest"

// PolicyTest is one document of kind PolicyTest that was read without a mistake, as far as that can be told without the
// clinic: see Questions.
type PolicyTest struct {
	policytest.File
	doc Document
}

// LoadTests reads the policy tests of files and folders, as Load does documents. The error, if any, is Problems.
func LoadTests(paths ...string) ([]PolicyTest, error) {
	tests, problems := load(parseTests, paths...)
	return tests, append(problems, testsTwice(tests)...).err()
}

func parseTests(file string, b []byte) ([]PolicyTest, Problems) {
	return each(file, b, chunk.policyTest)
}

// policyTest reads one document.
func (c chunk) policyTest(root *yaml.Node) (PolicyTest, Problems) {
	t := PolicyTest{doc: Document{Kind: KindPolicyTest, File: c.file, Line: c.at(root.Line), root: root}}
	if _, value := member(root, "kind"); value == nil || value.Value != KindPolicyTest {
		return t, Problems{{File: c.file, Line: c.at(lineOf(root, "kind")), Path: "kind", Text: "has to be " + KindPolicyTest + "; documents are given with --documents"}}
	}
	problems := decode(c, root, &t.File, []string{"kind"}, func(f *policytest.File) findings {
		var out findings
		label(&out, "clinic", f.Clinic)
		label(&out, "name", f.Name)
		eachGiven(f, func(path string, g *policytest.Given) {
			if err := openGiven(g, filepath.Dir(c.file)); err != nil {
				out.add(path, "%v", err)
			}
		})
		if len(out) > 0 {
			return out
		}
		_, mistakes := policytest.Prepare(*f, time.UTC)
		for _, m := range mistakes {
			out.add(m.Path, "%s", m.Text)
		}
		return out
	})
	return t, problems
}

// Questions are the tests for a clinic in zone, where a time may mean nothing that is one elsewhere.
func (t PolicyTest) Questions(zone *time.Location) ([]*policytest.Question, error) {
	questions, mistakes := policytest.Prepare(t.File, zone)
	var problems Problems
	for _, m := range mistakes {
		problems = append(problems, t.Problem(m.Path, m.Text))
	}
	return questions, problems.err()
}

// Problem is something wrong at a path of the document, in its file's lines.
func (t PolicyTest) Problem(path, text string) Problem { return t.doc.problem(path, text) }

// LineOf is the line of its file at which a path of the document stands, or what it lies in.
func (d Document) LineOf(path string) int { return d.problem(path, "").Line }

// Place is "file:line" of a path of the document.
func (d Document) Place(path string) string { return fmt.Sprintf("%s:%d", d.File, d.LineOf(path)) }

// Place is "file:line" of a path of the document.
func (t PolicyTest) Place(path string) string { return t.doc.Place(path) }

// testsTwice keeps one name for one file of tests at a clinic: the output names tests by it.
func testsTwice(tests []PolicyTest) (problems Problems) {
	seen := map[key]PolicyTest{}
	for _, t := range tests {
		k := key{KindPolicyTest, t.Clinic, t.Name}
		if first, twice := seen[k]; twice {
			problems = append(problems, t.Problem("name", fmt.Sprintf("%s is written twice, first at %s; keep one", t.Name, first.Place("name"))))
			continue
		}
		seen[k] = t
	}
	return problems
}

// eachGiven calls do with every place of f where a resource stands, and its path.
func eachGiven(f *policytest.File, do func(path string, g *policytest.Given)) {
	for i := range f.Resources {
		do(indexed("resources", i), &f.Resources[i])
	}
	for i := range f.Tests {
		t, path := &f.Tests[i], indexed("tests", i)
		for j := range t.EMR {
			do(indexed(path+".emr", j), &t.EMR[j])
		}
		do(path+".body", &t.Body)
	}
}

// openGiven puts the content of a file in the place of {file: …}. Its name is relative to folder and stays within it.
func openGiven(g *policytest.Given, folder string) error {
	var named struct {
		File string `json:"file"`
		Type string `json:"resourceType"`
	}
	if json.Unmarshal([]byte(*g), &named) != nil || named.File == "" || named.Type != "" {
		return nil
	}
	if !filepath.IsLocal(named.File) {
		return fmt.Errorf("the file %s has to lie in the folder of this one, or below it", named.File)
	}
	b, err := readCapped(filepath.Join(folder, named.File))
	switch {
	case err != nil:
		return fmt.Errorf("the file %s cannot be read: %s", named.File, plainError(err))
	case len(b) > maxBytes:
		return fmt.Errorf("the file %s is larger than %d bytes", named.File, maxBytes)
	}
	*g = policytest.Given(b)
	return nil
}

// given turns the YAML of a resource into JSON in its place: what stands there is FHIR's to judge, not ours.
func (s *shaper) given(n *yaml.Node, path string) bool {
	before := len(s.problems)
	if n.Kind == yaml.ScalarNode && !s.scalar(n, path, "a resource, or a reference such as Appointment/7") {
		return false
	}
	b := s.appendJSON(nil, n, path, "")
	if len(s.problems) > before {
		return false
	}
	*n = yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: string(b), Line: n.Line, Column: n.Column, Style: yaml.DoubleQuotedStyle}
	return true
}

// appendJSON writes n as JSON. Numbers stay as they are written (hazard H36); dates and all else that YAML knows and JSON
// does not are text; and so are ids, which are never numbers in FHIR.
func (s *shaper) appendJSON(dst []byte, n *yaml.Node, path, name string) []byte {
	if !s.plain(n, path) {
		return dst
	}
	switch {
	case n.Kind == yaml.SequenceNode:
		dst = append(dst, '[')
		for i, item := range n.Content {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = s.appendJSON(dst, item, indexed(path, i), "")
		}
		return append(dst, ']')
	case n.Kind == yaml.MappingNode:
		return s.appendObject(dst, n, path)
	case n.Tag == "!!null" && n.Value == "":
		s.report(n, path, "has no value; give it one, leave the line out, or write null where an element is taken away")
		return dst
	case n.Tag == "!!null":
		return append(dst, "null"...)
	case n.Tag == "!!bool":
		return append(dst, strings.ToLower(n.Value)...)
	case (n.Tag == "!!int" || n.Tag == "!!float") && name != "id" && json.Valid([]byte(n.Value)):
		return append(dst, n.Value...)
	}
	text, err := json.Marshal(n.Value)
	if err != nil {
		s.report(n, path, "%v", err)
	}
	return append(dst, text...)
}

func (s *shaper) appendObject(dst []byte, n *yaml.Node, path string) []byte {
	dst = append(dst, '{')
	var seen []string
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := join(path, key.Value)
		switch {
		case key.Kind != yaml.ScalarNode || key.Tag == "!!merge" || !s.plain(key, at):
			s.report(key, path, "a key has to be a plain word")
			continue
		case slices.Contains(seen, key.Value):
			s.report(key, at, "is written twice; keep one")
			continue
		}
		if len(seen) > 0 {
			dst = append(dst, ',')
		}
		seen = append(seen, key.Value)
		name, err := json.Marshal(key.Value)
		if err != nil {
			s.report(key, at, "%v", err)
		}
		dst = append(append(dst, name...), ':')
		dst = s.appendJSON(dst, value, at, key.Value)
	}
	return append(dst, '}')
}
