package fhir

import (
	"bytes"
	"iter"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// JSONKind is what a Value is. The zero value is a value that is not there.
type JSONKind uint8

// The kinds of JSON value.
const (
	Absent JSONKind = iota
	Null
	False
	True
	Number
	String
	Array
	Object
)

// Value is a place in a parsed document: a document pointer and an index, cheap to copy. The zero Value is absent, and
// every method on it answers accordingly, so that paths can be walked without checking each step.
type Value struct {
	doc *document
	at  uint32
}

func (v Value) node() *node { return &v.doc.nodes[v.at] }

// Kind says what v is; Absent for the zero Value.
func (v Value) Kind() JSONKind {
	if v.doc == nil {
		return Absent
	}
	return v.node().kind
}

// Exists reports whether v is in the document, JSON null included.
func (v Value) Exists() bool { return v.doc != nil }

// Raw is the value's exact original bytes. They belong to the document and must not be changed.
func (v Value) Raw() []byte {
	if v.doc == nil {
		return nil
	}
	n := v.node()
	return v.doc.src[n.start:n.end:n.end]
}

// Text is a string's content, escapes resolved; empty for every other kind.
func (v Value) Text() string { return string(v.text()) }

// text is Text without the copy where the string holds no escape.
func (v Value) text() []byte {
	if v.Kind() != String {
		return nil
	}
	n := v.node()
	b := v.doc.src[n.start+1 : n.end-1]
	if n.flags&flagTextEscaped != 0 {
		return unescape(b)
	}
	return b
}

// Get is the member of that name, matched on the name as it reads, not as it is spelt (hazard H11). It is absent when v is
// not an object or has no such member.
func (v Value) Get(name string) Value {
	if v.Kind() != Object {
		return Value{}
	}
	src, nodes := v.doc.src, v.doc.nodes
	for c, end := v.at+1, nodes[v.at].next; c < end; {
		n := &nodes[c]
		switch { // most members differ in length already
		case n.flags&flagNameEscaped != 0:
			if string(memberName(src, n)) == name {
				return Value{v.doc, c}
			}
		case int(n.nameLen) == len(name) && string(src[n.name:n.name+uint32(n.nameLen)]) == name:
			return Value{v.doc, c}
		}
		c = n.next
	}
	return Value{}
}

// Members walks an object's members in their order; names are given as they read.
func (v Value) Members() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		if v.Kind() != Object {
			return
		}
		for c, end := v.at+1, v.node().next; c < end; c = v.doc.nodes[c].next {
			if !yield(string(memberName(v.doc.src, &v.doc.nodes[c])), Value{v.doc, c}) {
				return
			}
		}
	}
}

// Items walks an array's items; any other value that exists is its own single item, as FHIR paths see it.
func (v Value) Items() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		switch v.Kind() {
		case Absent:
		case Array:
			for c, end := v.at+1, v.node().next; c < end; c = v.doc.nodes[c].next {
				if !yield(Value{v.doc, c}) {
					return
				}
			}
		default:
			yield(v)
		}
	}
}

// Path walks a dotted element path such as "participant.actor.reference" and yields every value it leads to, in document
// order, flattening arrays on the way and at the end.
func (v Value) Path(path string) iter.Seq[Value] {
	return func(yield func(Value) bool) { v.walk(path, yield) }
}

func (v Value) walk(path string, yield func(Value) bool) bool {
	for item := range v.Items() {
		if item.Kind() == Array { // no FHIR, and not to be passed over either: criteria look into it, too
			if !item.walk(path, yield) {
				return false
			}
			continue
		}
		if path == "" {
			if !yield(item) {
				return false
			}
			continue
		}
		name, rest, _ := strings.Cut(path, ".")
		if m := item.Get(name); m.Exists() && !m.walk(rest, yield) {
			return false
		}
	}
	return true
}

// equal reports whether two values say the same: object members in any order, strings as they read, numbers as they are
// written (1.50 is not 1.5: FHIR decimals carry their precision).
func equal(a, b Value) bool {
	if a.Kind() != b.Kind() {
		return false
	}
	switch a.Kind() {
	case String:
		return bytes.Equal(a.text(), b.text())
	case Number:
		return bytes.Equal(a.Raw(), b.Raw())
	case Array:
		return equalArrays(a, b)
	case Object:
		return equalObjects(a, b)
	}
	return true
}

func equalArrays(a, b Value) bool {
	i, iEnd := a.at+1, a.node().next
	j, jEnd := b.at+1, b.node().next
	for i < iEnd && j < jEnd {
		if !equal(Value{a.doc, i}, Value{b.doc, j}) {
			return false
		}
		i, j = a.doc.nodes[i].next, b.doc.nodes[j].next
	}
	return i == iEnd && j == jEnd
}

// equalObjects counts first, because names are unique within each.
func equalObjects(a, b Value) bool {
	if a.size() != b.size() {
		return false
	}
	get := b.getter()
	for name, x := range a.Members() {
		if y := get(name); !y.Exists() || !equal(x, y) {
			return false
		}
	}
	return true
}

// getter is Get for someone who asks for every member: with a hundred thousand of them Get would look at each for each.
func (v Value) getter() func(name string) Value {
	if v.Kind() != Object || v.size() <= manyMembers {
		return v.Get
	}
	index := make(map[string]Value, v.size())
	for name, m := range v.Members() {
		index[name] = m
	}
	return func(name string) Value { return index[name] }
}

// size is the number of an object's members or an array's items.
func (v Value) size() int {
	count := 0
	for c, end := v.at+1, v.node().next; c < end; c = v.doc.nodes[c].next {
		count++
	}
	return count
}

// unescape resolves the escapes of a string's inside; the scanner has already checked them.
func unescape(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); {
		if b[i] != '\\' {
			out = append(out, b[i])
			i++
			continue
		}
		if b[i+1] != 'u' {
			out = append(out, unescaped(b[i+1]))
			i += 2
			continue
		}
		r, _ := hex4(b[i+2:])
		i += 6
		if utf16.IsSurrogate(r) {
			lo, _ := hex4(b[i+2:])
			r = utf16.DecodeRune(r, lo)
			i += 6
		}
		out = utf8.AppendRune(out, r)
	}
	return out
}

func unescaped(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}
