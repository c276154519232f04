package probe

import (
	"bytes"
	"strings"

	"vestibule/fhir"
)

// memberProbes are about names of members in answers (hazard H11) and about what a caller who sees a part may break (H12).
func memberProbes() []Probe {
	return []Probe{
		{Name: "answer-duplicate-members", Hazard: "H11", Shows: "Whether answers hold a member twice: of two readers each takes another one, and so does what cuts.", late: true, try: func(t *trial) {
			t.watched(t.watch.doubled, "an answer holds a member twice")
		}},
		{Name: "answer-escaped-members", Hazard: "H11", Shows: "Whether answers spell names of members with escapes, which get past what cuts by name.", late: true, try: func(t *trial) {
			t.watched(t.watch.escapes, "an answer spells the name of a member with an escape")
		}},
		{Name: "hidden-elements", Hazard: "H11", Shows: "Whether elements that the known-file hides stand in plain answers, themselves or as extensions of theirs.", try: func(t *trial) {
			if len(t.Known.Elements) == 0 {
				t.note(NotApplicable, "the known-file hides no elements")
				return
			}
			for _, k := range t.searched() {
				for _, page := range k.pages {
					t.spilledElements(page)
				}
				t.spilledElements(t.do(get("/"+k.typ+"/{}", t.first(k))))
			}
		}},
		{Name: "cut-unmarked", Hazard: "H12", Shows: "Whether a resource that was cut says so (SUBSETTED): a client that does not know sends it back whole and erases what it did not see.", try: cutUnmarked},
	}
}

func (t *trial) spilledElements(a *answer) {
	var elements []string
	for _, s := range t.session.beyond(a) {
		if strings.Contains(s, ".") {
			elements = append(elements, s)
		}
	}
	if len(elements) > 0 {
		t.note(Leak, "the answer shows "+strings.Join(elements, ", "), a)
		return
	}
	t.note(OK, "hidden elements are not shown")
}

// cutUnmarked asks for less by _elements; what comes has to say that it is less.
func cutUnmarked(t *trial) {
	for _, k := range t.searched() {
		a := t.do(pair{k: k}.ask("_elements=status", nil))
		if t.over() || t.failed(a) {
			continue
		}
		if !a.isSearchset() || len(a.matches()) == 0 {
			t.note(OK, "refused")
			continue
		}
		verdict, says := OK, "what was cut says so"
		for _, e := range a.matches() {
			if !marked(e) && len(rawOf(e.resource)) < len(rawOf(t.like(k, e))) {
				verdict, says = Leak, "a resource that was cut does not say so; sent back with PUT it erases what was not shown"
			}
		}
		t.note(verdict, says, a, k.plain)
	}
}

func marked(e entry) bool {
	for tag := range e.resource.Path("meta.tag.code") {
		if tag.Text() == "SUBSETTED" {
			return true
		}
	}
	for label := range e.resource.Path("meta.security.code") {
		if label.Text() == "SUBSETTED" || label.Text() == "REDACTED" {
			return true
		}
	}
	return false
}

// names looks at the names of members in JSON: one pass, no tree, so that it works on what a strict parser refuses.
func names(b []byte, each func(depth int, raw []byte), closed func(depth int)) {
	if t := bytes.TrimLeft(b, " \t\r\n"); len(t) == 0 || t[0] != '{' {
		return
	}
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '{', '[':
			depth++
		case '}', ']':
			closed(depth)
			depth--
		case '"':
			end := i + 1
			for end < len(b) && b[end] != '"' {
				if b[end] == '\\' {
					end++
				}
				end++
			}
			rest := bytes.TrimLeft(b[min(end+1, len(b)):], " \t\r\n")
			if len(rest) > 0 && rest[0] == ':' {
				each(depth, b[i+1:min(end, len(b))])
			}
			i = end
		}
	}
}

func doubledNames(b []byte) bool {
	seen, doubled := map[int]map[string]bool{}, false
	names(b, func(depth int, raw []byte) {
		name := string(raw)
		if bytes.Contains(raw, []byte(`\`)) {
			name = string(unescapedJSON(raw))
		}
		if seen[depth] == nil {
			seen[depth] = map[string]bool{}
		}
		doubled = doubled || seen[depth][name]
		seen[depth][name] = true
	}, func(depth int) { delete(seen, depth) })
	return doubled
}

func escapedNames(b []byte) bool {
	hit := false
	names(b, func(_ int, raw []byte) { hit = hit || bytes.Contains(raw, []byte(`\u`)) }, func(int) {})
	return hit
}

// like is the visible resource that an entry is a part of; zero where it is not visible by itself.
func (t *trial) like(k *kind, e entry) (whole fhir.Value) {
	for _, r := range k.visible {
		if refOf(r) == refOf(e.resource) {
			return r
		}
	}
	return whole
}
