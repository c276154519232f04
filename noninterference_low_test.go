package vestibule_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"vestibule/fhir"
	"vestibule/policy"
)

// What a caller may learn of a resource, worked out apart from the code that cuts: it settles which worlds are alike.

// decide decides for the caller with a token that narrows nothing: what the token's scopes look at must not tell more.
func (w *twins) decide(set *policy.Set, method, path string) policy.Decision {
	free := w.caller
	free.Scopes = []string{"user/*.cruds"}
	in, _ := fhir.ParseInteraction(method, path, "", "", time.UTC)
	return set.Decide(policy.Request{Caller: free, Clinic: "maple", Interaction: in, Now: now})
}

// low is all that the grants, one set of rules each, tell the caller of r, "" for nothing: what a read and a search for
// everything show together, and which grants that is by, because they get it knowing that its criteria match, and one grant
// alone may serve a search; and which grants let them change it, which shows type, id and meta.
func (w *twins) low(each []*policy.Set, r fhir.Resource) (out string) {
	if r.IsZero() {
		return ""
	}
	var before view // mostly, a search shows what a read does
	var shown string
	for _, path := range []string{"/" + w.typ + "/" + r.ID(), "/" + w.typ} {
		v, by := view{}, ""
		for i, one := range each {
			if released, _ := w.decide(one, "GET", path).Release(r); !released.IsZero() {
				v.add(w.typ, w.rules.Grants[i].Permissions[0])
				by += fmt.Sprint(i, " ")
			}
		}
		if !v.any {
			continue
		}
		if !v.equal(before) {
			before, shown = v, v.of(r)
		}
		out += path + " by " + by + shown
	}
	for i, one := range each {
		if w.changes(one, r) {
			out += fmt.Sprint(i, view{}.of(r))
		}
	}
	return out
}

// changes reports whether a grant reaches r for an update, whatever that changes.
func (w *twins) changes(one *policy.Set, r fhir.Resource) bool {
	d := w.decide(one, "PUT", "/"+w.typ+"/"+r.ID())
	if !d.Permitted() {
		return false
	}
	accepted, reasons := d.Accept(r, r)
	return !accepted.IsZero() || !beyond(reasons)
}

// beyond reports whether a write is refused because what stands there is not within reach, or is not there.
func beyond(reasons []policy.Reason) bool {
	info, _ := reasons[0].Code.Info()
	return info.Stage == policy.StageRelease || reasons[0].Code == policy.CodeNotFound
}

// view is what permissions show together of a resource. The zero view shows its type, id and meta.
type view struct {
	any     bool
	whole   bool // one of them has no list of elements
	content bool
	paths   []string
}

func (v *view) add(typ string, p policy.Permission) {
	v.any, v.whole, v.content = true, v.whole || p.Elements == nil, v.content || p.Content
	if p.Content {
		v.paths = append(v.paths, "content.attachment.data")
	}
	for _, name := range p.Elements {
		set := slices.IndexFunc(policy.ElementSets(typ), func(s policy.ElementSet) bool { return s.Name == name })
		if set < 0 {
			v.paths = append(v.paths, name)
			continue
		}
		v.paths = append(v.paths, policy.ElementSets(typ)[set].Paths...)
	}
}

func (v view) equal(o view) bool {
	return v.any == o.any && v.whole == o.whole && v.content == o.content && slices.Equal(v.paths, o.paths)
}

// of is what is shown of r, whatever the order of its members; and where everything is that can be, whether more is there.
func (v view) of(r fhir.Resource) string {
	var root map[string]any
	if err := json.Unmarshal(r.Bytes(), &root); err != nil {
		panic(err)
	}
	head, text := map[string]any{"resourceType": root["resourceType"], "id": root["id"]}, root["text"]
	head["meta"] = root["meta"]
	if meta, ok := root["meta"].(map[string]any); ok {
		maps.DeleteFunc(meta, func(name string, _ any) bool {
			return !slices.Contains([]string{"versionId", "lastUpdated", "profile", "security", "tag"}, name)
		})
	}
	for _, name := range []string{"resourceType", "id", "meta", "text"} {
		delete(root, name)
	}
	lost := v.cut(root, "")
	if maps.Copy(root, head); v.whole && !lost && text != nil {
		root["text"] = text
	}
	out, err := json.Marshal(root)
	if err != nil {
		panic(err)
	}
	return fmt.Sprint(v.whole && lost, string(out))
}

// cut takes from members what is not shown of them, and reports whether that was anything.
func (v view) cut(members map[string]any, at string) (lost bool) {
	for name, value := range members {
		path := at + strings.TrimPrefix(name, "_")
		switch {
		case v.shows(path) && !v.hidesWithin(path):
		case v.touches(path) && name[0] != '_':
			left, some := v.within(value, path+".")
			if members[name] = left; left == nil {
				delete(members, name)
			}
			lost = lost || some
		default:
			delete(members, name)
			lost = true
		}
	}
	return lost
}

// within cuts what stands below an element, nil if nothing is left.
func (v view) within(value any, at string) (left any, lost bool) {
	switch value := value.(type) {
	case map[string]any:
		if lost = v.cut(value, at); len(value) == 0 {
			return nil, lost
		}
		return value, lost
	case []any:
		var out []any
		for _, item := range value {
			one, some := v.within(item, at)
			if lost = lost || some; one != nil {
				out = append(out, one)
			}
		}
		if out == nil {
			return nil, lost
		}
		return out, lost
	}
	return value, false
}

// addresses are where Attachments say where their documents are, or hold them, in what the worlds hold.
var addresses = []string{"content.attachment.url", "content.attachment.data", "input.valueAttachment.url", "input.valueAttachment.data"}

func (v view) shows(path string) bool {
	if path == "contained" || slices.Contains(addresses, path) && !(v.content && path == "content.attachment.data") {
		return false
	}
	return v.whole || slices.ContainsFunc(v.paths, func(p string) bool { return p == path || strings.HasPrefix(path, p+".") })
}

// touches reports whether something is shown of what stands below path.
func (v view) touches(path string) bool {
	return v.shows(path) || slices.ContainsFunc(v.paths, func(p string) bool { return strings.HasPrefix(p, path+".") })
}

// hidesWithin reports whether something below path is an address, which is not shown with the rest.
func (v view) hidesWithin(path string) bool {
	return slices.ContainsFunc(addresses, func(a string) bool { return strings.HasPrefix(a, path+".") })
}
