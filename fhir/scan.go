package fhir

import (
	"fmt"
	"slices"
)

// Limits caps what Parse accepts. A zero field means its default.
type Limits struct {
	Bytes int // length of the document; default 16 MiB, at most 1 GiB
	Depth int // nested arrays and objects; default 64, at most 512
	Nodes int // values in all; default 2,000,000
}

func (l Limits) orDefault() Limits {
	pick := func(v, def, most int) int {
		if v <= 0 {
			return def
		}
		return min(v, most)
	}
	return Limits{
		Bytes: pick(l.Bytes, 16<<20, 1<<30),
		Depth: pick(l.Depth, 64, 512),
		Nodes: pick(l.Nodes, 2_000_000, 1<<30),
	}
}

// document is the original text and its index: one node per JSON value, in the order in which the values begin, so that
// the first child of node i is i+1 and its next sibling is nodes[i].next. Nothing in it changes after Parse.
type document struct {
	src   []byte
	nodes []node
}

// node is 20 bytes on purpose: a page of a thousand resources has about a hundred thousand of them.
type node struct {
	start, end uint32 // the value is src[start:end]
	next       uint32 // index of the first node after this value's subtree
	name       uint32 // a member's name is src[name:name+nameLen], without its quotes; 0 where there is none
	nameLen    uint16
	kind       JSONKind
	flags      uint8
}

const (
	flagNameEscaped = 1 << iota // the member's name holds a backslash
	flagTextEscaped             // the string holds a backslash
)

// bytesPerNode is what a value takes in the Bundles of EMRs, on average, and a little less.
const bytesPerNode = 24

type scanner struct {
	src   []byte
	nodes []node
	depth int
	lim   Limits
}

// Parse indexes one JSON document. It is strict where parsers are known to differ (hazard H11): RFC 8259 to the letter,
// UTF-8 throughout, no lone surrogates, no duplicate member names however they are spelt, nothing after the value. What is
// refused is refused whole, never repaired. Errors are *Error of kind KindInvalid or KindTooLarge.
func Parse(b []byte, lim Limits) (Value, error) {
	lim = lim.orDefault()
	if len(b) > lim.Bytes {
		return Value{}, tooLarge("body-too-large", fmt.Sprintf("The document is longer than %d bytes.", lim.Bytes))
	}
	s := scanner{src: b, lim: lim, nodes: make([]node, 0, len(b)/bytesPerNode+8)}
	i := s.space(0)
	i, err := s.value(i, label{})
	if err != nil {
		return Value{}, err
	}
	if i = s.space(i); i != len(b) {
		return Value{}, s.bad(i, "something follows the end of the document")
	}
	return Value{doc: &document{src: b, nodes: s.nodes}}, nil
}

func tooLarge(code, text string) *Error { return E("fhir.Parse", KindTooLarge, code, text) }

func (s *scanner) bad(at int, what string) *Error {
	return E("fhir.Parse", KindInvalid, "malformed-json", fmt.Sprintf("Not valid JSON at byte %d: %s.", at, what))
}

// space is the offset of the next byte that is no white space; most EMRs send none.
func (s *scanner) space(i int) int {
	if i < len(s.src) && s.src[i] > ' ' {
		return i
	}
	return s.spaces(i)
}

func (s *scanner) spaces(i int) int {
	for i < len(s.src) {
		switch s.src[i] {
		case ' ', '\t', '\n', '\r':
			i++
		default:
			return i
		}
	}
	return i
}

// label is a member's name: src[at:at+size], without its quotes. The zero label is an array's item's.
type label struct {
	at    uint32
	size  uint16
	flags uint8
}

// append adds a node for the value at start and returns its index. Field by field, because a node is too large for the
// compiler to keep in registers.
func (s *scanner) append(start int, l label) int {
	at := len(s.nodes)
	if at == cap(s.nodes) {
		s.nodes = slices.Grow(s.nodes, 1+at/2)
	}
	s.nodes = s.nodes[:at+1]
	n := &s.nodes[at]
	n.start, n.name, n.nameLen, n.flags = uint32(start), l.at, l.size, l.flags
	return at
}

// finish completes the node at index at, all of whose subtree is in the index by now.
func (s *scanner) finish(at int, kind JSONKind, end int) {
	n := &s.nodes[at]
	n.kind, n.end, n.next = kind, uint32(end), uint32(len(s.nodes))
}

