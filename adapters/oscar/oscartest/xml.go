package oscartest

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// node is an element: of a request that was read or of an answer in the making.
type node struct {
	space, name string
	text        string
	attrs       map[string]string
	kids        []node
}

const maxDepth = 64

var errDepth = errors.New("too deep")

// parseXML reads one document into a tree. There are no entities but the five of XML, so nothing expands.
func parseXML(doc []byte) (node, error) {
	d := xml.NewDecoder(bytes.NewReader(doc))
	d.CharsetReader = func(charset string, in io.Reader) (io.Reader, error) {
		if !strings.EqualFold(charset, "iso-8859-1") {
			return nil, errors.New("charset " + charset)
		}
		raw, err := io.ReadAll(in)
		return strings.NewReader(fromLatin1(raw)), err
	}
	for {
		t, err := d.Token()
		if err != nil {
			return node{}, err
		}
		if start, ok := t.(xml.StartElement); ok {
			return parseElement(d, start, 0)
		}
	}
}

func parseElement(d *xml.Decoder, start xml.StartElement, depth int) (node, error) {
	if depth > maxDepth {
		return node{}, errDepth
	}
	n := node{space: start.Name.Space, name: start.Name.Local, attrs: map[string]string{}}
	for _, a := range start.Attr {
		n.attrs[a.Name.Local] = a.Value
	}
	var text strings.Builder
	for {
		t, err := d.Token()
		if err != nil {
			return n, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			kid, err := parseElement(d, t, depth+1)
			if err != nil {
				return n, err
			}
			n.kids = append(n.kids, kid)
		case xml.CharData:
			text.Write(t)
		case xml.EndElement:
			if n.text = text.String(); len(n.kids) > 0 { // the spaces of a text are its own
				n.text = ""
			}
			return n, nil
		}
	}
}

func fromLatin1(raw []byte) string {
	out := make([]rune, len(raw))
	for i, b := range raw {
		out[i] = rune(b)
	}
	return string(out)
}

// kid is the first child of that local name.
func (n node) kid(name string) (node, bool) {
	for _, k := range n.kids {
		if k.name == name {
			return k, true
		}
	}
	return node{}, false
}

// leaf is an element with text only.
func leaf(name, text string) node { return node{name: name, text: text} }

// write appends the element; names are the server's own and need no escaping.
func (n node) write(b *bytes.Buffer) {
	b.WriteString("<" + n.name)
	b.WriteString(">")
	escape(b, n.text)
	for _, k := range n.kids {
		k.write(b)
	}
	b.WriteString("</" + n.name + ">")
}

func escape(b *bytes.Buffer, text string) {
	_ = xml.EscapeText(b, []byte(text)) // a buffer does not fail
}

// xmlFromJSON is an answer as XML: members become elements, items repeat their member's element, null is left out. The
// real names of the root elements are unverified.
func xmlFromJSON(doc []byte) []byte {
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`)
	b.WriteString("<response>")
	xmlValue(d, "item", true, &b)
	b.WriteString("</response>")
	return b.Bytes()
}

// xmlValue writes the next JSON value; bare leaves its own element out.
func xmlValue(d *json.Decoder, name string, bare bool, b *bytes.Buffer) {
	t, err := d.Token()
	if err != nil || t == nil {
		return
	}
	switch delim, _ := t.(json.Delim); delim {
	case '{':
		open(b, name, bare)
		for d.More() {
			member, _ := d.Token()
			key, _ := member.(string)
			xmlValue(d, key, false, b)
		}
		_, _ = d.Token()
		shut(b, name, bare)
	case '[':
		for d.More() {
			xmlValue(d, name, false, b)
		}
		_, _ = d.Token()
	default:
		open(b, name, bare)
		escape(b, scalar(t))
		shut(b, name, bare)
	}
}

func scalar(t json.Token) string {
	switch v := t.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		if v {
			return "true"
		}
	}
	return "false"
}

func open(b *bytes.Buffer, name string, bare bool) {
	if !bare {
		b.WriteString("<" + name + ">")
	}
}

func shut(b *bytes.Buffer, name string, bare bool) {
	if !bare {
		b.WriteString("</" + name + ">")
	}
}
