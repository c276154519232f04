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

func parse(file string, b []byte) ([]Document, Problems) { return each(file, b, chunk.document) }

// document reads one document of whatever kind it says.
func (c chunk) document(root *yaml.Node) (Document, Problems) {
	d := Document{File: c.file, Line: c.at(root.Line), Body: append(bytes.TrimSpace(c.text), '\n'), root: root}
	kind, problems := c.kind(root)
	d.Kind = kind
	switch kind {
	case KindClinic:
		d.OfClinic, problems = of(c, root, Clinic{ReviewEvery: defaultReviewEvery}, (*Clinic).check)
		d.Clinic, d.Name = d.OfClinic.Name, d.OfClinic.Name
	case KindConnection:
		d.OfConnection, problems = of(c, root, Connection{Name: defaultConnection}, (*Connection).check)
		d.Clinic, d.Name = d.OfConnection.Clinic, d.OfConnection.Name
	case KindPlatform:
		d.OfPlatform, problems = of(c, root, Platform{}, (*Platform).check)
		d.Name = d.OfPlatform.Name
	case KindGrant:
		d.OfGrant, problems = of(c, root, policy.Grant{}, func(g *policy.Grant) findings { return named(g.Clinic, g.Name) })
		d.Clinic, d.Name = d.OfGrant.Clinic, d.OfGrant.Name
	case KindStop:
		d.OfStop, problems = of(c, root, policy.Stop{}, func(s *policy.Stop) findings { return namedAnywhere(s.Clinic, s.Name) })
		d.Clinic, d.Name = d.OfStop.Clinic, d.OfStop.Name
	case KindDirective:
		d.OfDirective, problems = of(c, root, policy.Directive{}, func(d *policy.Directive) findings { return named(d.Clinic, d.Name) })
		d.Clinic, d.Name = d.OfDirective.Clinic, d.OfDirective.Name
	case KindGuardrail:
		d.OfGuardrail, problems = of(c, root, policy.Guardrail{}, func(g *policy.Guardrail) findings { return namedAnywhere(g.Clinic, g.Name) })
		d.Clinic, d.Name = d.OfGuardrail.Clinic, d.OfGuardrail.Name
	case KindLegalHold:
		d.OfHold, problems = of(c, root, LegalHold{}, (*LegalHold).check)
		d.Clinic, d.Name = d.OfHold.Clinic, d.OfHold.Name
	}
	return d, problems
}

// of reads a document of one kind; what it does not say is as in value.
func of[T any](c chunk, root *yaml.Node, value T, check func(*T) findings) (*T, Problems) {
	return &value, decode(c, root, &value, []string{"kind"}, check)
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

// named is what can be said of a rule without knowing anything else.
func named(clinic, name string) findings {
	var f findings
	label(&f, "clinic", clinic)
	label(&f, "name", name)
	return f
}

// namedAnywhere is named for a rule that holds at every clinic where it names none.
func namedAnywhere(clinic, name string) findings {
	if clinic != "" {
		return named(clinic, name)
	}
	var f findings
	label(&f, "name", name)
	return f
}
