package fhir

import (
	"slices"
	"strings"
)

// inExtensions are the documents that stand in extensions below v, and their addresses, in ascending order. An extension may
// stand anywhere and hold a value of any type (http://hl7.org/fhir/R4/extensibility.html), so that no element list speaks of
// them: what is to be shown of documents is granted with content.attachment, and addresses of the EMR are nobody's (hazard H10).
func (v Value) inExtensions() (out []uint32) {
	nodes := v.doc.nodes
	for i, end := v.at, v.node().next; i < end; i++ {
		if name := memberName(v.doc.src, &nodes[i]); string(name) == "extension" || string(name) == "modifierExtension" {
			out = v.doc.papers(i, true, out)
			i = nodes[i].next - 1
		}
	}
	return out
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
		switch name := strings.TrimPrefix(string(memberName(d.src, n)), "_"); name {
		case "valueBase64Binary", "valueUrl":
			out = append(out, m)
		case "url", "data":
			if !extension {
				out = append(out, m)
			}
		default:
			out = d.papers(m, name == "extension" || name == "modifierExtension", out)
		}
	}
	return out
}

// carries reports whether a document of an extension stands below the value at c.
func (k *cutter) carries(c uint32) bool {
	i, _ := slices.BinarySearch(k.papers, c)
	return i < len(k.papers) && k.papers[i] < k.doc.nodes[c].next
}
