package fhir

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Elements is an allow-list of element paths: what of a resource may be seen. It is a tree; a name that is not in kids is
// seen exactly if whole is set. The zero Elements shows nothing but the type, the id and the technical part of meta.
type Elements struct {
	whole bool
	kids  []element // by the length of the name, then by the name, each once
}

// element is what is shown of an element, and of what is below it.
type element struct {
	name string
	Elements
}

// metaElements is the part of meta that every cut keeps. The rest (source, vendor extensions) may hold the EMR's own
// addresses (hazard H10).
var metaElements = []string{"versionId", "lastUpdated", "profile", "security", "tag"}

// AllElements shows everything of a resource of type typ that a permission without an element list covers. Left out are
// contained resources (each would be an access of its own), addresses of documents and documents carried inline: see
// WithContent. Those in extensions Cut leaves out, wherever they stand.
func AllElements(typ string) Elements {
	kids := []element{{name: "contained"}}
	switch typ {
	case "DocumentReference":
		kids = append(kids, element{"content", allBut(element{"attachment", nowhere()})})
	case "Task":
		kids = append(kids, element{"input", withoutDocuments()}, element{"output", withoutDocuments()})
	}
	return Elements{whole: true, kids: inOrder(kids)}
}

// allBut shows everything of an element but what kids say.
func allBut(kids ...element) Elements { return Elements{whole: true, kids: inOrder(kids)} }

// nowhere hides where an Attachment says that the document is, and the one that it holds.
func nowhere() Elements { return allBut(element{name: "url"}, element{name: "data"}) }

// withoutDocuments hides of a value[x] of any type the documents that it holds, and where it says they are
// (http://hl7.org/fhir/R4/datatypes.html#open).
func withoutDocuments() Elements {
	return allBut(element{name: "valueBase64Binary"}, element{name: "valueUrl"}, element{"valueAttachment", nowhere()}, element{"valueSignature", nowhere()},
		element{"valueRelatedArtifact", allBut(element{name: "url"}, element{"document", nowhere()})})
}

// inOrder sorts by length first: a name in a document is compared with few others.
func inOrder(kids []element) []element {
	slices.SortFunc(kids, func(a, b element) int {
		return cmp.Or(cmp.Compare(len(a.name), len(b.name)), strings.Compare(a.name, b.name))
	})
	return kids
}

// NewElements is the allow-list of the given paths ("status", "participant.actor") on resources of type typ. A path shows
// everything below it that AllElements shows. An unknown path is an error that says what would be right.
func NewElements(typ string, paths ...string) (Elements, error) {
	var e Elements
	for _, p := range paths {
		if err := checkElement(typ, p); err != nil {
			return Elements{}, err
		}
		e = e.Union(pathElements(p))
	}
	return e.Intersect(AllElements(typ)), nil
}

// WithContent shows what e shows and the documents that DocumentReferences carry inline. An address of a document in the
// EMR is never shown: it may open the document without a log-in (hazard H10). One of the gateway's own, see BinaryLink, goes
// with the document.
func (e Elements) WithContent() Elements { return e.Union(pathElements("content.attachment.data")) }

func checkElement(typ, path string) error {
	const op, code = "fhir.NewElements", "unknown-element"
	switch first, _, _ := strings.Cut(path, "."); first {
	case "contained":
		return E(op, KindInvalid, code, "Contained resources cannot be granted; grant their own type.").At(path)
	case "text":
		return E(op, KindInvalid, code, "The narrative repeats the whole resource; it is shown where no element list is given.").At(path)
	case "id", "meta", "resourceType":
		return E(op, KindInvalid, code, fmt.Sprintf("%s is always shown as far as it can be; leave it out.", first)).At(path)
	}
	known, near := lookUpElement(typ, path)
	if known {
		return nil
	}
	text := fmt.Sprintf("%s has no element %q.", typ, path)
	if len(near) > 0 {
		text += " It has " + strings.Join(near, ", ") + "."
	}
	return E(op, KindInvalid, code, text).At(path)
}

