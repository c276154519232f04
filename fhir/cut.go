package fhir

import (
	"bytes"
	"slices"
	"strings"
)

// Cut is what of a resource may leave: the original bytes without some spans, and with a mark in meta.security when
// anything a reader would miss is gone or may be. It is made by Resource.Cut and copies nothing until AppendTo.
type Cut struct {
	r     Resource
	holes []span // removed from the original, ascending, apart from each other
	less  bool   // whether content was removed, or may have been
	mark  bool   // whether that is to be said, because the original does not
}

// span is src[start:end] of a document.
type span struct{ start, end uint32 }

// subsetted are the two labels a cut resource carries (http://terminology.hl7.org/CodeSystem/v3-ObservationValue).
const subsetted = `{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"},` +
	`{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"REDACTED"}`

// Cut keeps of r what e shows, always with resourceType, id and the technical part of meta. The narrative repeats the
// whole resource, so it stays only where nothing else is removed. Cutting leaves no empty object or array behind. Where e is
// a list of what is shown, the mark is set whatever the resource holds: or it would tell whether there is anything else.
func (r Resource) Cut(e Elements) Cut {
	c := Cut{r: r}
	if r.IsZero() {
		return c
	}
	text := e.childOf([]byte("text")).everything()
	k := cutter{doc: r.root.doc, text: text, lost: !e.whole, links: r.links(e), papers: r.root.inExtensions()}
	k.each(r.root.at, e, ofResource)
	if k.lost && text {
		k.text, k.holes = false, k.holes[:0]
		k.each(r.root.at, e, ofResource)
	}
	c.less, c.holes = k.lost, k.holes
	c.mark = c.less && !r.isSubsetted()
	return c
}

// isSubsetted reports whether r says by itself that it is not whole.
func (r Resource) isSubsetted() bool {
	for label := range r.root.Get("meta").Get("security").Items() {
		if string(label.Get("code").text()) == "SUBSETTED" {
			return true
		}
	}
	return false
}

// isTechnical reports whether a resource's member is shown whatever the list says.
func isTechnical(name []byte) bool {
	switch string(name) {
	case "resourceType", "id", "meta":
		return true
	}
	return false
}

// cutter collects the holes of one resource, in ascending order.
type cutter struct {
	doc    *document
	holes  []span
	text   bool     // whether the narrative stays
	lost   bool     // whether anything went, or may have gone, but technical metadata and the narrative
	links  []uint32 // the addresses of this gateway's own Binaries, which stay beside what they lead to
	papers []uint32 // documents in extensions, and their addresses: they never stay
}

// place says what a child is a child of.
type place uint8

const (
	ofResource place = iota
	ofMeta
	ofObject
	ofArray
)

// value cuts below the value at c and reports whether anything of it is left.
func (k *cutter) value(c uint32, e Elements) bool {
	if e.everything() && !k.carries(c) {
		return true
	}
	if !e.hidden() {
		switch k.doc.nodes[c].kind {
		case Object:
			return k.each(c, e, ofObject)
		case Array:
			return k.each(c, e, ofArray)
		}
	}
	k.lost = k.lost || !e.whole // a bare value where the list names members of it is not shown
	return e.whole
}

// child cuts below the child at m of something of which e is shown, and reports whether anything of it is left.
func (k *cutter) child(m uint32, e Elements, in place) bool {
	if in == ofArray {
		return k.value(m, e)
	}
	if len(k.papers) > 0 {
		if _, paper := slices.BinarySearch(k.papers, m); paper {
			k.lost = true
			return false
		}
	}
	name := memberName(k.doc.src, &k.doc.nodes[m])
	switch in {
	case ofMeta:
		return k.technical(m, name)
	case ofResource:
		switch string(name) {
		case "resourceType", "id":
			return true
		case "meta":
			return k.meta(m)
		case "text":
			return k.text && k.value(m, Elements{whole: true})
		case "_text":
			return k.value(m, e.childOf(name)) && k.text
		}
	}
	if _, link := slices.BinarySearch(k.links, m); link {
		return true
	}
	return k.value(m, e.childOf(name))
}

// links are where r says of its documents what BinaryLink says, if e shows documents. Such an address tells nothing but r's id,
// and leads to no document that e does not show; every other one is hidden (hazard H10).
func (r Resource) links(e Elements) (out []uint32) {
	if r.Type() != "DocumentReference" || !e.Shows("content.attachment.data") {
		return nil
	}
	i := 0
	for content := range r.root.Get("content").Items() {
		if url := content.Get("attachment").Get("url"); url.Kind() == String && url.Text() == BinaryLink(r.ID(), i) {
			out = append(out, url.at)
		}
		i++
	}
	return out
}

// meta keeps the technical part. What has the wrong shape goes too, or the mark would become a duplicate member.
func (k *cutter) meta(c uint32) bool {
	return k.doc.nodes[c].kind == Object && k.each(c, Elements{}, ofMeta)
}

func (k *cutter) technical(m uint32, name []byte) bool {
	name = bytes.TrimPrefix(name, []byte("_"))
	return slices.Contains(metaElements, string(name)) && (string(name) != "security" || k.doc.nodes[m].kind == Array) && k.value(m, Elements{whole: true})
}

