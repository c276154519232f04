package policy

import (
	"fmt"
	"slices"
	"strings"

	"vestibule/fhir"
)

func (r *reader) permissions(g Grant, out *grant) {
	if len(g.Permissions) == 0 {
		r.mistake("permissions", "A grant has at least one permission.")
	}
	for i, src := range g.Permissions {
		p := r.permission(fmt.Sprintf("permissions[%d]", i), src, g.To.Automated)
		p.grant = out
		out.permissions = append(out.permissions, p)
	}
}

// permission reads one permission that stands at path.
func (r *reader) permission(path string, src Permission, automated bool) permission {
	p := permission{src: src}
	before := len(r.mistakes)
	if p.scope = r.scope(path+".scope", src.Scope, automated); len(r.mistakes) > before {
		return p // what follows would only repeat it
	}
	if src.Window != "" {
		var err error
		if p.window, err = parseWindow(src.Window); err != nil {
			r.wrong(path+".window", err)
		}
		p.windowed = true
	}
	r.empty(path+".elements", src.Elements)
	r.empty(path+".write", src.Write)
	r.elements(path, &p)
	r.writable(path, &p)
	r.transitions(path, &p)
	r.visible(path, &p)
	p.clears = clearedBy(p.scope.criteria)
	return p
}

func (r *reader) scope(path, text string, automated bool) scope {
	s, criteria, smart, err := grantedScope(text)
	switch {
	case err != nil:
		r.wrong(path, err)
	case !smart || s.level == "patient":
		r.mistake(path, `%q is not a scope that can be granted: write it like "user/Appointment.rs?practitioner=Practitioner/42".`, text)
	case s.level == levelSystem && !automated:
		r.mistake(path, "system/ is for automated agents; write user/%s.%s, or automated: true under to.", s.typ, s.letters)
	case s.typ == "*":
		r.mistake(path, "Name the type: %s.", strings.Join(fhir.Types(), ", "))
	case s.letters&letterDelete != 0:
		r.mistake(path, "Deleting cannot be granted; leave out the d.")
	default:
		if s.criteria, err = parseCriteria(s.typ, criteria, r.clinic.Zone); err != nil {
			r.wrong(path, err)
		}
		for _, err := range noStatuses(s.typ, s.criteria) {
			r.wrong(path, err)
		}
	}
	return s
}

// noStatuses are what is wrong with criteria over a status that there is not: status:not=canceled would hold back nothing, and
// neither would a code that is named with the system of another.
func noStatuses(typ string, criteria []fhir.Clause) (out []error) {
	for _, c := range criteria {
		if c.Param().Name != "status" {
			continue
		}
		for _, t := range c.Tokens() {
			switch {
			case t.Code != "" && !isStatus(typ, t.Code):
				out = append(out, noSuchStatus(typ, t.Code))
			case !c.Param().HasSystem(t.System):
				out = append(out, fmt.Errorf("%q is not the system of the status of %s; write the code alone", t.System, typ))
			}
		}
	}
	return out
}

// The letters that show, and those that change.
const lettersReading, lettersWriting = letterRead | letterSearch, letterCreate | letterUpdate

func (r *reader) elements(path string, p *permission) {
	p.shown = fhir.AllElements(p.scope.typ)
	if len(p.src.Elements) > 0 {
		p.shown = r.named(path+".elements", p.scope.typ, p.src.Elements)
	}
	if !p.src.Content {
		return
	}
	if p.scope.typ != "DocumentReference" || p.scope.letters&lettersReading == 0 {
		r.mistake(path+".content", "content is about reading DocumentReferences; leave it out here.")
	}
	p.shown = p.shown.WithContent()
}

// named is what elements and sets of a type together show.
func (r *reader) named(path, typ string, names []string) (shown fhir.Elements) {
	for i, name := range names {
		e, err := fhir.NewElements(typ, expand(typ, []string{name})...)
		if err != nil {
			r.wrong(fmt.Sprintf("%s[%d]", path, i), noElement(typ, name, err))
			continue
		}
		shown = shown.Union(e)
	}
	return shown
}

