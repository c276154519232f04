package fhir

import (
	"bytes"
	"slices"
)

// inExtensions are the documents that stand in extensions below v, and their addresses, in ascending order. An extension may
// stand anywhere and hold a value of any type (http://hl7.org/fhir/R4/extensibility.html), so that no element list speaks of
// them: what is to be shown of documents is granted with content.attachment, and addresses of the EMR are nobody's (hazard H10).
func (v Value) inExtensions() (out []uint32) {
	nodes := v.doc.nodes
	for i, end := v.at, v.node().next; i < end; i++ {
		n := &nodes[i]
		if n.nameLen != extensionLen && n.nameLen != modifierLen && n.flags&flagNameEscaped == 0 { // most names
			continue
		}
		if isExtension(memberName(v.doc.src, n)) {
			out = v.doc.papers(i, true, out)
			i = n.next - 1
		}
	}
	return out
}

const extensionLen, modifierLen = uint16(len("extension")), uint16(len("modifierExtension"))

func isExtension(name []byte) bool {
	return string(name) == "extension" || string(name) == "modifierExtension"
}

// papers appends what of documents stands below the value at c: each value that is one or is its address, and "url" and "data"
// of whatever has them (Attachment, RelatedArtifact, Signature). The url of an extension says what it means.
func (d *document) papers(c uint32, extension bool, out []uint32) []uint32 {
	for m, end := c+1, d.nodes[c].next; m < end; m = d.nodes[m].next {
		n := &d.nodes[m]
		if d.nodes[c].kind == Array {
			out = d.papers(m, extension, out)
			continue
		}
		switch name := bytes.TrimPrefix(memberName(d.src, n), []byte("_")); string(name) {
		case "valueBase64Binary", "valueUrl":
			out = append(out, m)
		case "url", "data":
			if !extension {
				out = append(out, m)
			}
		default:
			out = d.papers(m, isExtension(name), out)
		}
	}
	return out
}

// carries reports whether a document of an extension stands below the value at c.
func (k *cutter) carries(c uint32) bool {
	if len(k.papers) == 0 {
		return false
	}
	i, _ := slices.BinarySearch(k.papers, c)
	return i < len(k.papers) && k.papers[i] < k.doc.nodes[c].next
}