func pathElements(path string) Elements {
	if path == "" {
		return Elements{whole: true}
	}
	name, rest, _ := strings.Cut(path, ".")
	return Elements{kids: []element{{name, pathElements(rest)}}}
}

// childOf is what is shown of a member. A primitive's sibling "_name" belongs to the element "name"
// (http://hl7.org/fhir/R4/json.html#primitive) and is shown where all of that is.
func (e Elements) childOf(name []byte) Elements {
	if len(name) > 1 && name[0] == '_' {
		return Elements{whole: e.childOf(name[1:]).everything()}
	}
	return e.child(name)
}

func (e Elements) child(name []byte) Elements {
	for i := range e.kids {
		k := &e.kids[i]
		if len(k.name) < len(name) {
			continue
		}
		if len(k.name) > len(name) {
			break
		}
		if k.name == string(name) {
			return k.Elements
		}
	}
	return Elements{whole: e.whole}
}

func (e Elements) hidden() bool     { return !e.whole && len(e.kids) == 0 }
func (e Elements) everything() bool { return e.whole && len(e.kids) == 0 }

// Union shows what either shows.
func (e Elements) Union(o Elements) Elements {
	return e.combine(o, e.whole || o.whole, Elements.Union)
}

// Intersect shows what both show.
func (e Elements) Intersect(o Elements) Elements {
	return e.combine(o, e.whole && o.whole, Elements.Intersect)
}

// Minus shows what e shows and o does not.
func (e Elements) Minus(o Elements) Elements {
	return e.combine(o, e.whole && !o.whole, Elements.Minus)
}

func (e Elements) combine(o Elements, whole bool, with func(Elements, Elements) Elements) Elements {
	out := Elements{whole: whole}
	for _, k := range slices.CompactFunc(inOrder(slices.Concat(e.kids, o.kids)), sameName) {
		name := []byte(k.name)
		k.Elements = with(e.child(name), o.child(name))
		if k.everything() && whole || k.hidden() && !whole {
			continue
		}
		out.kids = append(out.kids, k)
	}
	return out
}

func sameName(a, b element) bool { return a.name == b.name }

// Shows reports whether everything at path is shown, by what Cut keeps: "id" and "meta.lastUpdated" always, "meta.source"
// never.
func (e Elements) Shows(path string) bool { return e.below(path).everything() }

// Touches reports whether anything at path or below it is shown.
func (e Elements) Touches(path string) bool { return !e.below(path).hidden() }

// below is what is shown at path and below it.
func (e Elements) below(path string) Elements {
	switch first, _, _ := strings.Cut(path, "."); first {
	case "resourceType", "id":
		e = Elements{whole: true}
	case "meta":
		e = technicalMeta()
	}
	for path != "" {
		var name string
		name, path, _ = strings.Cut(path, ".")
		e = e.child([]byte(name))
	}
	return e
}

// technicalMeta is what every cut keeps of meta.
func technicalMeta() Elements {
	var kids []element
	for _, name := range metaElements {
		kids = append(kids, element{name, Elements{whole: true}})
	}
	return Elements{kids: []element{{"meta", Elements{kids: inOrder(kids)}}}}
}

// Paths lists the tree for people: shown paths as they are, exceptions with a leading '-', "*" for everything else.
func (e Elements) Paths() []string {
	var out []string
	e.list("", &out)
	slices.Sort(out)
	return out
}

func (e Elements) list(prefix string, out *[]string) {
	if e.whole {
		*out = append(*out, strings.TrimPrefix(prefix+".*", "."))
	}
	for _, k := range e.kids {
		path := strings.TrimPrefix(prefix+"."+k.name, ".")
		switch {
		case k.hidden():
			*out = append(*out, "-"+path)
		case k.everything():
			*out = append(*out, path)
		default:
			k.list(path, out)
		}
	}
}
