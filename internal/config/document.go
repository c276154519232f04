package config

import (
	"bytes"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"

	"vestibule/policy"
)

// The kinds of document.
const (
	KindClinic     = "Clinic"
	KindConnection = "Connection"
	KindPlatform   = "Platform"
	KindGrant      = "Grant"
	KindStop       = "Stop"
	KindDirective  = "Directive"
	KindGuardrail  = "Guardrail"
	KindLegalHold  = "LegalHold"
)

// defaultConnection is the name of a connection that has none.
const defaultConnection = "emr"

// Document is one document that was read without a mistake. Exactly one of the Of members is set, as Kind says.
type Document struct {
	Kind   string
	Clinic string // whose it is: for a clinic its own name, for a platform and for what holds at every clinic empty
	Name   string
	File   string // where it was read, for messages
	Line   int    // its first line there
	Body   []byte // its text as written, ended by one line end

	OfClinic     *Clinic
	OfConnection *Connection
	OfPlatform   *Platform
	OfGrant      *policy.Grant
	OfStop       *policy.Stop
	OfDirective  *policy.Directive
	OfGuardrail  *policy.Guardrail
	OfHold       *LegalHold

	root *yaml.Node // for the lines of what Check finds later
}

// Parse reads a stream of documents; file is its name in messages. The error, if any, is Problems. Whether what the
// documents name exists is for Check to say.
func Parse(file string, b []byte) ([]Document, error) {
	docs, problems := parse(file, b)
	if err := problems.err(); err != nil {
		return nil, err
	}
	return docs, nil
}

func parse(file string, b []byte) ([]Document, Problems) {
	chunks, problems := split(file, b)
	var docs []Document
	for _, c := range chunks {
		root, found := c.compose()
		problems = append(problems, found...)
		if root == nil {
			continue
		}
		d, found := c.document(root)
		problems = append(problems, found...)
		if len(found) == 0 {
			docs = append(docs, d)
		}
	}
	return docs, problems
}

// document reads one document of whatever kind it says.
func (c chunk) document(root *yaml.Node) (Document, Problems) {
	d := Document{File: c.file, Line: c.at(root.Line), Body: append(bytes.TrimSpace(c.text), '\n'), root: root}
	kind, problems := c.kind(root)
	d.Kind = kind
	switch kind {
	case KindClinic:
		d.OfClinic = &Clinic{ReviewEvery: defaultReviewEvery}
		problems = decode(c, root, d.OfClinic, []string{"kind"}, (*Clinic).check)
		d.Clinic, d.Name = d.OfClinic.Name, d.OfClinic.Name
	case KindConnection:
		d.OfConnection = &Connection{Name: defaultConnection}
		problems = decode(c, root, d.OfConnection, []string{"kind"}, (*Connection).check)
		d.Clinic, d.Name = d.OfConnection.Clinic, d.OfConnection.Name
	case KindPlatform:
		d.OfPlatform = new(Platform)
		problems = decode(c, root, d.OfPlatform, []string{"kind"}, (*Platform).check)
		d.Name = d.OfPlatform.Name
	case KindGrant:
		d.OfGrant = new(policy.Grant)
		problems = decode(c, root, d.OfGrant, []string{"kind"}, checkGrant)
		d.Clinic, d.Name = d.OfGrant.Clinic, d.OfGrant.Name
	case KindStop:
		d.OfStop = new(policy.Stop)
		problems = decode(c, root, d.OfStop, []string{"kind"}, checkStop)
		d.Clinic, d.Name = d.OfStop.Clinic, d.OfStop.Name
	case KindDirective:
		d.OfDirective = new(policy.Directive)
		problems = decode(c, root, d.OfDirective, []string{"kind"}, checkDirective)
		d.Clinic, d.Name = d.OfDirective.Clinic, d.OfDirective.Name
	case KindGuardrail:
		d.OfGuardrail = new(policy.Guardrail)
		problems = decode(c, root, d.OfGuardrail, []string{"kind"}, checkGuardrail)
		d.Clinic, d.Name = d.OfGuardrail.Clinic, d.OfGuardrail.Name
	case KindLegalHold:
		d.OfHold = new(LegalHold)
		problems = decode(c, root, d.OfHold, []string{"kind"}, (*LegalHold).check)
		d.Clinic, d.Name = d.OfHold.Clinic, d.OfHold.Name
	}
	return d, problems
}

// kind finds what a document says it is; the rest can only be read in that knowledge.
func (c chunk) kind(root *yaml.Node) (string, Problems) {
	known := []string{KindClinic, KindConnection, KindDirective, KindGrant, KindGuardrail, KindLegalHold, KindPlatform, KindStop}
	var f findings
	_, value := member(root, "kind")
	switch {
	case value == nil:
		f.add("kind", "is missing: one of %s", strings.Join(known, ", "))
	case value.Kind != yaml.ScalarNode:
		f.add("kind", "has to be a single value")
	case value.Value == KindPolicyTest:
		f.add("kind", "tests are not applied; keep them in a folder of their own, for `vestibule grants test`")
	case !slices.Contains(known, value.Value):
		oneOf(&f, "kind", value.Value, known...)
	default:
		return value.Value, nil
	}
	return "", Problems{{File: c.file, Line: c.at(lineOf(root, "kind")), Path: "kind", Text: f[0].text}}
}

// problem is something wrong with d at path, in the file's lines.
func (d Document) problem(path, text string) Problem {
	line := d.Line
	if d.root != nil {
		line += lineOf(d.root, path) - d.root.Line
	}
	return Problem{File: d.File, Line: line, Path: path, Text: text}
}

// checkGrant is what can be said of a grant without knowing anything else.
func checkGrant(g *policy.Grant) findings {
	var f findings
	label(&f, "clinic", g.Clinic)
	label(&f, "name", g.Name)
	return f
}

// checkStop is what can be said of a stop without knowing anything else. One without a clinic holds for every clinic.
func checkStop(s *policy.Stop) findings {
	var f findings
	if s.Clinic != "" {
		label(&f, "clinic", s.Clinic)
	}
	label(&f, "name", s.Name)
	return f
}
