package config

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	yaml "go.yaml.in/yaml/v4"

	"vestibule/internal/policytest"
)

// shaper holds a tree of YAML nodes against the Go type it is for and takes out what does not fit, so that the rest can
// be decoded and checked and every mistake is known at once.
type shaper struct {
	chunk    chunk
	problems Problems
	faulty   []string // paths that were reported: no second report about what follows from the first
}

func (s *shaper) report(n *yaml.Node, path, format string, args ...any) {
	s.faulty = append(s.faulty, path)
	s.problems = append(s.problems, Problem{File: s.chunk.file, Line: s.chunk.at(n.Line), Path: path, Text: fmt.Sprintf(format, args...)})
}

// reported reports whether path, or something it lies in, has been reported.
func (s *shaper) reported(path string) bool {
	return slices.ContainsFunc(s.faulty, func(f string) bool {
		rest, ok := strings.CutPrefix(path, f)
		return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
	})
}

// fits holds n against t and reports what does not fit; false: n cannot be decoded into a t.
func (s *shaper) fits(n *yaml.Node, t reflect.Type, path string) bool {
	if !s.plain(n, path) {
		return false
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == reflect.TypeFor[policytest.Given]():
		return s.given(n, path)
	case t == reflect.TypeFor[Clinics]() && n.Kind == yaml.ScalarNode && n.Value == AllClinics:
		one := *n
		*n = yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Line: n.Line, Column: n.Column, Content: []*yaml.Node{&one}}
		return true
	case isText(t):
		return s.scalar(n, path, "a single value")
	case t.Kind() == reflect.Struct:
		return s.mapping(n, path, func() { s.members(n, fieldsOf(t), path) })
	case t.Kind() == reflect.Map:
		return s.mapping(n, path, func() { s.entries(n, t.Elem(), path) })
	case t.Kind() == reflect.Slice:
		return s.list(n, t.Elem(), path)
	case t.Kind() == reflect.Bool:
		return s.tagged(n, path, "!!bool", "true or false")
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64:
		return s.tagged(n, path, "!!int", "a whole number")
	}
	return s.scalar(n, path, "a single value")
}

// plain refuses the parts of YAML that make a text mean something else than it shows.
func (s *shaper) plain(n *yaml.Node, path string) bool {
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		s.report(n, path, "anchors and aliases (& and *) are not accepted; write the value out")
	case n.Style&yaml.TaggedStyle != 0:
		s.report(n, path, "tags (!%s) are not accepted; write the plain value", strings.TrimLeft(n.Tag, "!"))
	default:
		return true
	}
	return false
}

func (s *shaper) scalar(n *yaml.Node, path, want string) bool {
	switch {
	case n.Kind != yaml.ScalarNode:
		s.report(n, path, "has to be %s, not %s", want, kindName(n))
	case n.Tag == "!!null":
		s.report(n, path, "has no value; give it one or leave the line out")
	case strings.TrimSpace(n.Value) == "":
		s.report(n, path, "is empty; give it a value or leave the line out") // or `hours: ""` would mean at any time
	default:
		return true
	}
	return false
}

func (s *shaper) tagged(n *yaml.Node, path, tag, want string) bool {
	if !s.scalar(n, path, want) {
		return false
	}
	if n.Tag != tag || n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		s.report(n, path, "has to be %s", want)
		return false
	}
	return true
}

func (s *shaper) mapping(n *yaml.Node, path string, inside func()) bool {
	if n.Kind != yaml.MappingNode {
		s.report(n, path, "has to be lines of `key: value`, not %s", kindName(n))
		return false
	}
	inside()
	return true
}

func (s *shaper) list(n *yaml.Node, elem reflect.Type, path string) bool {
	if n.Kind != yaml.SequenceNode {
		s.report(n, path, "has to be a list, not %s; write it as [a, b] or with a dash for each entry", kindName(n))
		return false
	}
	kept := n.Content[:0]
	for i, item := range n.Content {
		if s.fits(item, elem, path+"["+strconv.Itoa(i)+"]") {
			kept = append(kept, item)
		} else {
			kept = append(kept, zeroNode(elem)) // keeps the numbers of those behind it
		}
	}
	n.Content = kept
	return true
}

// members goes through the keys of a mapping that stands for a struct.
func (s *shaper) members(n *yaml.Node, fields map[string]reflect.Type, path string) {
	known := make([]string, 0, len(fields))
	for name := range fields {
		known = append(known, name)
	}
	slices.Sort(known)
	s.eachPair(n, path, func(key *yaml.Node, at string) reflect.Type {
		if t, ok := fields[key.Value]; ok {
			return t
		}
		meant, ok := nearest(key.Value, known)
		if !ok {
			s.report(key, at, "unknown key; known are %s", strings.Join(known, ", "))
			return nil
		}
		s.report(key, at, "unknown key; did you mean %s?", meant)
		if hasKey(n, meant) {
			return nil
		}
		key.Value = meant
		return fields[meant]
	})
}

// entries goes through the keys of a mapping that stands for a map.
func (s *shaper) entries(n *yaml.Node, elem reflect.Type, path string) {
	s.eachPair(n, path, func(*yaml.Node, string) reflect.Type { return elem })
}

// eachPair keeps the pairs of n whose key is a plain word met for the first time and whose value fits the type that
// typeOf knows for the key; nil means none.
func (s *shaper) eachPair(n *yaml.Node, path string, typeOf func(key *yaml.Node, at string) reflect.Type) {
	seen := make(map[string]int, len(n.Content)/2)
	kept := make([]*yaml.Node, 0, len(n.Content))
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := join(path, key.Value)
		if key.Kind != yaml.ScalarNode || key.Tag == "!!merge" || !s.plain(key, at) {
			s.report(key, path, "a key has to be a plain word")
			continue
		}
		if line, twice := seen[key.Value]; twice {
			s.report(key, at, "is written twice, first on line %d; keep one", s.chunk.at(line))
			continue
		}
		seen[key.Value] = key.Line
		if t := typeOf(key, at); t != nil && s.fits(value, t, join(path, key.Value)) {
			kept = append(kept, key, value)
		}
	}
	n.Content = kept
}

func hasKey(n *yaml.Node, name string) bool {
	key, _ := member(n, name)
	return key != nil
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// fieldsOf is the members of a struct by their YAML names; a field without a name in its tag is none.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	fields := make(map[string]reflect.Type, t.NumField())
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if f.IsExported() && name != "" && name != "-" {
			fields[name] = f.Type
		}
	}
	return fields
}

// isText reports whether a t is written as one value, whatever it is made of.
func isText(t reflect.Type) bool {
	return t == reflect.TypeFor[time.Time]() || t == reflect.TypeFor[time.Duration]() ||
		reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// zeroNode decodes into the zero value of t.
func zeroNode(t reflect.Type) *yaml.Node {
	switch {
	case (t.Kind() == reflect.Struct || t.Kind() == reflect.Map) && !isText(t):
		return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}
}

func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "lines of `key: value`"
	case yaml.SequenceNode:
		return "a list"
	}
	return "a single value"
}
