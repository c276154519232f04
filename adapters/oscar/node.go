package oscar

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// node is an XML element without its namespace and attributes: OSCAR's SOAP answers use neither.
type node struct {
	name string
	text string
	kids []node
}

const (
	maxXMLDepth = 32
	maxXMLNodes = 1 << 20
)

var errXML = errors.New("not the XML that was asked for")

// parseNode reads one document. Go's decoder knows no entities but the five of XML, so nothing unfolds.
func parseNode(b []byte) (node, error) {
	d := xml.NewDecoder(bytes.NewReader(b))
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // made UTF-8 before
	count := 0
	for {
		t, err := d.Token()
		if err != nil {
			return node{}, errXML
		}
		if start, ok := t.(xml.StartElement); ok {
			return readNode(d, start, 0, &count)
		}
	}
}

func readNode(d *xml.Decoder, start xml.StartElement, depth int, count *int) (node, error) {
	if *count++; depth > maxXMLDepth || *count > maxXMLNodes {
		return node{}, errXML
	}
	n := node{name: start.Name.Local}
	var text []byte
	for {
		t, err := d.Token()
		if err != nil {
			return node{}, errXML
		}
		switch t := t.(type) {
		case xml.StartElement:
			kid, err := readNode(d, t, depth+1, count)
			if err != nil {
				return node{}, err
			}
			n.kids = append(n.kids, kid)
		case xml.CharData:
			text = append(text, t...)
		case xml.EndElement:
			if len(n.kids) == 0 {
				n.text = string(text)
			}
			return n, nil
		}
	}
}

// kid is the first child of that name.
func (n node) kid(name string) (node, bool) {
	for _, k := range n.kids {
		if k.name == name {
			return k, true
		}
	}
	return node{}, false
}

// returned are the elements called return of an operation's answer; ok is false where it is no such answer.
func (n node) returned(operation string) (out []node, ok bool) {
	body, _ := n.kid("Body")
	answer, ok := body.kid(operation + "Response")
	if n.name != "Envelope" || !ok {
		return nil, false
	}
	for _, k := range answer.kids {
		if k.name == "return" {
			out = append(out, k)
		}
	}
	return out, true
}

// get is the text of the child of that name.
func (n node) get(name string) string {
	for _, k := range n.kids {
		if k.name == name {
			return strings.TrimSpace(k.text)
		}
	}
	return ""
}

// find is the text of the first element of that name at any depth.
func (n node) find(name string) string {
	for _, k := range n.kids {
		if k.name == name {
			return strings.TrimSpace(k.text)
		}
		if text := k.find(name); text != "" {
			return text
		}
	}
	return ""
}
