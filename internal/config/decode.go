package config

import (
	"errors"
	"reflect"
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// decode reads the mapping root into out, a pointer to a struct, and then asks check what is wrong with the value. Every
// mistake of both kinds is in the result, each once.
func decode[T any](c chunk, root *yaml.Node, out *T, extra []string, check func(*T) findings) Problems {
	s := &shaper{chunk: c}
	if !s.plain(root, "") {
		return s.problems
	}
	fields := fieldsOf(reflect.TypeFor[T]())
	for _, name := range extra {
		if _, ok := fields[name]; !ok {
			fields[name] = reflect.TypeFor[string]()
		}
	}
	s.members(root, fields, "")
	if err := root.Load(out); err != nil {
		s.undecodable(root, err)
	}
	for _, f := range check(out) {
		if !s.reported(f.path) {
			s.problems = append(s.problems, Problem{File: c.file, Line: c.at(lineOf(root, f.path)), Path: f.path, Text: f.text})
		}
	}
	return s.problems
}

// undecodable reports what the YAML library could not turn into a value although its shape was right: a number out of
// range, a text that a type's own parser refuses.
func (s *shaper) undecodable(root *yaml.Node, err error) {
	all, ok := errors.AsType[*yaml.LoadErrors](err)
	if !ok {
		s.report(root, "", "%v", err)
		return
	}
	for _, e := range all.Errors {
		text := e.Message
		if cause := errors.Unwrap(e); cause != nil {
			text = cause.Error()
		}
		path := pathAt(root, "", e.Mark)
		s.faulty = append(s.faulty, path)
		s.problems = append(s.problems, Problem{File: s.chunk.file, Line: s.chunk.at(e.Mark.Line), Path: path, Text: text})
	}
}

// pathAt is the path of the node that begins at mark, as far as there is one.
func pathAt(n *yaml.Node, path string, mark yaml.Mark) string {
	if n.Kind == yaml.ScalarNode && n.Line == mark.Line && n.Column == mark.Column {
		return path
	}
	for i, child := range n.Content {
		at := path + "[" + strconv.Itoa(i) + "]"
		if n.Kind == yaml.MappingNode {
			if i%2 == 0 {
				continue
			}
			at = join(path, n.Content[i-1].Value)
		}
		if found := pathAt(child, at, mark); found != "" {
			return found
		}
	}
	return ""
}

// lineOf is the line on which the element at path begins, or else the innermost element around it that is written. That
// of a member is the line of its key.
func lineOf(root *yaml.Node, path string) int {
	n, line := root, root.Line
	for step := range steps(path) {
		key, value := child(n, step)
		if value == nil {
			break
		}
		n, line = value, key.Line
	}
	return line
}

// steps goes through a path such as permissions[1].window: "permissions", "1", "window".
func steps(path string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for step := range strings.FieldsFuncSeq(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' }) {
			if !yield(step) {
				return
			}
		}
	}
}

// child is what a step leads to, and the node where it begins: a member's key, an item itself.
func child(n *yaml.Node, step string) (begin, value *yaml.Node) {
	if n.Kind == yaml.MappingNode {
		return member(n, step)
	}
	i, err := strconv.Atoi(step)
	if err != nil || n.Kind != yaml.SequenceNode || i < 0 || i >= len(n.Content) {
		return nil, nil
	}
	return n.Content[i], n.Content[i]
}

// member is the key and the value of a mapping's member, nil when it has none of that name.
func member(n *yaml.Node, name string) (key, value *yaml.Node) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i], n.Content[i+1]
		}
	}
	return nil, nil
}
