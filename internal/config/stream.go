package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	yaml "go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// The caps of one file.
const (
	maxBytes = 1 << 20
	maxDepth = 32
)

// chunk is the text of one document of a stream.
type chunk struct {
	file string
	line int // of its first line in the file, from 1
	text []byte
}

// split cuts a file at the lines that separate documents, and drops what holds nothing but comments. In YAML a line that
// begins with three dashes or dots separates, wherever it stands (YAML 1.2.2, section 9.1.2), so that no parser is needed.
func split(file string, b []byte) ([]chunk, Problems) {
	if len(b) > maxBytes {
		return nil, Problems{{File: file, Text: fmt.Sprintf("is larger than %d bytes; split it into several files", maxBytes)}}
	}
	if !utf8.Valid(b) {
		return nil, Problems{{File: file, Text: "is not UTF-8 text; save it as UTF-8"}}
	}
	b = bytes.TrimPrefix(b, []byte("\ufeff"))
	var chunks []chunk
	var problems Problems
	current, line := chunk{file: file, line: 1}, 0
	for text := range bytes.Lines(b) {
		line++
		rest, separates := separator(text)
		if !separates {
			current.text = append(current.text, text...)
			continue
		}
		chunks = append(chunks, current)
		current = chunk{file: file, line: line + 1}
		if rest != "" {
			current = chunk{file: file, line: line, text: []byte(rest + "\n")}
			problems = append(problems, Problem{File: file, Line: line, Text: "the line that separates two documents has to stand alone; begin the document on the next line"})
		}
	}
	chunks = append(chunks, current)
	kept := chunks[:0]
	for _, c := range chunks {
		if !c.empty() {
			kept = append(kept, c)
		}
	}
	return kept, problems
}

// separator reports whether a line separates documents, and what stands behind the mark except for a comment.
func separator(line []byte) (rest string, ok bool) {
	s := strings.TrimRight(string(line), "\r\n")
	if !strings.HasPrefix(s, "---") && !strings.HasPrefix(s, "...") {
		return "", false
	}
	rest = s[3:]
	if rest != "" && rest[0] != ' ' && rest[0] != '\t' {
		return "", false
	}
	rest = strings.TrimSpace(rest)
	if strings.HasPrefix(rest, "#") {
		rest = ""
	}
	return rest, true
}

// empty reports whether c holds nothing but blank lines and comments.
func (c chunk) empty() bool {
	for line := range bytes.Lines(c.text) {
		if t := bytes.TrimSpace(line); len(t) > 0 && t[0] != '#' {
			return false
		}
	}
	return true
}

// compose parses c into its one node, without constructing a value.
func (c chunk) compose() (*yaml.Node, Problems) {
	limits := loaderlimits.New(loaderlimits.DepthFunc(func(depth int, _ *yaml.DepthContext) error {
		if depth > maxDepth {
			return fmt.Errorf("is nested deeper than %d levels", maxDepth)
		}
		return nil
	}))
	loader, err := yaml.NewLoader(bytes.NewReader(c.text), yaml.WithPlugin(limits))
	if err != nil {
		return nil, Problems{c.broken(err)}
	}
	var node, second yaml.Node
	if err := loader.Load(&node); err != nil {
		return nil, Problems{c.broken(err)}
	}
	if err := loader.Load(&second); err == nil {
		return nil, Problems{{File: c.file, Line: c.at(second.Line), Text: "a second document begins here without a line of three dashes"}}
	} else if !errors.Is(err, io.EOF) {
		return nil, Problems{c.broken(err)}
	}
	if node.Kind != yaml.DocumentNode || len(node.Content) != 1 || node.Content[0].Kind != yaml.MappingNode {
		return nil, Problems{{File: c.file, Line: c.at(node.Line), Text: "has to be lines of `key: value`"}}
	}
	return node.Content[0], nil
}

// broken is the problem of a text that is not YAML.
func (c chunk) broken(err error) Problem {
	p := Problem{File: c.file, Line: c.line, Text: "is not YAML: " + strings.ReplaceAll(err.Error(), "\n", " ")}
	if e, ok := errors.AsType[*yaml.LoadError](err); ok {
		p.Line = c.at(max(e.Mark.Line, e.ContextMark.Line))
		p.Text = "is not YAML: " + e.Message
	}
	return p
}

// at is the file's line of a line of the chunk.
func (c chunk) at(line int) int { return c.line + max(line, 1) - 1 }