// each cuts below every child of the object or array at c, of which e is shown, and records holes for those that go, commas
// included. When nothing stays it takes back the holes inside: the whole value goes. An empty value stays as it is.
func (k *cutter) each(c uint32, e Elements, in place) bool {
	nodes := k.doc.nodes
	first, end := c+1, nodes[c].next
	if first >= end {
		return true
	}
	before, kept := len(k.holes), false
	for m, previous := first, uint32(0); m < end; m, previous = nodes[m].next, m {
		inside := len(k.holes)
		if k.child(m, e, in) {
			kept = true
			continue
		}
		k.holes = k.holes[:inside]
		k.remove(previous, m, end, kept)
	}
	if !kept {
		k.holes = k.holes[:before]
	}
	return kept
}

// remove records the hole for child m: back to the end of the sibling before it once one has stayed, up to the beginning
// of the next one until then.
func (k *cutter) remove(previous, m, end uint32, kept bool) {
	nodes := k.doc.nodes
	hole := span{k.begin(m), nodes[m].end}
	if kept {
		hole.start = nodes[previous].end
	} else if next := nodes[m].next; next < end {
		hole.end = k.begin(next)
	}
	if n := len(k.holes); n > 0 && k.holes[n-1].end == hole.start {
		k.holes[n-1].end = hole.end
		return
	}
	if k.holes == nil {
		k.holes = make([]span, 0, 16) // enough for most
	}
	k.holes = append(k.holes, hole)
}

// begin is where a child's text begins: at its name's quote, or at the value in an array.
func (k *cutter) begin(m uint32) uint32 {
	n := &k.doc.nodes[m]
	if n.name > 0 {
		return n.name - 1
	}
	return n.start
}

// IsWhole reports whether the cut is the resource exactly as received.
func (c Cut) IsWhole() bool { return len(c.holes) == 0 && !c.mark }

// Marked reports whether content was removed or may have been, so that the resource carries SUBSETTED.
func (c Cut) Marked() bool { return c.less }

// Holes is the number of places where something was removed; elements that stand side by side make one hole.
func (c Cut) Holes() int { return len(c.holes) }

// Resource is what was cut, whole.
func (c Cut) Resource() Resource { return c.r }

// AppendTo appends the cut resource's JSON to dst.
func (c Cut) AppendTo(dst []byte) []byte {
	if c.IsWhole() {
		return append(dst, c.r.Bytes()...)
	}
	src, n := c.r.root.doc.src, c.r.root.node()
	at, mark := c.markPosition()
	pos := n.start
	for _, h := range c.holes {
		if c.mark && at >= pos && at <= h.start {
			dst = append(append(dst, src[pos:at]...), mark...)
			pos = at
		}
		dst = append(dst, src[pos:h.start]...)
		pos = h.end
	}
	if c.mark && at >= pos {
		dst = append(append(dst, src[pos:at]...), mark...)
		pos = at
	}
	return append(dst, src[pos:n.end]...)
}

// markPosition is where the mark goes and what it reads there: into meta.security, into meta, or before everything else.
func (c Cut) markPosition() (at uint32, mark string) {
	const security = `"security":[` + subsetted + "]"
	meta := c.r.root.Get("meta")
	if labels := meta.Get("security"); labels.Kind() == Array {
		return labels.node().start + 1, commaUnlessEmpty(labels, subsetted+",")
	}
	if meta.Kind() == Object && c.keeps(meta) {
		return meta.node().start + 1, commaUnlessEmpty(meta, security+",")
	}
	return c.r.root.node().start + 1, `"meta":{` + security + "},"
}

// keeps reports whether something of v, a value of the resource, is left.
func (c Cut) keeps(v Value) bool {
	for _, h := range c.holes {
		if h.start <= v.node().start && h.end >= v.node().end {
			return false
		}
	}
	return true
}

// Documents is how many documents leave with a DocumentReference: attachments whose data is not cut.
func (c Cut) Documents() (n int) {
	if string(c.r.root.Get("resourceType").text()) != "DocumentReference" {
		return 0
	}
	for data := range c.r.root.Path("content.attachment.data") {
		if c.keeps(data) {
			n++
		}
	}
	return n
}

// commaUnlessEmpty takes the last comma from what goes into v before everything else, if there is nothing else.
func commaUnlessEmpty(v Value, before string) string {
	if v.node().next == v.at+1 {
		return before[:len(before)-1]
	}
	return before
}

// Removed lists the paths of the elements that the cut took away, each once, in document order; elements only, no values.
func (c Cut) Removed() []string {
	if len(c.holes) == 0 {
		return nil
	}
	r := removals{doc: c.r.root.doc, holes: c.holes, seen: map[string]bool{}}
	r.in(c.r.root.at, "")
	return r.out
}

// removals walks nodes and holes side by side: both ascend, so that a resource costs no more than its length.
type removals struct {
	doc   *document
	holes []span // those not yet passed
	seen  map[string]bool
	out   []string
}

func (r *removals) in(parent uint32, path string) {
	nodes := r.doc.nodes
	for m, end := parent+1, nodes[parent].next; m < end && len(r.holes) > 0; m = nodes[m].next {
		n := &nodes[m]
		for len(r.holes) > 0 && r.holes[0].end <= n.start {
			r.holes = r.holes[1:]
		}
		if len(r.holes) == 0 || r.holes[0].start >= n.end {
			continue
		}
		p := path
		if nodes[parent].kind == Object {
			p = strings.TrimPrefix(path+"."+string(memberName(r.doc.src, n)), ".")
		}
		if h := r.holes[0]; n.start < h.start || n.end > h.end {
			r.in(m, p)
		} else if !r.seen[p] {
			r.seen[p] = true
			r.out = append(r.out, p)
		}
	}
}