// writable settles which elements the permission lets a caller write. An update replaces elements whole, so one of which
// the caller is shown a part cannot be among them (hazard H12).
func (r *reader) writable(path string, p *permission) {
	given, where := p.src.Write, path+".write"
	if p.scope.letters&lettersWriting == 0 {
		if len(given) > 0 {
			r.mistake(where, "write needs c or u in the scope; it has %s.", p.scope.letters)
		}
		return
	}
	if len(given) == 0 {
		given = writtenByDefault(p.scope.typ, p.src.Elements)
	}
	if len(given) == 0 {
		r.mistake(where, "Say which elements may be written, such as [status, start]; a set is for elements only.")
	}
	for i, name := range given {
		at := where
		if len(p.src.Write) > 0 {
			at = fmt.Sprintf("%s[%d]", where, i)
		}
		r.written(at, name, p)
	}
	p.write = slices.Compact(slices.Sorted(slices.Values(slices.Concat(given, inMeta(p.scope)))))
}

// inMeta are the parts of meta that what is created has to carry, because the criteria ask for them.
func inMeta(s scope) (out []string) {
	for _, c := range s.criteria {
		switch name := c.Param().Name; {
		case s.letters&letterCreate == 0:
		case name == "_tag", name == "_security":
			out = append(out, "meta."+name[1:])
		}
	}
	return out
}

// written refuses an element that cannot be written.
func (r *reader) written(at, name string, p *permission) {
	if _, ok := setNamed(p.scope.typ, name); ok {
		r.mistake(at, "%s is a set, for elements only; name the elements to write, such as status.", name)
		return
	}
	if strings.Contains(name, ".") {
		r.mistake(at, "Elements are written whole; name %s instead of %s.", topLevelOf(name), name)
		return
	}
	if _, err := fhir.NewElements(p.scope.typ, name); err != nil {
		r.wrong(at, err)
		return
	}
	if p.scope.letters&letterUpdate != 0 && p.scope.letters&lettersReading != 0 && partly(p.shown, name) {
		r.mistake(at, "%s is shown in part, so it cannot be replaced: show all of it or none, or write it in a permission for c alone.", name)
	}
}

// writtenByDefault is what a permission without write lets a caller write: what it names to be shown. A set is many elements,
// most of them shown in part, and nobody means to give all of them away: none.
func writtenByDefault(typ string, elements []string) []string {
	if namesSet(typ, elements) {
		return nil
	}
	return topLevel(elements)
}

func topLevelOf(path string) string {
	name, _, _ := strings.Cut(path, ".")
	return name
}

func topLevel(paths []string) []string {
	out := make([]string, len(paths))
	for i, p := range paths {
		out[i] = topLevelOf(p)
	}
	return slices.Compact(slices.Sorted(slices.Values(out)))
}

// partly reports whether something of an element is shown and something is not.
func partly(e fhir.Elements, name string) bool { return e.Touches(name) && !e.Shows(name) }

// visible refuses what would let a reader conclude something about an element that the permission hides: whoever gets the
// resource knows that its criteria match, and learns its date by watching it come into the window (hazard H1).
func (r *reader) visible(path string, p *permission) {
	if p.scope.letters&lettersReading == 0 {
		return
	}
	for _, c := range p.scope.criteria {
		if l := lookOf(c); !l.shownBy(p.shown) {
			r.mistake(path+".scope", "The criterion %s looks at %s, which this permission hides; whoever gets the resource would know it anyway.",
				c.Key(), strings.Join(l.paths, ", "))
		}
	}
	date, _ := fhir.LookUpParam(p.scope.typ, dateParam(p.scope.typ))
	if l := lookAt(date); p.windowed && !l.shownBy(p.shown) {
		r.mistake(path+".window", "The window looks at %s, which this permission hides; whoever sees the resource come and go would know it anyway.",
			strings.Join(l.paths, ", "))
	}
}

// look is a criterion, or an order, seen as a question about a resource: its name and the elements that answer it.
type look struct {
	name  string
	paths []string
}

func lookOf(c fhir.Clause) look      { return look{c.Param().Name, c.Reads()} }
func lookAt(p fhir.SearchParam) look { return look{p.Name, p.Reads()} }

// shownBy reports whether e shows everything that l looks at. Only then can the answer tell the caller nothing new (hazard
// H1).
func (l look) shownBy(e fhir.Elements) bool {
	if l.name == "" {
		return false
	}
	for _, path := range l.paths {
		if !e.Shows(path) {
			return false
		}
	}
	return true
}