// value scans the value at i into the index; l is the member's name, if any. It returns the offset after the value.
func (s *scanner) value(i int, l label) (end int, err error) {
	if i >= len(s.src) {
		return i, s.bad(i, "the document ends where a value should be")
	}
	if len(s.nodes) >= s.lim.Nodes {
		return i, tooLarge("too-many-values", fmt.Sprintf("The document holds more than %d values.", s.lim.Nodes))
	}
	kind := String
	switch c := s.src[i]; {
	case c == '"':
		var escaped bool
		if end, escaped, err = s.text(i + 1); err != nil {
			return end, err
		}
		if escaped {
			l.flags |= flagTextEscaped
		}
		end++
	case c == '{' || c == '[':
		return s.nested(i, l)
	default:
		if kind, end, err = s.bare(i); err != nil {
			return end, err
		}
	}
	s.finish(s.append(i, l), kind, end)
	return end, nil
}

// bare scans a number, true, false or null.
func (s *scanner) bare(i int) (kind JSONKind, end int, err error) {
	switch c := s.src[i]; {
	case c == '-' || c >= '0' && c <= '9':
		end, err = s.number(i)
		return Number, end, err
	case c == 't':
		end, err = s.word(i, "true")
		return True, end, err
	case c == 'f':
		end, err = s.word(i, "false")
		return False, end, err
	case c == 'n':
		end, err = s.word(i, "null")
		return Null, end, err
	}
	return Absent, i, s.bad(i, "a value cannot begin here")
}

// nested scans an array or object: its node stands before those of its children and is completed after them.
func (s *scanner) nested(i int, l label) (end int, err error) {
	if s.depth >= s.lim.Depth {
		return i, tooLarge("too-deep", fmt.Sprintf("The document is nested more than %d levels deep.", s.lim.Depth))
	}
	s.depth++
	at := s.append(i, l)
	kind := Array
	if s.src[i] == '{' {
		kind = Object
		end, err = s.object(i+1, at)
	} else {
		end, err = s.array(i + 1)
	}
	s.depth--
	s.finish(at, kind, end)
	return end, err
}

func (s *scanner) array(i int) (int, error) {
	i = s.space(i)
	if i < len(s.src) && s.src[i] == ']' {
		return i + 1, nil
	}
	for {
		var err error
		if i, err = s.value(s.space(i), label{}); err != nil {
			return i, err
		}
		i = s.space(i)
		if i >= len(s.src) {
			return i, s.bad(i, "the document ends inside an array")
		}
		switch s.src[i] {
		case ',':
			i++
		case ']':
			return i + 1, nil
		default:
			return i, s.bad(i, "expected ',' or ']'")
		}
	}
}

func (s *scanner) object(i, at int) (int, error) {
	i = s.space(i)
	if i < len(s.src) && s.src[i] == '}' {
		return i + 1, nil
	}
	var seen names
	for {
		i = s.space(i)
		l, colon, err := s.name(i)
		if err != nil {
			return i, err
		}
		if seen.again(s, at, l) {
			return i, E("fhir.Parse", KindInvalid, "duplicate-member",
				fmt.Sprintf("Not valid JSON at byte %d: a member of this name is already in the object.", i))
		}
		if i, err = s.value(s.space(colon+1), l); err != nil {
			return i, err
		}
		i = s.space(i)
		if i >= len(s.src) {
			return i, s.bad(i, "the document ends inside an object")
		}
		switch s.src[i] {
		case ',':
			i++
		case '}':
			return i + 1, nil
		default:
			return i, s.bad(i, "expected ',' or '}'")
		}
	}
}

// name scans a member's name and finds its colon.
func (s *scanner) name(i int) (l label, colon int, err error) {
	if i >= len(s.src) || s.src[i] != '"' {
		return l, i, s.bad(i, "expected a member's name")
	}
	end, escaped, err := s.text(i + 1)
	if err != nil {
		return l, i, err
	}
	if end-i-1 > 1<<16-1 {
		return l, i, tooLarge("name-too-long", "A member's name is longer than 65,535 bytes.")
	}
	l.at, l.size = uint32(i+1), uint16(end-i-1)
	if escaped {
		l.flags = flagNameEscaped
	}
	colon = s.space(end + 1)
	if colon >= len(s.src) || s.src[colon] != ':' {
		return l, i, s.bad(colon, "expected ':'")
	}
	return l, colon, nil
}

// memberName is a member's name as it reads, escapes resolved.
func memberName(src []byte, n *node) []byte {
	name := src[n.name : n.name+uint32(n.nameLen)]
	if n.flags&flagNameEscaped != 0 {
		return unescape(name)
	}
	return name
}
